/* Metadata tables of patches: the official parquets, the same as CSV or TSV, and the metadata.csv
 * that `data pack` writes.
 *
 * Columns: patch_id (or id), labels, split, country, s1_name; of packed sets of other origin also
 * class:<name> (1, 0, empty: unknown), record:<modality> (key in the store, empty: missing),
 * datetime or datetime_<modality>, product. */
#ifndef MOS_DATA_BIGEARTHNET_METADATA_H
#define MOS_DATA_BIGEARTHNET_METADATA_H

#include "data/dataset.h"
#include "io/csv.h"
#include "io/parquet.h"

typedef struct mos_metadata_row {
    const char *id, *s1; /* not terminated; s1 NULL: none */
    uint32_t id_size, s1_size;
    uint16_t country;
    uint8_t split;
} mos_metadata_row;

typedef struct mos_metadata {
    int64_t rows, class_count;
    mos_metadata_row *row; /* [rows] */
    int8_t *labels;        /* [rows, classes] */
    bool has_s1_names;
    mos_csv csv; /* one of the two is what the texts point into */
    mos_table table;
} mos_metadata;

/* Reads a table and, when the data set has no classes yet, sets them: the class: columns, else
 * data.class_names, else the 19 of BigEarthNet in the order asked for. Unknown labels and the like
 * become defects of the data set. */
mosaic_status mos_metadata_read(mos_dataset *dataset, const char *path, mos_metadata *out);
void mos_metadata_release(mos_metadata *metadata);

#endif
