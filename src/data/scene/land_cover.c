#include "data/scene/land_cover.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/data_options.h"
#include "data/names/class_lookup.h"
#include "data/names/nomenclature.h"
#include "data/names/nomenclature_sen12ms.h"
#include "data/names/nomenclature_v1.h"
#include "data/names/nomenclature_worldcover.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static mosaic_status class_of(mos_dataset *dataset, const char *name, int *out) {
    for (int64_t c = 0; c < dataset->class_count; c++) {
        if (strcmp(dataset->classes[c], name) == 0) {
            *out = (int)c;
            return MOSAIC_OK;
        }
    }
    *out = (int)dataset->class_count;
    return mos_dataset_add_class(dataset, name, strlen(name));
}

static mosaic_status add_value(mos_cover_map *map, double value, int class_index) {
    MOS_TRY(mos_grow(&map->values, &map->capacity, map->count + 1, sizeof *map->values,
                     "values of land cover"));
    map->values[map->count++] = (mos_cover_value){.value = value, .class_index = class_index};
    return MOSAIC_OK;
}

static mosaic_status add_named(mos_dataset *dataset, mos_cover_map *map, double value,
                               const char *name) {
    int index;
    MOS_TRY(class_of(dataset, name, &index));
    return add_value(map, value, index);
}

/* CORINE's 44 classes of level 3 in order; its rasters hold 1..44 in the same order. */
static const int corine_codes[] = {111, 112, 121, 122, 123, 124, 131, 132, 133, 141, 142,
                                   211, 212, 213, 221, 222, 223, 231, 241, 242, 243, 244,
                                   311, 312, 313, 321, 322, 323, 324, 331, 332, 333, 334,
                                   335, 411, 412, 421, 422, 423, 511, 512, 521, 522, 523};

static mosaic_status add_corine(mos_dataset *dataset, mos_cover_map *map, bool full) {
    if (full) {
        for (int c = 0; c < MOS_BEN43_CLASSES; c++) {
            const char *name = mos_ben43_classes[mos_ben43_lexicographic[c]].name;
            int index;
            MOS_TRY(class_of(dataset, name, &index));
        }
    } else {
        bool paper = dataset->options.class_order == MOS_ORDER_PAPER;
        for (int c = 0; c < MOS_BEN_CLASSES; c++) {
            int index;
            MOS_TRY(class_of(dataset, mos_ben_classes[paper ? mos_ben_paper_order[c] : c], &index));
        }
    }
    for (size_t k = 0; k < sizeof corine_codes / sizeof *corine_codes; k++) {
        const char *name = NULL;
        int code = corine_codes[k], index = MOS_COVER_NO_CLASS;
        int among = mos_ben_class_of_code(code);
        if (!full && among >= 0) name = mos_ben_classes[among];
        for (int c = 0; full && c < MOS_BEN43_CLASSES; c++) {
            if (mos_ben43_classes[c].code == code) name = mos_ben43_classes[c].name;
        }
        if (name != NULL) MOS_TRY(class_of(dataset, name, &index));
        MOS_TRY(add_value(map, code, index));
        MOS_TRY(add_value(map, (double)k + 1, index));
    }
    MOS_TRY(add_value(map, 48, MOS_COVER_NO_CLASS));
    return add_value(map, MOS_BEN_UNLABELED, MOS_COVER_NO_CLASS);
}

static mosaic_status add_igbp(mos_dataset *dataset, mos_cover_map *map, bool full) {
    for (int k = 0; k < MOS_IGBP_CLASSES; k++) {
        const char *name =
            full ? mos_igbp_classes[k] : mos_igbp_simple_classes[mos_igbp_simple_of[k]];
        MOS_TRY(add_named(dataset, map, k + 1, name));
    }
    return add_value(map, 255, MOS_COVER_NO_CLASS);
}

static mosaic_status add_worldcover(mos_dataset *dataset, mos_cover_map *map) {
    for (int k = 0; k < MOS_WORLDCOVER_CLASSES; k++)
        MOS_TRY(add_named(dataset, map, mos_worldcover_classes[k].code,
                          mos_worldcover_classes[k].name));
    return add_value(map, 0, MOS_COVER_NO_CLASS);
}

static mosaic_status add_table(mos_dataset *dataset, mos_cover_map *map, const char *path) {
    mos_csv csv;
    MOS_TRY(mos_csv_read(path, 0, &csv));
    mosaic_status status = MOSAIC_OK;
    int64_t values = mos_csv_column(&csv, "value"), names = mos_csv_column(&csv, "class");
    if (values < 0 || names < 0)
        MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s: no column '%s', wanted value and class", path,
                          values < 0 ? "value" : "class"));
    for (size_t r = 0; r < csv.rows; r++) {
        char **cells = csv.cells + r * csv.columns;
        double value;
        if (!mos_parse_double(cells[values], &value) || !isfinite(value))
            MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s:%u: value is '%.40s', wanted a number", path,
                              csv.lines[r], cells[values]));
        if (cells[names][0] == '\0')
            MOS_GOTO(add_value(map, value, MOS_COVER_NO_CLASS));
        else
            MOS_GOTO(add_named(dataset, map, value, cells[names]));
    }
done:
    mos_csv_release(&csv);
    return status;
}

