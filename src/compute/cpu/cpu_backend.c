/* The cpu backend: opening a device, memory, and the op table. */
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "compute/cpu/cpu_state.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* ---- the guard
 * -------------------------------------------------------------------------------------------------
 */

#define FLUSH_DENORMALS 0x8040u /* flush to zero, denormals are zero */

static unsigned read_control(void) {
#if defined(__x86_64__)
    return _mm_getcsr();
#else
    return 0;
#endif
}

static void write_control(unsigned control) {
#if defined(__x86_64__)
    _mm_setcsr(control);
#else
    (void)control;
#endif
}

mos_cpu_guard mos_cpu_enter(const mos_cpu *cpu) {
    /* The team belongs to the calling thread; its workers keep the setting once they have it, and
     * workers started later inherit it from this thread. */
    static _Thread_local int prepared;
    const mos_cpu_guard guard = {.control = read_control(), .threads = omp_get_max_threads()};
    write_control(guard.control | FLUSH_DENORMALS);
    if (guard.threads != cpu->threads) omp_set_num_threads(cpu->threads);
    if (prepared != cpu->threads) {
#pragma omp parallel num_threads(cpu->threads)
        write_control(read_control() | FLUSH_DENORMALS);
        prepared = cpu->threads;
    }
    return guard;
}

void mos_cpu_leave(mos_cpu_guard guard) {
    if (guard.threads != omp_get_max_threads()) omp_set_num_threads(guard.threads);
    write_control(guard.control);
}

mosaic_status mos_cpu_check(dnnl_status_t status, const char *what) {
    switch (status) {
    case dnnl_success:
        return MOSAIC_OK;
    case dnnl_out_of_memory:
        return mos_fail(MOSAIC_ERR_MEMORY, "%s: onednn ran out of memory", what);
    case dnnl_unimplemented:
        return mos_fail(MOSAIC_ERR_UNSUPPORTED, "%s: onednn has no implementation", what);
    default:
        return mos_fail(MOSAIC_ERR_RUNTIME, "%s: onednn status %d", what, (int)status);
    }
}

/* ---- open and close
 * -------------------------------------------------------------------------------------------- */

/* The isa values are sets of bits, each containing those below it. */
static bool isa_has(dnnl_cpu_isa_t isa, dnnl_cpu_isa_t wanted) {
    return ((unsigned)isa & (unsigned)wanted) == (unsigned)wanted;
}

/* Under DNNL_MAX_CPU_ISA oneDNN reports less than the processor has; ours follow, so one variable
 * limits both. */
static const mos_kernels *choose_kernels(dnnl_cpu_isa_t isa, const char **name) {
#if defined(__x86_64__)
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (isa_has(isa, dnnl_cpu_isa_avx512_core_bf16) && avx512 &&
        __builtin_cpu_supports("avx512bf16")) {
        *name = "avx512_core_bf16";
        return &mos_kernels_avx512_bf16;
    }
    if (isa_has(isa, dnnl_cpu_isa_avx512_core) && avx512) {
        *name = "avx512_core";
        return &mos_kernels_avx512;
    }
    if (isa_has(isa, dnnl_cpu_isa_avx2) && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma")) {
        *name = "avx2";
        return &mos_kernels_avx2;
    }
#endif
    (void)isa;
    *name = "generic";
    return &mos_kernels_base;
}

static void cpu_close(mos_device *device) {
    mos_cpu *cpu = cpu_of(device);
    if (!cpu) return;
    if (cpu->stream) dnnl_stream_destroy(cpu->stream);
    if (cpu->engine) dnnl_engine_destroy(cpu->engine);
    mos_free(cpu);
    device->state = NULL;
}

