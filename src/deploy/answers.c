#include "deploy/answers.h"

#include "base/memory.h"
#include "deploy/row_stream.h"

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

/* A record: the probabilities, and a byte that is 1. Without a prediction all is zero. */
static void fill(void *context, const mos_inference *part, int64_t row, void *record) {
    (void)context;
    const size_t bytes = (size_t)part->classes * sizeof(float);
    memcpy(record, part->probability + row * part->classes, bytes);
    ((char *)record)[bytes] = 1;
}

typedef struct answer_run {
    const mos_answers_options *options;
    mos_answers *out;
} answer_run;

static mosaic_status take(void *context, int64_t first, int64_t count, const void *records) {
    const answer_run *run = context;
    const size_t bytes = (size_t)run->out->classes * sizeof(float);
    const char *record = records;
    for (int64_t i = first; i < first + count; i++, record += bytes + 1) {
        memcpy(run->out->probability + i * run->out->classes, record, bytes);
        run->out->known[i] = (uint8_t)record[bytes];
    }
    if (run->options->answered == NULL) return MOSAIC_OK;
    return run->options->answered(run->options->context, first + count);
}

mosaic_status mos_answers_run(mos_session *session, const int64_t *index, int64_t count,
                              const mos_answers_options *options, mos_answers *out) {
    const int64_t classes = session->card.spec.classes;
    answer_run run = {options, out};
    const mos_row_stream_options how = {.doing = "predicting",
                                        .journal = options->journal,
                                        .key = options->key,
                                        .anew = options->anew,
                                        .bytes = (size_t)classes * sizeof(float) + 1,
                                        .fill = fill,
                                        .take = take,
                                        .context = &run};
    mos_row_journal journal = {0};
    *out = (mos_answers){0};
    if (classes == 0)
        return mos_fail(MOSAIC_ERR_USAGE, "'%s' has no classification head: use `mosaic probe`",
                        session->model_path);
    if (count == 0)
        return mos_fail(MOSAIC_ERR_DATA, "'%s': no patch to predict",
                        mos_dataset_root(session->dataset));
    MOS_TRY(allocate(index, count, classes, out));
    mosaic_status status = mos_row_stream_run(session, index, count, &how, &journal);
    mos_row_journal_close(&journal);
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
