/* The device that is late, itself: what it hides, what it brings, how it fails. The tests of the
 * rooms that compute run on it as <room>/<test>@delayed. */
#include "support/delayed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 5 };
static const double values[COUNT] = {1, -2, 3, 0.5, 8};

static mos_device *open_delayed(const char *name, void *real[2]) {
    mos_device *device;
    support_delay("delayed");
    assert_int_equal(mos_device_open(name, MOS_PRECISION_FP32, 1, &device), MOSAIC_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(device->ops->alloc(device, COUNT * device->real_bytes, &real[i]),
                         MOSAIC_OK);
    return device;
}

static void close_delayed(mos_device **device, void *real[2]) {
    for (int i = 0; i < 2; i++)
        (*device)->ops->free(*device, real[i]);
    mos_device_close(device);
    support_delay(NULL);
}

static void results_come_when_it_settles(void **state) {
    (void)state;
    for (const char *const *name = mos_device_names(); *name != NULL; name++) {
        void *real[2];
        double host[COUNT], found[COUNT] = {0};
        mos_device *device = open_delayed(*name, real);
        memcpy(host, values, sizeof host);
        device->ops->put_f64(device, real[0], host, COUNT);
        memset(host, 0, sizeof host); /* a put has read it */
        device->ops->columns(device, 1, COUNT, real[0], COUNT, real[1], COUNT, true);
        device->ops->get_f64(device, real[1], found, COUNT);
        for (int i = 0; i < COUNT; i++)
            assert_true(isnan(found[i]));
        assert_int_equal(mos_settle(device), MOSAIC_OK);
        assert_memory_equal(found, values, sizeof found);
        assert_int_equal(mos_settle(device), MOSAIC_OK); /* nothing more */
        close_delayed(&device, real);
    }
}

/* The first failure is kept; ops before it ran, those behind it never do. */
static void a_failure_is_told_and_stays(void **state) {
    (void)state;
    for (int n = 1; n <= 4; n++) {
        void *real[2];
        double first[COUNT], second[COUNT];
        mos_device *device = open_delayed("ref", real);
        support_delayed_fail_at(n);
        device->ops->put_f64(device, real[0], values, COUNT);
        device->ops->get_f64(device, real[0], first, COUNT);
        device->ops->copy(device, real[1], real[0], sizeof values);
        device->ops->get_f64(device, real[1], second, COUNT);
        assert_int_equal(mos_settle(device), MOSAIC_ERR_RUNTIME);
        const char *const names[] = {"put_f64", "get_f64", "copy", "get_f64"};
        assert_non_null(strstr(mosaic_error(), names[n - 1]));
        assert_true(n > 2 ? memcmp(first, values, sizeof first) == 0 : isnan(first[0]));
        assert_true(isnan(second[0]));
        support_delayed_fail_at(0);
        device->ops->put_f64(device, real[0], values, COUNT);
        assert_int_equal(mos_get_f64(device, real[0], first, COUNT), MOSAIC_ERR_RUNTIME);
        assert_non_null(strstr(mosaic_error(), names[n - 1]));
        assert_true(isnan(first[0]));
        close_delayed(&device, real);
    }
}

/* Freeing waits for what was enqueued before. */
static void freeing_waits(void **state) {
    (void)state;
    void *real[2];
    double found[COUNT];
    mos_device *device = open_delayed("cpu", real);
    device->ops->put_f64(device, real[0], values, COUNT);
    device->ops->get_f64(device, real[0], found, COUNT);
    device->ops->free(device, real[0]);
    real[0] = NULL;
    assert_memory_equal(found, values, sizeof found);
    close_delayed(&device, real);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_when_it_settles),
        cmocka_unit_test(a_failure_is_told_and_stays),
        cmocka_unit_test(freeing_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
