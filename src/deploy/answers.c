#include "deploy/answers.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "deploy/answer_journal.h"
#include "dist/share.h"
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

enum { BLOCK = 4 /* batches: a second of work or more */ };

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

static mosaic_status stopped(const mos_answers_options *options, int signal, int64_t done,
                             int64_t count) {
    return mos_fail(
        MOSAIC_INTERRUPTED,
        "stopped by signal %d after %lld of %lld patches: the same command goes on from "
        "%s",
        signal, (long long)done, (long long)count, options->journal);
}

static mosaic_status tell(const mos_answers_options *options, int64_t done) {
    return options->answered == NULL ? MOSAIC_OK : options->answered(options->context, done);
}

/* Several ranks work in rounds: in a round each predicts one block of rows, and rank 0 collects all. */
typedef struct answer_stream {
    const mos_answers_options *options;
    mos_comm *comm;
    mos_answer_journal *journal; /* NULL: none */
    mos_progress progress;
    int64_t done;
    int64_t batches; /* of a block */
    mos_answers *out;
} answer_stream;

/* Rows [done, done + asked) are answered; rank 0 keeps them. */
static mosaic_status keep(answer_stream *stream, int64_t asked) {
    if (stream->journal != NULL)
        MOS_TRY(mos_answer_journal_add(stream->journal, stream->out, stream->done, asked));
    mos_progress_update(&stream->progress, stream->done + asked);
    return tell(stream->options, stream->done + asked);
}

static mosaic_status stop_if_asked(const answer_stream *stream) {
    int64_t signal;
    MOS_TRY(mos_comm_most(stream->comm, mos_stop_pending(), &signal));
    if (stream->options->journal == NULL || signal == 0 || stream->done == stream->out->count)
        return MOSAIC_OK;
    return stopped(stream->options, (int)signal, stream->done, stream->out->count);
}

static mosaic_status take_part(void *context, int64_t asked, const mos_inference *part) {
    answer_stream *stream = context;
    take(part, stream->done, asked, stream->out);
    MOS_TRY(keep(stream, asked));
    stream->done += asked;
    return stop_if_asked(stream);
}

/* ---- on several ranks ---- */

/* Batches of a block. It is smaller where there are few rows, so that every rank has some. */
static int64_t block_of(int64_t count, int64_t ranks) {
    const int64_t share = (count + ranks * MOS_INFERENCE_BATCH - 1) / (ranks * MOS_INFERENCE_BATCH);
    return ranks < 2 || share > BLOCK ? BLOCK : share;
}

/* What rank r does of the round that begins at row `done`. */
static mos_share turn_of(const answer_stream *stream, int64_t rank) {
    const int64_t each = stream->batches * MOS_INFERENCE_BATCH,
                  left = stream->out->count - stream->done;
    const int64_t first = rank * each < left ? rank * each : left;
    return (mos_share){stream->done + first, left - first < each ? left - first : each};
}

/* The answers of all ranks' turns, side by side, to rank 0. */
static mosaic_status collect_turns(answer_stream *stream, const mos_share *own) {
    const int64_t ranks = mos_comm_size(stream->comm);
    const size_t row = (size_t)stream->out->classes * sizeof(float);
    size_t *bytes = NULL;
    MOS_TRY(mos_alloc((size_t)(2 * ranks), sizeof *bytes, "sizes of ranks", &bytes));
    for (int64_t r = 0; r < ranks; r++) {
        bytes[r] = (size_t)turn_of(stream, r).count;
        bytes[ranks + r] = bytes[r] * row;
    }
    mosaic_status status = mos_comm_collect(stream->comm, stream->out->known + own->first, bytes,
                                            stream->out->known + stream->done);
    if (status == MOSAIC_OK)
        status = mos_comm_collect(
            stream->comm, stream->out->probability + own->first * stream->out->classes,
            bytes + ranks, stream->out->probability + stream->done * stream->out->classes);
    mos_free(bytes);
    return status;
}

