#include "prepare/check/check_ranks.h"

#include "base/memory.h"
#include "dist/share.h"

#include <string.h>

/* A row as it travels: these, then its texts with their ends. */
typedef struct row_head {
    int64_t sample;
    uint8_t class, severity;
} row_head;

enum { TEXTS = 6 };

static void list_texts(mos_check_row *row, const char **texts[TEXTS]) {
    texts[0] = &row->id;
    texts[1] = &row->modality;
    texts[2] = &row->band;
    texts[3] = &row->found;
    texts[4] = &row->wanted;
    texts[5] = &row->file;
}

static void pack_list(const mos_check_list *list, mos_text *out) {
    for (size_t i = 0; i < list->count; i++) {
        mos_check_row row = list->rows[i];
        row_head head;
        const char **texts[TEXTS];
        memset(&head, 0, sizeof head); /* its padding travels too */
        head.sample = row.sample;
        head.class = row.class;
        head.severity = row.severity;
        mos_text_add_bytes(out, (const char *)&head, sizeof head);
        list_texts(&row, texts);
        for (int t = 0; t < TEXTS; t++)
            mos_text_add_bytes(out, *texts[t], strlen(*texts[t]) + 1);
    }
}

static void unpack_list(const char *from, size_t bytes, mos_check_list *list) {
    for (size_t at = 0; at < bytes;) {
        mos_check_row row = {0};
        row_head head;
        const char **texts[TEXTS];
        memcpy(&head, from + at, sizeof head);
        at += sizeof head;
        row.sample = head.sample;
        row.class = head.class;
        row.severity = head.severity;
        list_texts(&row, texts);
        for (int t = 0; t < TEXTS; t++) {
            *texts[t] = from + at;
            at += strlen(from + at) + 1;
        }
        mos_check_add(list, &row);
    }
}

/* The rows of all threads of this rank. */
static mosaic_status pack_rows(const mos_check_list *lists, int threads, mos_text *out) {
    for (int t = 0; t < threads; t++) {
        if (lists[t].status != MOSAIC_OK) {
            mos_error_restore(lists[t].error);
            return lists[t].status;
        }
        pack_list(&lists[t], out);
    }
    return out->failed ? mos_fail_memory(out->size, "rows of a check") : MOSAIC_OK;
}

static mosaic_status collect_rows(mos_comm *comm, const mos_text *mine, mos_check_list *to) {
    const int64_t ranks = mos_comm_size(comm);
    const size_t size = mine->size;
    size_t *bytes = NULL, total = 0;
    char *all = NULL;
    mosaic_status status;
    MOS_GOTO(mos_alloc((size_t)ranks, sizeof *bytes, "sizes of ranks", &bytes));
    MOS_GOTO(mos_comm_gather(comm, &size, sizeof size, bytes));
    for (int64_t r = 0; r < ranks; r++)
        total += bytes[r];
    if (mos_comm_rank(comm) == 0) status = mos_alloc(total + 1, 1, "rows of a check", &all);
    MOS_GOTO(mos_comm_agree(comm, status));
    MOS_GOTO(mos_comm_collect(comm, mine->data, bytes, all));
    if (mos_comm_rank(comm) == 0) unpack_list(all + bytes[0], total - bytes[0], to);
done:
    mos_free(bytes);
    mos_free(all);
    return status;
}

static mosaic_status collect_ground(mos_comm *comm, int64_t samples, mos_place *ground) {
    const int64_t ranks = mos_comm_size(comm);
    size_t *bytes = NULL;
    MOS_TRY(mos_alloc((size_t)ranks, sizeof *bytes, "sizes of ranks", &bytes));
    for (int64_t r = 0; r < ranks; r++)
        bytes[r] = (size_t)mos_share_of(samples, r, ranks).count * sizeof *ground;
    const mos_share own = mos_share_of(samples, mos_comm_rank(comm), ranks);
    mosaic_status status = mos_comm_collect(comm, ground + own.first, bytes, ground);
    mos_free(bytes);
    return status;
}

/* judged and opened of every thread become the first one's. */
static mosaic_status collect_counts(mos_comm *comm, mos_check_list *lists, int threads) {
    double counts[MOS_CHECK_CLASSES + 1] = {0}; /* whole numbers far below 2^53 */
    for (int t = 0; t < threads; t++) {
        for (int c = 0; c < MOS_CHECK_CLASSES; c++)
            counts[c] += (double)lists[t].judged[c];
        counts[MOS_CHECK_CLASSES] += (double)lists[t].opened;
        memset(lists[t].judged, 0, sizeof lists[t].judged);
        lists[t].opened = 0;
    }
    MOS_TRY(mos_comm_sum_f64(comm, counts, MOS_CHECK_CLASSES + 1));
    for (int c = 0; c < MOS_CHECK_CLASSES; c++)
        lists[0].judged[c] = (int64_t)counts[c];
    lists[0].opened = (int64_t)counts[MOS_CHECK_CLASSES];
    return MOSAIC_OK;
}

mosaic_status mos_check_collect(mos_comm *comm, mos_check_list *lists, int threads,
                                mos_place *ground) {
    mos_text mine = {0};
    mosaic_status status;
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    MOS_GOTO(mos_comm_agree(comm, pack_rows(lists, threads, &mine)));
    MOS_GOTO(collect_rows(comm, &mine, &lists[0]));
    MOS_GOTO(collect_ground(comm, lists[0].dataset->count, ground));
    status = collect_counts(comm, lists, threads);
done:
    mos_text_release(&mine);
    return status;
}
