#include "deploy/search.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "io/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct wanted_id {
    const char *id;
    int64_t query;
} wanted_id;

typedef struct job {
    const mos_search_options *options;
    mos_embedding_store *store;
    mos_search_result *out;
    wanted_id *wanted; /* [queries by id], in the order of letters */
    int64_t blocks, by[MOS_MAX_MODALITIES], among[MOS_MAX_MODALITIES]; /* pairs that are compared */
    float *unit;     /* [blocks, size, queries] unit columns, zeros where a query lacks the block */
    uint32_t *asked; /* [queries] blocks it has */
    uint32_t *there; /* [rows] blocks it has; 0: filtered out */
    mos_row_search search;
    mos_row_finds *finds; /* [threads] */
    int threads;
} job;

/* ---- which modalities ---- */

static mosaic_status find_modality(const mos_embedding_store *store, const char *name,
                                   int64_t *out) {
    const char *names[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < store->about.modalities; m++) {
        names[m] = store->about.modality[m];
        *out = m;
        if (strcmp(names[m], name) == 0) return MOSAIC_OK;
    }
    const char *near = mos_nearest_name(name, names, (size_t)store->about.modalities);
    return mos_fail(MOSAIC_ERR_USAGE, "the store has no modality '%s', its first is '%s'%s%s%s",
                    name, names[0], near ? "; did you mean '" : "", near ? near : "",
                    near ? "'?" : "");
}

static mosaic_status choose_blocks(job *j) {
    const mos_search_options *o = j->options;
    const char *by = o->by != NULL ? o->by : o->among, *among = o->among != NULL ? o->among : o->by;
    j->blocks = by == NULL ? j->store->about.modalities : 1;
    for (int64_t b = 0; b < j->blocks; b++)
        j->by[b] = j->among[b] = b;
    if (by == NULL) return MOSAIC_OK;
    MOS_TRY(find_modality(j->store, by, &j->by[0]));
    MOS_TRY(find_modality(j->store, among, &j->among[0]));
    if (j->by[0] != j->among[0] && j->store->about.kind != MOS_EMBED_LATENTS)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "features of '%s' and '%s' share no space: embed with --space latents to "
                        "search across modalities",
                        by, among);
    return MOSAIC_OK;
}

/* ---- queries ---- */

/* A query's part of one block as a unit row; one of length 0 is absent. */
static void take_block(job *j, int64_t q, int64_t b, const float *from) {
    const int64_t size = j->store->about.size;
    const int64_t queries = j->out->queries;
    float *to = j->unit + b * queries * size + q;
    const float length = mos_row_length(from, size);
    if (!(length > 0)) return;
    for (int64_t i = 0; i < size; i++)
        to[i * queries] = from[i] / length;
    j->asked[q] |= 1u << b;
}

static mosaic_status ask_rows(job *j) {
    const int64_t size = j->store->about.size;
    float *part;
    MOS_TRY(mos_alloc((size_t)size, sizeof *part, "a row", &part));
    for (int64_t q = 0; q < j->out->queries; q++)
        for (int64_t b = 0; b < j->blocks; b++) {
            mos_embedding_row(j->store, j->out->row[q], j->by[b] * size, size, part);
            take_block(j, q, b, part);
        }
    mos_free(part);
    return MOSAIC_OK;
}

static mosaic_status ask_file(job *j, const float *values, int64_t columns) {
    const int64_t size = j->store->about.size, wide = size * j->store->about.modalities;
    if (columns != wide && !(columns == size && j->blocks == 1))
        return mos_fail(MOSAIC_ERR_USAGE, "%s has rows of %lld numbers, the store's have %lld%s",
                        j->options->file, (long long)columns, (long long)wide,
                        j->blocks > 1 ? "; with --by MODALITY those of one modality do" : "");
    for (int64_t q = 0; q < j->out->queries; q++) {
        j->out->row[q] = -1;
        for (int64_t b = 0; b < j->blocks; b++)
            take_block(j, q, b, values + q * columns + (columns == wide ? j->by[b] * size : 0));
    }
    return MOSAIC_OK;
}

