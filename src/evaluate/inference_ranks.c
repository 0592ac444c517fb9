#include "evaluate/inference_ranks.h"

#include "base/memory.h"
#include "base/stop.h"
#include "dist/share.h"

enum { BETWEEN = 2 }; /* batches between two looks: many milliseconds of work */

/* All ranks look together, so often as the rank with the fewest rows can. */
typedef struct rank_watch {
    mos_comm *comm;
    int64_t looks, done;
    bool stopped; /* every rank knows */
} rank_watch;

/* Has a rank failed, or was one asked to stop? */
static mosaic_status look_together(rank_watch *watch) {
    int stop = mos_stop_pending();
    watch->done++;
    MOS_TRY(mos_comm_agree_or_stop(watch->comm, MOSAIC_OK, &stop));
    if (stop == 0) return MOSAIC_OK;
    watch->stopped = true;
    return mos_fail(MOSAIC_INTERRUPTED, "evaluating: stopped by signal %d", stop);
}

static mosaic_status look(void *context, int64_t batch) {
    rank_watch *watch = context;
    if (batch == 0 || batch % BETWEEN != 0 || watch->done == watch->looks) return MOSAIC_OK;
    return look_together(watch);
}

/* What the ranks tell each other of their parts. */
typedef struct part_note {
    int64_t n;
    mos_repairs repairs;
} part_note;

/* One array of a row's values: `bytes` of every row, from all ranks to rank 0. */
static mosaic_status join(mos_comm *comm, const part_note *notes, size_t bytes, const void *mine,
                          void *all) {
    const int64_t ranks = mos_comm_size(comm);
    size_t *sizes = NULL;
    MOS_TRY(mos_alloc((size_t)ranks, sizeof *sizes, "sizes of ranks", &sizes));
    for (int64_t r = 0; r < ranks; r++)
        sizes[r] = (size_t)notes[r].n * bytes;
    mosaic_status status = mos_comm_collect(comm, mine, sizes, all);
    mos_free(sizes);
    return status;
}

/* The arrays of an inference by number, so that all are treated alike. */
typedef struct row_array {
    void *rows; /* NULL: this inference has none of them */
    size_t bytes;
} row_array;
enum { ROW_ARRAYS = 4 + 3 * MOS_MAX_MODALITIES };

static void list_arrays(const mos_inference *of, row_array arrays[ROW_ARRAYS]) {
    const size_t classes = (size_t)of->classes, features = (size_t)of->features;
    int k = 0;
    arrays[k++] = (row_array){of->samples, sizeof *of->samples};
    arrays[k++] = (row_array){of->labels, classes};
    arrays[k++] = (row_array){of->logits, classes * sizeof(float)};
    arrays[k++] = (row_array){of->probability, classes * sizeof(float)};
    for (int64_t m = 0; m < MOS_MAX_MODALITIES; m++) {
        arrays[k++] = (row_array){of->feature[m], features * sizeof(float)};
        arrays[k++] = (row_array){of->z[m], (size_t)of->latent * sizeof(float)};
        arrays[k++] = (row_array){of->present[m], 1};
    }
}

static mosaic_status join_parts(mos_comm *comm, const part_note *notes, const mos_inference *mine,
                                mos_inference *out) {
    row_array from[ROW_ARRAYS], to[ROW_ARRAYS] = {{NULL, 0}};
    list_arrays(mine, from);
    if (mos_comm_rank(comm) == 0) list_arrays(out, to);
    for (int k = 0; k < ROW_ARRAYS; k++)
        if (from[k].rows != NULL && from[k].bytes > 0)
            MOS_TRY(join(comm, notes, from[k].bytes, from[k].rows, to[k].rows));
    return MOSAIC_OK;
}

/* Rank 0 makes room for all rows; every rank knows how many there are. */
static mosaic_status join_all(mos_comm *comm, part_note *notes, mos_dataset *dataset, int64_t asked,
                              mos_inference *mine, mos_inference *out) {
    const part_note note = {.n = mine->n, .repairs = mine->repairs};
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_comm_gather(comm, &note, sizeof note, notes));
    *out = *mine;
    out->n = 0;
    out->repairs = (mos_repairs){0};
    for (int64_t r = 0; r < mos_comm_size(comm); r++) {
        out->n += notes[r].n;
        mos_repairs_add(&out->repairs, &notes[r].repairs);
    }
    if (out->n == 0) {
        *out = (mos_inference){0};
        return mos_inference_fail_none(dataset, asked);
    }
    if (mos_comm_rank(comm) == 0)
        status = mos_inference_allocate(out);
    else
        *out = (mos_inference){0};
    MOS_TRY(mos_comm_agree(comm, status));
    return join_parts(comm, notes, mine, out);
}

/* This rank's part of the rows. */
static mosaic_status run_part(mos_comm *comm, mos_model *model, const mos_model_card *card,
                              mos_dataset *dataset, const int64_t *index, int64_t count,
                              bool latents, int threads, bool progress, mos_inference *mine) {
    const int64_t rank = mos_comm_rank(comm), ranks = mos_comm_size(comm);
    const mos_share share = mos_share_of(count, rank, ranks);
    const int64_t batches = count / ranks / MOS_INFERENCE_BATCH; /* whole ones of every rank */
    rank_watch watch = {.comm = comm, .looks = batches > 0 ? (batches - 1) / BETWEEN : 0};
    const mos_inference_watch all = {look, &watch};
    mosaic_status status =
        mos_inference_part(model, card, dataset, index + share.first, share.count, latents, threads,
                           progress && rank == 0, &all, mine);
    while (status == MOSAIC_OK && watch.done < watch.looks)
        status = look_together(&watch);
    return watch.stopped ? status : mos_comm_agree(comm, status);
}

mosaic_status mos_inference_run_ranks(mos_comm *comm, mos_model *model, const mos_model_card *card,
                                      mos_dataset *dataset, const int64_t *index, int64_t count,
                                      bool latents, int threads, bool progress,
                                      mos_inference *out) {
    mos_inference mine = {0};
    part_note *notes = NULL;
    mosaic_status status;
    if (mos_comm_size(comm) < 2)
        return mos_inference_run(model, card, dataset, index, count, latents, threads, progress,
                                 out);
    *out = (mos_inference){0};
    if (count == 0) /* on every rank */
        return mos_inference_run(model, card, dataset, index, count, latents, threads, progress,
                                 out);
    MOS_GOTO(mos_comm_agree(
        comm, mos_alloc((size_t)mos_comm_size(comm), sizeof *notes, "parts of ranks", &notes)));
    MOS_GOTO(run_part(comm, model, card, dataset, index, count, latents, threads, progress, &mine));
    status = join_all(comm, notes, dataset, count, &mine, out);
done:
    mos_free(notes);
    mos_inference_release(&mine);
    if (status != MOSAIC_OK) mos_inference_release(out);
    return status;
}
