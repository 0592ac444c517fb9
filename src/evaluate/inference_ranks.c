#include "evaluate/inference_ranks.h"

#include "base/memory.h"
#include "dist/share.h"

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

mosaic_status mos_inference_run_ranks(mos_comm *comm, mos_model *model, const mos_model_card *card,
                                      mos_dataset *dataset, const int64_t *index, int64_t count,
                                      bool latents, int threads, bool progress,
                                      mos_inference *out) {
    const int64_t rank = mos_comm_rank(comm), ranks = mos_comm_size(comm);
    const mos_share share = mos_share_of(count, rank, ranks);
    mos_inference mine = {0};
    part_note *notes = NULL;
    mosaic_status status;
    if (ranks < 2)
        return mos_inference_run(model, card, dataset, index, count, latents, threads, progress,
                                 out);
    *out = (mos_inference){0};
    if (count == 0) /* on every rank */
        return mos_inference_run(model, card, dataset, index, count, latents, threads, progress,
                                 out);
    status = mos_alloc((size_t)ranks, sizeof *notes, "parts of ranks", &notes);
    if (status == MOSAIC_OK)
        status = mos_inference_part(model, card, dataset, index + share.first, share.count, latents,
                                    threads, progress && rank == 0, &mine);
    MOS_GOTO(mos_comm_agree(comm, status));
    status = join_all(comm, notes, dataset, count, &mine, out);
done:
    mos_free(notes);
    mos_inference_release(&mine);
    if (status != MOSAIC_OK) mos_inference_release(out);
    return status;
}
