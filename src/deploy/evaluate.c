#include "deploy/evaluate.h"

#include "base/log.h"
#include "base/memory.h"
#include "eval/inference.h"
#include "eval/metrics.h"

#include <stdio.h>
#include <string.h>

/* Scores of one split of the session's data. */
static mosaic_status run_split(mos_session *session, mos_split split, int64_t limit, bool progress,
                               mos_inference *out) {
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
                               false, session->threads, progress, out);
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
        run_split(session, MOS_SPLIT_VALIDATION, options->limit, true, &validation);
    if (status == MOSAIC_OK)
        status = mos_threshold_tune(validation.probability, validation.labels, validation.n,
                                    validation.classes, card->threshold, &card->global_threshold);
    mos_inference_release(&validation);
    *tuned = status == MOSAIC_OK;
    return status;
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
    MOS_GOTO(run_split(&session, options->split, options->limit, true, &inference));
    out->samples = inference.n;
    out->reduced = card->reduced || options->limit > 0;
    MOS_GOTO(choose_folder(&session, options, out->folder, sizeof out->folder));
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
                                .skipped = inference.skipped,
                                .invalid_pixels = inference.invalid_pixels};
    MOS_GOTO(mos_results_write(&set, out->folder, &out->scores));
    if (out->reduced)
        mos_log(MOS_LOG_WARNING,
                "reduced evaluation: the model or the split was cut short; scores are not final");
done:
    mos_inference_release(&inference);
    mos_session_close(&session);
    return status;
}
