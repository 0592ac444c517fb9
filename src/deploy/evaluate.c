#include "deploy/evaluate.h"

#include "base/log.h"
#include "base/memory.h"
#include "eval/embedding_results.h"
#include "eval/inference.h"
#include "eval/metrics.h"
#include "objective/method.h"

#include <stdio.h>
#include <string.h>

/* Scores of one split of the session's data. */
static mosaic_status run_split(mos_session *session, mos_split split, int64_t limit, bool latents,
                               bool progress, mos_inference *out) {
    int64_t *index = NULL, count = 0;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_inference){0};
    MOS_GOTO(mos_inference_rows(session->dataset, split, limit, &index, &count));
    if (count == 0) {
        status = mos_fail(MOSAIC_ERR_DATA, "'%s' has no samples in split '%s'",
                          mos_dataset_root(session->dataset), mos_split_names[split]);
        goto done;
    }
    status = mos_inference_run(session->model, &session->card, session->dataset, index, count,
                               latents, session->threads, progress, out);
done:
    mos_free(index);
    return status;
}

/* Thresholds: the model's own from training, or tuned here on the validation split. */
static mosaic_status find_thresholds(mos_session *session, const mos_evaluate_options *options,
                                     bool *tuned) {
    mos_model_card *card = &session->card;
    *tuned = card->has_thresholds;
    if (!options->tune) return MOSAIC_OK;
    mos_inference validation = {0};
    mosaic_status status =
        run_split(session, MOS_SPLIT_VALIDATION, options->limit, false, true, &validation);
    if (status == MOSAIC_OK)
        status = mos_threshold_tune(validation.probability, validation.labels, validation.n,
                                    validation.classes, card->threshold, &card->global_threshold);
    mos_inference_release(&validation);
    *tuned = status == MOSAIC_OK;
    return status;
}

/* Latents of a method that does not train its projectors would be noise. */
static bool has_latents(const mos_model_card *card) {
    for (const mos_method *method = mos_methods; method->name; method++)
        if (strcmp(method->name, card->method) == 0) return mos_method_needs_latents(method);
    return false;
}

static mosaic_status write_embeddings(const mos_session *session,
                                      const mos_evaluate_options *options,
                                      const mos_inference *inference,
                                      const mos_evaluate_summary *summary) {
    const mos_embedding_set set = {.dataset = session->dataset,
                                   .card = &session->card,
                                   .inference = inference,
                                   .split = mos_split_names[options->split],
                                   .reduced = summary->reduced,
                                   .embeddings = options->embeddings,
                                   .tsne = options->tsne,
                                   .threads = session->threads};
    return mos_embedding_results_write(summary->folder, &set);
}

static mosaic_status choose_folder(const mos_session *session, const mos_evaluate_options *options,
                                   char *buffer, size_t size) {
    if (!options->out)
        return mos_session_folder(session, mos_split_names[options->split], buffer, size);
    return snprintf(buffer, size, "%s", options->out) < (int)size
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_USAGE, "--out: path too long");
}

mosaic_status mos_evaluate(const mos_evaluate_options *options, mos_evaluate_summary *out) {
    mos_session session = {0};
    mos_inference inference = {0};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_evaluate_summary){0};
    MOS_GOTO(mos_session_open(&options->session, &session));
    const mos_model_card *card = &session.card;
    if (card->spec.classes == 0) {
        status = mos_fail(MOSAIC_ERR_USAGE, "'%s' has no classification head: use `mosaic probe`",
                          session.model_path);
        goto done;
    }
    MOS_GOTO(find_thresholds(&session, options, &out->tuned));
    bool latents = (options->embeddings || options->tsne) && has_latents(card);
    MOS_GOTO(run_split(&session, options->split, options->limit, latents, true, &inference));
    out->samples = inference.n;
    out->reduced = card->reduced || options->limit > 0;
    MOS_GOTO(choose_folder(&session, options, out->folder, sizeof out->folder));
    const float *features[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < inference.modalities; m++)
        features[m] = inference.feature[m];
    const mos_result_set set = {.dataset = session.dataset,
                                .split = mos_split_names[options->split],
                                .scorer = card->probe_head ? "linear probe" : "head",
                                .model = session.model_path,
                                .method = card->method,
                                .reduced = out->reduced,
                                .n = inference.n,
                                .classes = inference.classes,
                                .class_names = card->class_names,
                                .samples = inference.samples,
                                .labels = inference.labels,
                                .probability = inference.probability,
                                .tuned = out->tuned,
                                .threshold = card->threshold,
                                .global_threshold = card->global_threshold,
                                .policy = mos_policy_names[mos_dataset_policy(session.dataset)],
                                .repairs = inference.repairs,
                                .embedding = features,
                                .embedding_parts = inference.modalities,
                                .embedding_size = inference.features,
                                .threads = session.threads};
    MOS_GOTO(mos_results_write(&set, out->folder, &out->scores));
    MOS_GOTO(write_embeddings(&session, options, &inference, out));
    if (out->reduced)
        mos_log(MOS_LOG_WARNING,
                "reduced evaluation: the model or the split was cut short; scores are not final");
done:
    mos_inference_release(&inference);
    mos_session_close(&session);
    return status;
}
