#include "prepare/synth/synth_classes.h"

#include "data/names/nomenclature.h"

#include <string.h>

const char *const mos_synth_s2_bands[MOS_SYNTH_S2_BANDS] = {
    "B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B11", "B12", "B8A"};
const int mos_synth_s2_factor[MOS_SYNTH_S2_BANDS] = {6, 1, 1, 1, 2, 2, 2, 1, 6, 2, 2, 2};

const float mos_synth_bare[MOS_SYNTH_S2_BANDS] = {420,  560,  850,  1150, 1400, 1600,
                                                  1750, 1880, 2000, 2700, 2100, 1950};

const mos_synth_group mos_synth_groups[MOS_SYNTH_GROUPS] = {
    {{3, 6, 12}, true, "backscatter level and texture"},
    {{0, 16, -1}, false, "spectrum"},
    {{8, 11, -1}, true, "backscatter level and texture"},
    {{7, 18, -1}, false, "spectrum and texture"},
    {{14, 15, -1}, true, "backscatter texture"},
    {{13, 17, -1}, false, "spectrum"},
    {{1, 10, -1}, true, "backscatter level and texture"},
    {{4, 9, -1}, false, "spectrum"}};

static const int8_t planting_order[MOS_SYNTH_CLASSES] = {3,  6,  12, 0, 16, 8, 11, 7, 18, 14,
                                                         15, 13, 17, 1, 10, 4, 9,  5, 2};

/* Levels are chosen to look like BigEarthNet's (band means near the published ones over the whole
 * set) and so that each group has its cue: they are this project's own, measured nowhere. Order of
 * a row: codes, weight, biome, spectrum B01..B12 B8A, seasonality, S2 texture, VV, VH, slope,
 * wetness, S1 texture. */
