/* With cosine distance the mean distance of a row to a cluster follows from the sum of the
 * cluster's unit rows, so silhouette and class cosines cost n x clusters x d instead of n x n x d.
 */
#include "score/clusters.h"

#include "base/gemm.h"
#include "base/memory.h"
#include "score/label_sets.h"
#include "score/neighbours.h"

#include <math.h>
#include <string.h>

enum { SET_ROWS = 64 }; /* whose cosines with all clusters are made at once */

/* The rows that count: compact copies of unit rows and labels. */
typedef struct unit_rows {
    float *x, *pair;  /* [n, d]; pair may be NULL */
    double *scale;    /* [n] 1 / length of the row as given */
    int64_t *origin;  /* [n] row in the input */
    int8_t *labels;   /* [labelled, l] */
    int64_t n, d, l;  /* the first `labelled` rows have all labels known */
    int64_t labelled; /* rows */
} unit_rows;

static double length(const float *row, int64_t d) {
    double sum = 0;
    for (int64_t k = 0; k < d; k++)
        sum += (double)row[k] * (double)row[k];
    return sqrt(sum);
}

int64_t mos_unit_rows(float *x, int64_t n, int64_t d) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        double norm = length(x + i * d, d);
        if (!(norm > 0)) continue;
        count++;
        for (int64_t k = 0; k < d; k++)
            x[i * d + k] = (float)((double)x[i * d + k] / norm);
    }
    return count;
}

static bool is_known(const int8_t *labels, int64_t l) {
    for (int64_t j = 0; j < l; j++)
        if (labels[j] < 0) return false;
    return l > 0;
}

static bool is_usable(const mos_cluster_input *in, int64_t i) {
    return length(in->x + i * in->d, in->d) > 0 &&
           (!in->pair || length(in->pair + i * in->d, in->d) > 0);
}

static void copy_row(const mos_cluster_input *in, int64_t i, unit_rows *out) {
    int64_t d = in->d, at = out->n++;
    out->origin[at] = i;
    out->scale[at] = 1 / length(in->x + i * d, d);
    memcpy(out->x + at * d, in->x + i * d, (size_t)d * sizeof(float));
    if (out->pair) memcpy(out->pair + at * d, in->pair + i * d, (size_t)d * sizeof(float));
}

/* Labelled rows first, so that one array serves both kinds of measure. */
static mosaic_status gather(const mos_cluster_input *in, unit_rows *out) {
    size_t n = (size_t)in->n, cells = n * (size_t)in->d;
    *out = (unit_rows){.d = in->d, .l = in->l};
    MOS_TRY(mos_alloc(cells, sizeof(float), "unit rows", &out->x));
    if (in->pair) MOS_TRY(mos_alloc(cells, sizeof(float), "paired rows", &out->pair));
    MOS_TRY(mos_alloc(n, sizeof *out->scale, "row lengths", &out->scale));
    MOS_TRY(mos_alloc(n, sizeof *out->origin, "row numbers", &out->origin));
    MOS_TRY(mos_alloc(n * (size_t)in->l, 1, "row labels", &out->labels));
    for (int known = 1; known >= 0; known--) {
        for (int64_t i = 0; i < in->n; i++) {
            if (is_known(in->labels + i * in->l, in->l) != (known == 1) || !is_usable(in, i))
                continue;
            if (known) memcpy(out->labels + out->n * in->l, in->labels + i * in->l, (size_t)in->l);
            copy_row(in, i, out);
        }
        if (known) out->labelled = out->n;
    }
    mos_unit_rows(out->x, out->n, out->d);
    if (out->pair) mos_unit_rows(out->pair, out->n, out->d);
    return MOSAIC_OK;
}

static void release(unit_rows *rows) {
    mos_free(rows->x);
    mos_free(rows->pair);
    mos_free(rows->scale);
    mos_free(rows->origin);
    mos_free(rows->labels);
}

/* Unit row i in doubles, from the row as given: the float copy would cost 1e-7 of each value. */
static void unit_row(const mos_cluster_input *in, const unit_rows *rows, int64_t i, double *out) {
    const float *from = in->x + rows->origin[i] * rows->d;
    for (int64_t k = 0; k < rows->d; k++)
        out[k] = (double)from[k] * rows->scale[i];
}

static double dot(const double *a, const double *b, int64_t d) {
    double sum = 0;
    for (int64_t k = 0; k < d; k++)
        sum += a[k] * b[k];
    return sum;
}

/* s(i) = (b - a) / max(a, b): a the mean distance to the others of its cluster, b the smallest mean
 * distance to another cluster; 0 for a cluster of one (Rousseeuw 1987). together [sets]: the sum of
 * the row's cosines with each cluster. */
