#include "model/placement.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

void mos_placement_begin(mos_placement *placement, int owner, int worker) {
    placement->owner = owner;
    placement->worker = worker;
    placement->now = 0;
}

/* ---- marks ---- */

/* A mark is a buffer's number above an offset into it, with a bit that no user address has. */
static const uintptr_t mark = (uintptr_t)1 << 62;
enum { OFFSET_BITS = 40 };
_Static_assert(sizeof(uintptr_t) == 8, "marks are addresses of 64 bits");

static void hold(void *holder, uintptr_t bits) {
    memcpy(holder, &bits, sizeof bits);
}

/* The buffer behind an address, NULL: it is no mark. */
static mos_placed *behind(const mos_placement *placement, const void *address) {
    const uintptr_t bits = (uintptr_t)address;
    if ((bits & mark) == 0) return NULL;
    return &placement->items[(bits & ~mark) >> OFFSET_BITS];
}

static mos_placed *add(mos_placement *placement, void *holder, size_t bytes) {
    hold(holder, 0);
    if (placement->status != MOSAIC_OK || bytes == 0) return NULL;
    if (bytes > ((size_t)1 << OFFSET_BITS) - ALIGNMENT) {
        placement->status = mos_fail_memory(bytes, "a buffer of the model");
        return NULL;
    }
    placement->status =
        mos_grow(&placement->items, &placement->capacity, (size_t)placement->count + 1,
                 sizeof *placement->items, "the plan of the model's memory");
    if (placement->status != MOSAIC_OK) return NULL;
    hold(holder, mark | (uintptr_t)placement->count << OFFSET_BITS);
    mos_placed *item = &placement->items[placement->count++];
    *item = (mos_placed){.holder = holder,
                         .bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT,
                         .owner = placement->owner,
                         .worker = placement->worker,
                         .first = -1,
                         .last = -1,
                         .same_as = -1};
    return item;
}

void mos_placement_buffer(mos_placement *placement, void *holder, size_t bytes) {
    (void)add(placement, holder, bytes);
}

void mos_placement_same(mos_placement *placement, void *holder, const void *of) {
    void *address;
    memcpy(&address, of, sizeof address);
    const mos_placed *root = behind(placement, address);
    if (root == NULL) {
        hold(holder, 0);
        return;
    }
    const int64_t number = root - placement->items;
    mos_placed *item = add(placement, holder, root->bytes);
    if (item == NULL) return;
    item->same_as = number;
    memcpy(holder, &address, sizeof address);
}

static void touch(mos_placement *placement, const void *address, bool write) {
    mos_placed *item = behind(placement, address);
    if (item == NULL) return;
    if (item->first < 0 && !write && placement->status == MOSAIC_OK)
        placement->status = mos_fail(MOSAIC_ERR_RUNTIME, "the model's passes read a buffer before "
                                                         "anything is written to it");
    if (item->first < 0) item->first = placement->now;
    item->last = placement->now;
}

void mos_placement_write(mos_placement *placement, const void *address) {
    touch(placement, address, true);
}

void mos_placement_read(mos_placement *placement, const void *address) {
    touch(placement, address, false);
}

/* ---- solving ---- */

static bool is_kept(const mos_placed *item) {
    return item->first < MOS_PLACEMENT_TURN && item->last >= MOS_PLACEMENT_TURN;
}

static bool is_backward(const mos_placed *item) {
    return item->first >= MOS_PLACEMENT_TURN;
}

static bool collide(const mos_placement *placement, const mos_placed *a, const mos_placed *b) {
    if (a->owner == b->owner) return a->first <= b->last && b->first <= a->last;
    if (a->worker == b->worker) return !placement->alone && (is_kept(a) || is_kept(b));
    return placement->alone || is_kept(a) || is_kept(b) || is_backward(a) == is_backward(b);
}

/* What is kept comes first, owner after owner: an owner's scratch may lie on what the owner itself
 * keeps (before that is made, or behind its last use), not on what others keep, so it must find its
 * own in one piece. Then the largest; the longer lived, then the earlier, of equals. */
