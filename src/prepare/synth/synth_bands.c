/* What the two sensors see of the regions of a patch. */
#include "prepare/synth/synth_canvas.h"
#include "prepare/synth/synth_clouds.h"

#include "base/rng_fill.h"
#include "base/simd.h"

#include <string.h>

/* A region with this patch's season, moisture and the site's own deviation put in. */
typedef struct site_look {
    float s2[MOS_SYNTH_S2_BANDS];
    float s1_db[2]; /* VH, VV */
    float s2_texture, s1_texture_db;
    const float *s2_field, *s1_field; /* [pixels] */
} site_look;

typedef struct painter {
    mos_synth_canvas *canvas;
    const mos_synth_options *options;
    const mos_synth_scene *scene;
    const mos_synth_patch *patch;
    site_look looks[MOS_SYNTH_SITES];
    float angle[2]; /* of the parcels: cosine, sine */
    float gain, shift_db;
} painter;

/* Haze is strongest in the blue: its share, in band order, of the shift at B01. Texture is
 * strongest in the near infrared. */
static const float haze_share[MOS_SYNTH_S2_BANDS] = {1.0F,  0.85F, 0.60F, 0.42F, 0.33F, 0.27F,
                                                     0.24F, 0.20F, 0.15F, 0.05F, 0.03F, 0.19F};
static const float texture_share[MOS_SYNTH_S2_BANDS] = {0.7F, 0.8F, 0.8F, 0.9F, 1.0F, 1.0F,
                                                        1.1F, 1.1F, 1.0F, 0.9F, 0.9F, 1.1F};

static mos_rng stream_at(const painter *p, uint32_t purpose, uint32_t index) {
    return mos_rng_at((uint64_t)p->options->seed, MOS_RNG_SYNTH, purpose, p->patch->number, index);
}

static float limit(float value, float low, float high) {
    return value < low ? low : value > high ? high : value;
}

/* Spectrum: July to January by the class's seasonality, then brightness, share of bare ground, and
 * the level of visible, near and short-wave infrared vary from site to site. */
static void look_s2(const painter *p, const mos_synth_class *class, const float *z,
                    site_look *look) {
    static const int8_t part[MOS_SYNTH_S2_BANDS] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 1};
    float noise = (float)p->options->noise;
    float dry = class->seasonality * (1 - (float)p->scene->season);
    float water = class->biome == MOS_SYNTH_WATER ? 0.3F : 1.0F;
    float bright = limit(1 + 0.07F * noise * z[0], 0.5F, 1.6F) * p->gain;
    float bare = limit(dry + 0.05F * noise * water * z[1], -0.25F, 0.95F);
    float level[3];
    for (int k = 0; k < 3; k++)
        level[k] = limit(1 + 0.05F * noise * z[2 + k], 0.6F, 1.4F);
    for (int b = 0; b < MOS_SYNTH_S2_BANDS; b++) {
        float value = class->spectrum[b] + bare * (mos_synth_bare[b] - class->spectrum[b]);
        look->s2[b] = limit(value * bright * level[part[b]], 15, 12000);
    }
    look->s2_texture = class->s2_texture * limit(1 + 0.25F * noise * z[5], 0.2F, 2);
}

/* Backscatter falls with incidence, rises with moisture, varies from site to site, and drifts while
 * the land changes between the acquisitions. */
static void look_s1(const painter *p, const mos_synth_class *class, const float *z,
                    site_look *look) {
    float noise = (float)p->options->noise;
    int s1_scene = p->patch->s1_scene;
    float shared = class->slope_db * ((float)p->scene->incidence_deg[s1_scene] - 38) +
                   class->wetness * (float)p->scene->moisture_db[s1_scene] + p->shift_db;
    float drift = (float)(p->options->lag_drift * p->scene->lag_days[s1_scene]);
    look->s1_db[1] = class->vv_db + shared + 0.5F * noise * z[6] + drift * z[9];
    look->s1_db[0] = class->vh_db + shared + noise * (0.35F * z[6] + 0.35F * z[7]) + drift * z[10];
    look->s1_texture_db = class->s1_texture_db * limit(1 + 0.25F * noise * z[8], 0.2F, 2);
}

/* Cells of constant value in a grid turned by the patch's angle; the table repeats after 16 cells.
 */
static void paint_parcels(const painter *p, const mos_rng *stream, float length, float *out) {
    float cells[256];
    mos_rng_fill_normal(stream, cells, 256);
    int64_t size = p->canvas->size;
    float cosine = p->angle[0] / length, sine = p->angle[1] / length;
    for (int64_t y = 0; y < size; y++) {
        for (int64_t x = 0; x < size; x++) {
            /* 4096 keeps the sum positive, so that the cast rounds down everywhere. */
            int column = (int)((float)x * cosine + (float)y * sine + 4096.0F);
            int row = (int)(((float)y * cosine - (float)x * sine) * 0.6F + 4096.0F);
            out[y * size + x] = cells[(row & 15) * 16 + (column & 15)];
        }
    }
}

