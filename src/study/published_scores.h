/* Published scores of other authors with their sources, for the page of a sweep that repeats their
 * experiments. */
#ifndef MOS_STUDY_PUBLISHED_SCORES_H
#define MOS_STUDY_PUBLISHED_SCORES_H

#include "io/csv.h"
#include "study/sweep_results.h"

typedef struct mos_published_score {
    const char *data;                /* "BigEarthNet V2", as mos_published_data names it */
    const char *method, *modalities; /* "supervised ResNet-50", "s1+s2" */
    double labels;                   /* fraction */
    double low[MOS_SWEEP_METRICS], high[MOS_SWEEP_METRICS]; /* equal for one figure; NaN: none */
    const char *scored, *source; /* split and averaging; where it stands */
} mos_published_score;

extern const mos_published_score mos_published_scores[]; /* up to data NULL */

/* Figures of a CSV file of the user's besides those above: columns data, method, modalities,
 * labels, scored, source and any of the metrics' names (mos_sweep_metric_names). */
typedef struct mos_published_table {
    mos_csv csv;
    mos_published_score *row; /* [count], into the csv; owned */
    int64_t count;
} mos_published_table;
mosaic_status mos_published_read(const char *path, mos_published_table *out);
void mos_published_release(mos_published_table *table);

/* "BigEarthNet V2" for a data set of that archive in any of its formats; NULL: none that has
 * published figures. */
const char *mos_published_data(const char *format);
/* The page's section: published figures of `data` above those of the sweep's settings at the same
 * labelled fraction on the last split; nothing where there are none. */
void mos_published_page(const mos_sweep_results *results, const char *data,
                        const mos_published_table *table, mos_text *out);

#endif
