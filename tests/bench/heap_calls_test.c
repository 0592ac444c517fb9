/* Heap calls of a step, those of every library: none after the first steps, with every instruction
 * set. On a processor with matrix tiles, what oneDNN makes inside its execute calls is counted apart,
 * and there are no others. The program's malloc stands before the C library's, and
 * execute is wrapped when this is linked. */
#include "bench/step_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
#if defined(MOSAIC_HAS_ONEDNN)
/* oneDNN's types stay in their room: pointers and an enumeration. */
int __real_dnnl_primitive_execute(const void *primitive, void *stream, int count, const void *args);
int __wrap_dnnl_primitive_execute(const void *primitive, void *stream, int count, const void *args);
#endif

static atomic_bool counting;
static atomic_long executes, inside, outside;
static atomic_int running; /* executes, on any thread: their teams' calls are theirs */
static bool alone;         /* no teams: only the calling thread's are */
static _Thread_local int depth;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void count_call(void) {
    if (!atomic_load_explicit(&counting, memory_order_relaxed)) return;
    const bool theirs = depth > 0 || (!alone && atomic_load(&running) > 0);
    atomic_fetch_add(theirs ? &inside : &outside, 1);
}

#pragma GCC visibility push(default)
void *malloc(size_t size) {
    count_call();
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    count_call();
    return __libc_calloc(count, size);
}
void *realloc(void *old, size_t size) {
    count_call();
    return __libc_realloc(old, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
    count_call();
    return __libc_memalign(alignment, size);
}
int posix_memalign(void **out, size_t alignment, size_t size) {
    count_call();
    *out = __libc_memalign(alignment, size);
    return *out == NULL;
}
#pragma GCC visibility pop
#endif

#if defined(MOSAIC_HAS_ONEDNN)
int __wrap_dnnl_primitive_execute(const void *primitive, void *stream, int count,
                                  const void *args) {
    atomic_fetch_add(&executes, 1);
    atomic_fetch_add(&running, 1);
    depth++;
    const int status = __real_dnnl_primitive_execute(primitive, stream, count, args);
    depth--;
    atomic_fetch_sub(&running, 1);
    return status;
}
#endif

static void check(mos_encoder_kind encoder, mos_precision precision, int64_t workers) {
    const mos_step_setting setting = {.encoder = encoder,
                                      .batch = 2,
                                      .size = 120,
                                      .views = 2,
                                      .classes = 19,
                                      .modalities = 2,
                                      .bands = {2, 12},
                                      .method = "mosaic-1",
                                      .workers = workers};
    mos_step_rig *step;
    double seconds, loss;
    long most = 0;
    alone = workers > 1; /* of two threads: one each */
    assert_int_equal(mos_step_rig_create("cpu", precision, 2, &setting, &step), MOSAIC_OK);
    for (int i = 0; i < 3; i++) {
        atomic_store(&executes, 0);
        atomic_store(&inside, 0);
        atomic_store(&outside, 0);
        atomic_store(&counting, i == 2);
        mosaic_status status = mos_step_rig_run(step, &seconds, &loss);
        atomic_store(&counting, false);
        assert_int_equal(status, MOSAIC_OK);
    }
    most = atomic_load(&inside);
    print_message("%s, %d workers: %ld executes of onednn with %ld heap calls, %ld others\n",
                  mos_step_rig_device(step)->description, (int)workers,
                  (long)atomic_load(&executes), most, (long)atomic_load(&outside));
    assert_int_equal(atomic_load(&outside), 0);
    assert_true(most <= 12 * atomic_load(&executes));
    const char *description = mos_step_rig_device(step)->description;
    if (strstr(description, "amx") == NULL) { /* with matrix tiles oneDNN is ahead */
        assert_int_equal(atomic_load(&executes), 0);
        assert_int_equal(most, 0);
    }
    mos_step_rig_destroy(&step);
}

/* Else the counts above might be of nothing. */
static void calls_are_counted(void **state) {
    (void)state;
    void *volatile block;
    atomic_store(&outside, 0);
    atomic_store(&counting, true);
    block = malloc(100);
    atomic_store(&counting, false);
    free(block);
    assert_int_equal(atomic_load(&outside), 1);
}

/* Without bf16 here, a step that asks for it is fp32 once more. */
static bool has_bf16(void) {
    mos_device *device;
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_BF16, 2, &device), MOSAIC_OK);
    const bool has = device->precision == MOS_PRECISION_BF16;
    mos_device_close(&device);
    return has;
}

static void check_in_turn(mos_encoder_kind encoder) {
    check(encoder, MOS_PRECISION_FP32, 0);
    if (has_bf16())
        check(encoder, MOS_PRECISION_BF16, 0);
    else
        print_message("skipped: steps in bf16, which this processor lacks\n");
}

static void in_turn(void **state) {
    (void)state;
    check_in_turn(MOS_ENCODER_RESNET34);
}

static void bottleneck_blocks(void **state) {
    (void)state;
    check_in_turn(MOS_ENCODER_RESNET50);
}

static void side_by_side(void **state) {
    (void)state;
    check(MOS_ENCODER_RESNET34, MOS_PRECISION_BF16, 2); /* the device's own where it has no bf16 */
}

/* Argument: the one of these that is run. */
int main(int argc, char **argv) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)argc, (void)argv;
    print_message("skipped: sanitizers have a malloc of their own\n");
    return 77;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_counted), cmocka_unit_test(in_turn),
        cmocka_unit_test(bottleneck_blocks), cmocka_unit_test(side_by_side)};
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
