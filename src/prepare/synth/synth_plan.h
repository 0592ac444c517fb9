/* Where and when each patch of the procedural data set was "acquired": tiles, dates, names, split.
 */
#ifndef MOS_PREPARE_SYNTH_SYNTH_PLAN_H
#define MOS_PREPARE_SYNTH_SYNTH_PLAN_H

#include "data/dataset.h"
#include "prepare/synth/synth.h"

#include <stdbool.h>
#include <stdint.h>

enum { MOS_SYNTH_TILES = 30, MOS_SYNTH_TILE_CELLS = 91 * 91, MOS_SYNTH_SCENES = 5 };

/* Streams of the generator: the `a` of mos_rng_at with MOS_RNG_SYNTH. Append only. */
enum {
    MOS_SYNTH_RNG_CELLS = 1,
    MOS_SYNTH_RNG_SCENE,
    MOS_SYNTH_RNG_PATCH,
    MOS_SYNTH_RNG_LAYOUT,
    MOS_SYNTH_RNG_FIELD,
    MOS_SYNTH_RNG_SITE,
    MOS_SYNTH_RNG_SENSOR,
    MOS_SYNTH_RNG_SPECKLE,
    MOS_SYNTH_RNG_BIOME,
    MOS_SYNTH_RNG_CLOUD
};

/* One Sentinel-2 overpass of a tile and the two Sentinel-1 scenes nearest in time. */
typedef struct mos_synth_scene {
    char s2_tile[48];                        /* "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP" */
    char s2_stamp[32];                       /* "S2A_MSIL2A_20170613T101031" */
    char s1_scene[2][40];                    /* "S1A_IW_GRDH_1SDV_20170613T165043" */
    double season;                           /* 1 in mid July .. 0 in mid January */
    double haze;                             /* shift in reflectance * 10000 at B01 */
    double relief;                           /* how strongly slopes show in S2 */
    double incidence_deg[2], moisture_db[2]; /* per S1 scene */
    int lag_days[2];                         /* per S1 scene, to the Sentinel-2 overpass */
} mos_synth_scene;

typedef struct mos_synth_tile {
    const char *mgrs, *country; /* "33UUP" */
    int epsg;
    double west_m, north_m; /* upper left corner */
    int biome;              /* the commonest one here */
    mos_synth_scene scenes[MOS_SYNTH_SCENES];
} mos_synth_tile;

typedef struct mos_synth_patch {
    char s2_name[64], s1_name[64], s2v1_name[48];
    uint64_t number; /* identity in random streams */
    int16_t tile, scene, s1_scene, column, row;
    mos_split split;
    bool has_s1, has_s2;
    double cover; /* share of the optical image under clouds, 0 clear */
} mos_synth_patch;

typedef struct mos_synth_plan {
    mos_synth_tile tiles[MOS_SYNTH_TILES];
    int tile_count;
    mos_synth_patch *patches; /* [count] sorted by s2_name */
    int64_t count;
} mos_synth_plan;

mosaic_status mos_synth_plan_make(const mos_synth_options *options, mos_synth_plan *plan);
void mos_synth_plan_release(mos_synth_plan *plan);

#endif