/* ---- candidates ---- */

static bool has_label(const char *labels, const mos_text_list *wanted) {
    for (size_t i = 0; i < wanted->count; i++) {
        const size_t size = strlen(wanted->items[i]);
        for (const char *at = labels; at != NULL; at = strchr(at, ';')) {
            at += *at == ';';
            if (strncmp(at, wanted->items[i], size) == 0 && (at[size] == ';' || at[size] == '\0'))
                return true;
        }
    }
    return wanted->count == 0;
}

static bool in_box(const mos_embedding_store *store, char *const *cells, const double box[4]) {
    double x, y;
    if (!mos_parse_double(cells[store->longitude], &x) ||
        !mos_parse_double(cells[store->latitude], &y))
        return false;
    const bool across = box[0] > box[2];
    return (across ? x >= box[0] || x <= box[2] : x >= box[0] && x <= box[2]) && y >= box[1] &&
           y <= box[3];
}

/* Dates are ISO 8601, so that their order is that of their letters; --to covers the whole of what
 * it names. */
static bool passes(const mos_embedding_store *store, char *const *cells,
                   const mos_search_filter *filter) {
    const char *date = cells[store->date];
    if (filter->country != NULL && strcmp(cells[store->country], filter->country) != 0)
        return false;
    if ((filter->from != NULL || filter->to != NULL) && date[0] == '\0') return false;
    if (filter->from != NULL && strcmp(date, filter->from) < 0) return false;
    if (filter->to != NULL && strncmp(date, filter->to, strlen(filter->to)) > 0) return false;
    if (filter->labels != NULL && !has_label(cells[store->labels], filter->labels)) return false;
    return !filter->boxed || in_box(store, cells, filter->box);
}

static bool filters(const mos_search_filter *filter) {
    return filter->country != NULL || filter->from != NULL || filter->to != NULL ||
           (filter->labels != NULL && filter->labels->count > 0) || filter->boxed;
}

/* ---- one pass over the table: who asks, who may answer ---- */

static int by_letters(const void *a, const void *b) {
    const wanted_id *left = a, *right = b;
    return strcmp(left->id, right->id);
}

static mosaic_status list_wanted(job *j) {
    const mos_text_list *ids = j->options->ids;
    MOS_TRY(mos_alloc(ids->count + 1, sizeof *j->wanted, "queries", &j->wanted));
    for (size_t q = 0; q < ids->count; q++) {
        j->wanted[q] = (wanted_id){ids->items[q], (int64_t)q};
        j->out->row[q] = -1;
    }
    qsort(j->wanted, ids->count, sizeof *j->wanted, by_letters);
    return MOSAIC_OK;
}

/* The first row of an id is the query, whoever asks for it, and however often. */
static void find_queries(job *j, int64_t row, const char *id) {
    const size_t count = j->options->ids->count;
    const wanted_id wanted = {id, 0},
                    *found = bsearch(&wanted, j->wanted, count, sizeof wanted, by_letters);
    if (found == NULL) return;
    while (found > j->wanted && strcmp(found[-1].id, id) == 0)
        found--;
    for (; found < j->wanted + count && strcmp(found->id, id) == 0; found++)
        if (j->out->row[found->query] < 0) j->out->row[found->query] = row;
}

static uint32_t modalities_of(const mos_embedding_store *store, char *const *cells) {
    uint32_t has = 0;
    for (int64_t m = 0; m < store->about.modalities; m++)
        has |= (uint32_t)(cells[store->present[m]][0] == '1') << m;
    return has;
}

/* The blocks of a row, by its modalities. */
static uint32_t blocks_of(const job *j, int64_t row) {
    uint32_t blocks = 0;
    for (int64_t b = 0; b < j->blocks; b++)
        blocks |= (j->store->has[row] >> j->among[b] & 1) << b;
    return blocks;
}

