/* predictions.csv of an evaluation, with the thresholds it was scored at: what paired comparisons
 * are made of. */
#ifndef MOS_STUDY_PREDICTION_TABLE_H
#define MOS_STUDY_PREDICTION_TABLE_H

#include "report/run_document.h"
#include "score/bootstrap.h"

#include <stdbool.h>

typedef struct mos_predictions {
    int64_t n, l;
    char (*classes)[128]; /* [l] */
    char **ids;           /* [n], ascending */
    int8_t *labels;       /* [n, l] */
    float *probability;   /* [n, l] */
    double *threshold;    /* [l] */
    char *pool;           /* internal */
} mos_predictions;

/* folder: RUN/eval/SPLIT; evaluation: its metrics.json, whose last set of thresholds is taken. Rows
 * are sorted by id. */
mosaic_status mos_predictions_read(const char *folder, const mos_report_evaluation *evaluation,
                                   mos_predictions *out);
void mos_predictions_release(mos_predictions *predictions);
mos_score_input mos_predictions_input(const mos_predictions *predictions);
/* Same samples, classes and labels? If not, why; NULL if they are. */
const char *mos_predictions_differ(const mos_predictions *a, const mos_predictions *b);

#endif
