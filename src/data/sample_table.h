/* The inside of a data set: what formats fill while they open, and the reader and the queries use.
 */
#ifndef MOS_DATA_SAMPLE_TABLE_H
#define MOS_DATA_SAMPLE_TABLE_H

#include "data/band_identity.h"
#include "data/band_promise.h"
#include "data/check_class.h"
#include "data/dataset.h"
#include "data/formats.h"
#include "data/name_set.h"
#include "data/text_pool.h"

#include <stdatomic.h>

enum { MOS_DATA_MAX_COUNTRIES = 512, MOS_DATA_MAX_DEFECTS = 64 };
#define MOS_TIME_UNKNOWN INT64_MIN

typedef enum mos_offset_state {
    MOS_OFFSET_UNDECIDED = 0,
    MOS_OFFSET_ABSENT,
    MOS_OFFSET_PRESENT
} mos_offset_state;

/* How a modality is stored: beside mos_modality, what only the readers need. */
typedef struct mos_modality_storage {
    int64_t slot, slots; /* sources of one sample: one for all bands, or one per band */
    bool named_in_table; /* csv: a column for each band */
    bool radar;          /* some band is VV, VH, HH or HV */
    bool
        optical; /* some band is B01 .. B8A, in digital numbers: 0 is no data, +1000 may be there */
    int64_t width[MOS_DATA_MAX_BANDS], height[MOS_DATA_MAX_BANDS]; /* expected of every sample */
    mos_dtype dtype[MOS_DATA_MAX_BANDS];
    bool eight_bit; /* as dtype is U8, of a format that reads bytes as floats */
    bool has_nodata;
    double nodata;
    mos_band_identity identity[MOS_DATA_MAX_BANDS];
    char level[4]; /* "L1C", "L2A"; "" unknown or more than one */
    mos_identity_source level_by;
    bool level_mixed;
    /* What the patches looked at while opening promise for the others: mean of a band over them
     * (NAN unknown), and the typical largest optical value of a patch (0 unknown). */
    double promised_mean[MOS_DATA_MAX_BANDS], promised_top;
    mos_modality_promise promise; /* and what a run watches (data/band_promise.h) */
} mos_modality_storage;

/* What was noted of a class (data/verdicts.h). */
typedef struct mos_verdict_record {
    int64_t count;
    char words[512]; /* of the first time */
} mos_verdict_record;

typedef struct mos_offset_cell {
    _Atomic uint8_t state; /* mos_offset_state */
    _Atomic uint8_t clean; /* the pixels were seen not to contradict it */
} mos_offset_cell;

struct mos_dataset {
    mos_data_options options; /* a copy */
    const mos_format *format;
    char root[4096];
    const char *origin; /* the format a pack was made of, NULL: no pack, or it does not say */

    int64_t modality_count, class_count, slots;
    bool classes_found; /* collected from the labels that occur */
    bool worldcover;    /* labels are codes or names of ESA WorldCover */
    mos_modality modalities[MOS_DATA_MAX_MODALITIES];
    mos_modality_storage storage[MOS_DATA_MAX_MODALITIES];
    const char *classes[MOS_DATA_MAX_CLASSES];
    const char *countries[MOS_DATA_MAX_COUNTRIES]; /* [0] is "" */
    int64_t country_count;

    int64_t count, capacity;
    const char **ids;       /* [count] */
    uint8_t *splits;        /* [count] mos_split */
    uint16_t *country;      /* [count] */
    uint32_t *present;      /* [count] */
    int8_t *labels;         /* [count, classes] */
    int64_t *times;         /* [count, modalities] */
    const char **sources;   /* [count, slots] record or path, NULL: absent */
    const char **products;  /* [count] ESA product name where the source tells it, or NULL */
    mos_site *sites;        /* [count], NULL where no sample has one; crs NULL: unknown */
    const char **grounds;   /* [count, modalities] of a pack (data/pack_ground.h), or NULL */
    const char **locations; /* [count] the place, where the table names it, or NULL */
    const char **absent_s1; /* [count] Sentinel-1 name of the table that is not stored, or NULL */
    struct mos_split_columns *split_columns; /* of data.split_file, or NULL (data/split_file.h) */
    uint32_t *index;                         /* hash table over ids: row + 1 */
    uint64_t index_size;
    int64_t metadata_rows;

