/* Drawing beside computing: what is told is seen, a failure of either side reaches the other. */
#include "deploy/map_drawer.h"
#include "support/test_support.h"

enum { ROWS = 1000, STEP = 7 };

typedef struct drawing {
    int64_t answer[ROWS]; /* written before they are told */
    int64_t sum, fails_at, ended;
} drawing;

static mosaic_status draw(void *context, mos_map_drawer *drawer) {
    drawing *it = context;
    for (int64_t i = 0; i < ROWS; i++) {
        mosaic_status status = mos_map_drawer_wait(drawer, i + 1);
        it->ended = i;
        if (status != MOSAIC_OK) return status;
        it->sum += it->answer[i];
        if (i == it->fails_at) return mos_fail(MOSAIC_ERR_IO, "no room for row %d", (int)i);
    }
    it->ended = ROWS;
    return MOSAIC_OK;
}

static mosaic_status compute(drawing *it, mos_map_drawer *drawer, int64_t count) {
    mosaic_status status = mos_map_drawer_tell(drawer, 0);
    for (int64_t i = 0; i < count && status == MOSAIC_OK; i++) {
        it->answer[i] = 3 * i;
        if (i % STEP == STEP - 1 || i + 1 == count) status = mos_map_drawer_tell(drawer, i + 1);
    }
    return status;
}

static void draws_what_is_told(void **state) {
    (void)state;
    drawing it = {.fails_at = -1};
    mos_map_drawer *drawer;
    EXPECT_OK(mos_map_drawer_start(draw, &it, &drawer));
    EXPECT_OK(compute(&it, drawer, ROWS));
    EXPECT_OK(mos_map_drawer_end(&drawer, true));
    assert_null(drawer);
    assert_int_equal(it.ended, ROWS);
    assert_int_equal(it.sum, 3 * ROWS * (ROWS - 1) / 2);
    EXPECT_OK(mos_map_drawer_end(&drawer, true));
}

/* The next word after the failure returns it, or the end does. */
static void drawing_fails(void **state) {
    (void)state;
    drawing it = {.fails_at = 20};
    mos_map_drawer *drawer;
    EXPECT_OK(mos_map_drawer_start(draw, &it, &drawer));
    (void)compute(&it, drawer, ROWS);
    EXPECT_STATUS(MOSAIC_ERR_IO, mos_map_drawer_end(&drawer, true));
    assert_string_equal(mosaic_error(), "no room for row 20");
    it = (drawing){.fails_at = 0};
    EXPECT_OK(mos_map_drawer_start(draw, &it, &drawer));
    mosaic_status status = MOSAIC_OK;
    for (int i = 0; i < 100000 && status == MOSAIC_OK; i++)
        status = mos_map_drawer_tell(drawer, 1);
    EXPECT_STATUS(MOSAIC_ERR_IO, mos_map_drawer_end(&drawer, true));
}

/* Whoever computes stops with an error of its own: the thread ends, and says nothing. */
static void computing_fails(void **state) {
    (void)state;
    drawing it = {.fails_at = -1};
    mos_map_drawer *drawer;
    EXPECT_OK(mos_map_drawer_start(draw, &it, &drawer));
    EXPECT_OK(compute(&it, drawer, 500));
    (void)!mos_fail(MOSAIC_ERR_DATA, "a patch is damaged");
    EXPECT_STATUS(MOSAIC_INTERRUPTED, mos_map_drawer_end(&drawer, false));
    assert_string_equal(mosaic_error(), "a patch is damaged");
    assert_true(it.ended <= 500);
    /* Nothing was told at all. */
    it.ended = -1;
    EXPECT_OK(mos_map_drawer_start(draw, &it, &drawer));
    EXPECT_STATUS(MOSAIC_INTERRUPTED, mos_map_drawer_end(&drawer, false));
    assert_int_equal(it.ended, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_what_is_told),
        cmocka_unit_test(drawing_fails),
        cmocka_unit_test(computing_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
