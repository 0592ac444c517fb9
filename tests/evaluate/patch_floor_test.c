/* Features that nobody trained, against sums written out. */
#include "evaluate/patch_floor.h"

#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { BANDS = 3, HIGH = 40, WIDE = 37, FILTERS = MOS_FLOOR_FILTERS }; /* two blocks of windows */

static void band_statistics(void **state) {
    (void)state;
    static const float patch[2][4] = {{1, 2, 3, 6}, {-5, -5, -5, -5}};
    static const float wanted[2][4] = {{3, 1.8708287f, 1, 6}, {-5, 0, -5, -5}};
    float found[2][4];
    mos_floor_statistics(patch[0], 2, 4, found[0]);
    for (int b = 0; b < 2; b++)
        for (int k = 0; k < 4; k++)
            assert_true(fabsf(found[b][k] - wanted[b][k]) < 1e-6f);
}

/* One filter by the book: inside positions only, bias -1, both signs. */
static void book(const mos_floor_filters *filters, const float *patch, int64_t f, double out[2]) {
    double sum[2] = {0};
    for (int64_t y = 0; y + 3 <= HIGH; y++)
        for (int64_t x = 0; x + 3 <= WIDE; x++) {
            double answer = 0;
            for (int64_t b = 0; b < BANDS; b++)
                for (int64_t k = 0; k < 9; k++)
                    answer += (double)filters->weight[(b * 9 + k) * FILTERS + f] *
                              (double)patch[(b * HIGH + y + k / 3) * WIDE + x + k % 3];
            sum[0] += fmax(0, answer - 1);
            sum[1] += fmax(0, -answer - 1);
        }
    for (int s = 0; s < 2; s++)
        out[s] = sum[s] / ((HIGH - 2) * (WIDE - 2));
}

static void random_convolutions(void **state) {
    (void)state;
    static float patch[BANDS * HIGH * WIDE];
    float found[2 * FILTERS], again[2 * FILTERS], other[2 * FILTERS];
    mos_floor_filters filters, twice, elsewhere;
    mos_rng rng = mos_rng_at(1, MOS_RNG_TEST, 0, 0, 0);
    for (size_t i = 0; i < sizeof patch / sizeof *patch; i++)
        patch[i] = (float)mos_rng_normal(&rng);
    assert_int_equal(mos_floor_filters_init(&filters, 7, 1, BANDS, 1), MOSAIC_OK);
    assert_int_equal(mos_floor_filters_init(&twice, 7, 1, BANDS, 2), MOSAIC_OK);
    assert_int_equal(mos_floor_filters_init(&elsewhere, 7, 2, BANDS, 1), MOSAIC_OK);
    mos_floor_filters_apply(&filters, patch, HIGH, WIDE, found);
    mos_floor_filters_apply(&twice, patch, HIGH, WIDE, again);
    mos_floor_filters_apply(&elsewhere, patch, HIGH, WIDE, other);
    assert_memory_equal(found, again, sizeof found); /* for any number of threads */
    int same = 0;
    double mean = 0, square = 0;
    for (int64_t f = 0; f < FILTERS; f++) {
        double wanted[2];
        if (f % 16 == 0) {
            book(&filters, patch, f, wanted);
            assert_true(fabs((double)found[f] - wanted[0]) < 1e-4 * (1 + wanted[0]));
            assert_true(fabs((double)found[FILTERS + f] - wanted[1]) < 1e-4 * (1 + wanted[1]));
        }
        same += found[f] == other[f];
        for (int64_t k = 0; k < BANDS * 9; k++) {
            double w = (double)filters.weight[k * FILTERS + f];
            mean += w / (FILTERS * BANDS * 9);
            square += w * w / (FILTERS * BANDS * 9);
        }
    }
    assert_int_equal(same, 0); /* another modality, other filters */
    assert_true(fabs(mean) < 0.05 && fabs(square - 1) < 0.05);
    mos_floor_filters_release(&filters);
    mos_floor_filters_release(&twice);
    mos_floor_filters_release(&elsewhere);
}

static void every_failed_allocation_is_survived(void **state) {
    (void)state;
    for (uint64_t n = 1;; n++) {
        mos_floor_filters filters = {0};
        mos_alloc_fail_at(n);
        mosaic_status status = mos_floor_filters_init(&filters, 7, 1, BANDS, 1);
        mos_alloc_fail_at(0);
        mos_floor_filters_release(&filters);
        if (status == MOSAIC_OK) break;
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(band_statistics),
                                       cmocka_unit_test(random_convolutions),
                                       cmocka_unit_test(every_failed_allocation_is_survived)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