static int compare(const void *left, const void *right) {
    const mos_placed *a = *(const mos_placed *const *)left, *b = *(const mos_placed *const *)right;
    if (is_kept(a) != is_kept(b)) return is_kept(a) ? -1 : 1;
    if (is_kept(a) && a->owner != b->owner) return a->owner < b->owner ? -1 : 1;
    if (a->bytes != b->bytes) return a->bytes > b->bytes ? -1 : 1;
    int64_t life_a = a->last - a->first, life_b = b->last - b->first;
    if (life_a != life_b) return life_a > life_b ? -1 : 1;
    if (a->owner != b->owner) return a->owner < b->owner ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* The lowest offset where the item fits beside the `count` placed ones, which are sorted by offset.
 */
static size_t lowest_gap(const mos_placement *placement, mos_placed *const *placed, int64_t count,
                         const mos_placed *item) {
    size_t at = 0;
    for (int64_t i = 0; i < count; i++) {
        const mos_placed *other = placed[i];
        if (!collide(placement, item, other)) continue;
        if (at + item->bytes <= other->offset) return at;
        if (other->offset + other->bytes > at) at = other->offset + other->bytes;
    }
    return at;
}

static void insert_by_offset(mos_placed **placed, int64_t count, mos_placed *item) {
    while (count > 0 && placed[count - 1]->offset > item->offset) {
        placed[count] = placed[count - 1];
        count--;
    }
    placed[count] = item;
}

/* What a worker keeps at the turn: all its owners, or with `alone` the one that keeps most. */
static size_t kept_of_worker(const mos_placement *placement, int worker) {
    size_t all = 0, most = 0, own = 0;
    int owner = -1; /* buffers are listed owner by owner */
    for (int64_t i = 0; i < placement->count; i++) {
        const mos_placed *item = &placement->items[i];
        if (item->owner != owner) own = 0;
        owner = item->owner;
        if (!is_kept(item) || item->worker != worker) continue;
        all += item->bytes;
        own += item->bytes;
        if (own > most) most = own;
    }
    return placement->alone ? most : all;
}

/* Bytes that the worker of `at` has live at the tick that first writes `at`. */
static size_t needed_at(const mos_placement *placement, const mos_placed *at) {
    size_t sum = 0;
    for (int64_t i = 0; i < placement->count; i++) {
        const mos_placed *item = &placement->items[i];
        if (item->worker != at->worker) continue;
        bool here = item->owner == at->owner && item->first <= at->first && at->first <= item->last;
        bool other = item->owner != at->owner && !placement->alone && is_kept(item);
        if (here || other) sum += item->bytes;
    }
    return sum;
}

/* kept and least: what workers need at one time is what each needs at its worst, on the same side of
 * the turn where they cross it together. A worker's peak is at a first write. */
static void sum_workers(mos_placement *placement) {
    size_t peak[2] = {0};
    placement->kept = 0;
    for (int worker = 0; worker < MOS_PLACEMENT_WORKERS; worker++) {
        const size_t kept = kept_of_worker(placement, worker);
        size_t most[2] = {0, kept};
        for (int64_t i = 0; i < placement->count; i++) {
            const mos_placed *item = &placement->items[i];
            if (item->worker != worker || item->first < 0) continue;
            const size_t needed = needed_at(placement, item);
            size_t *side = &most[placement->alone || is_backward(item)];
            if (*side < needed) *side = needed;
        }
        placement->kept += kept;
        peak[0] += most[0];
        peak[1] += most[1];
    }
    placement->least = peak[0] > peak[1] ? peak[0] : peak[1];
}

mosaic_status mos_placement_solve(mos_placement *placement) {
    mos_placed **order = NULL, **placed = NULL;
    mosaic_status status = placement->status;
    if (status != MOSAIC_OK) return status;
    size_t count = (size_t)placement->count;
    MOS_GOTO(mos_alloc(count, sizeof *order, "the plan of the model's memory", &order));
    MOS_GOTO(mos_alloc(count, sizeof *placed, "the plan of the model's memory", &placed));
    int64_t roots = 0;
    for (int64_t i = 0; i < placement->count; i++)
        if (placement->items[i].first >= 0) order[roots++] = &placement->items[i];
    qsort(order, (size_t)roots, sizeof *order, compare);
    placement->total = 0;
    sum_workers(placement);
    for (int64_t i = 0; i < roots; i++) {
        mos_placed *item = order[i];
        item->offset = lowest_gap(placement, placed, i, item);
        insert_by_offset(placed, i, item);
        size_t end = item->offset + item->bytes;
        if (placement->total < end) placement->total = end;
    }
done:
    mos_free(order);
    mos_free(placed);
    return status;
}

void mos_placement_hand_out(const mos_placement *placement, void *block) {
    for (int64_t i = 0; i < placement->count; i++) {
        const mos_placed *item = &placement->items[i];
        const mos_placed *root = item->same_as >= 0 ? &placement->items[item->same_as] : item;
        void *address = root->first < 0 ? NULL : (unsigned char *)block + root->offset;
        memcpy(item->holder, &address, sizeof address);
    }
}

void mos_placement_release(mos_placement *placement) {
    mos_free(placement->items);
    *placement = (mos_placement){0};
}
