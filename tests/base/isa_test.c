/* Instruction sets: a cap is obeyed by everything that chooses, and one that cannot be is named
 * with those that can. The order matters: caps are the process's. */
#include "base/isa.h"
#include "base/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void environment_is_checked(void **state) {
    (void)state;
    assert_int_equal(setenv("MOSAIC_ISA", "mmx", 1), 0);
    assert_int_equal(mos_isa_cap(NULL), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "MOSAIC_ISA: no instruction set 'mmx'"));
    assert_non_null(strstr(mosaic_error(), "has: base"));
    assert_false(mos_isa_is_capped());
    assert_int_equal(mos_isa_used(), mos_isa_of_processor());
    assert_int_equal(setenv("MOSAIC_ISA", "base", 1), 0);
    assert_int_equal(mos_isa_cap(NULL), MOSAIC_OK);
    assert_int_equal(mos_isa_used(), MOS_ISA_BASE);
    assert_int_equal(mos_simd_level(), MOS_SIMD_PLAIN);
    assert_true(mos_isa_is_capped());
    assert_false(mos_isa_tiles());
}

static void names_cap(void **state) {
    (void)state;
    static const mos_simd levels[MOS_ISA_COUNT] = {MOS_SIMD_PLAIN, MOS_SIMD_AVX2, MOS_SIMD_AVX512,
                                                   MOS_SIMD_AVX512};
    for (int isa = 0; isa < MOS_ISA_COUNT; isa++) {
        const mosaic_status status = mos_isa_cap(mos_isa_name((mos_isa)isa));
        if (isa <= (int)mos_isa_of_processor()) {
            assert_int_equal(status, MOSAIC_OK);
            assert_int_equal(mos_isa_used(), isa);
            assert_int_equal(mos_simd_level(), levels[isa]);
            continue;
        }
        assert_int_equal(status, MOSAIC_ERR_USAGE);
        assert_non_null(strstr(mosaic_error(), "lacks the instruction set 'avx"));
        assert_int_equal(mos_isa_used(), mos_isa_of_processor()); /* the last that was taken */
    }
    assert_int_equal(mos_isa_cap("avx"), MOSAIC_ERR_USAGE);
    assert_int_equal(mos_isa_cap(""), MOSAIC_ERR_USAGE);
    /* the environment does not undo what was asked for by name */
    assert_int_equal(setenv("MOSAIC_ISA", "base", 1), 0);
    assert_int_equal(mos_isa_cap(NULL), MOSAIC_OK);
    assert_int_equal(mos_isa_used(), mos_isa_of_processor());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_is_checked),
        cmocka_unit_test(names_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