static const mos_synth_class table[MOS_SYNTH_CLASSES] = {
    /* Agro-forestry areas */
    {{244},
     29,
     MOS_SYNTH_FARMED,
     {380, 540, 820, 1000, 1350, 1900, 2100, 2250, 2330, 2450, 1600, 2350},
     0.20F,
     MOS_SYNTH_NOISE_8,
     0.24F,
     -12.8F,
     -17.2F,
     -0.12F,
     0.5F,
     MOS_SYNTH_NOISE_4,
     1.2F},
    /* Arable land */
    {{211, 212, 213},
     54,
     MOS_SYNTH_FARMED,
     {360, 520, 850, 800, 1300, 2400, 2800, 3000, 3050, 2150, 1350, 3100},
     0.75F,
     MOS_SYNTH_PARCEL_24,
     0.15F,
     -12.8F,
     -20.0F,
     -0.16F,
     1.0F,
     MOS_SYNTH_PARCEL_24,
     1.5F},
    /* Beaches, dunes, sands */
    {{331},
     18,
     MOS_SYNTH_WATER,
     {1100, 1350, 1800, 2150, 2350, 2500, 2600, 2700, 2750, 3200, 2850, 2750},
     0.05F,
     MOS_SYNTH_NOISE_20,
     0.12F,
     -15.0F,
     -23.5F,
     -0.18F,
     0.6F,
     MOS_SYNTH_NOISE_8,
     1.0F},
    /* Broad-leaved forest */
    {{311},
     48,
     MOS_SYNTH_FOREST,
     {170, 240, 470, 290, 780, 2250, 2850, 3050, 3150, 1650, 780, 3150},
     0.45F,
     MOS_SYNTH_NOISE_4,
     0.10F,
     -9.9F,
     -14.6F,
     -0.10F,
     0.15F,
     MOS_SYNTH_NOISE_8,
     0.8F},
    /* Coastal wetlands */
    {{421, 422},
     20,
     MOS_SYNTH_WATER,
     {520, 640, 800, 780, 950, 1150, 1250, 1300, 1350, 1000, 650, 1330},
     0.25F,
     MOS_SYNTH_NOISE_8,
     0.18F,
     -10.4F,
     -20.8F,
     -0.12F,
     0.4F,
     MOS_SYNTH_NOISE_8,
     1.4F},
    /* Complex cultivation patterns */
    {{242},
     45,
     MOS_SYNTH_FARMED,
     {400, 580, 880, 950, 1400, 2050, 2300, 2450, 2520, 2450, 1750, 2550},
     0.55F,
     MOS_SYNTH_PARCEL_8,
     0.28F,
     -10.6F,
     -18.4F,
     -0.14F,
     0.8F,
     MOS_SYNTH_PARCEL_8,
     2.2F},
    /* Coniferous forest */
    {{312},
     51,
     MOS_SYNTH_FOREST,
     {140, 190, 340, 230, 560, 1450, 1800, 1920, 2020, 1150, 520, 2000},
     0.08F,
     MOS_SYNTH_NOISE_4,
     0.14F,
     -10.6F,
     -16.6F,
     -0.10F,
     0.15F,
     MOS_SYNTH_NOISE_2,
     1.6F},
    /* Industrial or commercial units */
    {{121},
     21,
     MOS_SYNTH_BUILT,
     {1000, 1200, 1400, 1500, 1650, 1850, 1950, 2100, 2150, 2150, 1900, 2080},
     0.08F,
     MOS_SYNTH_PARCEL_8,
     0.32F,
     -5.6F,
     -12.6F,
     -0.05F,
     0.1F,
     MOS_SYNTH_NOISE_4,
     3.0F},
    /* Inland waters */
    {{511, 512},
     37,
     MOS_SYNTH_WATER,
     {330, 360, 400, 290, 290, 260, 260, 230, 220, 140, 100, 210},
     0.0F,
     MOS_SYNTH_NOISE_20,
     0.14F,
     -19.5F,
     -26.0F,
     -0.22F,
     0.0F,
     MOS_SYNTH_NOISE_20,
     0.6F},
    /* Inland wetlands */
    {{411, 412},
     26,
     MOS_SYNTH_WILD,
     {200, 300, 600, 480, 950, 1950, 2300, 2450, 2550, 1250, 520, 2550},
     0.40F,
     MOS_SYNTH_NOISE_8,
     0.14F,
     -10.0F,
     -20.2F,
     -0.12F,
     0.4F,
     MOS_SYNTH_NOISE_8,
     1.3F},
    /* Land principally occupied by agriculture */
    {{243},
     47,
     MOS_SYNTH_FARMED,
     {310, 450, 760, 680, 1150, 2250, 2650, 2850, 2920, 2000, 1200, 2950},
     0.55F,
     MOS_SYNTH_PARCEL_24,
     0.17F,
     -10.9F,
     -16.0F,
     -0.13F,
     0.7F,
     MOS_SYNTH_NOISE_4,
     1.6F},
    /* Marine waters */
    {{521, 522, 523},
     39,
     MOS_SYNTH_WATER,
     {390, 380, 330, 200, 190, 160, 160, 140, 130, 90, 70, 130},
     0.0F,
     MOS_SYNTH_NOISE_20,
     0.10F,
     -16.2F,
     -25.0F,
     -0.30F,
     0.0F,
     MOS_SYNTH_NOISE_4,
     1.3F},
    /* Mixed forest */
    {{313},
     52,
     MOS_SYNTH_FOREST,
     {155, 215, 400, 260, 660, 1850, 2300, 2450, 2550, 1400, 650, 2550},
     0.25F,
     MOS_SYNTH_NOISE_4,
     0.15F,
     -10.2F,
     -15.4F,
     -0.10F,
     0.15F,
     MOS_SYNTH_NOISE_4,
     2.2F},
    /* Moors, heathland and sclerophyllous vegetation */
    {{322, 323},
     22,
     MOS_SYNTH_WILD,
     {250, 330, 480, 640, 880, 1250, 1400, 1500, 1580, 2200, 1500, 1580},
     0.10F,
     MOS_SYNTH_NOISE_8,
     0.15F,
     -11.4F,
     -16.0F,
     -0.11F,
     0.4F,
     MOS_SYNTH_NOISE_8,
     1.5F},
    /* Natural grassland and sparsely vegetated areas */
    {{321, 333},
     23,
     MOS_SYNTH_WILD,
     {430, 600, 930, 1000, 1450, 2350, 2700, 2850, 2930, 2850, 1750, 2950},
     0.40F,
     MOS_SYNTH_NOISE_20,
     0.13F,
     -13.6F,
     -21.2F,
     -0.14F,
     0.8F,
     MOS_SYNTH_NOISE_2,
     2.4F},
    /* Pastures */
    {{231},
     42,
     MOS_SYNTH_FARMED,
     {320, 480, 880, 640, 1300, 2800, 3400, 3600, 3650, 2400, 1300, 3700},
     0.25F,
     MOS_SYNTH_NOISE_20,
     0.09F,
     -13.9F,
     -21.6F,
     -0.14F,
     1.0F,
     MOS_SYNTH_NOISE_20,
     0.9F},
    /* Permanent crops */
    {{221, 222, 223, 241},
     29,
     MOS_SYNTH_FARMED,
     {500, 700, 1050, 1300, 1650, 1950, 2080, 2200, 2260, 3000, 2350, 2260},
     0.20F,
     MOS_SYNTH_NOISE_2,
     0.16F,
     -12.4F,
     -16.8F,
     -0.12F,
     0.5F,
     MOS_SYNTH_NOISE_4,
     1.3F},
    /* Transitional woodland, shrub */
    {{324},
     48,
     MOS_SYNTH_WILD,
     {200, 290, 560, 400, 900, 2150, 2550, 2700, 2780, 1850, 900, 2800},
     0.30F,
     MOS_SYNTH_NOISE_4,
     0.17F,
     -11.2F,
     -15.6F,
     -0.11F,
     0.3F,
     MOS_SYNTH_NOISE_8,
     1.6F},
    /* Urban fabric */
    {{111, 112},
     38,
     MOS_SYNTH_BUILT,
     {650, 800, 1000, 1050, 1350, 1850, 2050, 2200, 2250, 1950, 1550, 2230},
     0.20F,
     MOS_SYNTH_NOISE_2,
     0.24F,
     -6.6F,
     -13.4F,
     -0.05F,
     0.1F,
     MOS_SYNTH_NOISE_4,
     2.6F},
};

