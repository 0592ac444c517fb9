#include "prepare/synth/synth_clouds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Reflectance * 10000 of a thick cloud in band order: white, but for water vapour at B09 and the
 * ice and water drops that absorb at B11 and B12. */
static const float cloud_spectrum[MOS_SYNTH_S2_BANDS] = {5600, 5500, 5400, 5500, 5600, 5700,
                                                         5800, 5800, 3500, 3600, 2700, 5900};

/* Towers of 300 m with edges of 90 and 40 m. */
static void paint_field(mos_synth_canvas *canvas, uint64_t seed, uint64_t number) {
    static const float length[3] = {30, 9, 4}, share[3] = {0.85F, 0.4F, 0.2F};
    memset(canvas->cloud, 0, (size_t)canvas->pixels * sizeof *canvas->cloud);
    for (uint32_t k = 0; k < 3; k++) {
        mos_rng stream = mos_rng_at(seed, MOS_RNG_SYNTH, MOS_SYNTH_RNG_CLOUD, number, 1 + k);
        mos_synth_value_noise(&stream, canvas->size, length[k], canvas->plane);
        for (int64_t i = 0; i < canvas->pixels; i++)
            canvas->cloud[i] += share[k] * canvas->plane[i];
    }
}

static int compare_descending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

void mos_synth_clouds_paint(mos_synth_canvas *canvas, uint64_t seed, const mos_synth_patch *patch) {
    int64_t size = canvas->size, covered = llround(patch->cover * (double)canvas->pixels);
    paint_field(canvas, seed, patch->number);
    memcpy(canvas->noise, canvas->cloud, (size_t)canvas->pixels * sizeof *canvas->cloud);
    qsort(canvas->noise, (size_t)canvas->pixels, sizeof *canvas->noise, compare_descending);
    float least = covered > 0 ? canvas->noise[covered - 1] : INFINITY;
    for (int64_t i = 0; i < canvas->pixels; i++) {
        float height = (canvas->cloud[i] - least) * 1.5F; /* thin at the edge, thick inside */
        canvas->cloud[i] = height < 0 ? 0 : 0.35F + 0.65F * (height > 1 ? 1 : height);
    }
    /* The sun stands in the south-east: a shadow falls to the north-west of its cloud. */
    int64_t shift = size / 8;
    for (int64_t y = 0; y < size; y++)
        for (int64_t x = 0; x < size; x++) {
            bool inside = y + shift < size && x + shift < size;
            float above = inside ? canvas->cloud[(y + shift) * size + x + shift] : 0;
            canvas->shadow[y * size + x] = 1 - 0.55F * above;
        }
}

void mos_synth_clouds_cover(mos_synth_canvas *canvas, int band) {
    float bright = cloud_spectrum[band];
    for (int64_t i = 0; i < canvas->pixels; i++) {
        float ground = canvas->plane[i] * canvas->shadow[i];
        canvas->plane[i] = ground + canvas->cloud[i] * (bright - ground);
    }
}