static mosaic_status read_table(job *j) {
    const mos_search_filter *filter = &j->options->filter;
    mos_embedding_store *store = j->store;
    const int64_t rows = store->about.rows;
    char *const *cells;
    if (store->has == NULL)
        MOS_TRY(mos_alloc((size_t)rows, sizeof *store->has, "rows", &store->has));
    for (int64_t row = 0; row < rows; row++) {
        MOS_TRY(mos_embedding_cells(store, row, &cells));
        store->has[row] = modalities_of(store, cells);
        if (j->options->ids->count > 0) find_queries(j, row, cells[store->id]);
        if (passes(store, cells, filter)) j->there[row] = blocks_of(j, row);
    }
    MOS_TRY(mos_csv_rows_read(store->table, rows, &cells));
    if (cells == NULL) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "embeddings.csv of '%s' has more rows than the %lld of embeddings.json",
                    j->options->store, (long long)rows);
}

static mosaic_status check_queries(const job *j) {
    const mos_text_list *ids = j->options->ids;
    char *const *cells;
    for (size_t q = 0; q < ids->count; q++) {
        if (j->out->row[q] >= 0) continue;
        MOS_TRY(mos_embedding_cells(j->store, 0, &cells));
        return mos_fail(MOSAIC_ERR_USAGE, "'%s' has no row of id '%s'; its first is '%s'",
                        j->options->store, ids->items[q], cells[j->store->id]);
    }
    return MOSAIC_OK;
}

/* The table is not read where vectors ask for any row: which modalities a row has is remembered. */
static mosaic_status choose_rows(job *j) {
    mos_embedding_store *store = j->store;
    const bool known =
        store->has != NULL && j->options->ids->count == 0 && !filters(&j->options->filter);
    MOS_TRY(list_wanted(j));
    if (!known) {
        mosaic_status status = read_table(j);
        if (status != MOSAIC_OK) {
            mos_free(store->has);
            store->has = NULL;
            return status;
        }
    }
    for (int64_t row = 0; row < store->about.rows; row++) {
        if (known) j->there[row] = blocks_of(j, row);
        j->out->candidates += j->there[row] != 0;
    }
    return check_queries(j);
}

static mosaic_status check_candidates(const job *j) {
    if (j->out->candidates > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "none of the %lld rows of '%s' passes the filters",
                    (long long)j->store->about.rows, j->options->store);
}

/* ---- the search ---- */

static const float *rows_of(const void *context, int64_t part, int64_t first, int64_t n,
                            float *room, int64_t *step) {
    const job *j = context;
    const mos_embedding_about *about = &j->store->about;
    const int64_t begin = j->among[part] * about->size, wide = about->modalities * about->size;
    *step = wide;
    if (about->type == MOS_EMBED_FLOAT32)
        return (const float *)j->store->values + first * wide + begin;
    *step = about->size;
    for (int64_t i = 0; i < n; i++)
        mos_embedding_row(j->store, first + i, begin, about->size, room + i * about->size);
    return room;
}

static void search_rows(void *context, int64_t begin, int64_t end, int thread) {
    const job *j = context;
    mos_row_search_scan(&j->search, begin, end, &j->finds[thread]);
}

static mosaic_status make_room(job *j) {
    const size_t queries = (size_t)j->out->queries, size = (size_t)j->store->about.size;
    MOS_TRY(mos_alloc(queries, sizeof *j->out->row, "queries", &j->out->row));
    MOS_TRY(mos_alloc((size_t)j->blocks * queries * size, sizeof(float), "queries", &j->unit));
    MOS_TRY(mos_alloc(queries, sizeof *j->asked, "queries", &j->asked));
    return mos_alloc((size_t)j->store->about.rows, sizeof *j->there, "candidates", &j->there);
}