/* Ends a round; `status`: of this rank's turn. */
static mosaic_status end_round(answer_stream *stream, mosaic_status status) {
    const int64_t ranks = mos_comm_size(stream->comm), rank = mos_comm_rank(stream->comm);
    const mos_share own = turn_of(stream, rank), last = turn_of(stream, ranks - 1);
    const int64_t asked = last.first + last.count - stream->done;
    MOS_TRY(mos_comm_agree(stream->comm, status));
    MOS_TRY(collect_turns(stream, &own));
    MOS_TRY(mos_comm_agree(stream->comm, rank == 0 ? keep(stream, asked) : MOSAIC_OK));
    stream->done += asked;
    return stop_if_asked(stream);
}

static mosaic_status take_turn(void *context, int64_t asked, const mos_inference *part) {
    answer_stream *stream = context;
    const mos_share own = turn_of(stream, mos_comm_rank(stream->comm));
    take(part, own.first, asked, stream->out);
    return end_round(stream, MOSAIC_OK);
}

/* Rows of this rank's turns, in order. */
static mosaic_status list_turns(const answer_stream *stream, int64_t **index, int64_t *count) {
    answer_stream at = *stream;
    const int64_t ranks = mos_comm_size(stream->comm), rank = mos_comm_rank(stream->comm);
    *count = 0;
    MOS_TRY(mos_alloc((size_t)(stream->out->count - stream->done), sizeof **index, "rows of a rank",
                      index));
    for (; at.done < at.out->count; at.done += ranks * at.batches * MOS_INFERENCE_BATCH) {
        const mos_share own = turn_of(&at, rank);
        memcpy(*index + *count, at.out->samples + own.first, (size_t)own.count * sizeof **index);
        *count += own.count;
    }
    return MOSAIC_OK;
}

static mosaic_status run_turns(mos_session *session, answer_stream *stream) {
    int64_t *index = NULL, count = 0;
    mosaic_status status = list_turns(stream, &index, &count);
    if (status == MOSAIC_OK && count > 0)
        status = mos_inference_stream(session->model, &session->card, session->dataset, index,
                                      count, session->threads, stream->batches, take_turn, stream);
    /* In the last round this rank may have no rows; it still takes part, to tell its failure. */
    while (stream->done < stream->out->count && (status == MOSAIC_OK || count >= 0)) {
        count = -1;
        status = end_round(stream, status);
    }
    mos_free(index);
    return status;
}

static mosaic_status run_rest(mos_session *session, const mos_answers_options *options,
                              int64_t done, mos_answer_journal *journal, mos_answers *out) {
    answer_stream stream = {.options = options,
                            .comm = session->comm,
                            .journal = journal,
                            .done = done,
                            .out = out,
                            .batches = block_of(out->count - done, mos_comm_size(session->comm))};
    mosaic_status status;
    if (done == out->count) return MOSAIC_OK;
    MOS_TRY(stop_if_asked(&stream));
    mos_progress_begin(&stream.progress, "predicting", out->count);
    mos_progress_update(&stream.progress, done);
    if (mos_comm_size(session->comm) > 1)
        status = run_turns(session, &stream);
    else
        status = mos_inference_stream(session->model, &session->card, session->dataset,
                                      out->samples + done, out->count - done, session->threads,
                                      stream.batches, take_part, &stream);
    mos_progress_end(&stream.progress);
    return status;
}

/* Rank 0 opens the journal and broadcasts how many rows are done. */
static mosaic_status open_journal(const mos_session *session, const mos_answers_options *options,
                                  mos_answers *out, int64_t *done, mos_answer_journal *journal) {
    mosaic_status status = MOSAIC_OK;
    if (options->journal != NULL && mos_comm_rank(session->comm) == 0)
        status = mos_answer_journal_open(options->journal, options->key, options->anew, out, done,
                                         journal);
    MOS_TRY(mos_comm_agree(session->comm, status));
    return mos_comm_broadcast(session->comm, done, sizeof *done, 0);
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
    MOS_GOTO(open_journal(session, options, out, &done, &journal));
    if (done > 0)
        mos_log(MOS_LOG_NOTICE, "%s: %lld of %lld patches were predicted before", options->journal,
                (long long)done, (long long)count);
    MOS_GOTO(tell(options, done));
    const bool keeps = options->journal != NULL && mos_comm_rank(session->comm) == 0;
    status = run_rest(session, options, done, keeps ? &journal : NULL, out);
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
