#include "deploy/row_stream.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "dist/share.h"

#include <string.h>

enum { BLOCK = 4 /* batches that a rank does in a round: a second of work or more */ };

/* Several ranks work in rounds: in a round each computes one block of rows, and rank 0 collects
 * all. */
typedef struct row_stream {
    const mos_row_stream_options *options;
    mos_comm *comm;
    mos_row_journal *journal; /* of rank 0 */
    mos_progress progress;
    const int64_t *index;
    int64_t count, done;
    int64_t batches; /* of a block */
    char *records;   /* of a round; of the other ranks, of a turn */
} row_stream;

/* Both are in the order asked; the inference lacks what was thrown out. */
static void fill_records(const row_stream *stream, const mos_inference *part, int64_t first,
                         int64_t count) {
    const size_t bytes = stream->options->bytes;
    int64_t at = 0;
    memset(stream->records, 0, (size_t)count * bytes);
    for (int64_t i = 0; i < count && at < part->n; i++) {
        if (part->samples[at] != stream->index[first + i]) continue;
        stream->options->fill(stream->options->context, part, at++,
                              stream->records + (size_t)i * bytes);
    }
}

/* Records of rows [done, done + asked) are computed; rank 0 keeps them. */
static mosaic_status keep(row_stream *stream, int64_t asked) {
    MOS_TRY(mos_row_journal_add(stream->journal, stream->records, asked));
    mos_progress_update(&stream->progress, stream->done + asked);
    return stream->options->take(stream->options->context, stream->done, asked, stream->records);
}

static mosaic_status stop_if_asked(const row_stream *stream) {
    int64_t signal;
    MOS_TRY(mos_comm_most(stream->comm, mos_stop_pending(), &signal));
    if (signal == 0 || stream->done == stream->count) return MOSAIC_OK;
    return mos_fail(MOSAIC_INTERRUPTED,
                    "stopped by signal %d after %lld of %lld patches: the same command goes on "
                    "from %s",
                    (int)signal, (long long)stream->done, (long long)stream->count,
                    stream->options->journal);
}

static mosaic_status take_part(void *context, int64_t asked, const mos_inference *part) {
    row_stream *stream = context;
    fill_records(stream, part, stream->done, asked);
    MOS_TRY(keep(stream, asked));
    stream->done += asked;
    return stop_if_asked(stream);
}

/* ---- on several ranks ---- */

/* Batches of a block. One without other ranks: a map is drawn as far as it was told. Of few rows
 * every rank has some. */
static int64_t block_of(int64_t count, int64_t ranks) {
    const int64_t share = (count + ranks * MOS_INFERENCE_BATCH - 1) / (ranks * MOS_INFERENCE_BATCH);
    if (ranks < 2) return 1;
    return share > BLOCK ? BLOCK : share;
}

/* What rank r does of the round that begins at row `done`. */
static mos_share turn_of(const row_stream *stream, int64_t rank) {
    const int64_t each = stream->batches * MOS_INFERENCE_BATCH, left = stream->count - stream->done;
    const int64_t first = rank * each < left ? rank * each : left;
    return (mos_share){stream->done + first, left - first < each ? left - first : each};
}

/* The records of all ranks' turns, side by side, to rank 0, whose own are the first. */
static mosaic_status collect_turns(row_stream *stream) {
    const int64_t ranks = mos_comm_size(stream->comm);
    size_t *bytes = NULL;
    MOS_TRY(mos_alloc((size_t)ranks, sizeof *bytes, "sizes of ranks", &bytes));
    for (int64_t r = 0; r < ranks; r++)
        bytes[r] = (size_t)turn_of(stream, r).count * stream->options->bytes;
    mosaic_status status = mos_comm_collect(stream->comm, stream->records, bytes, stream->records);
    mos_free(bytes);
    return status;
}

/* Ends a round; `status`: of this rank's turn. */
static mosaic_status end_round(row_stream *stream, mosaic_status status) {
    const int64_t ranks = mos_comm_size(stream->comm), rank = mos_comm_rank(stream->comm);
    const mos_share last = turn_of(stream, ranks - 1);
    const int64_t asked = last.first + last.count - stream->done;
    MOS_TRY(mos_comm_agree(stream->comm, status));
    MOS_TRY(collect_turns(stream));
    MOS_TRY(mos_comm_agree(stream->comm, rank == 0 ? keep(stream, asked) : MOSAIC_OK));
    stream->done += asked;
    return stop_if_asked(stream);
}

static mosaic_status take_turn(void *context, int64_t asked, const mos_inference *part) {
    row_stream *stream = context;
    fill_records(stream, part, turn_of(stream, mos_comm_rank(stream->comm)).first, asked);
    return end_round(stream, MOSAIC_OK);
}