static int group_size(const mos_synth_group *group) {
    return group->members[2] < 0 ? 2 : 3;
}

static void move(float *value, double mean, double similarity) {
    *value = (float)(mean + (1 - similarity) * ((double)*value - mean));
}

/* Move one field of every member towards the members' mean; `offset` is its place in the struct. */
static void move_field(const mos_synth_group *group, size_t offset, double similarity,
                       mos_synth_class classes[MOS_SYNTH_CLASSES]) {
    int size = group_size(group);
    double mean = 0;
    for (int i = 0; i < size; i++) {
        float value;
        memcpy(&value, (const char *)&table[group->members[i]] + offset, sizeof value);
        mean += (double)value / size;
    }
    for (int i = 0; i < size; i++) {
        float value;
        char *place = (char *)&classes[group->members[i]] + offset;
        memcpy(&value, place, sizeof value);
        move(&value, mean, similarity);
        memcpy(place, &value, sizeof value);
    }
}

static void move_group(const mos_synth_group *group, double similarity,
                       mos_synth_class classes[MOS_SYNTH_CLASSES]) {
    static const size_t s1_fields[] = {
        offsetof(mos_synth_class, vv_db), offsetof(mos_synth_class, vh_db),
        offsetof(mos_synth_class, slope_db), offsetof(mos_synth_class, wetness),
        offsetof(mos_synth_class, s1_texture_db)};
    static const size_t s2_fields[] = {offsetof(mos_synth_class, seasonality),
                                       offsetof(mos_synth_class, s2_texture)};
    if (!group->alike_in_s2) {
        for (size_t i = 0; i < sizeof s1_fields / sizeof *s1_fields; i++)
            move_field(group, s1_fields[i], similarity, classes);
        return;
    }
    for (size_t i = 0; i < sizeof s2_fields / sizeof *s2_fields; i++)
        move_field(group, s2_fields[i], similarity, classes);
    for (size_t b = 0; b < MOS_SYNTH_S2_BANDS; b++)
        move_field(group, offsetof(mos_synth_class, spectrum) + b * sizeof(float), similarity,
                   classes);
}

