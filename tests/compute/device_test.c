/* Opening devices by name, refusing what is not one, and plans that fail with a named reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "compute/backends.h"

#include <stdio.h>
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
    assert_int_equal(mos_device_open("auto", MOS_PRECISION_FP32, 0, &device), MOSAIC_OK);
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
    for (const char *const *name = mos_device_names(); *name != NULL; name++) {
        const void *entries[sizeof(mos_backend) / sizeof(void *)];
        mos_device *device;
        assert_int_equal(mos_device_open(*name, MOS_PRECISION_FP32, 1, &device), MOSAIC_OK);
        memcpy(entries, device->ops, sizeof entries);
        for (size_t k = 0; k < sizeof entries / sizeof entries[0]; k++)
            assert_non_null(entries[k]);
        mos_device_close(&device);
    }
}

/* One of several devices, by its number. */
static void takes_a_number(void **state) {
    (void)state;
    mos_device *device;
    assert_int_equal(mos_device_open("ref:0", MOS_PRECISION_FP32, 1, &device), MOSAIC_OK);
    assert_int_equal(device->index, 0);
    mos_device_close(&device);
    const char *const wrong[] = {"ref:1", "ref:-1", "ref:", "ref:0x", "ref:zero", "ref0"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(mos_device_open(wrong[i], MOS_PRECISION_FP32, 1, &device),
                         MOSAIC_ERR_USAGE);
        assert_null(device);
        assert_non_null(strstr(mosaic_error(), wrong[i]));
    }
}

/* What a table lacks is composed of what it has, and computes the same. */
static void composes_what_is_missing(void **state) {
    (void)state;
    enum { ROWS = 300, COLS = 3 };
    double values[ROWS * COLS], masked[2][ROWS * COLS], gathered[2][ROWS * COLS];
    uint8_t present[ROWS];
    int32_t index[ROWS];
    for (int i = 0; i < ROWS; i++) {
        present[i] = i % 3 != 1;
        index[i] = i % 5 == 2 ? -1 : i * 7 % ROWS;
        for (int k = 0; k < COLS; k++)
            values[i * COLS + k] = 1 + i * COLS + k;
    }
    for (int own = 0; own < 2; own++) {
        mos_backend table = mos_backend_ref;
        mos_device *device;
        void *x, *y, *mask, *rows;
        if (own == 0) table.mask_rows = NULL;
        if (own == 0) table.gather_rows = NULL;
        assert_int_equal(mos_device_open_table(&table, MOS_PRECISION_FP64, 1, &device), MOSAIC_OK);
        const mos_backend *ops = device->ops;
        assert_int_equal(ops->alloc(device, sizeof values, &x), MOSAIC_OK);
        assert_int_equal(ops->alloc(device, sizeof values, &y), MOSAIC_OK);
        assert_int_equal(ops->alloc(device, sizeof present, &mask), MOSAIC_OK);
        assert_int_equal(ops->alloc(device, sizeof index, &rows), MOSAIC_OK);
        ops->put_f64(device, x, values, ROWS * COLS);
        ops->put_bytes(device, mask, present, sizeof present);
        ops->put_bytes(device, rows, index, sizeof index);
        ops->gather_rows(device, ROWS, COLS, x, rows, y);
        ops->mask_rows(device, ROWS, COLS - 1, x, COLS, mask);
        assert_int_equal(mos_get_f64(device, x, masked[own], ROWS * COLS), MOSAIC_OK);
        assert_int_equal(mos_get_f64(device, y, gathered[own], ROWS * COLS), MOSAIC_OK);
        void *const memory[] = {x, y, mask, rows};
        for (int i = 0; i < 4; i++)
            ops->free(device, memory[i]);
        assert_int_equal(ops->host_alloc(device, 100, &x), MOSAIC_OK);
        ops->host_free(device, x);
        assert_int_equal(mos_settle(device), MOSAIC_OK);
        mos_device_close(&device);
    }
    assert_memory_equal(masked[0], masked[1], sizeof masked[0]);
    assert_memory_equal(gathered[0], gathered[1], sizeof gathered[0]);
    assert_true(masked[0][3] == 0 && masked[0][4] == 0 && masked[0][5] == 6);
    assert_true(gathered[0][2 * COLS] == 0 && gathered[0][COLS] == 1 + 7 * COLS);
}

static bool is_missing(const mos_backend *backend) {
    if (backend->open == NULL) printf("skipped: this build has no %s backend\n", backend->name);
    return backend->open == NULL;
}

/* Each is wrong in one way. */
static const mos_conv_shape bad_convs[] = {{0, 16, 4, 4, 16, 3, 1, 1, .train = true},
                                           {1, 16, 4, 4, 16, 7, 1, 1, .train = true},
                                           {1, 16, 4, 4, 16, 3, 0, 1, .train = true},
                                           {1, 16, 4, 4, 16, 3, 1, -1, .train = true}};