static double silhouette_of(const double *together, int32_t own, const mos_label_sets *sets) {
    double a = 0, b = INFINITY;
    if (sets->size[own] < 2) return 0;
    for (int32_t c = 0; c < sets->count; c++) {
        double size = (double)sets->size[c];
        if (c == own)
            a = (size - together[c]) / (size - 1); /* the row itself adds 1 - 1 */
        else
            b = fmin(b, (size - together[c]) / size);
    }
    double larger = fmax(a, b);
    return larger > 0 ? (b - a) / larger : 0;
}

/* max over j of (spread_i + spread_j) / distance of centroids, mean over i (Davies & Bouldin). */
static double davies_bouldin_of(const double *sums, const double *spread,
                                const mos_label_sets *sets, int64_t d) {
    double total = 0;
    for (int32_t i = 0; i < sets->count; i++) {
        double worst = 0;
        for (int32_t j = 0; j < sets->count; j++) {
            double squares = 0;
            for (int64_t k = 0; k < d; k++) {
                double delta = sums[i * d + k] / (double)sets->size[i] -
                               sums[j * d + k] / (double)sets->size[j];
                squares += delta * delta;
            }
            if (j != i && squares > 0) worst = fmax(worst, (spread[i] + spread[j]) / sqrt(squares));
        }
        total += worst;
    }
    return total / (double)sets->count;
}

/* What measure_sets works with. */
typedef struct set_work {
    double *sums, *spread;   /* [sets, d], [sets] */
    double *rows, *together; /* [SET_ROWS, d], [SET_ROWS, sets] */
    int64_t *taken;          /* [SET_ROWS] which rows these are */
    void *room;
} set_work;

static mosaic_status make_set_work(const mos_label_sets *sets, int64_t d, set_work *work) {
    const size_t count = (size_t)sets->count;
    MOS_TRY(mos_alloc(count * (size_t)d, sizeof(double), "cluster sums", &work->sums));
    MOS_TRY(mos_alloc(count, sizeof(double), "cluster spreads", &work->spread));
    MOS_TRY(mos_alloc((size_t)(SET_ROWS * d), sizeof(double), "unit rows", &work->rows));
    MOS_TRY(mos_alloc(SET_ROWS * count, sizeof(double), "cluster cosines", &work->together));
    MOS_TRY(mos_alloc(SET_ROWS, sizeof(int64_t), "row numbers", &work->taken));
    return mos_alloc(mos_gemm_room(1), 1, "room of products", &work->room);
}

static void release_set_work(set_work *work) {
    mos_free(work->sums);
    mos_free(work->spread);
    mos_free(work->rows);
    mos_free(work->together);
    mos_free(work->taken);
    mos_free(work->room);
}

/* Adds the silhouettes of the `count` rows in work->rows to *total, and their spreads. */
static void finish_set_rows(const set_work *work, const mos_label_sets *sets, int64_t count,
                            int64_t d, double *total) {
    const mos_product_f64 product = {.m = count,
                                     .n = sets->count,
                                     .k = d,
                                     .alpha = 1,
                                     .a = work->rows,
                                     .b = work->sums,
                                     .a_row = d,
                                     .a_column = 1,
                                     .b_row = 1,
                                     .b_column = d,
                                     .c = work->together,
                                     .ldc = sets->count};
    mos_gemm_f64(&product, 1, work->room);
    for (int64_t r = 0; r < count; r++) {
        const int32_t own = sets->of[work->taken[r]];
        const double *row = work->rows + r * d, *sum = work->sums + own * d;
        double squares = 0, size = (double)sets->size[own];
        *total += silhouette_of(work->together + r * sets->count, own, sets);
        for (int64_t k = 0; k < d; k++) {
            double delta = row[k] - sum[k] / size;
            squares += delta * delta;
        }
        work->spread[own] += sqrt(squares) / size;
    }
}

static mosaic_status measure_sets(const mos_cluster_input *in, const unit_rows *rows,
                                  mos_cluster_scores *out) {
    mos_label_sets sets = {0};
    set_work work = {0};
    mosaic_status status = MOSAIC_OK;
    int64_t d = rows->d, count = 0;
    double total = 0;
    MOS_GOTO(mos_label_sets_find(rows->labels, rows->labelled, rows->l, in->top_sets, 2, &sets));
    out->sets = sets.count;
    for (int64_t c = 0; c < sets.count; c++)
        out->set_rows += sets.size[c];
    if (sets.count < 2) goto done;
    MOS_GOTO(make_set_work(&sets, d, &work));
    for (int64_t i = 0; i < rows->labelled; i++) {
        if (sets.of[i] < 0) continue;
        unit_row(in, rows, i, work.rows);
        for (int64_t k = 0; k < d; k++)
            work.sums[sets.of[i] * d + k] += work.rows[k];
    }
    for (int64_t i = 0; i < rows->labelled; i++) {
        if (sets.of[i] < 0) continue;
        unit_row(in, rows, i, work.rows + count * d);
        work.taken[count++] = i;
        if (count < SET_ROWS) continue;
        finish_set_rows(&work, &sets, count, d, &total);
        count = 0;
    }
    finish_set_rows(&work, &sets, count, d, &total);
    out->silhouette = total / (double)out->set_rows;
    out->davies_bouldin = davies_bouldin_of(work.sums, work.spread, &sets, d);
done:
    mos_label_sets_release(&sets);
    release_set_work(&work);
    return status;
}