void mos_synth_classes_make(int count, double similarity,
                            mos_synth_class classes[MOS_SYNTH_CLASSES]) {
    memcpy(classes, table, sizeof table);
    for (int g = 0; g < MOS_SYNTH_GROUPS; g++)
        move_group(&mos_synth_groups[g], similarity, classes);
    for (int i = count; i < MOS_SYNTH_CLASSES; i++)
        classes[planting_order[i]].weight = 0;
}

static void add_key(mos_text *out, const char *key, double value, bool last) {
    char number[32]; /* six digits: the parameters are floats */
    mos_text_add(out, "\"%s\": %s%s", key, mos_format_double(number, sizeof number, value, 6),
                 last ? "" : ", ");
}

static void add_class(mos_text *out, const char *name, const mos_synth_class *class) {
    static const char *const field_names[MOS_SYNTH_FIELDS] = {
        "noise 20 m", "noise 40 m", "noise 80 m", "noise 200 m", "parcels 80 m", "parcels 240 m"};
    mos_text_add(out, "    {\"name\": ");
    mos_text_add_json(out, name);
    mos_text_add(out, ", ");
    add_key(out, "seasonality", (double)class->seasonality, false);
    mos_text_add(out, "\"s2_texture\": \"%s\", ", field_names[class->s2_field]);
    add_key(out, "s2_texture_sd", (double)class->s2_texture, false);
    add_key(out, "vv_db", (double)class->vv_db, false);
    add_key(out, "vh_db", (double)class->vh_db, false);
    add_key(out, "slope_db_per_degree", (double)class->slope_db, false);
    mos_text_add(out, "\"s1_texture\": \"%s\", ", field_names[class->s1_field]);
    add_key(out, "s1_texture_sd_db", (double)class->s1_texture_db, false);
    mos_text_add(out, "\"july\": {");
    for (int b = 0; b < MOS_SYNTH_S2_BANDS; b++)
        add_key(out, mos_synth_s2_bands[b], (double)class->spectrum[b],
                b == MOS_SYNTH_S2_BANDS - 1);
    mos_text_add(out, "}}");
}

static bool group_is_planted(const mos_synth_group *group,
                             const mos_synth_class classes[MOS_SYNTH_CLASSES]) {
    int planted = 0;
    for (int i = 0; i < group_size(group); i++)
        planted += classes[group->members[i]].weight > 0;
    return planted >= 2;
}

void mos_synth_truth_json(const mos_synth_class classes[MOS_SYNTH_CLASSES], double similarity,
                          double noise, double lag_drift, int64_t seed, mos_text *out) {
    mos_text_add(out, "{\n  \"seed\": %lld, ", (long long)seed);
    add_key(out, "similarity", similarity, false);
    add_key(out, "noise", noise, false);
    add_key(out, "lag_drift", lag_drift, false);
    mos_text_add(out, "\n  \"look_alikes\": [");
    const char *separator = "\n";
    for (int g = 0; g < MOS_SYNTH_GROUPS; g++) {
        const mos_synth_group *group = &mos_synth_groups[g];
        if (!group_is_planted(group, classes)) continue;
        mos_text_add(out,
                     "%s    {\"alike_in\": \"%s\", \"differ_in\": \"%s\", \"cue\": \"%s\", "
                     "\"classes\": [",
                     separator, group->alike_in_s2 ? "s2" : "s1", group->alike_in_s2 ? "s1" : "s2",
                     group->cue);
        separator = "";
        for (int i = 0; i < group_size(group); i++) {
            if (!(classes[group->members[i]].weight > 0)) continue;
            mos_text_add(out, "%s", separator);
            mos_text_add_json(out, mos_ben_classes[group->members[i]]);
            separator = ", ";
        }
        mos_text_add(out, "]}");
        separator = ",\n";
    }
    mos_text_add(out, "\n  ],\n  \"classes\": [");
    separator = "\n";
    for (int l = 0; l < MOS_SYNTH_CLASSES; l++) {
        if (!(classes[l].weight > 0)) continue;
        mos_text_add(out, "%s", separator);
        add_class(out, mos_ben_classes[l], &classes[l]);
        separator = ",\n";
    }
    mos_text_add(out, "\n  ]\n}\n");
}
