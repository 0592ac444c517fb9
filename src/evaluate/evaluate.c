#include "evaluate/evaluate.h"

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/embedding_results.h"
#include "evaluate/evaluate_parts.h"
#include "evaluate/inference_ranks.h"
#include "evaluate/patch_pictures.h"
#include "objective/objective.h"
#include "score/metrics.h"

#include <stdio.h>
#include <string.h>

/* What of the modalities the model is given. */
typedef struct used_modalities {
    uint32_t subset; /* 0: all */
    char name[256];  /* "s1+s2" */
    int64_t lacking; /* samples of the split in hand that have too few */
} used_modalities;

static mosaic_status choose_modalities(const mos_session *session,
                                       const mos_evaluate_options *options, used_modalities *out) {
    const mos_model_card *card = &session->card;
    *out = (used_modalities){0};
    if (options->modalities == NULL || options->modalities->count == 0) return MOSAIC_OK;
    MOS_TRY(mos_modality_subset_parse(card, options->modalities, &out->subset));
    mos_modality_subset_name(card, out->subset, out->name, sizeof out->name);
    if (options->ablation || options->lag_repair)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--modalities leaves some out, --ablation and --repair-lag want all");
    return MOSAIC_OK;
}

/* A table of one's own has no splits, and then all of it can be asked for. */
static mosaic_status fail_empty(mos_dataset *dataset, mos_split split) {
    int64_t *index = NULL, none = 0, samples = mos_dataset_count(dataset);
    MOS_TRY(mos_inference_rows(dataset, MOS_SPLIT_NONE, 0, &index, &none));
    mos_free(index);
    bool divided = samples == 0 || none < samples;
    return mos_fail(MOSAIC_ERR_DATA, "'%s' has no samples in split '%s'%s",
                    mos_dataset_root(dataset), mos_split_names[split],
                    divided ? "" : ": all of it is in none, and --split none takes that");
}

/* Scores of one split of the session's data. */
static mosaic_status run_split(mos_session *session, mos_split split, int64_t limit, bool latents,
                               bool progress, used_modalities *used, mos_inference *out) {
    int64_t *index = NULL, count = 0;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_inference){0};
    MOS_GOTO(mos_inference_rows(session->dataset, split, limit, &index, &count));
    if (count == 0) {
        status = fail_empty(session->dataset, split);
        goto done;
    }
    MOS_GOTO(mos_inference_run_ranks(session->comm, session->model, &session->card,
                                     session->dataset, index, count, latents, session->threads,
                                     progress, out));
    if (used->subset != 0 && out->n > 0)
        MOS_GOTO(mos_inference_restrict(session->model, used->subset, out, &used->lacking));
done:
    mos_free(index);
    return status;
}

/* Thresholds: the model's own from training, or tuned here on the validation split. */
static mosaic_status find_thresholds(mos_session *session, const mos_evaluate_options *options,
                                     used_modalities *used, bool *tuned) {
    mos_model_card *card = &session->card;
    *tuned = card->has_thresholds;
    if (!options->tune) {
        (void)mos_model_warn_precision(card, session->device);
        return MOSAIC_OK;
    }
    mos_inference validation = {0};
    mosaic_status status =
        run_split(session, MOS_SPLIT_VALIDATION, options->limit, false, true, used, &validation);
    if (status == MOSAIC_OK && mos_comm_rank(session->comm) == 0)
        status = mos_threshold_tune(validation.probability, validation.labels, validation.n,
                                    validation.classes, card->threshold, &card->global_threshold);
    mos_inference_release(&validation);
    *tuned = status == MOSAIC_OK;
    return status;
}

/* Latents of a method that does not train its projectors would be noise. */
static bool has_latents(const mos_model_card *card) {
    for (const mos_method *method = mos_methods; method->name; method++)
        if (strcmp(method->name, card->method) == 0)
            return (mos_method_needs(method) & MOS_NEEDS_ANY_LATENTS) != 0;
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

/* RUN/eval/test, or RUN/eval/test-s1 for a part of the modalities. */
static mosaic_status choose_folder(const mos_session *session, const mos_evaluate_options *options,
                                   const used_modalities *used, char *buffer, size_t size) {
    char name[320];
    (void)snprintf(name, sizeof name, "%s%s%s", mos_split_names[options->split],
                   used->subset == 0 ? "" : "-", used->name);
    if (!options->out) return mos_session_folder(session, name, buffer, size);
    return snprintf(buffer, size, "%s", options->out) < (int)size
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_USAGE, "--out: path too long");
}

