/* Labels of a table row to the [classes] vector of a data set: 1 listed, 0 not listed, -1 unknown.
 */
#ifndef MOS_DATA_NAMES_CLASS_LOOKUP_H
#define MOS_DATA_NAMES_CLASS_LOOKUP_H

#include "data/sample_table.h"
#include "io/csv.h"

typedef struct mos_class_lookup {
    mos_dataset *dataset;
    const char *path;
    int64_t row;    /* for messages: line or row */
    const char *id; /* of the sample, for messages; NULL: not known */
    size_t id_size;
    int8_t *labels;
    int64_t listed, known; /* labels met, and how many of them are classes */
    char stranger[128];    /* the first that is none */
    char *cell;            /* buffer */
    size_t cell_capacity;
    int64_t size_count;
    size_t sizes[MOS_DATA_MAX_CLASSES]; /* of the class names */
} mos_class_lookup;

/* One row: begin (all 0), add each label or a whole cell; a row without any label becomes all
 * unknown in the cell form. */
void mos_class_lookup_begin(mos_class_lookup *lookup, int8_t *labels);
void mos_class_lookup_add(mos_class_lookup *lookup, const char *label, size_t size);
mosaic_status mos_class_lookup_cell(mos_class_lookup *lookup, const char *cell, size_t size);
/* After the last row: strangers are defects, but a table of nothing else is refused. Frees the
 * buffer; call it on every way out, with the status so far, which it passes on. */
mosaic_status mos_class_lookup_end(mos_class_lookup *lookup, mosaic_status status);

/* data.class_names, or those of WorldCover where labels are its, or the 19 of BigEarthNet in data.class_order. */
mosaic_status mos_default_classes(mos_dataset *dataset);
mosaic_status mos_dataset_add_class(mos_dataset *dataset, const char *name, size_t size);
/* The run of columns "class:<name>": *count 0 when there is none. `fresh` adds the names to the
 * data set, otherwise they must be the same. */
mosaic_status mos_class_columns(mos_dataset *dataset, const mos_csv *csv, bool fresh,
                                const char *path, int64_t *first, int64_t *count);
/* Cells of those columns: 1, 0, or empty for unknown. */
mosaic_status mos_class_cells(char *const *cells, int64_t count, const char *path, int64_t line,
                              int8_t *labels);

#endif
