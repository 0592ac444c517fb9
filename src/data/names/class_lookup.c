#include "data/names/class_lookup.h"

#include "base/memory.h"
#include "base/text.h"
#include "data/data_options.h"
#include "data/names/label_text.h"
#include "data/names/nomenclature.h"
#include "data/names/nomenclature_worldcover.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void mos_class_lookup_begin(mos_class_lookup *lookup, int8_t *labels) {
    lookup->labels = labels;
    memset(labels, 0, (size_t)lookup->dataset->class_count);
}

void mos_class_lookup_add(mos_class_lookup *lookup, const char *label, size_t size) {
    mos_dataset *dataset = lookup->dataset;
    lookup->listed++;
    while (lookup->size_count < dataset->class_count) {
        lookup->sizes[lookup->size_count] = strlen(dataset->classes[lookup->size_count]);
        lookup->size_count++;
    }
    if (dataset->worldcover) {
        const char *name = mos_worldcover_name(label, size);
        if (name != NULL) label = name, size = strlen(name);
    }
    for (int64_t c = 0; c < dataset->class_count; c++) {
        if (lookup->sizes[c] == size && memcmp(dataset->classes[c], label, size) == 0) {
            lookup->labels[c] = 1;
            lookup->known++;
            return;
        }
    }
    int shown = size < 100 ? (int)size : 100;
    if (lookup->stranger[0] == '\0')
        snprintf(lookup->stranger, sizeof lookup->stranger, "%.*s", shown, label);
    mos_dataset_defect(dataset, "label not in the nomenclature", "%.*s: row %lld: '%.*s'",
                       lookup->id_size < 100 ? (int)lookup->id_size : 100,
                       lookup->id == NULL ? "" : lookup->id, (long long)lookup->row, shown, label);
}

static bool add_visited(void *context, const char *label, size_t size) {
    mos_class_lookup_add(context, label, size);
    return true;
}

mosaic_status mos_class_lookup_cell(mos_class_lookup *lookup, const char *cell, size_t size) {
    MOS_TRY(mos_grow(&lookup->cell, &lookup->cell_capacity, size + 1, 1, "a cell of labels"));
    memcpy(lookup->cell, cell, size);
    lookup->cell[size] = '\0';
    int64_t before = lookup->listed;
    if (!mos_labels_split(lookup->cell, add_visited, lookup))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: row %lld: labels '%.*s' are neither A;B nor a list ['A', 'B']",
                        lookup->path, (long long)lookup->row, size < 80 ? (int)size : 80, cell);
    if (lookup->listed == before) memset(lookup->labels, -1, (size_t)lookup->dataset->class_count);
    return MOSAIC_OK;
}

mosaic_status mos_class_lookup_end(mos_class_lookup *lookup, mosaic_status status) {
    mos_free(lookup->cell);
    lookup->cell = NULL;
    lookup->cell_capacity = 0;
    if (status != MOSAIC_OK || lookup->listed == 0 || lookup->known > 0) return status;
    const mos_dataset *dataset = lookup->dataset;
    const char *near =
        mos_nearest_name(lookup->stranger, dataset->classes, (size_t)dataset->class_count);
    return mos_fail(MOSAIC_ERR_DATA, "%s: none of the labels is a class, such as '%s'%s%s%s",
                    lookup->path, lookup->stranger, near == NULL ? "" : "; is '",
                    near == NULL ? "" : near, near == NULL ? "" : "' meant?");
}

mosaic_status mos_dataset_add_class(mos_dataset *dataset, const char *name, size_t size) {
    if (size == 0) return mos_fail(MOSAIC_ERR_DATA, "%s: empty class name", dataset->root);
    for (int64_t c = 0; c < dataset->class_count; c++) {
        if (strlen(dataset->classes[c]) == size && memcmp(dataset->classes[c], name, size) == 0)
            return mos_fail(MOSAIC_ERR_DATA, "%s: class '%s' occurs twice", dataset->root,
                            dataset->classes[c]);
    }
    if (dataset->class_count == MOS_DATA_MAX_CLASSES)
        return mos_fail(MOSAIC_ERR_DATA, "%s: more than %d classes", dataset->root,
                        MOS_DATA_MAX_CLASSES);
    MOS_TRY(mos_text_pool_add(&dataset->pool, name, size, &dataset->classes[dataset->class_count]));
    dataset->class_count++;
    return MOSAIC_OK;
}

static mosaic_status add_worldcover(mos_dataset *dataset) {
    for (int c = 0; c < MOS_WORLDCOVER_CLASSES; c++) {
        const char *name = mos_worldcover_classes[c].name;
        MOS_TRY(mos_dataset_add_class(dataset, name, strlen(name)));
    }
    return MOSAIC_OK;
}

mosaic_status mos_default_classes(mos_dataset *dataset) {
    const mos_text_list *names = &dataset->options.class_names;
    if (dataset->worldcover && names->count == 0) return add_worldcover(dataset);
    for (size_t i = 0; i < names->count; i++)
        MOS_TRY(mos_dataset_add_class(dataset, names->items[i], strlen(names->items[i])));
    if (names->count > 0) return MOSAIC_OK;
    bool paper = dataset->options.class_order == MOS_ORDER_PAPER;
    for (int i = 0; i < MOS_BEN_CLASSES; i++) {
        const char *name = mos_ben_classes[paper ? mos_ben_paper_order[i] : i];
        MOS_TRY(mos_dataset_add_class(dataset, name, strlen(name)));
    }
    return MOSAIC_OK;
}

mosaic_status mos_class_columns(mos_dataset *dataset, const mos_csv *csv, bool fresh,
                                const char *path, int64_t *first, int64_t *count) {
    static const char prefix[] = "class:";
    *first = -1;
    *count = 0;
    for (size_t c = 0; c < csv->columns; c++) {
        const char *name = csv->header[c];
        if (strncmp(name, prefix, sizeof prefix - 1) != 0) continue;
        name += sizeof prefix - 1;
        if (*first < 0) *first = (int64_t)c;
        if (*first + *count != (int64_t)c)
            return mos_fail(MOSAIC_ERR_DATA, "%s: columns class:... are not side by side", path);
        if (fresh)
            MOS_TRY(mos_dataset_add_class(dataset, name, strlen(name)));
        else if (*count >= dataset->class_count || strcmp(dataset->classes[*count], name) != 0)
            return mos_fail(MOSAIC_ERR_DATA, "%s: column 'class:%s' was not expected here", path,
                            name);
        (*count)++;
    }
    if (*count > 0 && *count != dataset->class_count)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %lld class columns, wanted %lld", path,
                        (long long)*count, (long long)dataset->class_count);
    return MOSAIC_OK;
}

mosaic_status mos_class_cells(char *const *cells, int64_t count, const char *path, int64_t line,
                              int8_t *labels) {
    for (int64_t c = 0; c < count; c++) {
        const char *cell = cells[c];
        double value;
        if (cell[0] == '\0')
            labels[c] = -1;
        else if (mos_parse_double(cell, &value) && (value == 0 || value == 1)) /* also 1.0 */
            labels[c] = (int8_t)value;
        else if (strcasecmp(cell, "true") == 0 || strcasecmp(cell, "false") == 0)
            labels[c] = tolower((unsigned char)cell[0]) == 't';
        else
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s:%lld: a class column holds '%.40s', wanted 1, 0 or nothing", path,
                            (long long)line, cell);
    }
    return MOSAIC_OK;
}