static mosaic_status write_scores(mos_session *session, const mos_evaluate_options *options,
                                  const mos_inference *inference, const used_modalities *used,
                                  mos_evaluate_summary *out) {
    const mos_model_card *card = &session->card;
    const float *features[MOS_MAX_MODALITIES];
    mos_evaluate_parts parts;
    mosaic_status status;
    int constant = mos_dataset_constant_bands(session->dataset);
    for (int64_t m = 0; m < inference->modalities; m++)
        features[m] = inference->feature[m];
    MOS_GOTO(mos_evaluate_parts_measure(session, options, inference, out->tuned, &parts));
    const mos_result_set set = {.dataset = session->dataset,
                                .split = mos_split_names[options->split],
                                .scorer = card->probe_head ? "linear probe" : "head",
                                .model = session->model_path,
                                .method = card->method,
                                .arithmetic = mos_precision_names[session->device->precision],
                                .reduced = out->reduced,
                                .n = inference->n,
                                .classes = inference->classes,
                                .class_names = card->class_names,
                                .samples = inference->samples,
                                .labels = inference->labels,
                                .probability = inference->probability,
                                .tuned = out->tuned,
                                .threshold = card->threshold,
                                .global_threshold = card->global_threshold,
                                .policy = mos_policy_names[mos_dataset_policy(session->dataset)],
                                .constant_bands = mos_constant_names[constant],
                                .repairs = inference->repairs,
                                .embedding = features,
                                .embedding_parts = inference->modalities,
                                .embedding_size = inference->features,
                                .ablation = parts.has_ablation ? &parts.ablation : NULL,
                                .lag_repair = parts.has_lag_repair ? &parts.lag_repair : NULL,
                                .modalities = used->subset == 0 ? NULL : used->name,
                                .lacking_modalities = used->lacking,
                                .by = options->by,
                                .threads = session->threads};
    MOS_GOTO(mos_results_write(&set, out->folder, &out->scores));
    status = mos_patch_pictures_write(&set, session->dataset, out->folder, options->pictures);
done:
    mos_evaluate_parts_release(&parts);
    return status;
}

mosaic_status mos_evaluate(const mos_evaluate_options *options, mos_evaluate_summary *out) {
    mos_session session = {0};
    mos_inference inference = {0};
    used_modalities used;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_evaluate_summary){0};
    MOS_GOTO(mos_session_open(&options->session, &session));
    const mos_model_card *card = &session.card;
    if (card->spec.classes == 0) {
        status = mos_fail(MOSAIC_ERR_USAGE, "'%s' has no classification head: use `mosaic probe`",
                          session.model_path);
        goto done;
    }
    MOS_GOTO(choose_modalities(&session, options, &used));
    MOS_GOTO(find_thresholds(&session, options, &used, &out->tuned));
    bool latents = (options->embeddings || options->tsne) && has_latents(card);
    MOS_GOTO(run_split(&session, options->split, options->limit, latents, true, &used, &inference));
    if (mos_comm_rank(session.comm) > 0) goto done; /* rank 0 has all rows */
    out->samples = inference.n;
    out->lacking = used.lacking;
    out->reduced = card->reduced || options->limit > 0;
    MOS_GOTO(choose_folder(&session, options, &used, out->folder, sizeof out->folder));
    MOS_GOTO(write_scores(&session, options, &inference, &used, out));
    MOS_GOTO(write_embeddings(&session, options, &inference, out));
    if (out->reduced)
        mos_log(MOS_LOG_WARNING,
                "reduced evaluation: the model or the split was cut short; scores are not final");
done:
    mos_inference_release(&inference);
    mos_session_close(&session);
    return status;
}
