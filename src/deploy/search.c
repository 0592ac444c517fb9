#include "deploy/search.h"

#include "base/gemm.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "io/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* So many that a row is still near when it is multiplied after its length was found. */
enum { ROWS_AT_A_TIME = 192 };

typedef struct job {
    const mos_search_options *options;
    const mos_embedding_store *store;
    mos_search_result *out;
    int64_t blocks, by[MOS_MAX_MODALITIES], among[MOS_MAX_MODALITIES]; /* pairs that are compared */
    float *unit;     /* [blocks, size, queries] unit columns, zeros where a query lacks the block */
    uint32_t *asked; /* [queries] blocks it has */
    uint32_t *there; /* [rows] blocks it has; 0: filtered out */
    float *scores, *sums, *rows, *lengths; /* of every thread; the first two [rows, queries] */
    float *blocks_asked;                   /* [queries] how many blocks it has */
    float *worst;                          /* [threads, queries] cosine an answer has to be above */
    mos_search_hit *hits;                  /* [threads, queries, count] */
    int64_t *found;                        /* [threads, queries] */
    unsigned char *room;
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

static float length_of(const float *row, int64_t size) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < size; i++)
        sum += row[i] * row[i];
    return sqrtf(sum);
}

/* A query's part of one block as a unit row; one of length 0 is absent. */
static void take_block(job *j, int64_t q, int64_t b, const float *from) {
    const int64_t size = j->store->about.size;
    const int64_t queries = j->out->queries;
    float *to = j->unit + b * queries * size + q;
    const float length = length_of(from, size);
    if (!(length > 0)) return;
    for (int64_t i = 0; i < size; i++)
        to[i * queries] = from[i] / length;
    j->asked[q] |= 1u << b;
}

static mosaic_status find_rows(job *j) {
    const mos_text_list *ids = j->options->ids;
    for (size_t q = 0; q < ids->count; q++) {
        int64_t row = 0;
        while (row < j->store->about.rows &&
               strcmp(mos_embedding_cell(j->store, row, j->store->id), ids->items[q]) != 0)
            row++;
        if (row == j->store->about.rows)
            return mos_fail(MOSAIC_ERR_USAGE, "'%s' has no row of id '%s'; its first is '%s'",
                            j->options->store, ids->items[q],
                            mos_embedding_cell(j->store, 0, j->store->id));
        j->out->row[q] = row;
    }
    return MOSAIC_OK;
}

