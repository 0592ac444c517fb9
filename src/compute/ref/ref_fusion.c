/* Joining the rows of several modalities to one. Formulas stand in compute/device.h; here, loops as
 * they read. */
#include "compute/ref/ref_backend.h"

#include <math.h>

static bool is_present(const mos_modal_rows *rows, int64_t m, int64_t i) {
    return rows->present[m * rows->n + i] != 0;
}

static int64_t count_present(const mos_modal_rows *rows, int64_t i) {
    int64_t count = 0;
    for (int64_t m = 0; m < rows->modalities; m++)
        if (is_present(rows, m, i)) count++;
    return count;
}

/* ---- gates: v, a, t, g [modalities, n, d], y [n, d] ---- */

static void gate_value(const mos_modal_rows *rows, int64_t i, int64_t k, double *v, double *a,
                       double *y) {
    double greatest = -INFINITY, sum = 0;
    *y = 0;
    for (int64_t m = 0; m < rows->modalities; m++)
        if (is_present(rows, m, i)) greatest = fmax(greatest, a[(m * rows->n + i) * rows->d + k]);
    for (int64_t m = 0; m < rows->modalities; m++)
        if (is_present(rows, m, i)) sum += exp(a[(m * rows->n + i) * rows->d + k] - greatest);
    for (int64_t m = 0; m < rows->modalities; m++) {
        const int64_t at = (m * rows->n + i) * rows->d + k;
        const bool present = is_present(rows, m, i);
        a[at] = present ? exp(a[at] - greatest) / sum : 0;
        v[at] = present ? tanh(v[at]) : 0;
        *y += a[at] * v[at];
    }
}

void mos_ref_gate_forward(mos_device *device, const mos_modal_rows *rows, void *v, void *a,
                          void *y) {
    (void)device;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t k = 0; k < rows->d; k++)
            gate_value(rows, i, k, v, a, (double *)y + i * rows->d + k);
}

/* dv_m = dy g_m (1 - t_m^2),   da_m = dy g_m (t_m - y) */
void mos_ref_gate_backward(mos_device *device, const mos_modal_rows *rows, void *t, void *g,
                           const void *dy) {
    (void)device;
    const int64_t plane = rows->n * rows->d;
    double *value = t, *gate = g;
    for (int64_t at = 0; at < plane; at++) {
        const double gradient = ((const double *)dy)[at];
        double y = 0;
        for (int64_t m = 0; m < rows->modalities; m++)
            y += gate[m * plane + at] * value[m * plane + at];
        for (int64_t m = 0; m < rows->modalities; m++) {
            double *tm = value + m * plane + at, *gm = gate + m * plane + at;
            const double dv = TERM(26, gradient * *gm * (1 - *tm * *tm));
            const double da = gradient * *gm * (TERM(27, *tm) - TERM(28, y));
            *tm = dv;
            *gm = da;
        }
    }
}

/* ---- products: f [modalities, n, rank * d], y [n, d] ---- */

static double product(const mos_modal_rows *rows, int64_t rank, const double *f, int64_t i,
                      int64_t column, int64_t without) {
    double value = 1;
    for (int64_t m = 0; m < rows->modalities; m++)
        if (m != without && is_present(rows, m, i))
            value *= f[(m * rows->n + i) * rank * rows->d + column];
    return value;
}

void mos_ref_product_forward(mos_device *device, const mos_modal_rows *rows, int64_t rank,
                             const void *f, void *y) {
    (void)device;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t k = 0; k < rows->d; k++) {
            double sum = 0;
            for (int64_t r = 0; r < rank && count_present(rows, i) > 0; r++)
                sum += product(rows, rank, f, i, r * rows->d + k, -1);
            ((double *)y)[i * rows->d + k] = sum;
        }
}

/* df_m = dy times the product of the others */
void mos_ref_product_backward(mos_device *device, const mos_modal_rows *rows, int64_t rank, void *f,
                              const void *dy) {
    (void)device;
    const int64_t width = rank * rows->d;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t column = 0; column < width; column++) {
            const double gradient = ((const double *)dy)[i * rows->d + column % rows->d];
            double df[MOS_MODAL_MAX];
            for (int64_t m = 0; m < rows->modalities; m++)
                df[m] = is_present(rows, m, i)
                            ? TERM(29, gradient * product(rows, rank, f, i, column, m))
                            : 0;
            for (int64_t m = 0; m < rows->modalities; m++)
                ((double *)f)[(m * rows->n + i) * width + column] = df[m];
        }
}

/* ---- attention among the modalities of a sample: q, k, v [modalities, n, d], p [n, heads,
 * modalities, modalities], y [n, d] */

/* One sample and head. */
typedef struct attention {
    const mos_modal_rows *rows;
    int64_t i, first, width; /* the head's columns */
    double scale;            /* 1 / sqrt(width) */
    double *p;               /* [modalities, modalities] */
} attention;

static attention attention_of(const mos_modal_rows *rows, int64_t heads, int64_t i, int64_t head,
                              void *p) {
    const int64_t width = rows->d / heads, pairs = rows->modalities * rows->modalities;
    return (attention){.rows = rows,
                       .i = i,
                       .first = head * width,
                       .width = width,
                       .scale = 1 / sqrt((double)width),
                       .p = (double *)p + (i * heads + head) * pairs};
}

/* Modality m's columns of the head in an array [modalities, n, d]. */
static double *columns_of(const attention *a, void *array, int64_t m) {
    return (double *)array + (m * a->rows->n + a->i) * a->rows->d + a->first;
}

static const double *read_columns(const attention *a, const void *array, int64_t m) {
    return (const double *)array + (m * a->rows->n + a->i) * a->rows->d + a->first;
}

