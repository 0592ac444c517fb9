/* What the three formats of BigEarthNet alone read. */
#ifndef MOS_DATA_BIGEARTHNET_BIGEARTHNET_OPTIONS_H
#define MOS_DATA_BIGEARTHNET_BIGEARTHNET_OPTIONS_H

#include "data/format_options.h"

enum { MOS_ROWS_DROP, MOS_ROWS_KEEP };

typedef struct mos_ben_options {
    char *lmdb;              /* folder of data.mdb; NULL: data.root */
    char *snow_metadata;     /* the snow/cloud/shadow metadata file; NULL: its usual name beside
                                data.metadata */
    bool include_snow_cloud; /* also the rows of that file */
    int rows_without_files;  /* metadata rows of which nothing is on disk */
} mos_ben_options;

extern const mos_format_options mos_ben_format_options;
const mos_ben_options *mos_ben_options_of(const mos_data_options *options);

#endif
