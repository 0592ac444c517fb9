#include "loader/view_render.h"

#include "base/memory.h"
#include "base/rng_fill.h"
#include "base/simd.h"

void mos_render_scratch_release(mos_render_scratch *scratch) {
    mos_free(scratch->turned);
    mos_free(scratch->line);
    mos_free(scratch->plane);
    mos_free(scratch->blur);
    mos_free(scratch->noise);
    mos_axis_release(&scratch->rows);
    mos_axis_release(&scratch->columns);
    *scratch = (mos_render_scratch){0};
}

static mosaic_status reserve(const mos_band_source *source, int64_t width, int64_t height,
                             mos_render_scratch *scratch) {
    size_t native = (size_t)(source->width * source->height), pixels = (size_t)(width * height);
    size_t side = (size_t)(source->width > source->height ? source->width : source->height);
    MOS_TRY(
        mos_grow(&scratch->turned, &scratch->turned_size, native, sizeof(float), "a turned band"));
    MOS_TRY(mos_grow(&scratch->line, &scratch->line_size, side + 32, sizeof(float), "a line"));
    MOS_TRY(mos_grow(&scratch->plane, &scratch->plane_size, pixels, sizeof(float), "a plane"));
    MOS_TRY(mos_grow(&scratch->noise, &scratch->noise_size, pixels, sizeof(float), "noise"));
    return mos_grow(&scratch->blur, &scratch->blur_size, (size_t)((height + 2) * (width + 64)),
                    sizeof(float), "a blurred plane");
}

/* y = x a + b */
MOS_SIMD_INLINE void scale_body(float *plane, float a, float b, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        plane[i] = plane[i] * a + b;
}
MOS_SIMD_KERNEL(scale, (float *plane, float a, float b, int64_t count), (plane, a, b, count))

/* y = x a + b + s z */
MOS_SIMD_INLINE void scale_noise_body(float *plane, const float *z, float a, float b, float s,
                                      int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        plane[i] = plane[i] * a + b + s * z[i];
}
MOS_SIMD_KERNEL(scale_noise,
                (float *plane, const float *z, float a, float b, float s, int64_t count),
                (plane, z, a, b, s, count))

/* Speckle multiplies power by g ~ Gamma(L, 1/L), so it adds 10 log10 g to dB. Wilson and Hilferty
 * 1931: g ~ (1 - 1/(9L) + z / (3 sqrt L))^3, hence 10 log10 g = 30 / ln(10) * ln(...). */
MOS_SIMD_INLINE void scale_speckle_body(float *plane, const float *z, float a, float b, float looks,
                                        int64_t count) {
    float centre = 1 - 1 / (9 * looks), spread = 1 / (3 * sqrtf(looks)), decibel = a * 13.0288345F;
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float root = mos_simd_floor_at(centre + spread * z[i], 0.05F);
        plane[i] = plane[i] * a + b + decibel * mos_simd_log(root);
    }
}
MOS_SIMD_KERNEL(scale_speckle,
                (float *plane, const float *z, float a, float b, float looks, int64_t count),
                (plane, z, a, b, looks, count))

MOS_SIMD_INLINE void clear_masked_body(float *plane, const float *mask, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        plane[i] = mask[i] > 0 ? 0 : plane[i];
}
MOS_SIMD_KERNEL(clear_masked, (float *plane, const float *mask, int64_t count),
                (plane, mask, count))

/* With light, gain g and offset o in sd: ((x g + o sd) - mean) / sd = x g/sd + (o - mean/sd); a
 * shift in dB adds shift/sd. */
static void finish(const mos_band_source *source, const mos_view_light *light, int64_t band,
                   const mos_rng *noise_stream, int64_t count, mos_render_scratch *scratch,
                   float *out) {
    float a = light->gain[band] / source->sd;
    float b = light->offset[band] + (light->shift_db - source->mean) / source->sd;
    if (source->radar ? light->looks > 0 : light->noise > 0)
        mos_rng_fill_normal(noise_stream, scratch->noise, (size_t)count);
    if (source->radar && light->looks > 0)
        scale_speckle(out, scratch->noise, a, b, light->looks, count);
    else if (!source->radar && light->noise > 0)
        scale_noise(out, scratch->noise, a, b, light->noise, count);
    else
        scale(out, a, b, count);
}

mosaic_status mos_view_render(const mos_band_source *source, const mos_view_geometry *geometry,
                              const mos_view_light *light, int64_t band,
                              const mos_rng *noise_stream, int64_t width, int64_t height,
                              mos_render_scratch *scratch, float *out) {
    bool turn = geometry->transpose;
    int64_t native_width = turn ? source->height : source->width;
    int64_t native_height = turn ? source->width : source->height;
    int64_t fine_width = turn ? source->fine_height : source->fine_width;
    int64_t fine_height = turn ? source->fine_width : source->fine_height;
    MOS_TRY(reserve(source, width, height, scratch));
    MOS_TRY(mos_axis_make(&scratch->columns, width, native_width, fine_width, geometry->left,
                          geometry->width, geometry->flip_x));
    MOS_TRY(mos_axis_make(&scratch->rows, height, native_height, fine_height, geometry->top,
                          geometry->height, geometry->flip_y));
    const float *data = source->data;
    if (turn) {
        mos_transpose(data, source->width, source->height, scratch->turned);
        data = scratch->turned;
    }
    mos_resample(data, &scratch->rows, &scratch->columns, scratch->line, out);
    if (light->blur_sigma > 0) mos_blur(out, width, height, light->blur_sigma, scratch->blur);
    finish(source, light, band, noise_stream, width * height, scratch, out);
    if (source->masked == NULL) return MOSAIC_OK;
    data = source->masked;
    if (turn) {
        mos_transpose(data, source->width, source->height, scratch->turned);
        data = scratch->turned;
    }
    mos_resample(data, &scratch->rows, &scratch->columns, scratch->line, scratch->plane);
    clear_masked(out, scratch->plane, width * height);
    return MOSAIC_OK;
}