static mosaic_status cpu_open(mos_device *device) {
    const char *isa;
    mos_cpu *cpu = NULL;
    mosaic_status status = mos_alloc(1, sizeof *cpu, "cpu device", &cpu);
    if (status != MOSAIC_OK) return status;
    device->state = cpu;
    if (device->threads < 1) device->threads = mos_cpu_count();
    if (device->threads > CPU_MAX_THREADS) device->threads = CPU_MAX_THREADS;
    cpu->threads = device->threads;
    cpu->kernels = choose_kernels(dnnl_get_effective_cpu_isa(), &isa);
    if (device->precision == MOS_PRECISION_FP64) {
        status = mos_fail(MOSAIC_ERR_UNSUPPORTED,
                          "device cpu computes in fp32 or bf16, fp64 was asked for");
        goto failed;
    }
    cpu->bf16 = device->precision == MOS_PRECISION_BF16;
    if (cpu->bf16 && !cpu->kernels->bf16) {
        mos_log(MOS_LOG_NOTICE, "this processor has no bf16 arithmetic (%s): using fp32", isa);
        cpu->bf16 = false;
        device->precision = MOS_PRECISION_FP32;
    }
    cpu->activation = cpu->bf16 ? cpu->kernels->bf16 : cpu->kernels->f32;
    cpu->type = cpu->bf16 ? dnnl_bf16 : dnnl_f32;
    cpu->act_size = cpu->bf16 ? 2 : 4;
    cpu->block = cpu->kernels->lanes;
    cpu->group = 2 * cpu->block;
    cpu->rows = cpu->kernels->rows;
    cpu->tiles = isa_has(dnnl_get_effective_cpu_isa(), dnnl_cpu_isa_avx512_core_amx);
    device->real_bytes = sizeof(float);
    MOS_GOTO(mos_cpu_check(dnnl_engine_create(&cpu->engine, dnnl_cpu, 0), "cpu engine"));
    MOS_GOTO(mos_cpu_check(dnnl_stream_create(&cpu->stream, cpu->engine, dnnl_stream_default_flags),
                           "cpu stream"));
    const dnnl_version_t *version = dnnl_version();
    snprintf(device->description, sizeof device->description,
             "cpu oneDNN %d.%d.%d %s, %d thread%s, %s", version->major, version->minor,
             version->patch, isa, cpu->threads, cpu->threads == 1 ? "" : "s",
             cpu->bf16 ? "bf16" : "fp32");
    return MOSAIC_OK;
done:
failed:
    cpu_close(device);
    return status;
}

/* ---- memory
 * ----------------------------------------------------------------------------------------------------
 */

static mosaic_status cpu_alloc(mos_device *device, size_t bytes, void **out) {
    (void)device;
    return mos_alloc(bytes, 1, "device memory", out);
}

static void cpu_free(mos_device *device, void *memory) {
    (void)device;
    mos_free(memory);
}

#define PARALLEL_BYTES ((size_t)1 << 18) /* below this one thread is faster */

static void cpu_zero(mos_device *device, void *memory, size_t bytes) {
    const mos_cpu *cpu = cpu_of(device);
    if (bytes < PARALLEL_BYTES) {
        memset(memory, 0, bytes);
        return;
    }
#pragma omp parallel num_threads(cpu->threads)
    {
        int64_t begin, end;
        mos_cpu_part((int64_t)(bytes / 64), omp_get_num_threads(), omp_get_thread_num(), &begin,
                     &end);
        memset((char *)memory + begin * 64, 0, (size_t)(end - begin) * 64);
    }
    memset((char *)memory + bytes / 64 * 64, 0, bytes % 64);
}

static void cpu_copy(mos_device *device, void *to, const void *from, size_t bytes) {
    const mos_cpu *cpu = cpu_of(device);
    if (bytes < PARALLEL_BYTES) {
        memcpy(to, from, bytes);
        return;
    }
#pragma omp parallel num_threads(cpu->threads)
    {
        int64_t begin, end;
        mos_cpu_part((int64_t)(bytes / 64), omp_get_num_threads(), omp_get_thread_num(), &begin,
                     &end);
        memcpy((char *)to + begin * 64, (const char *)from + begin * 64,
               (size_t)(end - begin) * 64);
    }
    memcpy((char *)to + bytes / 64 * 64, (const char *)from + bytes / 64 * 64, bytes % 64);
}

static void put_f32(mos_device *device, void *real, const float *host, int64_t count) {
    cpu_copy(device, real, host, (size_t)count * sizeof(float));
}

static void get_f32(mos_device *device, const void *real, float *host, int64_t count) {
    cpu_copy(device, host, real, (size_t)count * sizeof(float));
}

static void put_f64(mos_device *device, void *real, const double *host, int64_t count) {
    float *out = real;
    (void)device;
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)host[i];
}

static void get_f64(mos_device *device, const void *real, double *host, int64_t count) {
    const float *in = real;
    (void)device;
    for (int64_t i = 0; i < count; i++)
        host[i] = (double)in[i];
}

/* ---- activations and images
 * ------------------------------------------------------------------------------------ */

static int64_t act_sample(int64_t c, int64_t h, int64_t w) {
    return mos_cpu_round_up(c, CPU_BLOCK) * h * w; /* no partial block of either size */
}

static size_t act_bytes(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w) {
    return (size_t)(n * act_sample(c, h, w)) * cpu_of(device)->act_size;
}

static void put_act(mos_device *device, void *act, const double *host, int64_t n, int64_t c,
                    int64_t h, int64_t w) {
    const mos_cpu *cpu = cpu_of(device);
    for (int64_t i = 0; i < n; i++)
        cpu->activation->put(host + i * c * h * w, c, h * w,
                             (char *)act + (size_t)(i * act_sample(c, h, w)) * cpu->act_size);
}