    mos_offset_cell *offset; /* [count] mos_offset_state */
    _Atomic int64_t offsets_removed;
    mos_offset_state
        offset_own_baseline; /* N9999: what the probes agreed on; UNDECIDED: sample by sample */
    mos_offset_state offset_bright;  /* bright patches: as the clear ones are; UNDECIDED: refuse */
    mos_offset_state offset_unnamed; /* all samples without a product name */
    bool offset_singly;              /* ... unless they have to be judged one by one */
    uint16_t *offset_group;          /* [count] their ground + 1, 0: none known; NULL: one answer */
    uint8_t *offset_of_group;        /* mos_offset_state of each */
    bool radar_linear;               /* S1 is linear power, or its root, and is converted */

    int64_t count_before_limit; /* samples that data.limit chose from */
    struct mos_survey *survey;  /* while opening to look for defects, otherwise NULL */
    mos_text_pool pool;         /* every string above */
    mos_verdict_record verdicts[MOS_CHECK_CLASSES];
    mos_defect defects[MOS_DATA_MAX_DEFECTS];
    int64_t defect_count;

    void *handle; /* the format's */
};

/* One sample to add; texts are copied (size-counted), labels point to [classes]. */
typedef struct mos_sample_row {
    const char *id;
    size_t id_size;
    mos_split split;
    uint16_t country;
    const int8_t *labels;
    const int64_t *times;       /* [modalities] */
    const char *const *sources; /* [slots], NULL where absent */
    const size_t *source_sizes; /* [slots], or NULL when every source ends with NUL */
    const char *product;        /* NULL unknown */
    const char *location;       /* NULL unknown */
    const char *absent_s1;      /* Sentinel-1 name of the table that is not stored, or NULL */
    size_t absent_s1_size;
    const char *const *grounds; /* [modalities], or NULL */
    const mos_site *site;       /* NULL unknown; its crs lives as long as the data set */
} mos_sample_row;

/* The first part of mos_dataset_open: options, root and format are known, nothing is read. */
mosaic_status mos_dataset_begin(const mos_data_options *options, mos_dataset **out);
/* Modalities, classes and slots first; then room for `capacity` rows; then rows. */
mosaic_status mos_dataset_reserve(mos_dataset *dataset, int64_t capacity);
/* `present` follows from the sources: a modality is there when all its slots are. */
mosaic_status mos_dataset_add(mos_dataset *dataset, const mos_sample_row *row);
/* Index of a country name, adding it; 0 for "". */
mosaic_status mos_dataset_country(mos_dataset *dataset, const char *name, size_t size,
                                  uint16_t *out);
/* Add a modality with `bands` unnamed bands; sets slot numbers. */
mosaic_status mos_dataset_add_modality(mos_dataset *dataset, const char *name, int64_t slots,
                                       mos_modality **out);
/* Sets radar and optical from the band names: call when they are there. */
void mos_dataset_classify(mos_dataset *dataset);
/* Of the first band that is one of a Sentinel. */
mos_band_role mos_dataset_role(const mos_dataset *dataset, int64_t modality);
void mos_dataset_defect(mos_dataset *dataset, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A warning for each kind. */
void mos_dataset_log_defects(const mos_dataset *dataset);
/* The path the user gave, or root/`name`. */
mosaic_status mos_dataset_path(const mos_dataset *dataset, const char *given, const char *name,
                               char *out, size_t size);
int64_t mos_modality_band(const mos_modality *modality, const char *name); /* -1 if absent */

/* Native values of one sample: what a format reads and pack writes. */
struct mos_raw_band {
    mos_dtype dtype;
    int64_t width, height;
    const void *data; /* may be unaligned; valid until the next read */
    bool has_nodata;
    double nodata;
};
mosaic_status mos_reader_read_raw(mos_reader *reader, int64_t sample, int64_t modality,
                                  const int *bands, int64_t count, mos_raw_band *out);

/* After a format's open: look at a few patches, decide scale and offset, check VV > VH
 * (data/spot_check.c). */
mosaic_status mos_dataset_spot_check(mos_dataset *dataset);

#endif