/* Mean cosines from class sums: |S|^2 holds every ordered pair of a class, and n times a row with
 * itself. */
static mosaic_status measure_classes(const mos_cluster_input *in, const unit_rows *rows,
                                     mos_cluster_scores *out) {
    int64_t d = rows->d, l = rows->l, classes = 0, pairs = 0;
    double *block = NULL, intra = 0, inter = 0;
    MOS_TRY(mos_alloc((size_t)(l * d + d + l * l), sizeof *block, "class sums", &block));
    double *sums = block, *row = block + l * d, *both = row + d;
    for (int64_t i = 0; i < rows->labelled; i++) {
        const int8_t *labels = rows->labels + i * l;
        unit_row(in, rows, i, row);
        for (int64_t a = 0; a < l; a++) {
            if (labels[a] != 1) continue;
            for (int64_t k = 0; k < d; k++)
                sums[a * d + k] += row[k];
            for (int64_t b = 0; b < l; b++)
                both[a * l + b] += labels[b] == 1;
        }
    }
    for (int64_t a = 0; a < l; a++) {
        double size = both[a * l + a];
        if (size >= 2) {
            intra += (dot(sums + a * d, sums + a * d, d) - size) / (size * (size - 1));
            classes++;
        }
        for (int64_t b = 0; b < a; b++) {
            double shared = both[a * l + b], count = size * both[b * l + b] - shared;
            if (!(count > 0)) continue;
            inter += (dot(sums + a * d, sums + b * d, d) - shared) / count;
            pairs++;
        }
    }
    if (classes > 0) out->intra_cosine = intra / (double)classes;
    if (pairs > 0) out->inter_cosine = inter / (double)pairs;
    mos_free(block);
    return MOSAIC_OK;
}

static double jaccard(const int8_t *a, const int8_t *b, int64_t l) {
    int64_t both = 0, either = 0;
    for (int64_t j = 0; j < l; j++) {
        both += a[j] == 1 && b[j] == 1;
        either += a[j] == 1 || b[j] == 1;
    }
    return either ? (double)both / (double)either : 1;
}

static mosaic_status measure_neighbours(const mos_cluster_input *in, const unit_rows *rows,
                                        mos_cluster_scores *out) {
    int64_t n = rows->labelled, k = in->neighbours < n ? in->neighbours : n - 1;
    int32_t *index = NULL;
    if (k < 1) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)(n * k), sizeof *index, "neighbours", &index));
    mosaic_status status = mos_cosine_neighbours(rows->x, n, rows->d, k, in->threads, index, NULL);
    if (status == MOSAIC_OK) {
        double total = 0;
        for (int64_t i = 0; i < n; i++) {
            double sum = 0;
            for (int64_t j = 0; j < k; j++)
                sum += jaccard(rows->labels + i * rows->l,
                               rows->labels + index[i * k + j] * rows->l, rows->l);
            total += sum / (double)k;
        }
        out->neighbour_jaccard = total / (double)n;
    }
    mos_free(index);
    return status;
}

mosaic_status mos_clusters_measure(const mos_cluster_input *input, mos_cluster_scores *out) {
    unit_rows rows = {0};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_cluster_scores){.silhouette = NAN,
                                .davies_bouldin = NAN,
                                .neighbour_jaccard = NAN,
                                .intra_cosine = NAN,
                                .inter_cosine = NAN,
                                .health = {NAN, NAN, NAN, NAN, NAN, false}};
    for (int64_t i = 0; i < input->n * input->d; i++)
        if (!isfinite(input->x[i]) || (input->pair && !isfinite(input->pair[i])))
            return mos_fail(MOSAIC_ERR_NUMERIC, "embedding of row %lld is not finite",
                            (long long)(i / input->d));
    MOS_GOTO(gather(input, &rows));
    out->rows = rows.n;
    out->labelled_rows = rows.labelled;
    MOS_GOTO(measure_sets(input, &rows, out));
    MOS_GOTO(measure_classes(input, &rows, out));
    MOS_GOTO(measure_neighbours(input, &rows, out));
    if (rows.n >= 2)
        MOS_GOTO(
            mos_health_measure_on(rows.x, rows.pair, rows.n, rows.d, input->threads, &out->health));
done:
    release(&rows);
    return status;
}
