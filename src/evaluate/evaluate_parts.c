#include "evaluate/evaluate_parts.h"

#include "base/log.h"
#include "base/memory.h"

#include <string.h>

static int64_t model_modality(const mos_session *session, int64_t of_dataset) {
    const mos_modality *list;
    (void)mos_dataset_modalities(session->dataset, &list);
    for (int64_t m = 0; m < session->card.spec.modalities; m++)
        if (strcmp(session->card.spec.modality[m].name, list[of_dataset].name) == 0) return m;
    return -1;
}

/* Scores of all pairs: every modality of the sample itself, but the exchanged one of its partner.
 */
static mosaic_status score_pairs(mos_session *session, const mos_inference *inference,
                                 const mos_lag_pairs *pairs, int64_t exchanged, float *probability,
                                 int8_t *labels) {
    size_t n = (size_t)pairs->count, l = (size_t)inference->classes;
    int64_t *own = NULL, *partner = NULL;
    const int64_t *source[MOS_MAX_MODALITIES];
    mosaic_status status;
    MOS_GOTO(mos_alloc(n, sizeof *own, "rows of pairs", &own));
    MOS_GOTO(mos_alloc(n, sizeof *partner, "rows of pairs", &partner));
    for (size_t i = 0; i < n; i++) {
        own[i] = pairs->pairs[i].own;
        partner[i] = pairs->pairs[i].partner;
        memcpy(labels + i * l, inference->labels + (size_t)own[i] * l, l);
    }
    for (int64_t m = 0; m < inference->modalities; m++)
        source[m] = m == exchanged ? partner : own;
    status =
        mos_inference_rescore(session->model, inference, pairs->count, source, NULL, probability);
done:
    mos_free(own);
    mos_free(partner);
    return status;
}

static mosaic_status measure_repair(mos_session *session, const mos_inference *inference,
                                    const double *threshold, const mos_bootstrap_options *options,
                                    mos_evaluate_parts *out) {
    const mos_dataset *dataset = session->dataset;
    mos_lag_pairs pairs = {0};
    float *probability = NULL;
    int8_t *labels = NULL;
    int64_t between[2];
    mosaic_status status;
    MOS_TRY(mos_lag_modalities(dataset, inference->samples, inference->n, between));
    if (between[1] < 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "--repair-lag: '%s' has no acquisition times of two modalities",
                        mos_dataset_root(dataset));
    int64_t exchanged = model_modality(session, between[0]);
    if (exchanged < 0 || model_modality(session, between[1]) < 0)
        return mos_fail(MOSAIC_ERR_USAGE, "--repair-lag: the model does not see both modalities "
                                          "whose times are known");
    MOS_GOTO(mos_lag_pairs_make(dataset, inference->samples, inference->n, between[0], between[1],
                                mos_lag_edges, MOS_LAG_EDGES, &pairs));
    if (pairs.count == 0)
        mos_log(MOS_LOG_WARNING,
                "--repair-lag: no sample of '%s' has a partner at the same place "
                "from another day",
                mos_dataset_root(dataset));
    size_t cells = (size_t)(pairs.count * inference->classes);
    MOS_GOTO(mos_alloc(cells, sizeof *probability, "scores of pairs", &probability));
    MOS_GOTO(mos_alloc(cells, 1, "labels of pairs", &labels));
    MOS_GOTO(score_pairs(session, inference, &pairs, exchanged, probability, labels));
    const mos_score_input input = {probability, labels, threshold, pairs.count, inference->classes};
    MOS_GOTO(mos_lag_repair_measure(&input, &pairs, mos_lag_edges, MOS_LAG_EDGES, options,
                                    &out->lag_repair));
    out->has_lag_repair = true;
done:
    mos_lag_pairs_release(&pairs);
    mos_free(probability);
    mos_free(labels);
    return status;
}

mosaic_status mos_evaluate_parts_measure(mos_session *session, const mos_evaluate_options *options,
                                         const mos_inference *inference, bool tuned,
                                         mos_evaluate_parts *out) {
    const mos_model_card *card = &session->card;
    double threshold[MOS_MAX_CLASSES];
    const mos_bootstrap_options bootstrap = mos_bootstrap_defaults(session->threads);
    *out = (mos_evaluate_parts){0};
    for (int64_t j = 0; j < card->spec.classes; j++)
        threshold[j] = tuned ? card->threshold[j] : 0.5;
    if (options->ablation) {
        MOS_TRY(mos_modality_ablation_measure(session->model, card, inference, threshold,
                                              &bootstrap, options->seed, &out->ablation));
        out->has_ablation = true;
    }
    return options->lag_repair ? measure_repair(session, inference, threshold, &bootstrap, out)
                               : MOSAIC_OK;
}

void mos_evaluate_parts_release(mos_evaluate_parts *parts) {
    mos_modality_ablation_release(&parts->ablation);
    mos_lag_repair_release(&parts->lag_repair);
    *parts = (mos_evaluate_parts){0};
}
