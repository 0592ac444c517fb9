/* Placement by lifetimes: what is needed at one time never overlaps, what is not shares memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "model/placement.h"

enum { BUFFERS = 60, OWNERS = 3, TICKS = 40, MEGABYTE = 1 << 20 };

/* A buffer that the present tick writes for the first time. */
static void born(mos_placement *placement, void **holder, size_t bytes) {
    mos_placement_buffer(placement, holder, bytes);
    mos_placement_write(placement, *holder);
}

static void used(mos_placement *placement, void *const *holder) {
    mos_placement_read(placement, *holder);
}

static bool is_kept(const mos_placed *item) {
    return item->first < MOS_PLACEMENT_TURN && item->last >= MOS_PLACEMENT_TURN;
}

/* Does it live in that half, 0 forward or 1 backward? */
static bool lives_in(const mos_placed *item, int half) {
    return half == 0 ? item->first < MOS_PLACEMENT_TURN : item->last >= MOS_PLACEMENT_TURN;
}

/* The rule in its own words: same owner, common tick; different owners of a worker, of which one
 * keeps; different workers, a common half, or any where the halves are not kept apart. */
static bool must_be_apart(const mos_placement *placement, const mos_placed *a,
                          const mos_placed *b) {
    if (a->worker != b->worker)
        return placement->alone || (lives_in(a, 0) && lives_in(b, 0)) ||
               (lives_in(a, 1) && lives_in(b, 1));
    if (a->owner != b->owner) return !placement->alone && (is_kept(a) || is_kept(b));
    for (int half = 0; half < 2; half++)
        for (int64_t t = 0; t < 2 * TICKS; t++) {
            int64_t tick = t + (half == 0 ? 0 : MOS_PLACEMENT_TURN);
            if (a->first <= tick && tick <= a->last && b->first <= tick && tick <= b->last)
                return true;
        }
    return false;
}

static void check_apart(const mos_placement *placement) {
    for (int64_t i = 0; i < placement->count; i++) {
        const mos_placed *a = &placement->items[i];
        assert_true(a->same_as >= 0 || a->offset + a->bytes <= placement->total);
        assert_int_equal(a->offset % 64, 0);
        for (int64_t k = 0; k < i; k++) {
            const mos_placed *b = &placement->items[k];
            if (a->bytes == 0 || b->bytes == 0 || !must_be_apart(placement, a, b)) continue;
            if (a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes)
                fail_msg("buffers %lld and %lld overlap", (long long)i, (long long)k);
        }
    }
}

/* A random walk: every tick gives birth to some and uses some of what was born before. */
static void walk(mos_placement *placement, void **holders, uint64_t seed, bool workers) {
    mos_rng rng = mos_rng_at(seed, MOS_RNG_TEST, 0, 0, 0);
    int made = 0;
    for (int owner = 0; owner < OWNERS; owner++) {
        int first = made;
        mos_placement_begin(placement, owner, workers ? owner % 2 : 0);
        for (int half = 0; half < 2; half++) {
            if (half == 1) mos_placement_turn(placement);
            for (int t = 0; t < TICKS; t++) {
                mos_placement_tick(placement);
                if (mos_rng_uniform(&rng) < 0.25f && made < (owner + 1) * BUFFERS / OWNERS)
                    born(placement, &holders[made++], (size_t)(mos_rng_uniform(&rng) * MEGABYTE));
                if (made > first && mos_rng_uniform(&rng) < 0.4f)
                    used(placement,
                         &holders[first + (int)(mos_rng_uniform(&rng) * (float)(made - first))]);
            }
        }
    }
}

static void random_walks(void **state) {
    (void)state;
    size_t total = 0, least = 0;
    for (uint64_t seed = 0; seed < 80; seed++) {
        mos_placement placement = {.alone = seed % 2 == 1};
        void *holders[BUFFERS];
        walk(&placement, holders, seed, seed / 2 % 2 == 1);
        assert_int_equal(mos_placement_solve(&placement), MOSAIC_OK);
        check_apart(&placement);
        assert_true(placement.total >= placement.least && placement.least >= placement.kept);
        total += placement.total;
        least += placement.least;
        mos_placement_release(&placement);
    }
    assert_true((double)total < 1.15 * (double)least);
}

