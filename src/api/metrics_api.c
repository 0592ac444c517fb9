/* include/mosaic/metrics.h, made of src/score. */
#include "mosaic/metrics.h"

#include "api/metrics_handle.h"
#include "api/score_arrays.h"
#include "api/struct_size.h"
#include "base/memory.h"
#include "base/want.h"

static mosaic_average average_of(const mos_scores *s) {
    return (mosaic_average){s->precision,         s->recall, s->f1, s->f2,
                            s->average_precision, s->roc_auc};
}

mosaic_metrics mos_metrics_public(const mos_metrics *metrics, size_t size) {
    return (mosaic_metrics){.struct_size = size,
                            .micro = average_of(&metrics->micro),
                            .macro = average_of(&metrics->macro),
                            .sample = average_of(&metrics->sample),
                            .hamming_loss = metrics->hamming_loss,
                            .subset_accuracy = metrics->subset_accuracy,
                            .known = metrics->known,
                            .zero_divisions = metrics->zero_divisions,
                            .macro_all = average_of(&metrics->macro_all),
                            .averaged = metrics->averaged};
}

mosaic_status mosaic_metrics_compute(const float *probability, const int8_t *labels, int64_t n,
                                     int64_t classes, const double *threshold, mosaic_metrics *out,
                                     mosaic_average *per_class) {
    mos_metrics metrics = {0};
    double *half = NULL;
    mosaic_status status = MOSAIC_OK;
    const mos_score_arrays arrays = {probability, labels, threshold, n, classes};
    MOS_WANT(out);
    MOS_TRY(mos_check_struct_size("mosaic_metrics", out->struct_size, sizeof *out));
    MOS_TRY(mos_check_score_arrays(__func__, 0, &arrays));
    if (!threshold) {
        MOS_GOTO(mos_alloc((size_t)classes, sizeof *half, "thresholds", &half));
        for (int64_t j = 0; j < classes; j++)
            half[j] = 0.5;
    }
    MOS_GOTO(mos_metrics_compute(probability, labels, n, classes, threshold ? threshold : half,
                                 &metrics));
    *out = mos_metrics_public(&metrics, out->struct_size);
    for (int64_t j = 0; per_class && j < classes; j++)
        per_class[j] = average_of(&metrics.per_class[j].scores);
done:
    mos_free(half);
    mos_metrics_release(&metrics);
    return status;
}