static mosaic_status ask_rows(job *j) {
    const int64_t size = j->store->about.size;
    float *part;
    MOS_TRY(find_rows(j));
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

static bool in_box(const mos_embedding_store *store, int64_t row, const double box[4]) {
    double x, y;
    if (!mos_parse_double(mos_embedding_cell(store, row, store->longitude), &x) ||
        !mos_parse_double(mos_embedding_cell(store, row, store->latitude), &y))
        return false;
    const bool across = box[0] > box[2];
    return (across ? x >= box[0] || x <= box[2] : x >= box[0] && x <= box[2]) && y >= box[1] &&
           y <= box[3];
}

/* Dates are ISO 8601, so that their order is that of their letters; --to covers the whole of what
 * it names. */
static bool passes(const mos_embedding_store *store, int64_t row, const mos_search_filter *filter) {
    const char *date = mos_embedding_cell(store, row, store->date);
    if (filter->country != NULL &&
        strcmp(mos_embedding_cell(store, row, store->country), filter->country) != 0)
        return false;
    if ((filter->from != NULL || filter->to != NULL) && date[0] == '\0') return false;
    if (filter->from != NULL && strcmp(date, filter->from) < 0) return false;
    if (filter->to != NULL && strncmp(date, filter->to, strlen(filter->to)) > 0) return false;
    if (filter->labels != NULL &&
        !has_label(mos_embedding_cell(store, row, store->labels), filter->labels))
        return false;
    return !filter->boxed || in_box(store, row, filter->box);
}

static mosaic_status list_candidates(job *j) {
    for (int64_t row = 0; row < j->store->about.rows; row++) {
        if (!passes(j->store, row, &j->options->filter)) continue;
        for (int64_t b = 0; b < j->blocks; b++)
            if (mos_embedding_cell(j->store, row, j->store->present[j->among[b]])[0] == '1')
                j->there[row] |= 1u << b;
        j->out->candidates += j->there[row] != 0;
    }
    if (j->out->candidates == 0)
        return mos_fail(MOSAIC_ERR_DATA, "none of the %lld rows of '%s' passes the filters",
                        (long long)j->store->about.rows, j->options->store);
    return MOSAIC_OK;
}

/* ---- the products ---- */

/* Best first; equal cosines in the order of the rows. */
static void offer(mos_search_hit *hits, int64_t *found, int64_t most, int64_t row, float cosine) {
    if (*found == most && !(cosine > hits[most - 1].cosine)) return;
    int64_t at = *found < most ? (*found)++ : most - 1;
    for (; at > 0 && cosine > hits[at - 1].cosine; at--)
        hits[at] = hits[at - 1];
    hits[at] = (mos_search_hit){row, cosine};
}

/* sums [n, queries] (+)= cosines of one block with rows [first, first + n). */
static void add_block(const job *j, int64_t b, int64_t first, int64_t n, int thread) {
    const mos_embedding_about *about = &j->store->about;
    const int64_t queries = j->out->queries, size = about->size, stride = about->modalities * size;
    float *scores = j->scores + thread * queries * ROWS_AT_A_TIME;
    float *sums = j->sums + thread * queries * ROWS_AT_A_TIME;
    float *lengths = j->lengths + thread * ROWS_AT_A_TIME;
    float *own = j->rows + (about->type == MOS_EMBED_FLOAT32 ? 0 : thread * ROWS_AT_A_TIME * size);
    const float *rows = (const float *)j->store->values + first * stride + j->among[b] * size;
    int64_t row_stride = stride;
    if (about->type != MOS_EMBED_FLOAT32) {
        for (int64_t i = 0; i < n; i++)
            mos_embedding_row(j->store, first + i, j->among[b] * size, size, own + i * size);
        rows = own;
        row_stride = size;
    }
    for (int64_t i = 0; i < n; i++) {
        const float length = length_of(rows + i * row_stride, size);
        lengths[i] = length > 0 ? 1 / length : 0;
    }
    const mos_product_f32 product = {.m = n,
                                     .n = queries,
                                     .k = size,
                                     .alpha = 1,
                                     .a = rows,
                                     .a_row = row_stride,
                                     .a_column = 1,
                                     .b = j->unit + b * queries * size,
                                     .b_row = queries,
                                     .b_column = 1,
                                     .c = scores,
                                     .ldc = queries};
    mos_gemm_f32(&product, 1, j->room + (size_t)thread * mos_gemm_room(1));
    for (int64_t i = 0; i < n; i++)
#pragma omp simd
        for (int64_t q = 0; q < queries; q++)
            sums[i * queries + q] =
                scores[i * queries + q] * lengths[i] + (b == 0 ? 0 : sums[i * queries + q]);
}

/* Cosines of a row with all queries: is one of them above the least that its query has? */
static bool any_above(const float *cosines, const float *worst, int64_t queries) {
    int above = 0;
#pragma omp simd reduction(| : above)
    for (int64_t q = 0; q < queries; q++)
        above |= cosines[q] > worst[q];
    return above != 0;
}

static void offer_row(const job *j, int64_t row, const float *cosines, int thread) {
    const int64_t queries = j->out->queries, most = j->out->count;
    const bool across = j->by[0] != j->among[0];
    const uint32_t there = j->there[row];
    for (int64_t q = 0; q < queries; q++) {
        const int64_t list = thread * queries + q;
        if (!(cosines[q] > j->worst[list]) || (there & j->asked[q]) != j->asked[q]) continue;
        if (row == j->out->row[q] && !across) continue;
        offer(j->hits + list * most, &j->found[list], most, row, cosines[q]);
        if (j->found[list] == most) j->worst[list] = j->hits[list * most + most - 1].cosine;
    }
}

static void search_rows(void *context, int64_t begin, int64_t end, int thread) {
    const job *j = context;
    const int64_t queries = j->out->queries;
    float *sums = j->sums + thread * queries * ROWS_AT_A_TIME;
    for (int64_t first = begin; first < end; first += ROWS_AT_A_TIME) {
        const int64_t n = end - first < ROWS_AT_A_TIME ? end - first : ROWS_AT_A_TIME;
        for (int64_t b = 0; b < j->blocks; b++)
            add_block(j, b, first, n, thread);
        for (int64_t i = 0; i < n; i++) {
            float *cosines = sums + i * queries;
            if (j->there[first + i] == 0) continue;
#pragma omp simd
            for (int64_t q = 0; q < queries; q++)
                cosines[q] /= j->blocks_asked[q];
            if (any_above(cosines, j->worst + thread * queries, queries))
                offer_row(j, first + i, cosines, thread);
        }
    }
}

/* What the threads found, in the order of their rows. */
static void merge(job *j) {
    const int64_t queries = j->out->queries, most = j->out->count;
    for (int thread = 0; thread < j->threads; thread++)
        for (int64_t q = 0; q < queries; q++) {
            const mos_search_hit *hits = j->hits + (thread * queries + q) * most;
            for (int64_t i = 0; i < j->found[thread * queries + q]; i++)
                offer(j->out->hit + q * most, &j->out->found[q], most, hits[i].row, hits[i].cosine);
        }
}

static mosaic_status make_room(job *j) {
    const size_t queries = (size_t)j->out->queries, threads = (size_t)j->threads;
    const size_t most = (size_t)j->out->count, size = (size_t)j->store->about.size;
    const size_t block = queries * ROWS_AT_A_TIME;
    MOS_TRY(mos_alloc(queries, sizeof *j->out->row, "queries", &j->out->row));
    MOS_TRY(mos_alloc(queries, sizeof *j->out->found, "queries", &j->out->found));
    MOS_TRY(mos_alloc(queries * most, sizeof *j->out->hit, "answers", &j->out->hit));
    MOS_TRY(mos_alloc((size_t)j->blocks * queries * size, sizeof(float), "queries", &j->unit));
    MOS_TRY(mos_alloc(queries, sizeof *j->asked, "queries", &j->asked));
    MOS_TRY(mos_alloc(queries, sizeof(float), "queries", &j->blocks_asked));
    MOS_TRY(mos_alloc(threads * queries, sizeof(float), "queries", &j->worst));
    for (size_t q = 0; q < threads * queries; q++)
        j->worst[q] = -INFINITY;
    MOS_TRY(mos_alloc((size_t)j->store->about.rows, sizeof *j->there, "candidates", &j->there));
    MOS_TRY(mos_alloc(threads * block, sizeof(float), "cosines", &j->scores));
    MOS_TRY(mos_alloc(threads * block, sizeof(float), "cosines", &j->sums));
    MOS_TRY(mos_alloc(threads * ROWS_AT_A_TIME, sizeof(float), "lengths", &j->lengths));
    if (j->store->about.type != MOS_EMBED_FLOAT32)
        MOS_TRY(mos_alloc(threads * ROWS_AT_A_TIME * size, sizeof(float), "rows", &j->rows));
    MOS_TRY(mos_alloc(threads * queries * most, sizeof *j->hits, "answers", &j->hits));
    MOS_TRY(mos_alloc(threads * queries, sizeof *j->found, "answers", &j->found));
    return mos_alloc(threads * mos_gemm_room(1), 1, "room of products", &j->room);
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

mosaic_status mos_search_run(const mos_search_options *options, const mos_embedding_store *store,
                             mos_search_result *out) {
    job j = {.options = options, .store = store, .out = out, .threads = options->threads};
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
    MOS_GOTO(values != NULL ? ask_file(&j, values, shape[1]) : ask_rows(&j));
    MOS_GOTO(list_candidates(&j));
    for (int64_t q = 0; q < out->queries; q++) {
        j.blocks_asked[q] = (float)__builtin_popcount(j.asked[q]);
        if (j.asked[q] == 0)
            MOS_GOTO(mos_fail(MOSAIC_ERR_DATA,
                              "query %lld has no numbers to compare: it lacks what "
                              "it is asked by",
                              (long long)q + 1));
    }
    mos_parallel_for(j.threads, store->about.rows, search_rows, &j);
    merge(&j);
done:
    mos_free(values);
    mos_free(j.unit);
    mos_free(j.asked);
    mos_free(j.blocks_asked);
    mos_free(j.worst);
    mos_free(j.there);
    mos_free(j.scores);
    mos_free(j.sums);
    mos_free(j.lengths);
    mos_free(j.rows);
    mos_free(j.hits);
    mos_free(j.found);
    mos_free(j.room);
    if (status != MOSAIC_OK) mos_search_release(out);
    return status;
}

void mos_search_release(mos_search_result *result) {
    mos_free(result->row);
    mos_free(result->found);
    mos_free(result->hit);
    *result = (mos_search_result){0};
}
