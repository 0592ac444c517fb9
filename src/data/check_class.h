/* What can be wrong with a data set, in one table: name, severity, whom it stops, the key that goes
 * on regardless, meaning. `data check` reports the classes, every other command consults the same
 * rows (data/verdicts.h); the command's help and docs/defects.md come from them too. */
#ifndef MOS_DATA_CHECK_CLASS_H
#define MOS_DATA_CHECK_CLASS_H

#include "base/options.h"

typedef enum mos_severity {
    MOS_SEVERITY_NOTICE,
    MOS_SEVERITY_WARNING,
    MOS_SEVERITY_ERROR
} mos_severity;
extern const char *const mos_severity_names[]; /* "notice" "warning" "error" */

/* Whom a class stops unless data.accept lists it. Reading a sample that has the defect is refused
 * in the same way. */
typedef enum mos_stops {
    MOS_STOPS_NOBODY,
    MOS_STOPS_USE, /* training and prediction; looking (info, stats, split, pack) goes on */
    MOS_STOPS_ALL
} mos_stops;

/* In the order of the report. */
typedef enum mos_check_class {
    MOS_CHECK_METADATA,
    MOS_CHECK_DUPLICATE_ID,
    MOS_CHECK_ROW_WITHOUT_FILES,
    MOS_CHECK_ORPHAN,
    MOS_CHECK_STRAY,
    MOS_CHECK_LEFT_OUT,
    MOS_CHECK_UNKNOWN_LABEL,
    MOS_CHECK_LABEL_NAMES,
    MOS_CHECK_NO_LABEL,
    MOS_CHECK_LABEL_CONFLICT,
    MOS_CHECK_MISSING_PARTNER,
    MOS_CHECK_UNREADABLE,
    MOS_CHECK_WRONG_SIZE,
    MOS_CHECK_WRONG_TYPE,
    MOS_CHECK_NOT_FINITE,
    MOS_CHECK_NO_DATA,
    MOS_CHECK_CONSTANT_BAND,
    MOS_CHECK_GUESSED_BANDS,
    MOS_CHECK_UNNATURAL_BANDS,
    MOS_CHECK_UNKNOWN_BANDS,
    MOS_CHECK_BANDS_DIFFER,
    MOS_CHECK_BAND_CONFLICT,
    MOS_CHECK_MIXED_UNITS,
    MOS_CHECK_OTHER_IDENTITY,
    MOS_CHECK_SCALE,
    MOS_CHECK_FILL_VALUES,
    MOS_CHECK_EDGE_VALUES,
    MOS_CHECK_INTEGER_DB,
    MOS_CHECK_LINEAR_POWER,
    MOS_CHECK_AMPLITUDE,
    MOS_CHECK_VV_BELOW_VH,
    MOS_CHECK_OFFSET,
    MOS_CHECK_OFFSET_CONFLICT,
    MOS_CHECK_PRODUCT_LEVEL,
    MOS_CHECK_GRID_MISMATCH,
    MOS_CHECK_SPLIT_LEAKAGE,
    MOS_CHECK_LAG,
    MOS_CHECK_TIME,
    MOS_CHECK_OTHER,
    MOS_CHECK_CLASSES
} mos_check_class;

typedef struct mos_check_class_row {
    const char *name; /* kebab-case, as in the report and in --defect */
    mos_severity severity;
    bool by_policy; /* data.policy deals with it: an error where that is `refuse` */
    bool together;  /* one row with a count for the whole set: what is not there has no files */
    mos_stops stops;
    const char *key; /* that settles the matter, NULL: the data have to be mended */
    const char *meaning;
} mos_check_class_row;
extern const mos_check_class_row mos_check_class_table[MOS_CHECK_CLASSES];

/* By name; an unknown one is MOSAIC_ERR_USAGE naming the nearest. */
mosaic_status mos_check_class_find(const char *name, int *out);
/* `wanted[c]` for all classes, or those in `only`, less those in `ignored`. */
mosaic_status mos_check_class_select(const mos_text_list *only, const mos_text_list *ignored,
                                     bool wanted[MOS_CHECK_CLASSES]);
/* The table as Markdown: docs/defects.md. */
void mos_check_class_markdown(mos_text *out);

#endif