/* Threads divide the rows; what the later ones found is added to the first one's, which is kept. */
static mosaic_status search(job *j) {
    const int64_t queries = j->out->queries, size = j->store->about.size;
    mosaic_status status = MOSAIC_OK;
    j->search = (mos_row_search){.queries = queries,
                                 .parts = j->blocks,
                                 .size = size,
                                 .most = j->out->count,
                                 .unit = j->unit,
                                 .part_step = queries * size,
                                 .query_step = 1,
                                 .step = queries,
                                 .asked = j->asked,
                                 .own = j->by[0] == j->among[0] ? j->out->row : NULL,
                                 .source = rows_of,
                                 .context = j,
                                 .there = j->there,
                                 .any_length = true,
                                 .makes_rows = j->store->about.type != MOS_EMBED_FLOAT32};
    MOS_TRY(mos_alloc((size_t)j->threads, sizeof *j->finds, "answers", &j->finds));
    for (int t = 0; t < j->threads; t++)
        MOS_GOTO(mos_row_finds_make(&j->search, &j->finds[t]));
    mos_parallel_for(j->threads, j->store->about.rows, search_rows, j);
    for (int t = 1; t < j->threads; t++)
        mos_row_finds_merge(&j->finds[0], &j->finds[t]);
    j->out->hit = j->finds[0].hits;
    j->out->found = j->finds[0].found;
    j->finds[0].hits = NULL;
    j->finds[0].found = NULL;
done:
    for (int t = 0; t < j->threads; t++)
        mos_row_finds_release(&j->finds[t]);
    mos_free(j->finds);
    return status;
}

static mosaic_status read_file(const char *path, float **values, int64_t shape[2]) {
    mos_dtype dtype;
    int rank;
    int64_t all[MOS_TENSOR_MAX_RANK];
    void *data;
    MOS_TRY(mos_npy_read(path, &dtype, &rank, all, &data));
    if (dtype != MOS_F32 || rank != 2 || all[0] < 1) {
        mos_free(data);
        return mos_fail(MOSAIC_ERR_DATA, "%s: wanted float32 rows [queries, size]", path);
    }
    *values = data;
    memcpy(shape, all, 2 * sizeof *shape);
    return MOSAIC_OK;
}

mosaic_status mos_search_run(const mos_search_options *options, mos_embedding_store *store,
                             mos_search_result *out) {
    job j = {.options = options,
             .store = store,
             .out = out,
             .threads = options->threads < 1 ? 1 : options->threads};
    int64_t shape[2] = {(int64_t)options->ids->count, 0};
    float *values = NULL;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_search_result){.count = options->count};
    if ((options->file != NULL) == (options->ids->count > 0))
        return mos_fail(MOSAIC_ERR_USAGE, "a search wants ids or --file with vectors, one of both");
    MOS_GOTO(choose_blocks(&j));
    if (options->file != NULL) MOS_GOTO(read_file(options->file, &values, shape));
    out->queries = shape[0];
    MOS_GOTO(make_room(&j));
    MOS_GOTO(choose_rows(&j));
    MOS_GOTO(values != NULL ? ask_file(&j, values, shape[1]) : ask_rows(&j));
    MOS_GOTO(check_candidates(&j));
    for (int64_t q = 0; q < out->queries; q++)
        if (j.asked[q] == 0)
            MOS_GOTO(mos_fail(MOSAIC_ERR_DATA,
                              "query %lld has no numbers to compare: it lacks what "
                              "it is asked by",
                              (long long)q + 1));
    MOS_GOTO(search(&j));
done:
    mos_free(values);
    mos_free(j.unit);
    mos_free(j.asked);
    mos_free(j.there);
    mos_free(j.wanted);
    if (status != MOSAIC_OK) mos_search_release(out);
    return status;
}

void mos_search_release(mos_search_result *result) {
    mos_free(result->row);
    mos_free(result->found);
    mos_free(result->hit);
    *result = (mos_search_result){0};
}

mosaic_status mos_search_query_name(const mos_embedding_store *store,
                                    const mos_search_result *result, int64_t q, mos_text *out) {
    char *const *cells;
    if (result->row[q] < 0) {
        mos_text_add(out, "%lld", (long long)q);
    } else {
        MOS_TRY(mos_embedding_cells(store, result->row[q], &cells));
        mos_text_add(out, "%s", cells[store->id]);
    }
    return out->failed ? mos_fail_memory(out->size, "a name") : MOSAIC_OK;
}
