/* A data set as its owner has it: samples enumerated by name, with bands, labels, split,
 * acquisition times; read band by band at native resolution. Formats are rows of one registry
 * (data/formats.h). */
#ifndef MOS_DATA_DATASET_H
#define MOS_DATA_DATASET_H

#include "base/error.h"
#include "base/limits.h"
#include "base/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No more than a model takes. */
enum {
    MOS_DATA_MAX_MODALITIES = MOS_MAX_MODALITIES,
    MOS_DATA_MAX_BANDS = MOS_MAX_BANDS,
    MOS_DATA_MAX_CLASSES = MOS_MAX_CLASSES
};
enum { MOS_DATA_MAX_FORMATS = 12, MOS_FORMAT_OPTION_BYTES = 64 };

typedef enum mos_split {
    MOS_SPLIT_TRAIN,
    MOS_SPLIT_VALIDATION,
    MOS_SPLIT_TEST,
    MOS_SPLIT_NONE,
    MOS_SPLIT_COUNT
} mos_split;
extern const char *const mos_split_names[]; /* "train" "validation" "test" "none" NULL */
mosaic_status mos_split_parse(const char *text, mos_split *out); /* also "val" */

/* What the user's configuration says under `data:`; keys are data.<field>. */
typedef struct mos_data_options {
    int format; /* index into mos_format_names; "auto" is guessed from what is at root */
    char *root, *s1, *s2, *metadata,
        *reference_maps;     /* paths; NULL: the format's default below root */
    mos_text_list countries; /* keep only these; empty: all */
    mos_text_list bands;     /* csv: "s2=B02,B03,B04": names of a multi-band column's bands */
    mos_text_list
        class_names;        /* csv: the classes in the order wanted; empty: the sorted set found */
    int classes;            /* nomenclature choice where a format has several: "default" | "19" |
                               "43" | "igbp10" | "igbp17" */
    double label_threshold; /* sen12ms, scene: share of a patch a class needs to be a label */
    int class_order;        /* "lexicographic" | "paper" */
    char *split_file;       /* made by `data split`: split, fold and labelled columns by id */
    int64_t fold;           /* of split_file, -1: none */
    int fold_as;            /* rows of that fold become "test" | "validation" */
    int64_t limit;          /* at most so many samples per split, 0: all; said in outputs */
    int policy;             /* for NaN, Inf, no-data: "mask" | "fill-mean" | "skip" | "refuse" */
    int constant_bands;     /* "keep" | "mask" | "skip" | "refuse" */
    int boa_offset;         /* +1000 DN: "auto" | "keep" | "remove" */
    int s1_scale;           /* "auto" | "db" | "linear" | "amplitude" */
    mos_text_list nodata;   /* "s2=65535": value of a modality's pixels without data; "s2=none" */
    mos_text_list scale;    /* "s1=0.001,-50": value = 0.001 * stored - 50, in place of the tags */
    bool any_size; /* no key: training scales to data.size, so that patches may differ in size */
    mos_text_list accept; /* classes of defects (data/check_class.h) that shall stop nobody */
    /* What one format alone reads, a block per format (data/format_options.h). */
    union mos_format_values {
        max_align_t align;
        unsigned char bytes[MOS_FORMAT_OPTION_BYTES];
    } own[MOS_DATA_MAX_FORMATS];
} mos_data_options;
/* The options of every format, and those of each; complete before main() begins. */
extern mos_option_table mos_data_option_table;

typedef struct mos_band {
    char name[16];       /* "VV", "B8A" */
    bool is_integer;     /* uint16 digital numbers, otherwise float */
    double resolution_m; /* native ground sampling distance, 0 unknown */
} mos_band;
typedef struct mos_modality {
    char name[32]; /* "s1", "s2", or the csv column's name */
    int64_t band_count;
    mos_band bands[MOS_DATA_MAX_BANDS]; /* in the format's documented order; look them up by name */
} mos_modality;

typedef struct mos_sample {
    const char *id; /* S2 patch name, or the csv's id */
    mos_split split;
    const char *country;                     /* "" unknown */
    uint32_t present;                        /* bit m: modality m exists */
    const int8_t *labels;                    /* [classes] 1, 0, -1 unknown */
    int64_t time_s[MOS_DATA_MAX_MODALITIES]; /* acquisition, seconds since 1970 UTC; INT64_MIN
                                                unknown */
} mos_sample;

/* Where on the ground a sample lies, for sources that tell it. */
typedef struct mos_site {
    const char *crs;            /* "EPSG:32633", else WKT */
    double x, y;                /* upper left corner */
    double width, height;       /* to the east and to the south, in units of crs */
    int32_t scene, row, column; /* of the scene format: which scene, and where on its grid */
} mos_site;

