#include "deploy/answers.h"

#include "base/memory.h"
#include "evaluate/inference.h"

#include <math.h>
#include <string.h>

static mosaic_status allocate(const int64_t *index, int64_t count, int64_t classes,
                              mos_answers *out) {
    size_t n = (size_t)count;
    *out = (mos_answers){.count = count, .classes = classes};
    MOS_TRY(mos_alloc(n, sizeof *out->samples, "predictions", &out->samples));
    MOS_TRY(mos_alloc(n, 1, "predictions", &out->known));
    MOS_TRY(mos_alloc(n * (size_t)classes, sizeof(float), "predictions", &out->probability));
    memcpy(out->samples, index, n * sizeof *index);
    return MOSAIC_OK;
}

/* Both are in the order asked; the inference lacks what was thrown out. */
static void take(const mos_inference *inference, mos_answers *out) {
    size_t bytes = (size_t)out->classes * sizeof(float);
    int64_t at = 0;
    for (int64_t i = 0; i < out->count && at < inference->n; i++) {
        if (inference->samples[at] != out->samples[i]) continue;
        memcpy(out->probability + i * out->classes, inference->probability + at * out->classes,
               bytes);
        out->known[i] = 1;
        at++;
    }
}

mosaic_status mos_answers_run(mos_session *session, const int64_t *index, int64_t count,
                              mos_answers *out) {
    mos_inference inference = {0};
    mosaic_status status;
    *out = (mos_answers){0};
    if (session->card.spec.classes == 0)
        return mos_fail(MOSAIC_ERR_USAGE, "'%s' has no classification head: use `mosaic probe`",
                        session->model_path);
    MOS_GOTO(allocate(index, count, session->card.spec.classes, out));
    MOS_GOTO(mos_inference_run(session->model, &session->card, session->dataset, index, count,
                               false, session->threads, true, &inference));
    take(&inference, out);
done:
    mos_inference_release(&inference);
    if (status != MOSAIC_OK) mos_answers_release(out);
    return status;
}

void mos_answers_release(mos_answers *answers) {
    mos_free(answers->samples);
    mos_free(answers->known);
    mos_free(answers->probability);
    *answers = (mos_answers){0};
}

double mos_answer_entropy(const float *probability, int64_t classes) {
    double sum = 0;
    for (int64_t c = 0; c < classes; c++) {
        double p = (double)probability[c];
        if (p > 0 && p < 1) sum -= p * log2(p) + (1 - p) * log2(1 - p);
    }
    return sum / (double)classes;
}

double mos_answer_threshold(const mos_model_card *card, int64_t class_index) {
    return card->has_thresholds ? card->threshold[class_index] : 0.5;
}
