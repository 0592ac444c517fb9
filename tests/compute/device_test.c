/* Opening devices by name, refusing what is not one, and plans that fail with a named reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "compute/device.h"

#include <string.h>

static void opens_ref_in_double(void **state) {
    (void)state;
    mos_device *device;
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_BF16, 2, &device), MOSAIC_OK);
    assert_int_equal(device->precision, MOS_PRECISION_FP64);
    assert_int_equal(device->real_bytes, 8);
    assert_int_equal(device->threads, 2);
    assert_non_null(strstr(device->description, "ref, 2 threads, fp64"));
    mos_device_close(&device);
    assert_null(device);
    mos_device_close(&device);
}

static void auto_is_cpu(void **state) {
    (void)state;
    mos_device *device;
    const mosaic_status status = mos_device_open("auto", MOS_PRECISION_FP32, 0, &device);
    if (mos_backend_cpu.open == NULL) {
        assert_int_equal(status, MOSAIC_ERR_UNSUPPORTED);
        assert_null(device);
        return;
    }
    assert_int_equal(status, MOSAIC_OK);
    assert_string_equal(device->ops->name, "cpu");
    assert_int_equal(device->precision, MOS_PRECISION_FP32);
    assert_int_equal(device->real_bytes, 4);
    assert_true(device->threads >= 1);
    mos_device_close(&device);
}

static void refuses_other_names(void **state) {
    (void)state;
    mos_device *device;
    assert_int_equal(mos_device_open("rfe", MOS_PRECISION_FP32, 1, &device), MOSAIC_ERR_USAGE);
    assert_null(device);
    assert_non_null(strstr(mosaic_error(), "'rfe'"));
    assert_non_null(strstr(mosaic_error(), "cpu or ref"));
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP32, -1, &device), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "threads"));
}

static void names_both_backends(void **state) {
    (void)state;
    const char *const *names = mos_device_names();
    assert_string_equal(names[0], "cpu");
    assert_string_equal(names[1], "ref");
    assert_null(names[2]);
}

static void every_entry_is_filled(void **state) {
    (void)state;
    const mos_backend *tables[] = {&mos_backend_ref, &mos_backend_cpu};
    for (int i = 0; i < 2; i++) {
        const void *entries[sizeof(mos_backend) / sizeof(void *)];
        if (tables[i]->open == NULL) continue;
        memcpy(entries, tables[i], sizeof entries);
        for (size_t k = 0; k < sizeof entries / sizeof entries[0]; k++)
            assert_non_null(entries[k]);
    }
}

/* Each is wrong in one way. */
static void plans_refuse_bad_shapes(void **state) {
    (void)state;
    static const mos_conv_shape convs[] = {{0, 16, 4, 4, 16, 3, 1, 1, false, true},
                                           {1, 16, 4, 4, 16, 7, 1, 1, false, true},
                                           {1, 16, 4, 4, 16, 3, 0, 1, false, true},
                                           {1, 16, 4, 4, 16, 3, 1, -1, false, true}};
    static const mos_norm_shape norms[] = {{3, 16, 2, 2, 2, false, false, false, true, 1e-5, 0.1},
                                           {4, 16, 2, 2, 1, true, false, false, true, 1e-5, 0.1},
                                           {4, 16, 2, 2, 1, false, false, false, true, 0, 0.1},
                                           {4, 16, 2, 2, 1, false, false, false, true, 1e-5, 1.5}};
    static const mos_pool_shape pools[] = {{1, 16, 0, 4, 3, 2, 1, true},
                                           {1, 16, 4, 4, 3, 2, 2, true}};
    mos_device *device;
    assert_int_equal(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
    for (size_t i = 0; i < sizeof convs / sizeof convs[0]; i++) {
        mos_conv *conv;
        assert_int_equal(device->ops->conv_create(device, &convs[i], &conv), MOSAIC_ERR_USAGE);
        assert_null(conv);
    }
    for (size_t i = 0; i < sizeof norms / sizeof norms[0]; i++) {
        mos_norm *norm;
        assert_int_equal(device->ops->norm_create(device, &norms[i], &norm), MOSAIC_ERR_USAGE);
        assert_null(norm);
    }
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
        mos_pool *pool;
        size_t bytes;
        assert_int_equal(device->ops->pool_create(device, &pools[i], &pool, &bytes),
                         MOSAIC_ERR_USAGE);
        assert_null(pool);
    }
    mos_device_close(&device);
}

/* Each allocation of opening and planning fails once: a status and no leak (seen by the address
 * sanitizer). */
static mosaic_status open_and_plan(void) {
    static const mos_conv_shape conv_shape = {1, 16, 4, 4, 16, 3, 1, 1, false, true};
    static const mos_norm_shape norm_shape = {2, 16, 2, 2, 1, false, true, false, true, 1e-5, 0.1};
    static const mos_pool_shape pool_shape = {1, 16, 4, 4, 3, 2, 1, true};
    mos_device *device = NULL;
    mos_conv *conv = NULL;
    mos_norm *norm = NULL;
    mos_pool *pool = NULL;
    void *memory = NULL;
    size_t bytes;
    MOS_TRY(mos_device_open("ref", MOS_PRECISION_FP64, 1, &device));
    mosaic_status status = device->ops->conv_create(device, &conv_shape, &conv);
    if (status == MOSAIC_OK) status = device->ops->norm_create(device, &norm_shape, &norm);
    if (status == MOSAIC_OK) status = device->ops->pool_create(device, &pool_shape, &pool, &bytes);
    if (status == MOSAIC_OK) status = device->ops->alloc(device, 100, &memory);
    device->ops->free(device, memory);
    device->ops->conv_destroy(device, &conv);
    device->ops->norm_destroy(device, &norm);
    device->ops->pool_destroy(device, &pool);
    mos_device_close(&device);
    return status;
}

static void survives_failed_allocations(void **state) {
    (void)state;
    int failures = 0;
    for (uint64_t n = 1; n < 100; n++) {
        mos_alloc_fail_at(n);
        const mosaic_status status = open_and_plan();
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) break;
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
        failures++;
    }
    assert_int_equal(failures, 8); /* device, convolution (4), norm, pool, memory */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_ref_in_double),         cmocka_unit_test(auto_is_cpu),
        cmocka_unit_test(refuses_other_names),         cmocka_unit_test(names_both_backends),
        cmocka_unit_test(every_entry_is_filled),       cmocka_unit_test(plans_refuse_bad_shapes),
        cmocka_unit_test(survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
