#include "deploy/answers.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "deploy/answer_journal.h"
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

enum { BLOCK = 4 /* batches: a second of work and more */ };

/* Both are in the order asked; the inference lacks what was thrown out. */
static void take(const mos_inference *inference, int64_t first, int64_t count, mos_answers *out) {
    size_t bytes = (size_t)out->classes * sizeof(float);
    int64_t at = 0;
    for (int64_t i = first; i < first + count && at < inference->n; i++) {
        if (inference->samples[at] != out->samples[i]) continue;
        memcpy(out->probability + i * out->classes, inference->probability + at * out->classes,
               bytes);
        out->known[i] = 1;
        at++;
    }
}

static mosaic_status stopped(const mos_answers_options *options, int64_t done, int64_t count) {
    return mos_fail(
        MOSAIC_INTERRUPTED,
        "stopped by signal %d after %lld of %lld patches: the same command goes on from "
        "%s",
        mos_stop_pending(), (long long)done, (long long)count, options->journal);
}

static mosaic_status tell(const mos_answers_options *options, int64_t done) {
    return options->answered == NULL ? MOSAIC_OK : options->answered(options->context, done);
}

typedef struct answer_stream {
    const mos_answers_options *options;
    mos_answer_journal *journal; /* NULL: none */
    mos_progress progress;
    int64_t done;
    mos_answers *out;
} answer_stream;

static mosaic_status take_part(void *context, int64_t asked, const mos_inference *part) {
    answer_stream *stream = context;
    take(part, stream->done, asked, stream->out);
    if (stream->journal != NULL)
        MOS_TRY(mos_answer_journal_add(stream->journal, stream->out, stream->done, asked));
    stream->done += asked;
    mos_progress_update(&stream->progress, stream->done);
    MOS_TRY(tell(stream->options, stream->done));
    if (stream->journal == NULL || mos_stop_pending() == 0 || stream->done == stream->out->count)
        return MOSAIC_OK;
    return stopped(stream->options, stream->done, stream->out->count);
}

static mosaic_status run_rest(mos_session *session, const mos_answers_options *options,
                              int64_t done, mos_answer_journal *journal, mos_answers *out) {
    answer_stream stream = {.options = options, .journal = journal, .done = done, .out = out};
    if (done == out->count) return MOSAIC_OK;
    if (journal != NULL && mos_stop_pending() != 0) return stopped(options, done, out->count);
    mos_progress_begin(&stream.progress, "predicting", out->count);
    mos_progress_update(&stream.progress, done);
    mosaic_status status =
        mos_inference_stream(session->model, &session->card, session->dataset, out->samples + done,
                             out->count - done, session->threads, BLOCK, take_part, &stream);
    mos_progress_end(&stream.progress);
    return status;
}

mosaic_status mos_answers_run(mos_session *session, const int64_t *index, int64_t count,
                              const mos_answers_options *options, mos_answers *out) {
    mos_answer_journal journal = {0};
    mosaic_status status;
    int64_t done = 0;
    *out = (mos_answers){0};
    if (session->card.spec.classes == 0)
        return mos_fail(MOSAIC_ERR_USAGE, "'%s' has no classification head: use `mosaic probe`",
                        session->model_path);
    if (count == 0)
        return mos_fail(MOSAIC_ERR_DATA, "'%s': no patch to predict",
                        mos_dataset_root(session->dataset));
    if (options->journal != NULL) mos_stop_begin();
    MOS_GOTO(allocate(index, count, session->card.spec.classes, out));
    if (options->journal != NULL)
        MOS_GOTO(mos_answer_journal_open(options->journal, options->key, options->anew, out, &done,
                                         &journal));
    if (done > 0)
        mos_log(MOS_LOG_NOTICE, "%s: %lld of %lld patches were predicted before", options->journal,
                (long long)done, (long long)count);
    MOS_GOTO(tell(options, done));
    status = run_rest(session, options, done, options->journal != NULL ? &journal : NULL, out);
done:
    mos_answer_journal_close(&journal);
    if (options->journal != NULL) mos_stop_end();
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