static const mos_norm_shape bad_norms[] = {
    {3, 16, 2, 2, 2, false, false, false, true, 1e-5, 0.1, false, NULL},
    {4, 16, 2, 2, 1, true, false, false, true, 1e-5, 0.1, false, NULL},
    {4, 16, 2, 2, 1, false, false, false, true, 0, 0.1, false, NULL},
    {4, 16, 2, 2, 1, false, false, false, true, 1e-5, 1.5, false, NULL},
    {4, 16, 1, 1, 1, true, false, false, true, 1e-5, 0.1, true, NULL},
};
static const mos_pool_shape bad_pools[] = {{1, 16, 0, 4, 3, 2, 1, true},
                                           {1, 16, 4, 4, 3, 2, 2, true}};
/* Channels no network here has: cpu keeps activations in blocks of 16. */
static const mos_conv_shape odd_conv = {1, 20, 4, 4, 16, 3, 1, 1, .train = true};
static const mos_norm_shape odd_norm = {4,     20,   2,    2,   1,     false, false,
                                        false, true, 1e-5, 0.1, false, NULL};
static const mos_pool_shape odd_pool = {1, 20, 4, 4, 3, 2, 1, true};

static void refuse_conv(mos_device *device, const mos_conv_shape *shape, mosaic_status want) {
    mos_conv *conv;
    assert_int_equal(device->ops->conv_create(device, shape, &conv), want);
    assert_null(conv);
    assert_non_null(strstr(mosaic_error(), "convolution"));
}

static void refuse_norm(mos_device *device, const mos_norm_shape *shape, mosaic_status want) {
    mos_norm *norm;
    assert_int_equal(device->ops->norm_create(device, shape, &norm), want);
    assert_null(norm);
    assert_non_null(strstr(mosaic_error(), "batch norm"));
}

static void refuse_pool(mos_device *device, const mos_pool_shape *shape, mosaic_status want) {
    mos_pool *pool;
    size_t bytes;
    assert_int_equal(device->ops->pool_create(device, shape, &pool, &bytes), want);
    assert_null(pool);
    assert_non_null(strstr(mosaic_error(), "max pool"));
}

static void plans_refuse_bad_shapes(void **state) {
    (void)state;
    for (const char *const *name = mos_device_names(); *name != NULL; name++) {
        mos_device *device;
        if (strcmp(*name, "cpu") == 0 && is_missing(&mos_backend_cpu)) continue;
        assert_int_equal(mos_device_open(*name, MOS_PRECISION_FP32, 1, &device), MOSAIC_OK);
        for (size_t i = 0; i < sizeof bad_convs / sizeof bad_convs[0]; i++)
            refuse_conv(device, &bad_convs[i], MOSAIC_ERR_USAGE);
        for (size_t i = 0; i < sizeof bad_norms / sizeof bad_norms[0]; i++)
            refuse_norm(device, &bad_norms[i], MOSAIC_ERR_USAGE);
        for (size_t i = 0; i < sizeof bad_pools / sizeof bad_pools[0]; i++)
            refuse_pool(device, &bad_pools[i], MOSAIC_ERR_USAGE);
        if (strcmp(*name, "cpu") == 0) {
            refuse_conv(device, &odd_conv, MOSAIC_ERR_UNSUPPORTED);
            refuse_norm(device, &odd_norm, MOSAIC_ERR_UNSUPPORTED);
            refuse_pool(device, &odd_pool, MOSAIC_ERR_UNSUPPORTED);
        }
        mos_device_close(&device);
    }
}

static mosaic_status open_and_plan(const char *name, mos_precision precision) {
    static const mos_conv_shape conv_shape = {1, 16, 4, 4, 16, 3, 1, 1, .train = true};
    static const mos_norm_shape norm_shape = {2,     16,   2,    2,   1,     false, true,
                                              false, true, 1e-5, 0.1, false, NULL};
    static const mos_pool_shape pool_shape = {1, 16, 4, 4, 3, 2, 1, true};
    mos_device *device = NULL;
    mos_conv *conv = NULL;
    mos_norm *norm = NULL;
    mos_pool *pool = NULL;
    void *memory = NULL;
    size_t bytes;
    MOS_TRY(mos_device_open(name, precision, 1, &device));
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

/* Each allocation of opening and planning fails once: a status and no leak (seen by the address
 * sanitizer). Returns how many there are. */
static int fail_each_allocation(const char *name, mos_precision precision) {
    enum { MOST = 200 };
    for (int n = 1; n < MOST; n++) {
        mos_alloc_fail_at((uint64_t)n);
        const mosaic_status status = open_and_plan(name, precision);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) return n - 1;
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
    fail_msg("device %s still fails at allocation %d", name, MOST);
    return 0;
}

static void survives_failed_allocations(void **state) {
    (void)state;
    /* device, convolution (2), norm, pool, memory */
    assert_int_equal(fail_each_allocation("ref", MOS_PRECISION_FP64), 6);
    if (is_missing(&mos_backend_cpu)) return;
    assert_true(fail_each_allocation("cpu", MOS_PRECISION_FP32) >= 5);
    assert_true(fail_each_allocation("cpu", MOS_PRECISION_BF16) >= 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_ref_in_double),         cmocka_unit_test(auto_is_cpu),
        cmocka_unit_test(refuses_other_names),         cmocka_unit_test(names_both_backends),
        cmocka_unit_test(every_entry_is_filled),       cmocka_unit_test(takes_a_number),
        cmocka_unit_test(composes_what_is_missing),    cmocka_unit_test(plans_refuse_bad_shapes),
        cmocka_unit_test(survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
