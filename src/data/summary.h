/* What is in a data set: counts for `data info`, the report and the run's provenance. A pure
 * function of the open data set. */
#ifndef MOS_DATA_SUMMARY_H
#define MOS_DATA_SUMMARY_H

#include "base/text.h"
#include "data/dataset.h"
#include "data/names/patch_name.h"

enum { MOS_LAG_BINS = 8 };

typedef struct mos_summary {
    const mos_dataset *dataset;
    int64_t samples, classes, modalities, countries;
    int64_t split[MOS_SPLIT_COUNT], labeled[MOS_SPLIT_COUNT]; /* labeled: any label known */
    int64_t *positives;                                       /* [classes, splits] */
    int64_t *cooccurrence; /* [classes, classes] samples that have both; the diagonal is the class's
                              count */
    int64_t labels_per_sample[MOS_DATA_MAX_CLASSES + 1]; /* of labelled samples */
    const char **country_names; /* [countries], most frequent first; "" is unknown */
    int64_t *country;           /* [countries, splits] */
    int64_t season[MOS_SEASONS + 1][MOS_SPLIT_COUNT]; /* of the optical acquisition where known; the
                                                         last is unknown */
    int64_t lag[MOS_LAG_BINS + 1]; /* |radar - optical| in whole days between the two dates: 0, 1,
                                      .. 6, 7 and more; the last is unknown */
    int64_t missing[MOS_DATA_MAX_MODALITIES];
    int64_t fully_present;
} mos_summary;

mosaic_status mos_summary_make(const mos_dataset *dataset, mos_summary *out);
void mos_summary_release(mos_summary *summary);
/* For people (aligned table) and for programs (one JSON object). */
void mos_summary_text(const mos_summary *summary, mos_text *out);
mosaic_status mos_summary_json(const mos_summary *summary, mos_text *out);
/* The bands, one a line: what each is, and who says so. */
void mos_summary_identities(const mos_dataset *dataset, mos_text *out);
/* Days between the calendar dates of two times; -1 where either is unknown. */
int64_t mos_summary_lag_days(int64_t a_s, int64_t b_s);

#endif
