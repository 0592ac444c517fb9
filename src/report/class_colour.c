#include "report/class_colour.h"

#include "data/names/nomenclature.h"
#include "data/names/nomenclature_sen12ms.h"
#include "data/names/nomenclature_v1.h"
#include "data/names/nomenclature_worldcover.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

const char *const mos_legend_titles[MOS_LEGENDS] = {"", "CORINE Land Cover", "MODIS IGBP",
                                                    "ESA WorldCover", "Esri Land Cover"};

/* Level 3 of the CORINE Land Cover nomenclature, as the legend of Copernicus Land Monitoring (CLC2018)
 * has it. */
static const struct corine_colour {
    int code;
    const char *colour;
} corine[] = {
    {111, "#e6004d"}, {112, "#ff0000"}, {121, "#cc4df2"}, {122, "#cc0000"}, {123, "#e6cccc"},
    {124, "#e6cce6"}, {131, "#a600cc"}, {132, "#a64d00"}, {133, "#ff4dff"}, {141, "#ffa6ff"},
    {142, "#ffe6ff"}, {211, "#ffffa8"}, {212, "#ffff00"}, {213, "#e6e600"}, {221, "#e68000"},
    {222, "#f2a64d"}, {223, "#e6a600"}, {231, "#e6e64d"}, {241, "#ffe6a6"}, {242, "#ffe64d"},
    {243, "#e6cc4d"}, {244, "#f2cca6"}, {311, "#80ff00"}, {312, "#00a600"}, {313, "#4dff00"},
    {321, "#ccf24d"}, {322, "#a6ff80"}, {323, "#a6e64d"}, {324, "#a6f200"}, {331, "#e6e6e6"},
    {332, "#cccccc"}, {333, "#ccffcc"}, {334, "#000000"}, {335, "#a6e6cc"}, {411, "#a6a6ff"},
    {412, "#4d4dff"}, {421, "#ccccff"}, {422, "#e6e6ff"}, {423, "#a6a6e6"}, {511, "#00ccf2"},
    {512, "#80f2e6"}, {521, "#00ffa6"}, {522, "#a6ffe6"}, {523, "#e6f2ff"},
};

/* The 19 classes join several of level 3 each: one that stands for them, in the order of
 * mos_ben_classes. */
static const int standing_for[MOS_BEN_CLASSES] = {244, 211, 331, 311, 421, 242, 312, 121, 512, 411,
                                                  243, 523, 313, 322, 321, 231, 221, 324, 112};

/* MCD12Q1, land cover type 1, as Earth Engine's catalogue draws it, in the order of
 * mos_igbp_classes. */
static const char *const igbp[MOS_IGBP_CLASSES] = {
    "#05450a", "#086a10", "#54a708", "#78d203", "#009900", "#c6b044",
    "#dcd159", "#dade48", "#fbff13", "#b6ff05", "#27ff87", "#c24f44",
    "#a5a5a5", "#ff6d4c", "#69fff8", "#f9ffa4", "#1c0dff",
};
/* The simplified scheme, each by the class that lends it its name. */
static const int simple_igbp[MOS_IGBP_SIMPLE_CLASSES] = {4, 5, 8, 9, 10, 11, 12, 14, 15, 16};

/* ESA WorldCover 10 m, the colour table of its rasters (its product user manual). */
static const char *const worldcover[MOS_WORLDCOVER_CLASSES] = {
    "#006400", "#ffbb22", "#ffff4c", "#f096ff", "#fa0000", "#b4b4b4",
    "#f0f0f0", "#0064c8", "#0096a0", "#00cf75", "#fae6a0",
};

/* Sentinel-2 10 m land use and land cover, as the legend of Esri's Living Atlas has it; no data set
 * of ours has a table of its classes. */
static const struct esri_class {
    const char *name, *colour;
} esri[] = {
    {"Water", "#1a5bab"},    {"Trees", "#358221"},      {"Flooded vegetation", "#87d19e"},
    {"Crops", "#ffdb5c"},    {"Built area", "#ed022a"}, {"Bare ground", "#ede9e4"},
    {"Snow/ice", "#f2faff"}, {"Clouds", "#c8c8c8"},     {"Rangeland", "#c6ad8d"},
};

