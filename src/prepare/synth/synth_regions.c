/* The regions of a patch: which classes, where, and the reference map that is their truth. */
#include "data/names/nomenclature.h"
#include "prepare/synth/synth_canvas.h"

#include "base/rng_fill.h"
#include "base/simd.h"

#include <string.h>

/* A class by weight; the tile's biome and the patch's own are likelier. `taken` are excluded. */
static int draw_class(mos_rng *rng, const mos_synth_class classes[MOS_SYNTH_CLASSES],
                      uint32_t taken, int biome, int tile_biome) {
    float chance[MOS_SYNTH_CLASSES], total = 0;
    for (int l = 0; l < MOS_SYNTH_CLASSES; l++) {
        float match = (int)classes[l].biome == biome        ? 1.0F
                      : (int)classes[l].biome == tile_biome ? 0.45F
                                                            : 0.3F;
        chance[l] = taken >> l & 1 ? 0 : classes[l].weight * match;
        total += chance[l];
    }
    if (!(total > 0)) return -1;
    float at = mos_rng_uniform(rng) * total;
    int chosen = -1;
    for (int l = 0; l < MOS_SYNTH_CLASSES; l++) {
        if (!(chance[l] > 0)) continue;
        chosen = l;
        if (at < chance[l]) break;
        at -= chance[l];
    }
    return chosen;
}

/* The farthest of a few candidates from the sites there are: regions of comparable size. */
static void place_site(mos_rng *rng, mos_synth_canvas *canvas, int index) {
    float best = -1;
    mos_synth_site *site = &canvas->sites[index];
    for (int candidate = 0; candidate < 4; candidate++) {
        float x = mos_rng_uniform(rng) * (float)canvas->size;
        float y = mos_rng_uniform(rng) * (float)canvas->size;
        float nearest = 1e30F;
        for (int i = 0; i < index; i++) {
            float dx = canvas->sites[i].x - x, dy = canvas->sites[i].y - y;
            float distance = dx * dx + dy * dy;
            if (distance < nearest) nearest = distance;
        }
        if (nearest <= best) continue;
        best = nearest;
        site->x = x;
        site->y = y;
    }
}

static void choose_sites(mos_rng *rng, mos_synth_canvas *canvas,
                         const mos_synth_class classes[MOS_SYNTH_CLASSES], int tile_biome) {
    static const float up_to[] = {0.42F, 0.74F, 0.91F, 0.98F, 1.0F}; /* one to five classes */
    int chosen[5], wanted = 1, count = 0;
    float u = mos_rng_uniform(rng);
    while (wanted < 5 && u >= up_to[wanted - 1])
        wanted++;
    int biome = mos_rng_below(rng, 2) ? tile_biome : (int)mos_rng_below(rng, MOS_SYNTH_BIOMES);
    uint32_t taken = 0;
    while (count < wanted) {
        int class_index = draw_class(rng, classes, taken, biome, tile_biome);
        if (class_index < 0) break; /* fewer classes in the whole data set */
        taken |= UINT32_C(1) << class_index;
        chosen[count++] = class_index;
    }
    canvas->site_count = count + (int)mos_rng_below(rng, (uint64_t)count + 2);
    if (canvas->site_count > MOS_SYNTH_SITES) canvas->site_count = MOS_SYNTH_SITES;
    for (int i = 0; i < canvas->site_count; i++) {
        mos_synth_site *site = &canvas->sites[i];
        site->class_index = chosen[i < count ? i : (int)mos_rng_below(rng, (uint64_t)count)];
        const uint16_t *codes = classes[site->class_index].codes;
        int code_count = 1;
        while (code_count < 4 && codes[code_count] != 0)
            code_count++;
        site->code = codes[mos_rng_below(rng, (uint64_t)code_count)];
        place_site(rng, canvas, i);
    }
}

/* Squared distance of warped pixels of one line to one site, kept if among the two smallest. */
MOS_SIMD_INLINE void near_line_body(const float *x, const float *y, float site_x, float site_y,
                                    int32_t site, float *d1, float *d2, int32_t *n1, int32_t *n2,
                                    int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float dx = x[i] - site_x, dy = y[i] - site_y;
        float d = dx * dx + dy * dy;
        int32_t is_first = d < d1[i], is_second = d < d2[i];
        n2[i] = is_first ? n1[i] : is_second ? site : n2[i];
        d2[i] = is_first ? d1[i] : is_second ? d : d2[i];
        n1[i] = is_first ? site : n1[i];
        d1[i] = is_first ? d : d1[i];
    }
}
MOS_SIMD_KERNEL(near_line,
                (const float *x, const float *y, float site_x, float site_y, int32_t site,
                 float *d1, float *d2, int32_t *n1, int32_t *n2, int64_t count),
                (x, y, site_x, site_y, site, d1, d2, n1, n2, count))