static double dot(const double *a, const double *b, int64_t count) {
    double sum = 0;
    for (int64_t k = 0; k < count; k++)
        sum += a[k] * b[k];
    return sum;
}

/* p_mj = softmax over the present j of q_m . k_j / sqrt(width); 0 where m or j is absent */
static void fill_attention(const attention *a, const void *q, const void *k) {
    const int64_t modalities = a->rows->modalities;
    for (int64_t m = 0; m < modalities; m++) {
        double greatest = -INFINITY, sum = 0;
        for (int64_t j = 0; j < modalities; j++) {
            double *p = a->p + m * modalities + j;
            const bool used = is_present(a->rows, m, a->i) && is_present(a->rows, j, a->i);
            *p = used ? a->scale * dot(read_columns(a, q, m), read_columns(a, k, j), a->width)
                      : -INFINITY;
            greatest = fmax(greatest, *p);
        }
        for (int64_t j = 0; j < modalities; j++) {
            double *p = a->p + m * modalities + j;
            *p = isinf(greatest) ? 0 : exp(*p - greatest);
            sum += *p;
        }
        for (int64_t j = 0; j < modalities && sum > 0; j++)
            a->p[m * modalities + j] /= sum;
    }
}

void mos_ref_attend_forward(mos_device *device, const mos_modal_rows *rows, int64_t heads,
                            const void *q, const void *k, const void *v, void *p, void *y) {
    (void)device;
    for (int64_t i = 0; i < rows->n; i++) {
        const double share = 1 / fmax((double)count_present(rows, i), 1);
        for (int64_t head = 0; head < heads; head++) {
            const attention a = attention_of(rows, heads, i, head, p);
            double *to = (double *)y + i * rows->d + a.first;
            fill_attention(&a, q, k);
            for (int64_t c = 0; c < a.width; c++)
                to[c] = 0;
            for (int64_t m = 0; m < rows->modalities; m++)
                for (int64_t j = 0; j < rows->modalities; j++)
                    for (int64_t c = 0; c < a.width && is_present(rows, j, i); c++)
                        to[c] += share * a.p[m * rows->modalities + j] * read_columns(&a, v, j)[c];
        }
    }
}

/* One query m: o_m has the gradient share * dy. dp_mj = do . v_j, ds_mj = p_mj (dp_mj - sum_l p_ml
 * dp_ml);  dv_j += p_mj do,  dq_m += ds_mj k_j / sqrt(width),  dk_j += ds_mj q_m / sqrt(width) */
static void query_backward(const attention *a, int64_t m, double share, const void *q,
                           const void *k, const void *v, const double *dy, void *dq, void *dk,
                           void *dv) {
    const int64_t modalities = a->rows->modalities;
    const double *p = a->p + m * modalities;
    double dp[MOS_MODAL_MAX], along = 0;
    for (int64_t j = 0; j < modalities; j++) {
        dp[j] = is_present(a->rows, j, a->i) ? share * dot(dy, read_columns(a, v, j), a->width) : 0;
        along += p[j] * dp[j];
    }
    for (int64_t j = 0; j < modalities; j++) {
        if (!is_present(a->rows, j, a->i)) continue;
        const double ds = a->scale * p[j] * (TERM(30, dp[j]) - TERM(31, along));
        for (int64_t c = 0; c < a->width; c++) {
            columns_of(a, dv, j)[c] += TERM(32, share * p[j] * dy[c]);
            columns_of(a, dq, m)[c] += TERM(33, ds * read_columns(a, k, j)[c]);
            columns_of(a, dk, j)[c] += TERM(34, ds * read_columns(a, q, m)[c]);
        }
    }
}

void mos_ref_attend_backward(mos_device *device, const mos_modal_rows *rows, int64_t heads,
                             const void *q, const void *k, const void *v, const void *p,
                             const void *dy, void *dq, void *dk, void *dv) {
    (void)device;
    union {
        const void *read;
        void *write;
    } kept = {.read = p};
    for (int64_t at = 0; at < rows->modalities * rows->n * rows->d; at++)
        ((double *)dq)[at] = ((double *)dk)[at] = ((double *)dv)[at] = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        const double share = 1 / fmax((double)count_present(rows, i), 1);
        for (int64_t head = 0; head < heads; head++) {
            const attention a = attention_of(rows, heads, i, head, kept.write);
            const double *gradient = (const double *)dy + i * rows->d + a.first;
            for (int64_t m = 0; m < rows->modalities; m++)
                if (is_present(rows, m, i))
                    query_backward(&a, m, share, q, k, v, gradient, dq, dk, dv);
        }
    }
}

/* ---- mean over the present modalities: x [modalities, n, d], y [n, d] ---- */

void mos_ref_blend_forward(mos_device *device, const mos_modal_rows *rows, const void *x, void *y) {
    (void)device;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t k = 0; k < rows->d; k++) {
            double sum = 0;
            for (int64_t m = 0; m < rows->modalities; m++)
                if (is_present(rows, m, i))
                    sum += ((const double *)x)[(m * rows->n + i) * rows->d + k];
            ((double *)y)[i * rows->d + k] = sum / fmax((double)count_present(rows, i), 1);
        }
}

void mos_ref_blend_backward(mos_device *device, const mos_modal_rows *rows, const void *dy,
                            void *dx) {
    (void)device;
    for (int64_t m = 0; m < rows->modalities; m++)
        for (int64_t i = 0; i < rows->n; i++)
            for (int64_t k = 0; k < rows->d; k++)
                ((double *)dx)[(m * rows->n + i) * rows->d + k] =
                    is_present(rows, m, i) ? TERM(35, ((const double *)dy)[i * rows->d + k]) /
                                                 (double)count_present(rows, i)
                                           : 0;
}