static const char *corine_colour_of(const char *name) {
    int known = mos_ben_class_find(name, strlen(name)), code = 0;
    if (known >= 0) {
        code = standing_for[known];
    } else {
        known = mos_ben43_find(name, strlen(name));
        if (known >= 0) code = mos_ben43_classes[known].code;
    }
    for (size_t i = 0; i < sizeof corine / sizeof *corine; i++)
        if (corine[i].code == code) return corine[i].colour;
    return NULL;
}

static const char *igbp_colour_of(const char *name) {
    for (int i = 0; i < MOS_IGBP_CLASSES; i++)
        if (strcmp(mos_igbp_classes[i], name) == 0) return igbp[i];
    for (int i = 0; i < MOS_IGBP_SIMPLE_CLASSES; i++)
        if (strcmp(mos_igbp_simple_classes[i], name) == 0) return igbp[simple_igbp[i]];
    return NULL;
}

/* Equal but for case, blanks and hyphens: people write "Built up" for "Built-up". */
static bool same_letters(const char *a, const char *b) {
    for (;; a++, b++) {
        a += strspn(a, " -_");
        b += strspn(b, " -_");
        if (strncasecmp(a, b, 1) != 0) return false;
        if (*a == '\0') return true;
    }
}

static const char *worldcover_colour_of(const char *name) {
    for (int i = 0; i < MOS_WORLDCOVER_CLASSES; i++)
        if (same_letters(mos_worldcover_classes[i].name, name)) return worldcover[i];
    return NULL;
}

static const char *esri_colour_of(const char *name) {
    for (size_t i = 0; i < sizeof esri / sizeof *esri; i++)
        if (same_letters(esri[i].name, name)) return esri[i].colour;
    return NULL;
}

static const char *legend_colour(mos_legend legend, const char *name) {
    switch (legend) {
    case MOS_LEGEND_CORINE:
        return corine_colour_of(name);
    case MOS_LEGEND_IGBP:
        return igbp_colour_of(name);
    case MOS_LEGEND_WORLDCOVER:
        return worldcover_colour_of(name);
    case MOS_LEGEND_ESRI:
        return esri_colour_of(name);
    case MOS_LEGEND_NONE:
    case MOS_LEGENDS:
        break;
    }
    return NULL;
}

mos_legend mos_legend_choose(const char *names, size_t stride, size_t count) {
    size_t most = 0;
    mos_legend best = MOS_LEGEND_NONE;
    for (int legend = MOS_LEGEND_CORINE; legend < MOS_LEGENDS; legend++) {
        size_t known = 0;
        for (size_t i = 0; i < count; i++)
            known += legend_colour((mos_legend)legend, names + i * stride) != NULL;
        if (known <= most) continue;
        most = known;
        best = (mos_legend)legend;
    }
    return most > 0 && 2 * most >= count ? best : MOS_LEGEND_NONE;
}

#define HUES(a, b)                                                                                 \
    a "var(--c0)" b, a "var(--c1)" b, a "var(--c2)" b, a "var(--c3)" b, a "var(--c4)" b,           \
        a "var(--c5)" b, a "var(--c6)" b, a "var(--c7)" b

const char *mos_palette_colour(size_t number) {
    static const char *const palette[MOS_PALETTE] = {
        HUES("", ""), HUES("color-mix(in srgb,", " 60%,var(--ink))"),
        HUES("color-mix(in srgb,", " 60%,var(--paper))")};
    return palette[number % MOS_PALETTE];
}

const char *mos_class_colour(mos_legend legend, const char *name, size_t number) {
    const char *known = legend_colour(legend, name);
    /* one that only another legend knows: better than a colour of the palette beside a legend's */
    for (int other = MOS_LEGENDS - 1; legend != MOS_LEGEND_NONE && !known && other > 0; other--)
        known = legend_colour((mos_legend)other, name);
    return known ? known : mos_palette_colour(number);
}
