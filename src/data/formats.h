/* The registry of data set formats: adding one is a folder and a row in MOS_FORMATS.
 *
 * options are those that no other format reads (data/format_options.h). open() finds the files, adds modalities, classes and samples (data/sample_table.h) and counts
 * what it met on the way as defects; it may keep a handle. reader_open() makes what one thread
 * needs; read() gives native values of the bands asked for, naming the file or record in every
 * error. describe() says where a band lies and what its file says of itself. recognise() looks at a
 * path for "auto", cheaply. */
#ifndef MOS_DATA_FORMATS_H
#define MOS_DATA_FORMATS_H

#include "data/dataset.h"
#include "data/format_options.h"
#include "io/safetensors.h"

typedef struct mos_raw_band mos_raw_band;
typedef struct mos_source_info mos_source_info;

/* Bands of one modality, ended by NULL. */
typedef struct mos_default_bands {
    const char *modality;
    const char *const *bands;
} mos_default_bands;

typedef struct mos_format {
    const char *name, *summary;
    bool files;       /* a sample's sources are paths, of files that may be anywhere */
    unsigned classes; /* bit c: data.classes may be choice c (data/data_options.h) */
    const mos_default_bands *bands; /* what a model sees where nothing else is asked for, ended by a
                                       modality NULL; NULL: every band */
    const mos_format_options *options; /* those that it alone reads; NULL: none */
    mosaic_status (*open)(mos_dataset *dataset);
    void (*close)(mos_dataset *dataset); /* may be NULL */
    bool (*recognise)(const char *root);
    mosaic_status (*reader_open)(mos_dataset *dataset, void **state);
    void (*reader_close)(void *state);
    mosaic_status (*read)(mos_dataset *dataset, void *state, int64_t sample, int64_t modality,
                          const int *bands, int64_t count, mos_raw_band *out);
    /* What a tag of the file says of the +1000 offset (data/offset_guard.h); may be NULL. */
    int (*offset_tag)(mos_dataset *dataset, int64_t sample, int64_t modality);
    /* What a tag of the sample's file says of its product level (data/product_level.h); "" nothing.
     * May be NULL. */
    const char *(*level_tag)(mos_dataset *dataset, int64_t sample, int64_t modality);
    /* data/source_info.h; may be NULL */
    mosaic_status (*describe)(mos_dataset *dataset, void *state, int64_t sample, int64_t modality,
                              int band, mos_source_info *out);
} mos_format;

/* A row per format: mos_format_<first>, and its name for data.format. The order is that in which
 * "auto" tries them: a folder with data.mdb may hold a table beside it. */
#define MOS_FORMATS(ROW)                                                                           \
    ROW(bigearthnet_v2_lmdb, "bigearthnet-v2-lmdb")                                                \
    ROW(bigearthnet_v2, "bigearthnet-v2")                                                          \
    ROW(bigearthnet_v1, "bigearthnet-v1")                                                          \
    ROW(sen12ms, "sen12ms")                                                                        \
    ROW(csv, "csv")                                                                                \
    ROW(scene, "scene")                                                                            \
    MOS_FORMAT_MORE(ROW)
/* A test's own. */
#ifndef MOS_FORMAT_MORE
#define MOS_FORMAT_MORE(ROW)
#endif

#define MOS_FORMAT_DECLARED(id, name) extern const mos_format mos_format_##id;
MOS_FORMATS(MOS_FORMAT_DECLARED)
#undef MOS_FORMAT_DECLARED
extern const mos_format *const mos_formats[]; /* ends with NULL; mos_format_names is "auto" and the
                                                 same names in the same order */

#endif