/* Rows of this rank's turns, in order. */
static mosaic_status list_turns(const row_stream *stream, int64_t **index, int64_t *count) {
    row_stream at = *stream;
    const int64_t ranks = mos_comm_size(stream->comm), rank = mos_comm_rank(stream->comm);
    *count = 0;
    MOS_TRY(
        mos_alloc((size_t)(stream->count - stream->done), sizeof **index, "rows of a rank", index));
    for (; at.done < at.count; at.done += ranks * at.batches * MOS_INFERENCE_BATCH) {
        const mos_share own = turn_of(&at, rank);
        memcpy(*index + *count, at.index + own.first, (size_t)own.count * sizeof **index);
        *count += own.count;
    }
    return MOSAIC_OK;
}

static mosaic_status run_turns(mos_session *session, row_stream *stream) {
    int64_t *index = NULL, count = 0;
    mosaic_status status = list_turns(stream, &index, &count);
    if (status == MOSAIC_OK && count > 0)
        status = mos_inference_stream(session->model, &session->card, session->dataset, index,
                                      count, stream->options->latents, session->threads,
                                      stream->batches, take_turn, stream);
    /* In the last round this rank may have no rows; it still takes part, to tell its failure. */
    while (stream->done < stream->count && (status == MOSAIC_OK || count >= 0)) {
        count = -1;
        status = end_round(stream, status);
    }
    mos_free(index);
    return status;
}

static mosaic_status run_rest(mos_session *session, row_stream *stream) {
    const int64_t ranks = mos_comm_size(stream->comm);
    mosaic_status status;
    if (stream->done == stream->count) return MOSAIC_OK;
    MOS_TRY(stop_if_asked(stream));
    stream->batches = block_of(stream->count - stream->done, ranks);
    const int64_t turns = mos_comm_rank(stream->comm) == 0 ? ranks : 1;
    MOS_TRY(mos_alloc((size_t)(turns * stream->batches * MOS_INFERENCE_BATCH),
                      stream->options->bytes, "rows of a round", &stream->records));
    mos_progress_begin(&stream->progress, stream->options->doing, stream->count);
    mos_progress_update(&stream->progress, stream->done);
    if (ranks > 1)
        status = run_turns(session, stream);
    else
        status = mos_inference_stream(session->model, &session->card, session->dataset,
                                      stream->index + stream->done, stream->count - stream->done,
                                      stream->options->latents, session->threads, stream->batches,
                                      take_part, stream);
    mos_progress_end(&stream->progress);
    mos_free(stream->records);
    return status;
}

/* ---- what the journal holds ---- */

/* The caller's key, and which rows are asked for in which order. */
static mosaic_status make_key(const row_stream *stream, char key[65]) {
    mos_text text = {0};
    char rows[65];
    mos_sha256(stream->index, (size_t)stream->count * sizeof *stream->index, rows);
    mos_text_add(&text, "%s %s %zu %d", stream->options->key, rows, stream->options->bytes,
                 stream->options->latents);
    if (!text.failed) mos_sha256(text.data, text.size, key);
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "a key") : MOSAIC_OK;
    mos_text_release(&text);
    return status;
}

/* Tells the caller of the rows that are there already. */
static mosaic_status replay(row_stream *stream) {
    const mos_row_stream_options *options = stream->options;
    const mos_row_journal *journal = stream->journal;
    const int64_t most = BLOCK * MOS_INFERENCE_BATCH;
    char *records = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)most, options->bytes, "rows of a journal", &records));
    for (int64_t first = 0; first < journal->rows; first += most) {
        const int64_t count = journal->rows - first < most ? journal->rows - first : most;
        MOS_GOTO(mos_row_journal_read(journal, first, count, records));
        MOS_GOTO(options->take(options->context, first, count, records));
    }
    if (journal->rows > 0)
        mos_log(MOS_LOG_NOTICE, "%s: %lld of %lld patches were done before", options->journal,
                (long long)journal->rows, (long long)stream->count);
    stream->done = journal->rows;
    status = options->take(options->context, stream->done, 0, records);
done:
    mos_free(records);
    return status;
}

/* Rank 0 opens the journal and broadcasts how many rows are done. */
static mosaic_status open_journal(row_stream *stream) {
    const mos_row_stream_options *options = stream->options;
    mosaic_status status = MOSAIC_OK;
    char key[65];
    if (mos_comm_rank(stream->comm) == 0) {
        status = make_key(stream, key);
        if (status == MOSAIC_OK)
            status = mos_row_journal_open(options->journal, key, options->anew, options->bytes,
                                          stream->count, stream->journal);
        if (status == MOSAIC_OK) status = replay(stream);
    }
    MOS_TRY(mos_comm_agree(stream->comm, status));
    return mos_comm_broadcast(stream->comm, &stream->done, sizeof stream->done, 0);
}

mosaic_status mos_row_stream_run(mos_session *session, const int64_t *index, int64_t count,
                                 const mos_row_stream_options *options, mos_row_journal *journal) {
    row_stream stream = {.options = options,
                         .comm = session->comm,
                         .journal = journal,
                         .index = index,
                         .count = count};
    *journal = (mos_row_journal){0};
    mos_stop_begin();
    mosaic_status status = open_journal(&stream);
    if (status == MOSAIC_OK) status = run_rest(session, &stream);
    mos_stop_end();
    return status;
}
