#include "prepare/synth/synth_plan.h"

#include "base/memory.h"
#include "base/rng.h"
#include "data/utm.h"
#include "prepare/split/split_rule.h"
#include "prepare/synth/synth_classes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Mixed so that a small data set, which uses the first tiles only, has several countries. */
static const char *const tile_names[MOS_SYNTH_TILES][2] = {
    {"35VML", "Finland"},  {"29SND", "Portugal"},    {"33UUP", "Austria"},
    {"34TDQ", "Serbia"},   {"35ULB", "Lithuania"},   {"29UNU", "Ireland"},
    {"31UFS", "Belgium"},  {"32TMS", "Switzerland"}, {"34WFT", "Finland"},
    {"29TNE", "Portugal"}, {"31UGR", "Luxembourg"},  {"34TCR", "Serbia"},
    {"34TEN", "Kosovo"},   {"33UXP", "Austria"},     {"35VNL", "Finland"},
    {"29UMT", "Ireland"},  {"34UFG", "Lithuania"},   {"29SPC", "Portugal"},
    {"31UES", "Belgium"},  {"32TLT", "Switzerland"}, {"35WMN", "Finland"},
    {"34TDP", "Serbia"},   {"29SNB", "Portugal"},    {"35UMA", "Lithuania"},
    {"29UPV", "Ireland"},  {"33TVN", "Austria"},     {"35VPJ", "Finland"},
    {"34TEQ", "Serbia"},   {"34VFN", "Finland"},     {"29TPF", "Portugal"}};

/* MGRS: columns of 100 km run A-H, J-R, S-Z over zones 1, 2, 3 of each three; rows run A-V every
 * 2000 km, starting with A at the equator in odd zones and with F in even ones; neither uses I and
 * O. The latitude band (8 degrees from C at 80 south) tells which multiple of 2000 km. A
 * Sentinel-2 tile's upper left corner is that of its 100 km square. */
/* "20170613T101031" for a day counted from 1 June 2017 and a second of that day. */
static void format_stamp(int day, int second_of_day, char out[16]) {
    unsigned second = (unsigned)second_of_day % 86400;
    static const int lengths[] = {30, 31, 31, 30, 31, 30, 31, 31, 28, 31, 30, 31};
    int year = 2017, month = 6;
    if (day < 0) {
        day += 31;
        month = 5;
    }
    while (month != 5 || year != 2017) {
        int length = lengths[(month + 6) % 12];
        if (day < length) break;
        day -= length;
        month = month == 12 ? 1 : month + 1;
        year += month == 1;
    }
    (void)snprintf(out, 16, "%04u%02u%02uT%02u%02u%02u", (unsigned)year % 10000,
                   (unsigned)month % 100, (unsigned)(day + 1) % 100, second / 3600 % 24,
                   second / 60 % 60, second % 60);
}

/* Days between the two sensors, in the proportions of the official distribution. */
static int draw_lag(mos_rng *rng) {
    static const double share[] = {0.4791, 0.7790, 0.9686, 0.9997, 0.9998, 0.9999};
    double u = mos_rng_uniform64(rng);
    int days = 0;
    while (days < 6 && u >= share[days])
        days++;
    return mos_rng_below(rng, 2) ? days : -days;
}

static void make_scene(const mos_synth_options *options, int tile_index, int index,
                       mos_synth_tile *tile) {
    mos_synth_scene *scene = &tile->scenes[index];
    mos_rng rng = mos_rng_at((uint64_t)options->seed, MOS_RNG_SYNTH, MOS_SYNTH_RNG_SCENE,
                             (uint64_t)tile_index, (uint32_t)index);
    int slot = 365 / MOS_SYNTH_SCENES;
    int day = index * slot + (int)mos_rng_below(&rng, (uint64_t)slot);
    int second = 9 * 3600 + 2400 + (int)mos_rng_below(&rng, 7200);
    char stamp[16];
    format_stamp(day, second, stamp);
    char satellite = mos_rng_below(&rng, 2) ? 'B' : 'A';
    unsigned orbit = (unsigned)mos_rng_below(&rng, 143) + 1;
    (void)snprintf(scene->s2_stamp, sizeof scene->s2_stamp, "S2%c_MSIL2A_%s", satellite, stamp);
    (void)snprintf(scene->s2_tile, sizeof scene->s2_tile, "%s_N9999_R%03u_T%s", scene->s2_stamp,
                   orbit % 1000, tile->mgrs);
    /* 1 June is 45 days before mid July. */
    double phase = 6.283185307179586 * (day - 45 + 12 * (mos_rng_uniform64(&rng) - 0.5)) / 365;
    scene->season = 0.5 + 0.5 * cos(phase);
    double clear = mos_rng_uniform64(&rng);
    scene->haze = options->noise * 260 * clear * clear * clear;
    scene->relief = options->noise * (0.04 + 0.06 * (1 - scene->season));
    for (int k = 0; k < 2; k++) {
        int lag = draw_lag(&rng), s1_day = day + lag;
        scene->lag_days[k] = lag < 0 ? -lag : lag;
        bool morning = mos_rng_below(&rng, 2) == 0;
        int s1_second = (morning ? 5 * 3600 : 16 * 3600) + (int)mos_rng_below(&rng, 5400);
        char s1_satellite = mos_rng_below(&rng, 2) ? 'B' : 'A';
        format_stamp(s1_day, s1_second, stamp);
        (void)snprintf(scene->s1_scene[k], sizeof scene->s1_scene[k], "S1%c_IW_GRDH_1SDV_%s",
                       s1_satellite, stamp);
        scene->incidence_deg[k] = 38 + options->noise * 9 * (mos_rng_uniform64(&rng) - 0.5);
        scene->moisture_db[k] = options->noise * 1.4 * (mos_rng_uniform64(&rng) - 0.5);
    }
}