typedef struct mos_dataset mos_dataset;
typedef struct mos_reader mos_reader; /* one per thread */

/* One patch of one modality: bands at native size, as float (uint16 is exact in float). */
typedef struct mos_patch {
    int64_t bands;
    struct mos_patch_band {
        const float *data; /* [height, width], valid until the next read of this reader */
        int64_t width, height;
        bool has_nodata;
        float nodata; /* pixels equal to it, NaN or Inf are invalid */
    } band[MOS_DATA_MAX_BANDS];
} mos_patch;

/* Problems met while opening (orphans, missing partners, unknown labels...) are counted by kind and
 * the first few of each are listed. */
typedef struct mos_defect {
    char kind[48]; /* "missing partner", "orphan", "row without files", "label not in the
                      nomenclature" ... */
    int64_t count;
    char examples[3][160];
} mos_defect;

mosaic_status mos_dataset_open(const mos_data_options *options, mos_dataset **out);
void mos_dataset_close(mos_dataset **dataset);
int64_t mos_dataset_count(const mos_dataset *dataset);
/* Pointers live as long as the data set. index in [0, count). */
mosaic_status mos_dataset_sample(const mos_dataset *dataset, int64_t index, mos_sample *out);
int64_t mos_dataset_find(const mos_dataset *dataset, const char *id); /* -1 if absent */
/* False where the source does not tell it. */
bool mos_dataset_site(const mos_dataset *dataset, int64_t index, mos_site *out);
int64_t mos_dataset_modalities(const mos_dataset *dataset, const mos_modality **out);
int64_t mos_dataset_classes(const mos_dataset *dataset, const char *const **names);
/* Are the classes just those that occur among the labels? Then a class that is not among them is
 * absent from every labelled sample, not unknown. */
bool mos_dataset_classes_found(const mos_dataset *dataset);
const char *mos_dataset_format(const mos_dataset *dataset);
/* Are samples files that may lie anywhere, as those of a table? */
bool mos_dataset_has_files(const mos_dataset *dataset);
/* The format that a pack was made of, where it says so; else the data set's own. */
const char *mos_dataset_origin(const mos_dataset *dataset);
/* The bands of a modality that a model sees where nothing else is asked for, as the data set's
 * origin has them; ended by NULL. NULL: all. */
const char *const *mos_dataset_default_bands(const mos_dataset *dataset, const char *modality);
int mos_dataset_policy(const mos_dataset *dataset); /* data.policy, as the loader takes it */
extern const char *const mos_policy_names[];        /* "mask" "fill-mean" "skip" "refuse" NULL */
int mos_dataset_constant_bands(const mos_dataset *dataset); /* data.constant_bands, likewise */
extern const char *const mos_constant_names[];              /* "keep" "mask" "skip" "refuse" NULL */
const char *mos_dataset_root(const mos_dataset *dataset);
int64_t mos_dataset_defects(const mos_dataset *dataset, const mos_defect **out);
/* SHA-256 over class names, ids, splits and labels: identifies what a run was trained on. */
void mos_dataset_fingerprint(const mos_dataset *dataset, char hex[65]);
/* data.split_file as it was read, NULL where none is set. */
typedef struct mos_split_origin {
    const char *path, *sha256, *ids_sha256, *made_by; /* made_by: rule, seed and the like */
    int64_t folds;
} mos_split_origin;
const mos_split_origin *mos_dataset_split_origin(const mos_dataset *dataset);
/* keep: [count] 1 for training samples that the split file lists as labelled at `fraction`. *found
 * false: there is no file, or it lists no fractions. A fraction that is not listed is refused. */
mosaic_status mos_dataset_labeled_fraction(const mos_dataset *dataset, double fraction,
                                           uint8_t *keep, bool *found);
/* How many distinct samples were found to carry the +1000 offset (and had it removed) by reads so
 * far. */
int64_t mos_dataset_offsets_removed(const mos_dataset *dataset);
/* Rows of the metadata as read, before rows without files were dropped and countries and limits
 * applied. */
int64_t mos_dataset_metadata_rows(const mos_dataset *dataset);

mosaic_status mos_reader_open(mos_dataset *dataset, mos_reader **out);
void mos_reader_close(mos_reader **reader);
/* Read bands (indices into the modality's band list) of one sample. A missing or damaged file is
 * MOSAIC_ERR_DATA naming it. S1 in dB always (linear power is converted where the options say so),
 * S2 with the +1000 offset handled as configured. */
mosaic_status mos_reader_read(mos_reader *reader, int64_t sample, int64_t modality,
                              const int *bands, int64_t count, mos_patch *out);

extern const char
    *const mos_format_names[]; /* "auto" first, NULL-terminated; rows are in data/formats.h */

#endif
