/* What stands behind an evaluation's headline: confidence intervals and calibration for
 * metrics.json; confusability.csv, curves.csv, calibration.csv, groups.csv and lag.csv. Internal to the
 * room.
 */
#ifndef MOS_EVALUATE_RESULT_DETAIL_H
#define MOS_EVALUATE_RESULT_DETAIL_H

#include "base/json_writer.h"
#include "evaluate/lag.h"
#include "evaluate/results.h"
#include "evaluate/score_groups.h"
#include "score/bootstrap.h"
#include "score/calibration.h"

typedef struct mos_result_detail {
    mos_bootstrap confidence[2]; /* at thresholds 0.5, tuned per class */
    int confidence_sets;
    mos_calibration calibration;        /* of all cells */
    mos_calibration *class_calibration; /* [classes], owned */
    mos_lag lag;
    mos_score_groups groups;
    int64_t lag_modality[2]; /* of the data set; -1: no acquisition times, no lag */
} mos_result_detail;

/* Of a set with at least one sample. */
mosaic_status mos_result_detail_measure(const mos_result_set *set, mos_result_detail *out);
/* Members "confidence", "calibration" and, where known, "lag" of the open object. */
void mos_result_detail_json(const mos_result_set *set, const mos_result_detail *detail,
                            mos_json *json);
mosaic_status mos_result_detail_write(const mos_result_set *set, const mos_result_detail *detail,
                                      const char *folder);
void mos_result_detail_release(mos_result_detail *detail);

#endif
