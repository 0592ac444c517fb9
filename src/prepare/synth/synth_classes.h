/* The planted truth of the procedural data set: what each of the 19 classes looks like to either
 * sensor, and which classes look alike. */
#ifndef MOS_PREPARE_SYNTH_SYNTH_CLASSES_H
#define MOS_PREPARE_SYNTH_SYNTH_CLASSES_H

#include "base/text.h"

#include <stdint.h>

/* Classes are indices into mos_ben_classes (data/names/nomenclature.h). */
enum { MOS_SYNTH_CLASSES = 19, MOS_SYNTH_S2_BANDS = 12, MOS_SYNTH_GROUPS = 8 };

/* Band order of every array of twelve: alphabetical, as in the packed records. */
extern const char *const mos_synth_s2_bands[MOS_SYNTH_S2_BANDS];
extern const int mos_synth_s2_factor[MOS_SYNTH_S2_BANDS]; /* pixel size over 10 m: 1, 2 or 6 */

/* Where a texture comes from: smooth noise of a correlation length in 10 m pixels, or parcels of
 * constant value. */
typedef enum mos_synth_field {
    MOS_SYNTH_NOISE_2,
    MOS_SYNTH_NOISE_4,
    MOS_SYNTH_NOISE_8,
    MOS_SYNTH_NOISE_20,
    MOS_SYNTH_PARCEL_8,
    MOS_SYNTH_PARCEL_24,
    MOS_SYNTH_FIELDS
} mos_synth_field;

typedef enum mos_synth_biome {
    MOS_SYNTH_FOREST,
    MOS_SYNTH_FARMED,
    MOS_SYNTH_WATER,
    MOS_SYNTH_BUILT,
    MOS_SYNTH_WILD,
    MOS_SYNTH_BIOMES
} mos_synth_biome;

typedef struct mos_synth_class {
    uint16_t codes[4]; /* CORINE level-3 codes, 0 after the last */
    float weight;      /* how often it is chosen, relative */
    mos_synth_biome biome;
    float spectrum[MOS_SYNTH_S2_BANDS]; /* reflectance * 10000 in July */
    float seasonality;                  /* share of the way to bare, dry ground in January */
    mos_synth_field s2_field;
    float s2_texture;   /* relative sd */
    float vv_db, vh_db; /* at 38 degrees incidence */
    float slope_db;     /* dB per degree of incidence */
    float wetness;      /* share of the scene's soil moisture shift that shows */
    mos_synth_field s1_field;
    float s1_texture_db; /* sd */
} mos_synth_class;

/* Classes that are nearly the same to one sensor; the other tells them apart. */
typedef struct mos_synth_group {
    int8_t members[3]; /* class indices, -1 after the last */
    bool alike_in_s2;  /* otherwise alike in S1 */
    const char *cue;   /* what the other sensor sees */
} mos_synth_group;
extern const mos_synth_group mos_synth_groups[MOS_SYNTH_GROUPS];

/* The first `count` classes of the planting order (pairs first) as indices, and their appearance
 * with look-alikes moved together by `similarity` in the sensor in which they are alike. Classes
 * outside the choice have weight 0. */
void mos_synth_classes_make(int count, double similarity,
                            mos_synth_class classes[MOS_SYNTH_CLASSES]);
/* Reflectance of ground in January: where every class goes by its seasonality. */
extern const float mos_synth_bare[MOS_SYNTH_S2_BANDS];

/* The groups whose members all have weight, and every class's parameters, as a JSON document. */
void mos_synth_truth_json(const mos_synth_class classes[MOS_SYNTH_CLASSES], double similarity,
                          double noise, double lag_drift, int64_t seed, mos_text *out);

#endif