static mosaic_status make_tiles(const mos_synth_options *options, mos_synth_plan *plan) {
    int64_t wanted = (options->patches + 199) / 200;
    int64_t needed = (options->patches + MOS_SYNTH_TILE_CELLS - 1) / MOS_SYNTH_TILE_CELLS;
    if (wanted < 6) wanted = 6;
    if (wanted > MOS_SYNTH_TILES) wanted = MOS_SYNTH_TILES;
    plan->tile_count = (int)(needed > wanted ? needed : wanted);
    for (int t = 0; t < plan->tile_count; t++) {
        mos_synth_tile *tile = &plan->tiles[t];
        tile->mgrs = tile_names[t][0];
        tile->country = tile_names[t][1];
        if (!mos_utm_square(tile->mgrs, &tile->epsg, &tile->west_m, &tile->north_m))
            return mos_fail(MOSAIC_ERR_RUNTIME, "tile %s is not an MGRS square", tile->mgrs);
        mos_rng rng =
            mos_rng_at((uint64_t)options->seed, MOS_RNG_SYNTH, MOS_SYNTH_RNG_BIOME, (uint64_t)t, 0);
        tile->biome = (int)mos_rng_below(&rng, MOS_SYNTH_BIOMES);
        for (int i = 0; i < MOS_SYNTH_SCENES; i++)
            make_scene(options, t, i, tile);
    }
    return MOSAIC_OK;
}

/* Of a share of the patches 0.05 to 1 is under clouds. */
static double draw_cover(const mos_synth_options *options, uint64_t number) {
    mos_rng rng =
        mos_rng_at((uint64_t)options->seed, MOS_RNG_SYNTH, MOS_SYNTH_RNG_CLOUD, number, 0);
    double cloudy = mos_rng_uniform64(&rng), cover = mos_rng_uniform64(&rng);
    return cloudy < options->clouds ? 0.05 + 0.95 * cover : 0;
}

static void make_patch(const mos_synth_options *options, const mos_synth_plan *plan,
                       uint64_t number, uint32_t cell, mos_synth_patch *patch) {
    mos_rng rng =
        mos_rng_at((uint64_t)options->seed, MOS_RNG_SYNTH, MOS_SYNTH_RNG_PATCH, number, 0);
    int tile_index = (int)(number % (uint64_t)plan->tile_count);
    const mos_synth_tile *tile = &plan->tiles[tile_index];
    int scene_index = (int)mos_rng_below(&rng, MOS_SYNTH_SCENES);
    int s1_index = (int)mos_rng_below(&rng, 2);
    double absent = mos_rng_uniform64(&rng);
    const mos_synth_scene *scene = &tile->scenes[scene_index];
    unsigned column = cell % 91, row = cell / 91 % 91;
    patch->number = number;
    patch->tile = (int16_t)tile_index;
    patch->scene = (int16_t)scene_index;
    patch->s1_scene = (int16_t)s1_index;
    patch->column = (int16_t)column;
    patch->row = (int16_t)row;
    patch->split = mos_split_rule_v2((int)column, (int)row);
    patch->has_s1 = absent >= options->missing_s1;
    patch->has_s2 =
        absent < options->missing_s1 || absent >= options->missing_s1 + options->missing_s2;
    if (patch->has_s2) patch->cover = draw_cover(options, number);
    (void)snprintf(patch->s2_name, sizeof patch->s2_name, "%s_%02u_%02u", scene->s2_tile, column,
                   row);
    (void)snprintf(patch->s1_name, sizeof patch->s1_name, "%s_%s_%u_%u", scene->s1_scene[s1_index],
                   tile->mgrs, column, row);
    (void)snprintf(patch->s2v1_name, sizeof patch->s2v1_name, "%s_%u_%u", scene->s2_stamp, column,
                   row);
}

static int compare_patches(const void *a, const void *b) {
    return strcmp(((const mos_synth_patch *)a)->s2_name, ((const mos_synth_patch *)b)->s2_name);
}

mosaic_status mos_synth_plan_make(const mos_synth_options *options, mos_synth_plan *plan) {
    uint32_t *cells = NULL;
    mosaic_status status;
    memset(plan, 0, sizeof *plan);
    MOS_GOTO(make_tiles(options, plan));
    plan->count = options->patches;
    MOS_GOTO(mos_alloc((size_t)plan->count, sizeof *plan->patches, "the plan of patches",
                       &plan->patches));
    MOS_GOTO(mos_alloc(MOS_SYNTH_TILE_CELLS, sizeof *cells, "the cells of a tile", &cells));
    for (int t = 0; t < plan->tile_count; t++) {
        for (uint32_t i = 0; i < MOS_SYNTH_TILE_CELLS; i++)
            cells[i] = i;
        mos_rng rng =
            mos_rng_at((uint64_t)options->seed, MOS_RNG_SYNTH, MOS_SYNTH_RNG_CELLS, (uint64_t)t, 0);
        mos_rng_shuffle(&rng, cells, MOS_SYNTH_TILE_CELLS);
        int64_t next = 0;
        for (int64_t k = t; k < plan->count; k += plan->tile_count)
            make_patch(options, plan, (uint64_t)k, cells[next++], &plan->patches[k]);
    }
    qsort(plan->patches, (size_t)plan->count, sizeof *plan->patches, compare_patches);
done:
    mos_free(cells);
    if (status != MOSAIC_OK) mos_synth_plan_release(plan);
    return status;
}

void mos_synth_plan_release(mos_synth_plan *plan) {
    mos_free(plan->patches);
    memset(plan, 0, sizeof *plan);
}