enum { LINE = 1024 };

static void assign_line(mos_synth_canvas *canvas, int64_t row, float edge) {
    float d1[LINE], d2[LINE], x[LINE], y[LINE];
    int32_t n1[LINE], n2[LINE];
    int64_t size = canvas->size, start = row * size;
    for (int64_t i = 0; i < size; i++) {
        x[i] = (float)i + canvas->warp_x[start + i];
        y[i] = (float)row + canvas->warp_y[start + i];
        d1[i] = d2[i] = 1e30F;
        n1[i] = n2[i] = 0;
    }
    for (int s = 0; s < canvas->site_count; s++)
        near_line(x, y, canvas->sites[s].x, canvas->sites[s].y, s, d1, d2, n1, n2, size);
    for (int64_t i = 0; i < size; i++) {
        /* Half way between two sites half of the pixel is either; `edge` pixels on, one is alone.
         */
        float gap = d2[i] < 1e29F ? sqrtf(d2[i]) - sqrtf(d1[i]) : edge;
        float share = 0.5F + 0.5F * gap / edge;
        canvas->first[start + i] = (uint8_t)n1[i];
        canvas->second[start + i] = (uint8_t)n2[i];
        canvas->weight[start + i] = share < 1 ? share : 1;
    }
}

/* Some patches hold ground that none of the 19 classes names; at most about 10 % of the area. */
static void burn_unlabelled(mos_rng *rng, mos_synth_canvas *canvas) {
    static const uint16_t codes[] = {122, 131, 142, 332, 999};
    if (mos_rng_uniform(rng) >= 0.06F) return;
    uint16_t code = codes[mos_rng_below(rng, 5)];
    float size = (float)canvas->size, radius = size * (0.06F + 0.12F * mos_rng_uniform(rng));
    float x0 = mos_rng_uniform(rng) * size, y0 = mos_rng_uniform(rng) * size;
    for (int64_t i = 0; i < canvas->pixels; i++) {
        float dx = (float)(i % canvas->size) - x0, dy = (float)(i / canvas->size) - y0;
        if (dx * dx + dy * dy < radius * radius) canvas->map[i] = code;
    }
}

void mos_synth_paint_regions(mos_synth_canvas *canvas, const mos_synth_options *options,
                             const mos_synth_class classes[MOS_SYNTH_CLASSES],
                             const mos_synth_plan *plan, const mos_synth_patch *patch) {
    mos_rng rng =
        mos_rng_at((uint64_t)options->seed, MOS_RNG_SYNTH, MOS_SYNTH_RNG_LAYOUT, patch->number, 0);
    choose_sites(&rng, canvas, classes, plan->tiles[patch->tile].biome);
    float size = (float)canvas->size;
    float *const planes[2] = {canvas->warp_x, canvas->warp_y};
    for (uint32_t axis = 0; axis < 2; axis++) {
        mos_rng slow = mos_rng_at((uint64_t)options->seed, MOS_RNG_SYNTH, MOS_SYNTH_RNG_LAYOUT,
                                  patch->number, 1 + 2 * axis);
        mos_rng fast = mos_rng_at((uint64_t)options->seed, MOS_RNG_SYNTH, MOS_SYNTH_RNG_LAYOUT,
                                  patch->number, 2 + 2 * axis);
        mos_synth_value_noise(&slow, canvas->size, size / 4, planes[axis]);
        mos_synth_value_noise(&fast, canvas->size, size / 14 + 1, canvas->plane);
        for (int64_t i = 0; i < canvas->pixels; i++)
            planes[axis][i] = size * (0.07F * planes[axis][i] + 0.02F * canvas->plane[i]);
    }
    for (int64_t row = 0; row < canvas->size; row++)
        assign_line(canvas, row, 2.5F);
    for (int64_t i = 0; i < canvas->pixels; i++)
        canvas->map[i] = canvas->sites[canvas->first[i]].code;
    burn_unlabelled(&rng, canvas);
    /* The labels are what the map holds, as in the official data: no least area. */
    canvas->labels = 0;
    uint16_t last = 0;
    for (int64_t i = 0; i < canvas->pixels; i++) {
        if (canvas->map[i] == last) continue;
        last = canvas->map[i];
        int class_index = mos_ben_class_of_code(last);
        if (class_index >= 0) canvas->labels |= UINT32_C(1) << class_index;
    }
}
