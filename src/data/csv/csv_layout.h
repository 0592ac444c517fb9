/* What the columns of a user's table mean, and the bands behind each modality. */
#ifndef MOS_DATA_CSV_CSV_LAYOUT_H
#define MOS_DATA_CSV_CSV_LAYOUT_H

#include "data/sample_table.h"
#include "io/csv.h"

typedef struct mos_csv_layout {
    int64_t id, labels, split, country, product, datetime, location;
    int64_t first_class, class_columns;
    int64_t slot_column[MOS_DATA_MAX_MODALITIES *
                        MOS_DATA_MAX_BANDS];      /* [slots] column of each source */
    int64_t time_column[MOS_DATA_MAX_MODALITIES]; /* -1: none */
    char folder[4096];                            /* of the table: relative paths start here */
} mos_csv_layout;

/* Columns named `<modality>:<band>` (one file per band), and columns whose first filled cell is an
 * existing file or ends like one (one multi-band file) become modalities. */
mosaic_status mos_csv_layout_find(mos_dataset *dataset, const mos_csv *csv, const char *path,
                                  mos_csv_layout *out);
/* The path of a cell: as it is when absolute, else below the table's folder. */
mosaic_status mos_csv_cell_path(const mos_csv_layout *layout, const char *cell, char *out,
                                size_t size);
/* Sizes, types, names and identities from the first file of modality m (data/file_layout.h).
 * `paths` [slots of m]. */
mosaic_status mos_csv_layout_bands(mos_dataset *dataset, int64_t m, const char *const *paths);

#endif
