/* The cpu backend: opening a device, memory, and the op table. */
#include "base/isa.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "compute/backends.h"
#include "compute/cpu/conv_onednn.h"

#include <stdio.h>
#include <string.h>

/* ---- open and close ---- */

static const mos_kernels *choose_kernels(mos_isa isa) {
#if defined(__x86_64__)
    if (isa == MOS_ISA_AVX512_BF16) return &mos_kernels_avx512_bf16;
    if (isa == MOS_ISA_AVX512) return &mos_kernels_avx512;
    if (isa == MOS_ISA_AVX2) return &mos_kernels_avx2;
#endif
    (void)isa;
    return &mos_kernels_base;
}

static void cpu_close(mos_device *device) {
    mos_cpu *cpu = cpu_of(device);
    if (!cpu) return;
    mos_onednn_close(&cpu->onednn);
    mos_free(cpu->room);
    mos_free(cpu);
    device->state = NULL;
}

static void choose_precision(mos_device *device, mos_cpu *cpu) {
    cpu->bf16 = device->precision == MOS_PRECISION_BF16;
    if (cpu->bf16 && !cpu->kernels->bf16) {
        mos_log(MOS_LOG_NOTICE, "no bf16 arithmetic in the instruction set %s: using fp32",
                cpu->kernels->isa);
        cpu->bf16 = false;
        device->precision = MOS_PRECISION_FP32;
    }
    cpu->activation = cpu->bf16 ? cpu->kernels->bf16 : cpu->kernels->f32;
    cpu->act_size = cpu->bf16 ? 2 : 4;
    cpu->block = cpu->kernels->lanes;
    cpu->group = 2 * cpu->block;
    cpu->rows = cpu->kernels->rows;
}

static mosaic_status cpu_open(mos_device *device) {
    char library[48];
    mos_cpu *cpu = NULL;
    if (device->precision == MOS_PRECISION_FP64)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "device cpu computes in fp32 or bf16, fp64 was asked for");
    MOS_TRY(mos_isa_cap(NULL));
    MOS_TRY(mos_alloc(1, sizeof *cpu, "cpu device", &cpu));
    device->state = cpu;
    if (device->threads < 1) device->threads = mos_cpu_count();
    if (device->threads > CPU_MAX_THREADS) device->threads = CPU_MAX_THREADS;
    cpu->threads = device->threads;
    cpu->kernels = choose_kernels(mos_isa_used());
    choose_precision(device, cpu);
    device->real_bytes = sizeof(float);
    mosaic_status status =
        mos_alloc(mos_gemm_room(cpu->threads), 1, "room of products", &cpu->room);
    if (status == MOSAIC_OK) status = mos_onednn_open(&cpu->onednn);
    if (status != MOSAIC_OK) {
        cpu_close(device);
        return status;
    }
    cpu->tiles = cpu->onednn && mos_isa_tiles();
    mos_onednn_describe(cpu->onednn, library, sizeof library);
    (void)snprintf(device->description, sizeof device->description, "cpu %s%s, %d thread%s, %s%s",
                   cpu->kernels->isa, cpu->tiles ? " amx" : "", cpu->threads,
                   cpu->threads == 1 ? "" : "s", cpu->bf16 ? "bf16" : "fp32", library);
    return MOSAIC_OK;
}

/* ---- memory ---- */

static mosaic_status cpu_alloc(mos_device *device, size_t bytes, void **out) {
    (void)device;
    return mos_alloc(bytes, 1, "device memory", out);
}

static void cpu_free(mos_device *device, void *memory) {
    (void)device;
    mos_free(memory);
}

#define PARALLEL_BYTES ((size_t)1 << 18) /* below this one thread is faster */

/* In lines of 64 bytes; from NULL: zeros. */
typedef struct copy_job {
    char *to;
    const char *from;
} copy_job;

static void copy_lines(void *context, int64_t begin, int64_t end, int thread) {
    const copy_job *job = context;
    const size_t bytes = (size_t)(end - begin) * 64;
    (void)thread;
    if (job->from)
        memcpy(job->to + begin * 64, job->from + begin * 64, bytes);
    else
        memset(job->to + begin * 64, 0, bytes);
}

static void *cpu_map(mos_device *device, void *memory) {
    (void)device;
    return memory;
}

static void cpu_zero(mos_device *device, void *memory, size_t bytes) {
    const size_t lines = bytes < PARALLEL_BYTES ? 0 : bytes / 64;
    copy_job job = {.to = memory};
    mos_parallel_for(device->threads, (int64_t)lines, copy_lines, &job);
    memset(job.to + lines * 64, 0, bytes - lines * 64);
}

static void cpu_copy(mos_device *device, void *to, const void *from, size_t bytes) {
    const size_t lines = bytes < PARALLEL_BYTES ? 0 : bytes / 64;
    copy_job job = {.to = to, .from = from};
    mos_parallel_for(device->threads, (int64_t)lines, copy_lines, &job);
    memcpy(job.to + lines * 64, job.from + lines * 64, bytes - lines * 64);
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

static void put_bytes(mos_device *device, void *to, const void *host, size_t bytes) {
    (void)device;
    if (bytes > 0) memcpy(to, host, bytes);
}

static void get_bytes(mos_device *device, const void *from, void *host, size_t bytes) {
    (void)device;
    if (bytes > 0) memcpy(host, from, bytes);
}

/* ---- activations and images ---- */

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

size_t mos_cpu_image_bytes(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w) {
    const mos_cpu *cpu = cpu_of(device);
    return (size_t)(n * mos_cpu_image_layout(cpu, c).channels * h * w) * cpu->act_size;
}

typedef struct image_job {
    const mos_cpu *cpu;
    mos_cpu_image layout;
    int64_t c, hw;
    char *image;
    const float *host;
} image_job;

static void load_images(void *context, int64_t begin, int64_t end, int thread) {
    const image_job *job = context;
    const mos_cpu *cpu = job->cpu;
    const int64_t c = job->c, hw = job->hw, channels = job->layout.channels;
    (void)thread;
    for (int64_t i = begin; i < end; i++) {
        char *to = job->image + (size_t)(i * channels * hw) * cpu->act_size;
        const float *from = job->host + i * c * hw;
        if (job->layout.plain)
            cpu->activation->convert(from, c * hw, to);
        else
            cpu->activation->image_block(from, c, hw, channels / cpu->block, to);
    }
}

void mos_cpu_image_load(mos_device *device, void *image, const float *host, int64_t n, int64_t c,
                        int64_t h, int64_t w) {
    const mos_cpu *cpu = cpu_of(device);
    image_job job = {.cpu = cpu,
                     .layout = mos_cpu_image_layout(cpu, c),
                     .c = c,
                     .hw = h * w,
                     .image = image,
                     .host = host};
    mos_parallel_for(cpu->threads, n, load_images, &job);
}

const mos_backend mos_backend_cpu = {
    .name = "cpu",
    .open = cpu_open,
    .close = cpu_close,
    .alloc = cpu_alloc,
    .free = cpu_free,
    .map = cpu_map,
    .zero = cpu_zero,
    .copy = cpu_copy,
    .put_f32 = put_f32,
    .get_f32 = get_f32,
    .put_f64 = put_f64,
    .get_f64 = get_f64,
    .put_bytes = put_bytes,
    .get_bytes = get_bytes,
    .act_bytes = act_bytes,
    .put_act = put_act,
    .get_act = get_act,
    .image_bytes = mos_cpu_image_bytes,
    .image_load = mos_cpu_image_load,
    .conv_algorithms = mos_cpu_conv_algorithms,
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
    .gather_rows = mos_cpu_gather_rows,
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