static void get_act(mos_device *device, const void *act, double *host, int64_t n, int64_t c,
                    int64_t h, int64_t w) {
    const mos_cpu *cpu = cpu_of(device);
    for (int64_t i = 0; i < n; i++)
        cpu->activation->get((const char *)act + (size_t)(i * act_sample(c, h, w)) * cpu->act_size,
                             c, h * w, host + i * c * h * w);
}

mos_cpu_image mos_cpu_image_layout(const mos_cpu *cpu, int64_t c) {
    /* Plain nchw is what our own kernels like best. With AVX-512 oneDNN may take the first layer:
     * counts for which its kernels want plain nchw in both directions; others are padded to whole
     * blocks, or they would fall to its reference code. */
    const bool plain = cpu->bf16 ? c < cpu->block : cpu->block < 16 || c <= 3;
    return (mos_cpu_image){.channels = plain ? c : mos_cpu_round_up(c, cpu->block), .plain = plain};
}

size_t mos_cpu_image_bytes(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w) {
    const mos_cpu *cpu = cpu_of(device);
    return (size_t)(n * mos_cpu_image_layout(cpu, c).channels * h * w) * cpu->act_size;
}

void mos_cpu_image_load(mos_device *device, void *image, const float *host, int64_t n, int64_t c,
                        int64_t h, int64_t w) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_image layout = mos_cpu_image_layout(cpu, c);
    const size_t sample_bytes = (size_t)(layout.channels * h * w) * cpu->act_size;
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
    for (int64_t i = 0; i < n; i++) {
        void *to = (char *)image + (size_t)i * sample_bytes;
        const float *from = host + i * c * h * w;
        if (layout.plain)
            cpu->activation->convert(from, c * h * w, to);
        else
            cpu->activation->image_block(from, c, h * w, layout.channels / cpu->block, to);
    }
}

const mos_backend mos_backend_cpu = {
    .name = "cpu",
    .open = cpu_open,
    .close = cpu_close,
    .alloc = cpu_alloc,
    .free = cpu_free,
    .zero = cpu_zero,
    .copy = cpu_copy,
    .put_f32 = put_f32,
    .get_f32 = get_f32,
    .put_f64 = put_f64,
    .get_f64 = get_f64,
    .act_bytes = act_bytes,
    .put_act = put_act,
    .get_act = get_act,
    .image_bytes = mos_cpu_image_bytes,
    .image_load = mos_cpu_image_load,
    .conv_create = mos_cpu_conv_create,
    .conv_destroy = mos_cpu_conv_destroy,
    .conv_info = mos_cpu_conv_info,
    .conv_fold = mos_cpu_conv_fold,
    .conv_forward = mos_cpu_conv_forward,
    .conv_backward_data = mos_cpu_conv_backward_data,
    .conv_backward_weights = mos_cpu_conv_backward_weights,
    .norm_create = mos_cpu_norm_create,
    .norm_destroy = mos_cpu_norm_destroy,
    .norm_forward = mos_cpu_norm_forward,
    .norm_again = mos_cpu_norm_again,
    .norm_backward = mos_cpu_norm_backward,
    .norm_infer = mos_cpu_norm_infer,
    .pool_create = mos_cpu_pool_create,
    .pool_destroy = mos_cpu_pool_destroy,
    .pool_forward = mos_cpu_pool_forward,
    .pool_backward = mos_cpu_pool_backward,
    .mean_forward = mos_cpu_mean_forward,
    .mean_backward = mos_cpu_mean_backward,
    .linear_forward = mos_cpu_linear_forward,
    .linear_backward = mos_cpu_linear_backward,
    .unit_forward = mos_cpu_unit_forward,
    .unit_backward = mos_cpu_unit_backward,
    .columns = mos_cpu_columns,
    .mask_rows = mos_cpu_mask_rows,
    .gate_forward = mos_cpu_gate_forward,
    .gate_backward = mos_cpu_gate_backward,
    .product_forward = mos_cpu_product_forward,
    .product_backward = mos_cpu_product_backward,
    .attend_forward = mos_cpu_attend_forward,
    .attend_backward = mos_cpu_attend_backward,
    .blend_forward = mos_cpu_blend_forward,
    .blend_backward = mos_cpu_blend_backward,
    .contrast_bytes = mos_cpu_contrast_bytes,
    .contrast = mos_cpu_contrast,
    .bce = mos_cpu_bce,
    .optimize = mos_cpu_optimize,
    .measure = mos_cpu_measure,
};
