/* What the csv format alone reads. */
#ifndef MOS_DATA_CSV_CSV_OPTIONS_H
#define MOS_DATA_CSV_CSV_OPTIONS_H

#include "data/format_options.h"

enum { MOS_NOMENCLATURE_NONE, MOS_NOMENCLATURE_WORLDCOVER };

typedef struct mos_csv_options {
    char *csv;        /* the table; NULL: data.root, or patches.csv below it */
    int nomenclature; /* what labels are written in */
} mos_csv_options;

extern const mos_format_options mos_csv_format_options;
const mos_csv_options *mos_csv_options_of(const mos_data_options *options);

#endif
