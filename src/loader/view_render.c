#include "loader/view_render.h"

#include "base/memory.h"
#include "base/rng_noise.h"
#include "base/simd.h"
#include "loader/plane_filter.h"

#include <string.h>

void mos_render_scratch_release(mos_render_scratch *scratch) {
    mos_free(scratch->turned);
    mos_free(scratch->line);
    mos_free(scratch->plane);
    mos_free(scratch->blur);
    mos_free(scratch->mask);
    mos_axis_cache_release(&scratch->axes);
    *scratch = (mos_render_scratch){0};
}

static mosaic_status reserve(const mos_band_source *source, int64_t width, int64_t height,
                             mos_render_scratch *scratch) {
    size_t native = (size_t)(source->width * source->height), pixels = (size_t)(width * height);
    size_t side = (size_t)(source->width > source->height ? source->width : source->height);
    MOS_TRY(
        mos_grow(&scratch->turned, &scratch->turned_size, native, sizeof(float), "a turned band"));
    MOS_TRY(mos_grow(&scratch->line, &scratch->line_size, side + 32 + 2 * (size_t)width,
                     sizeof(float), "a line"));
    MOS_TRY(mos_grow(&scratch->plane, &scratch->plane_size, pixels, sizeof(float), "a plane"));
    MOS_TRY(mos_grow(&scratch->mask, &scratch->mask_size, pixels, sizeof(float), "a mask"));
    return mos_grow(&scratch->blur, &scratch->blur_size, (size_t)mos_blur_scratch(width, height),
                    sizeof(float), "a blurred plane");
}

/* y = x a + b */
MOS_SIMD_INLINE void scale_body(const float *restrict plane, float a, float b, int64_t count,
                                float *restrict out) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        out[i] = plane[i] * a + b;
}
MOS_SIMD_KERNEL(scale, (const float *plane, float a, float b, int64_t count, float *out),
                (plane, a, b, count, out))

/* Speckle multiplies power by g ~ Gamma(L, 1/L), so it adds 10 log10 g to dB. Wilson and Hilferty
 * 1931: g ~ (1 - 1/(9L) + z / (3 sqrt L))^3, hence 10 log10 g = 30 / ln(10) * ln(...). */
MOS_SIMD_INLINE void scale_speckle_body(const float *restrict plane, const float *restrict z,
                                        float a, float b, float looks, int64_t count,
                                        float *restrict out) {
    float centre = 1 - 1 / (9 * looks), spread = 1 / (3 * sqrtf(looks)), decibel = a * 13.0288345F;
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float root = mos_simd_floor_at(centre + spread * z[i], 0.05F);
        out[i] = plane[i] * a + b + decibel * mos_simd_log(root);
    }
}
MOS_SIMD_KERNEL(scale_speckle,
                (const float *plane, const float *z, float a, float b, float looks, int64_t count,
                 float *out),
                (plane, z, a, b, looks, count, out))

MOS_SIMD_INLINE void clear_masked_body(float *plane, const float *mask, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        plane[i] = mask[i] > 0 ? 0 : plane[i];
}
MOS_SIMD_KERNEL(clear_masked, (float *plane, const float *mask, int64_t count),
                (plane, mask, count))

/* Speckle is made in pieces that stay in the first-level cache beside the pixels they go to. */
enum { PIECE = 16 * MOS_NOISE_CHUNK };

/* With light, gain g and offset o in sd: ((x g + o sd) - mean) / sd = x g/sd + (o - mean/sd); a
 * shift in dB adds shift/sd. */
static void finish(const mos_band_source *source, const mos_view_light *light, int64_t band,
                   const mos_rng *noise_stream, int64_t count, const float *plane, float *out) {
    float a = light->gain[band] / source->sd, noise[PIECE];
    float b = light->offset[band] + (light->shift_db - source->mean) / source->sd;
    if (!source->radar && light->noise > 0) {
        const mos_noisy_line line = {.gain = a, .offset = b, .noise = light->noise};
        mos_rng_add_noise(noise_stream, plane, &line, out, (size_t)count);
        return;
    }
    if (!source->radar || !(light->looks > 0)) {
        scale(plane, a, b, count, out);
        return;
    }
    mos_rng stream = *noise_stream;
    for (int64_t i = 0; i < count; i += PIECE) {
        int64_t piece = count - i < PIECE ? count - i : PIECE;
        mos_rng_fill_noise(&stream, noise, (size_t)piece);
        mos_rng_skip_noise(&stream, PIECE);
        scale_speckle(plane + i, noise, a, b, light->looks, piece, out + i);
    }
}

/* data [source height, width] turned when asked for, cropped and resized: in `plane`, or `data`
 * itself where nothing changes. */
static const float *resample(const mos_band_source *source, const float *data, bool turn,
                             const mos_axis *rows, const mos_axis *columns,
                             mos_render_scratch *scratch, float *plane) {
    if (turn) mos_transpose(data, source->width, source->height, scratch->turned);
    const float *turned = turn ? scratch->turned : data;
    if (rows->identity && columns->identity) return turned;
    mos_resample(turned, rows, columns, scratch->line, plane);
    return plane;
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
    const mos_axis *columns, *rows;
    MOS_TRY(reserve(source, width, height, scratch));
    MOS_TRY(mos_axis_find(&scratch->axes, width, native_width, fine_width, geometry->left,
                          geometry->width, geometry->flip_x, &columns));
    MOS_TRY(mos_axis_find(&scratch->axes, height, native_height, fine_height, geometry->top,
                          geometry->height, geometry->flip_y, &rows));
    const float *plane =
        resample(source, source->data, turn, rows, columns, scratch, scratch->plane);
    if (light->blur_sigma > 0) {
        if (plane != scratch->plane)
            memcpy(scratch->plane, plane, (size_t)(width * height) * sizeof *plane);
        mos_blur(scratch->plane, width, height, light->blur_sigma, scratch->blur);
        plane = scratch->plane;
    }
    finish(source, light, band, noise_stream, width * height, plane, out);
    if (source->masked == NULL) return MOSAIC_OK;
    clear_masked(out, resample(source, source->masked, turn, rows, columns, scratch, scratch->mask),
                 width * height);
    return MOSAIC_OK;
}