static void paint_fields(const painter *p, uint32_t sensor) {
    static const float lengths[MOS_SYNTH_FIELDS] = {2, 4, 8, 20, 8, 24};
    mos_synth_canvas *canvas = p->canvas;
    bool used[MOS_SYNTH_FIELDS] = {false};
    for (int s = 0; s < canvas->site_count; s++) {
        const float *field = sensor == 0 ? p->looks[s].s2_field : p->looks[s].s1_field;
        used[(field - canvas->fields) / canvas->pixels] = true;
    }
    for (uint32_t f = 0; f < MOS_SYNTH_FIELDS; f++) {
        if (!used[f]) continue;
        float *out = canvas->fields + (int64_t)f * canvas->pixels;
        /* Fields of ground that both sensors see: a parcel is one for both, its values are not. */
        mos_rng stream = stream_at(p, MOS_SYNTH_RNG_FIELD, sensor * 16 + f);
        if (f < MOS_SYNTH_PARCEL_8)
            mos_synth_value_noise(&stream, canvas->size, lengths[f], out);
        else
            paint_parcels(p, &stream, lengths[f], out);
    }
}

/* texture[i] = blend over the two nearest sites of amplitude times the class's own field. */
static void blend_texture(const painter *p, bool radar) {
    mos_synth_canvas *canvas = p->canvas;
    const float *field[MOS_SYNTH_SITES];
    float amplitude[MOS_SYNTH_SITES];
    for (int s = 0; s < canvas->site_count; s++) {
        const site_look *look = &p->looks[s];
        field[s] = radar ? look->s1_field : look->s2_field;
        amplitude[s] = radar ? look->s1_texture_db : look->s2_texture;
    }
    for (int64_t i = 0; i < canvas->pixels; i++) {
        int a = canvas->first[i], b = canvas->second[i];
        float w = canvas->weight[i];
        canvas->texture[i] = w * amplitude[a] * field[a][i] + (1 - w) * amplitude[b] * field[b][i];
    }
}

static void blend_level(const mos_synth_canvas *canvas, const float level[MOS_SYNTH_SITES],
                        float *restrict out) {
    for (int64_t i = 0; i < canvas->pixels; i++) {
        float near = level[canvas->first[i]], far = level[canvas->second[i]];
        out[i] = far + canvas->weight[i] * (near - far);
    }
}

MOS_SIMD_INLINE void shade_body(float *plane, const float *texture, const float *relief,
                                const float *smooth, float texture_gain, float relief_gain,
                                float haze, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float rough = 1 + texture_gain * texture[i];
        rough = rough < 0.15F ? 0.15F : rough;
        float lit = 1 + relief_gain * relief[i];
        lit = lit < 0.3F ? 0.3F : lit;
        float veil = haze * (1 + 0.35F * smooth[i]);
        plane[i] = plane[i] * rough * lit + (veil < 0 ? 0 : veil);
    }
}
MOS_SIMD_KERNEL(shade,
                (float *plane, const float *texture, const float *relief, const float *smooth,
                 float texture_gain, float relief_gain, float haze, int64_t count),
                (plane, texture, relief, smooth, texture_gain, relief_gain, haze, count))

/* Mean over factor x factor pixels, in place at the start of `plane`: a coarser sensor pixel. */
static void coarsen(float *plane, int64_t size, int64_t factor) {
    int64_t coarse = size / factor;
    float share = 1 / (float)(factor * factor);
    for (int64_t y = 0; y < coarse; y++) {
        for (int64_t x = 0; x < coarse; x++) {
            float sum = 0;
            const float *corner = plane + y * factor * size + x * factor;
            for (int64_t j = 0; j < factor; j++) {
                for (int64_t i = 0; i < factor; i++)
                    sum += corner[j * size + i];
            }
            /* Never ahead of a pixel still to be read: y * coarse + x <= y * factor * size. */
            plane[y * coarse + x] = sum * share;
        }
    }
}

MOS_SIMD_INLINE void quantise_body(const float *plane, const float *noise, float gain,
                                   uint16_t *out, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float value = plane[i] + gain * (8 + 0.012F * plane[i]) * noise[i];
        value = value < 1 ? 1 : value > 20000 ? 20000 : value; /* 0 means no data */
        out[i] = (uint16_t)(int32_t)(value + 0.5F);
    }
}
MOS_SIMD_KERNEL(quantise,
                (const float *plane, const float *noise, float gain, uint16_t *out, int64_t count),
                (plane, noise, gain, out, count))

static void paint_s2(const painter *p) {
    mos_synth_canvas *canvas = p->canvas;
    float level[MOS_SYNTH_SITES];
    bool cloudy = p->patch->cover > 0;
    paint_fields(p, 0);
    blend_texture(p, false);
    if (cloudy) mos_synth_clouds_paint(canvas, (uint64_t)p->options->seed, p->patch);
    for (int b = 0; b < MOS_SYNTH_S2_BANDS; b++) {
        for (int s = 0; s < canvas->site_count; s++)
            level[s] = p->looks[s].s2[b];
        blend_level(canvas, level, canvas->plane);
        shade(canvas->plane, canvas->texture, canvas->relief, canvas->smooth, texture_share[b],
              (float)p->scene->relief, (float)p->scene->haze * haze_share[b], canvas->pixels);
        if (cloudy) mos_synth_clouds_cover(canvas, b);
        int64_t factor = mos_synth_s2_factor[b];
        if (factor > 1) coarsen(canvas->plane, canvas->size, factor);
        int64_t count = canvas->pixels / (factor * factor);
        mos_rng stream = stream_at(p, MOS_SYNTH_RNG_SENSOR, (uint32_t)b);
        mos_rng_fill_normal(&stream, canvas->noise, (size_t)count);
        quantise(canvas->plane, canvas->noise, (float)p->options->noise, canvas->s2[b], count);
    }
}