/* Kept 100, then scratch 60 that dies before 80 more are born: they share. */
static void scratch_is_shared(void **state) {
    (void)state;
    mos_placement placement = {0};
    void *kept, *scratch, *late, *other, *name;
    mos_placement_begin(&placement, 0, 0);
    born(&placement, &kept, 6400);
    born(&placement, &scratch, 3840);
    mos_placement_tick(&placement);
    used(&placement, &scratch);
    mos_placement_tick(&placement);
    born(&placement, &late, 5100); /* rounded up to 5120 */
    mos_placement_turn(&placement);
    used(&placement, &kept);
    mos_placement_same(&placement, &name, &late);
    used(&placement, &name);
    mos_placement_begin(&placement, 1, 0);
    born(&placement, &other, 6400);
    assert_int_equal(mos_placement_solve(&placement), MOSAIC_OK);
    /* `other` is owner 1's scratch: it may not lie on what owner 0 keeps */
    assert_int_equal(placement.total, 6400 + 5120 + 6400);
    assert_int_equal(placement.kept, 6400 + 5120);
    assert_int_equal(placement.least, placement.total);
    unsigned char *block = malloc(placement.total);
    mos_placement_hand_out(&placement, block);
    assert_ptr_equal(kept, block);
    assert_ptr_equal(late, block + 6400);
    assert_ptr_equal(name, late);
    assert_ptr_equal(scratch, late);
    assert_ptr_equal(other, block + 6400 + 5120);
    free(block);
    mos_placement_release(&placement);
}

/* Two owners with 100 kept and 60 of scratch in each half: on one worker they share the scratch; side
 * by side each half has two of them; with `alone` they share all on one worker, nothing on two. */
static void workers_share_less(void **state) {
    (void)state;
    static const size_t total[2][2] = {{26, 32}, {16, 32}}; /* [alone][workers], in 640 bytes */
    static const size_t kept[2][2] = {{20, 20}, {10, 20}};
    for (int way = 0; way < 4; way++) {
        const bool alone = way / 2 == 1, two = way % 2 == 1;
        mos_placement placement = {.alone = alone};
        void *holders[2][3];
        for (int owner = 0; owner < 2; owner++) {
            mos_placement_begin(&placement, owner, two ? owner : 0);
            born(&placement, &holders[owner][0], 6400);
            born(&placement, &holders[owner][1], 3840);
            mos_placement_turn(&placement);
            used(&placement, &holders[owner][0]);
            born(&placement, &holders[owner][2], 3840);
        }
        assert_int_equal(mos_placement_solve(&placement), MOSAIC_OK);
        check_apart(&placement);
        assert_int_equal(placement.total, 640 * total[alone][two]);
        assert_int_equal(placement.least, placement.total);
        assert_int_equal(placement.kept, 640 * kept[alone][two]);
        mos_placement_release(&placement);
    }
}

static void mistakes_are_told(void **state) {
    (void)state;
    mos_placement placement = {0};
    void *holder, *early;
    mos_placement_begin(&placement, 0, 0);
    born(&placement, &holder, 100);
    mos_placement_buffer(&placement, &early, 100);
    used(&placement, &early);
    assert_int_equal(mos_placement_solve(&placement), MOSAIC_ERR_RUNTIME);
    mos_placement_release(&placement);
    mos_placement_begin(&placement, 0, 0);
    born(&placement, &holder, SIZE_MAX - 10);
    assert_int_equal(mos_placement_solve(&placement), MOSAIC_ERR_MEMORY);
    mos_placement_release(&placement);
    mos_alloc_fail_at(1);
    mos_placement_begin(&placement, 0, 0);
    born(&placement, &holder, 100);
    mos_alloc_fail_at(0);
    assert_int_equal(mos_placement_solve(&placement), MOSAIC_ERR_MEMORY);
    mos_placement_release(&placement);
}

/* Only what is touched takes memory; an offset into a buffer is the buffer; other addresses are
 * somebody else's. */
static void marks_stand_for_buffers(void **state) {
    (void)state;
    mos_placement placement = {0};
    void *holder, *second, *idle, *empty, *name, *idle_name;
    unsigned char block[256];
    mos_placement_begin(&placement, 0, 0);
    mos_placement_buffer(&placement, &holder, 100);
    mos_placement_buffer(&placement, &second, 60);
    mos_placement_buffer(&placement, &idle, 1000);
    mos_placement_buffer(&placement, &empty, 0);
    mos_placement_same(&placement, &name, &second);
    mos_placement_same(&placement, &idle_name, &idle);
    assert_null(empty);
    assert_ptr_equal(name, second);
    mos_placement_write(&placement, (unsigned char *)holder + 64);
    mos_placement_tick(&placement);
    mos_placement_write(&placement, name);
    mos_placement_write(&placement, block);
    mos_placement_read(&placement, NULL);
    mos_placement_read(&placement, holder);
    assert_int_equal(mos_placement_solve(&placement), MOSAIC_OK);
    assert_int_equal(placement.total, 128 + 64);
    mos_placement_hand_out(&placement, block);
    assert_ptr_equal(holder, block);
    assert_ptr_equal(second, block + 128);
    assert_ptr_equal(name, second);
    assert_null(idle);
    assert_null(idle_name);
    mos_placement_release(&placement);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_walks), cmocka_unit_test(scratch_is_shared),
        cmocka_unit_test(workers_share_less), cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(marks_stand_for_buffers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