static mosaic_status add_by_name(mos_dataset *dataset, mos_cover_map *map, const char *name,
                                 const char *folder, const char *where) {
    static const char *const known[] = {"corine19", "corine43", "worldcover", "igbp10", "igbp17"};
    char path[4096];
    if (strcmp(name, "corine19") == 0 || strcmp(name, "corine43") == 0)
        return add_corine(dataset, map, name[6] == '4');
    if (strcmp(name, "worldcover") == 0) return add_worldcover(dataset, map);
    if (strcmp(name, "igbp10") == 0 || strcmp(name, "igbp17") == 0)
        return add_igbp(dataset, map, name[5] == '7');
    if (name[0] == '/')
        MOS_TRY(mos_dataset_path(dataset, name, "", path, sizeof path));
    else
        MOS_TRY(mos_path_join(path, sizeof path, folder, name));
    if (mos_path_exists(path)) return add_table(dataset, map, path);
    const char *near = mos_nearest_name(name, known, sizeof known / sizeof *known);
    return mos_fail(MOSAIC_ERR_USAGE,
                    "%s: land_cover.classes is '%.80s', neither a nomenclature (corine19, "
                    "corine43, worldcover, igbp10, igbp17) nor a table%s%s%s",
                    where, name, near == NULL ? "" : "; is '", near == NULL ? "" : near,
                    near == NULL ? "" : "' meant?");
}

static int by_value(const void *a, const void *b) {
    double x = ((const mos_cover_value *)a)->value, y = ((const mos_cover_value *)b)->value;
    return (x > y) - (x < y);
}

static mosaic_status add_ignored(mos_cover_map *map, const mos_scene_land_cover *options,
                                 const char *where) {
    for (size_t i = 0; i < options->ignore.count; i++) {
        double value;
        if (!mos_parse_double(options->ignore.items[i], &value))
            return mos_fail(MOSAIC_ERR_USAGE, "%s: land_cover.ignore holds '%.40s', wanted numbers",
                            where, options->ignore.items[i]);
        if (isnan(value)) continue; /* never a value: a pixel without data */
        bool known = false;
        for (size_t v = 0; v < map->count; v++) {
            if (map->values[v].value != value) continue;
            map->values[v].class_index = MOS_COVER_NO_CLASS;
            known = true;
        }
        if (!known) MOS_TRY(add_value(map, value, MOS_COVER_NO_CLASS));
    }
    return MOSAIC_OK;
}

mosaic_status mos_cover_map_make(mos_dataset *dataset, const mos_scene_land_cover *options,
                                 const char *folder, const char *where, mos_cover_map *out) {
    mosaic_status status = MOSAIC_OK;
    *out = (mos_cover_map){0};
    if (options->classes == NULL && options->map_count == 0) {
        status = mos_fail(MOSAIC_ERR_USAGE,
                          "%s: land_cover wants classes: a nomenclature (corine19, corine43, "
                          "worldcover, igbp10, igbp17), a table, or a map of values to names",
                          where);
        goto done;
    }
    if (options->map_count == 0)
        MOS_GOTO(add_by_name(dataset, out, options->classes, folder, where));
    for (size_t c = 0; c < options->map_count; c++)
        MOS_GOTO(add_named(dataset, out, options->map[c].value, options->map[c].name));
    MOS_GOTO(add_ignored(out, options, where));
    qsort(out->values, out->count, sizeof *out->values, by_value);
    for (size_t v = 1; v < out->count; v++) {
        char number[32];
        if (out->values[v].value != out->values[v - 1].value) continue;
        status = mos_fail(MOSAIC_ERR_USAGE, "%s: land_cover.classes has the value %s twice", where,
                          mos_format_double(number, sizeof number, out->values[v].value, 9));
        goto done;
    }
done:
    if (status != MOSAIC_OK) mos_cover_map_release(out);
    return status;
}

void mos_cover_map_release(mos_cover_map *map) {
    mos_free(map->values);
    *map = (mos_cover_map){0};
}

const mos_cover_value *mos_cover_map_find(const mos_cover_map *map, double value) {
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (map->values[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < map->count && map->values[low].value == value ? &map->values[low] : NULL;
}

void mos_cover_shares_of(const mos_cover_map *map, const mos_value_counts *counts,
                         int64_t class_count, mos_cover_shares *out) {
    int64_t total = counts->inside + counts->outside, pixels[MOS_DATA_MAX_CLASSES] = {0}, known = 0;
    out->strange = 0;
    for (size_t v = 0; v < counts->count; v++) {
        const mos_value_count *value = &counts->values[v];
        const mos_cover_value *entry = mos_cover_map_find(map, value->value);
        out->strange += entry == NULL ? value->count : 0;
        if (entry == NULL || entry->class_index < 0) continue;
        pixels[entry->class_index] += value->count;
        known += value->count;
    }
    out->known = total > 0 ? (double)known / (double)total : 0;
    for (int64_t c = 0; c < class_count; c++)
        out->share[c] = total > 0 ? (double)pixels[c] / (double)total : 0;
}

bool mos_cover_labels(const mos_cover_shares *shares, int64_t class_count, double threshold,
                      double minimum, int8_t *labels) {
    bool known = shares->known > 0 && shares->known >= minimum;
    for (int64_t c = 0; c < class_count; c++)
        labels[c] = (int8_t)(!known ? -1 : shares->share[c] >= threshold);
    return known;
}