/* dB = 10 log10(10^(level/10) * g + floor); g: multi-look speckle, Gamma(L, 1/L) by Wilson and
 * Hilferty (1931), (1 - 1/(9L) + z / (3 sqrt L))^3. */
MOS_SIMD_INLINE void speckle_body(const float *plane, const float *texture, const float *relief,
                                  const float *noise, float relief_db, float centre, float spread,
                                  float *out, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float level = plane[i] + texture[i] + relief_db * relief[i];
        level = level < -45 ? -45 : level > 15 ? 15 : level;
        float root = centre + spread * noise[i];
        root = root < 0.12F ? 0.12F : root;
        float power = mos_simd_exp(level * 0.230258509F) * root * root * root + 0.0012F;
        out[i] = 4.34294482F * mos_simd_log(power);
    }
}
MOS_SIMD_KERNEL(speckle,
                (const float *plane, const float *texture, const float *relief, const float *noise,
                 float relief_db, float centre, float spread, float *out, int64_t count),
                (plane, texture, relief, noise, relief_db, centre, spread, out, count))

static void paint_s1(const painter *p) {
    mos_synth_canvas *canvas = p->canvas;
    float level[MOS_SYNTH_SITES], noise = (float)p->options->noise;
    /* About 4.4 looks, as in ground range detected products; fewer for more noise. */
    float variance = noise * noise / 4.4F;
    float centre = 1 - variance / 9, spread = sqrtf(variance) / 3;
    paint_fields(p, 1);
    blend_texture(p, true);
    for (int k = 0; k < 2; k++) {
        for (int s = 0; s < canvas->site_count; s++)
            level[s] = p->looks[s].s1_db[k];
        blend_level(canvas, level, canvas->plane);
        mos_rng stream = stream_at(p, MOS_SYNTH_RNG_SPECKLE, (uint32_t)k);
        mos_rng_fill_normal(&stream, canvas->noise, (size_t)canvas->pixels);
        speckle(canvas->plane, canvas->texture, canvas->relief, canvas->noise, 0.6F * noise, centre,
                spread, canvas->s1[k], canvas->pixels);
    }
}

static void make_looks(painter *p, const mos_synth_class classes[MOS_SYNTH_CLASSES]) {
    enum { PER_SITE = 16 };
    float z[PER_SITE * (MOS_SYNTH_SITES + 1)];
    mos_synth_canvas *canvas = p->canvas;
    mos_rng stream = stream_at(p, MOS_SYNTH_RNG_SITE, 0);
    mos_rng_fill_normal(&stream, z, sizeof z / sizeof *z);
    float turn, noise = (float)p->options->noise;
    stream = stream_at(p, MOS_SYNTH_RNG_SITE, 1);
    mos_rng_fill_uniform(&stream, &turn, 1);
    mos_simd_sincos_turn(turn, &p->angle[1], &p->angle[0]);
    const float *own = z + PER_SITE * MOS_SYNTH_SITES;
    p->gain = limit(1 + 0.03F * noise * own[0], 0.7F, 1.3F);
    p->shift_db = 0.25F * noise * own[1];
    for (int s = 0; s < canvas->site_count; s++) {
        const mos_synth_class *class = &classes[canvas->sites[s].class_index];
        site_look *look = &p->looks[s];
        look_s2(p, class, z + PER_SITE * s, look);
        look_s1(p, class, z + PER_SITE * s, look);
        look->s2_field = canvas->fields + (int64_t) class->s2_field * canvas->pixels;
        look->s1_field = canvas->fields + (int64_t) class->s1_field * canvas->pixels;
    }
}

void mos_synth_paint_bands(mos_synth_canvas *canvas, const mos_synth_options *options,
                           const mos_synth_class classes[MOS_SYNTH_CLASSES],
                           const mos_synth_plan *plan, const mos_synth_patch *patch) {
    painter p = {.canvas = canvas,
                 .options = options,
                 .scene = &plan->tiles[patch->tile].scenes[patch->scene],
                 .patch = patch};
    make_looks(&p, classes);
    mos_rng stream = stream_at(&p, MOS_SYNTH_RNG_FIELD, 100);
    mos_synth_value_noise(&stream, canvas->size, 22, canvas->relief);
    stream = stream_at(&p, MOS_SYNTH_RNG_FIELD, 101);
    mos_synth_value_noise(&stream, canvas->size, 60, canvas->smooth);
    if (patch->has_s2) paint_s2(&p);
    if (patch->has_s1) paint_s1(&p);
}
