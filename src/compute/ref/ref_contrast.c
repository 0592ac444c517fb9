/* One kernel for every contrastive term: they differ in the row sets and in W, the weights of the
 * positives.
 *   S_ip = za_i . zr_p / tau,   lse_i = log sum over the references p of i of exp S_ip
 *   r_i = sum_p W_ip,   N = sum_i r_i,   L = -1/N sum_ip W_ip (S_ip - lse_i)
 *   G_ip = dL/dS_ip = (r_i exp(S_ip - lse_i) - W_ip) / N
 *   dza_i = sum_p G_ip zr_p / tau,   dzr_p = sum_i G_ip za_i / tau
 * Soft positives have a term of their own for each pair, and targets T instead of weights:
 *   L = 1/N sum_ip w_i (softplus(S_ip) - T_ip S_ip),   G_ip = w_i (sigmoid(S_ip) - T_ip) / N
 * over the pairs that can be compared, w_i = r_i / how many i has.
 * NT-Xent: Chen et al. 2020. MulSupCon: Zhang & Wu, AAAI 2024. Soft: SoftCon, Wang et al. 2024. */
#include "compute/ref/ref_backend.h"

#include <math.h>

static const double NOT_COMPARED = -1;

/* Rows kept in the caller's scratch. */
typedef struct row_scratch {
    double *similarity,
        *weight;         /* [references]; soft: weight = T, NOT_COMPARED where there is none */
    double *lse, *total; /* [anchors]; total = r; soft: lse = w */
} row_scratch;

size_t mos_ref_contrast_bytes(mos_device *device, const mos_contrast *contrast) {
    (void)device;
    return (size_t)(2 * contrast->references + 2 * contrast->anchors) * sizeof(double);
}

static row_scratch scratch_rows(const mos_contrast *contrast, void *scratch) {
    double *next = scratch;
    return (row_scratch){.similarity = next,
                         .weight = next + contrast->references,
                         .lse = next + 2 * contrast->references,
                         .total = next + 2 * contrast->references + contrast->anchors};
}

static bool anchor_exists(const mos_contrast *contrast, int64_t i) {
    return contrast->anchor_present == NULL || contrast->anchor_present[i] != 0;
}

/* Is p in A(i), the references of anchor i? */
static bool is_reference(const mos_contrast *contrast, int64_t i, int64_t p) {
    if (contrast->reference_present != NULL && contrast->reference_present[p] == 0) return false;
    return contrast->self == NULL || contrast->self[i] != p;
}

static bool is_frozen(const mos_contrast *contrast, int64_t p) {
    return p >= contrast->references - contrast->frozen;
}

static bool anchor_has(const mos_contrast *contrast, int64_t i, int64_t label) {
    return contrast->anchor_labels[i * contrast->classes + label] == 1;
}

static bool reference_has(const mos_contrast *contrast, int64_t p, int64_t label) {
    return contrast->reference_labels[p * contrast->classes + label] == 1;
}

/* W_ip = sum over the labels l of both of 1 / |P_l(i)| */
static void mulsupcon_row(const mos_contrast *contrast, int64_t i, double *weight) {
    for (int64_t label = 0; label < contrast->classes; label++) {
        if (!anchor_has(contrast, i, label)) continue;
        double positives = 0; /* |P_l(i)| */
        for (int64_t p = 0; p < contrast->references; p++)
            if (is_reference(contrast, i, p) && reference_has(contrast, p, label)) positives++;
        for (int64_t p = 0; p < contrast->references; p++)
            if (is_reference(contrast, i, p) && reference_has(contrast, p, label))
                weight[p] += 1 / positives;
    }
}

/* Weight of one pair before the row is made to sum to 1. Label sets are the labels known to be
 * there. */
static double pair_weight(const mos_contrast *contrast, int64_t i, int64_t p) {
    double both = 0, either = 0;
    for (int64_t label = 0; label < contrast->classes; label++) {
        const bool a = anchor_has(contrast, i, label), b = reference_has(contrast, p, label);
        if (a && b) both++;
        if (a || b) either++;
    }
    if (both == 0) return 0;
    switch (contrast->positives) {
    case MOS_POSITIVES_ALL:
        return both == either ? 1 : 0;
    case MOS_POSITIVES_ANY:
        return 1;
    default:
        return both / either; /* MOS_POSITIVES_JACCARD */
    }
}

static double row_sum(const mos_contrast *contrast, const double *weight) {
    double sum = 0;
    for (int64_t p = 0; p < contrast->references; p++)
        sum += weight[p];
    return sum;
}

/* Fills W_i. and returns r_i: 0 when the anchor has no positive. */
static double weight_row(const mos_contrast *contrast, int64_t i, double *weight) {
    for (int64_t p = 0; p < contrast->references; p++)
        weight[p] = 0;
    bool sum_to_one = contrast->anchor_weighting;
    switch (contrast->positives) {
    case MOS_POSITIVES_PARTNER: {
        const int64_t p = contrast->partner[i];
        if (p >= 0 && is_reference(contrast, i, p)) weight[p] = 1;
        break;
    }
    case MOS_POSITIVES_MULSUPCON:
        mulsupcon_row(contrast, i, weight);
        break;
    default:
        for (int64_t p = 0; p < contrast->references; p++)
            if (is_reference(contrast, i, p)) weight[p] = pair_weight(contrast, i, p);
        sum_to_one = true;
    }
    const double sum = row_sum(contrast, weight);
    if (sum == 0 || !sum_to_one) return sum;
    for (int64_t p = 0; p < contrast->references; p++)
        weight[p] /= sum;
    return row_sum(contrast, weight);
}

/* T_ip = |Y_i and Y_p| / sqrt(|Y_i| |Y_p|), the cosine of the two label vectors, over the labels
 * known of both: 0 where a set is empty, NOT_COMPARED where nothing is known of both. */
static double label_cosine(const mos_contrast *contrast, int64_t i, int64_t p) {
    double known = 0, of_i = 0, of_p = 0, both = 0;
    for (int64_t label = 0; label < contrast->classes; label++) {
        const int8_t a = contrast->anchor_labels[i * contrast->classes + label];
        const int8_t b = contrast->reference_labels[p * contrast->classes + label];
        if (a < 0 || b < 0) continue;
        known++;
        of_i += a;
        of_p += b;
        both += a * b;
    }
    if (known == 0) return NOT_COMPARED;
    return both > 0 ? both / sqrt(of_i * of_p) : 0;
}

/* Fills T_i. and returns for how many references it is defined. */
static double target_row(const mos_contrast *contrast, int64_t i, double *target) {
    double compared = 0;
    for (int64_t p = 0; p < contrast->references; p++) {
        target[p] = is_reference(contrast, i, p) ? label_cosine(contrast, i, p) : NOT_COMPARED;
        if (target[p] >= 0) compared++;
    }
    return compared;
}

/* Fills S_i. and returns lse_i, taken around the greatest similarity. */
static double similarity_row(const mos_contrast *contrast, int64_t i, const double *za,
                             const double *zr, double *similarity) {
    double greatest = -INFINITY, sum = 0;
    for (int64_t p = 0; p < contrast->references; p++) {
        double dot = 0;
        for (int64_t k = 0; k < contrast->d; k++)
            dot += za[i * contrast->d + k] * zr[p * contrast->d + k];
        similarity[p] = dot / contrast->tau;
        if (is_reference(contrast, i, p)) greatest = fmax(greatest, similarity[p]);
    }
    for (int64_t p = 0; p < contrast->references; p++)
        if (is_reference(contrast, i, p)) sum += exp(similarity[p] - greatest);
    return greatest + log(sum);
}

static double softplus(double x) {
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x) {
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* -t log t, 0 at 0 */
static double surprise(double t) {
    return t > 0 ? -t * log(t) : 0;
}

static void add_soft_anchor(const mos_contrast *contrast, int64_t i, const double *za,
                            const double *zr, row_scratch *rows, mos_contrast_result *result) {
    const double compared = target_row(contrast, i, rows->weight);
    rows->total[i] = compared > 0 && contrast->anchor_weighting ? 1 : compared;
    if (compared == 0) {
        result->anchors_without_positive++;
        return;
    }
    const double each = rows->total[i] / compared;
    (void)similarity_row(contrast, i, za, zr, rows->similarity);
    rows->lse[i] = each;
    result->anchors_used++;
    result->weight += rows->total[i];
    for (int64_t p = 0; p < contrast->references; p++) {
        const double target = rows->weight[p];
        if (target < 0) continue;
        if (target > 0) result->positives++;
        if (target > 0 && is_frozen(contrast, p)) result->frozen_positives++;
        result->loss += each * (softplus(rows->similarity[p]) - target * rows->similarity[p]);
        result->floor += each * (surprise(target) + surprise(1 - target));
    }
}

/* Adds anchor i's share to the result, all but the division by N. */
static void add_anchor(const mos_contrast *contrast, int64_t i, const double *za, const double *zr,
                       row_scratch *rows, mos_contrast_result *result) {
    rows->total[i] = weight_row(contrast, i, rows->weight);
    if (rows->total[i] == 0) {
        result->anchors_without_positive++;
        return;
    }
    rows->lse[i] = similarity_row(contrast, i, za, zr, rows->similarity);
    result->anchors_used++;
    result->weight += rows->total[i];
    for (int64_t p = 0; p < contrast->references; p++) {
        const double w = rows->weight[p];
        if (w == 0) continue;
        result->positives++;
        if (is_frozen(contrast, p)) result->frozen_positives++;
        result->loss -= w * (rows->similarity[p] - rows->lse[i]);
        result->floor -= w * log(w / rows->total[i]);
    }
}

/* G_ip N of a reference p */
static double pair_gradient(const mos_contrast *contrast, int64_t i, int64_t p,
                            const row_scratch *rows) {
    if (contrast->positives == MOS_POSITIVES_SOFT)
        return rows->weight[p] < 0 ? 0
                                   : rows->lse[i] * (TERM(24, sigmoid(rows->similarity[p])) -
                                                     TERM(25, rows->weight[p]));
    const double softmax = exp(rows->similarity[p] - rows->lse[i]);
    return TERM(18, rows->total[i] * softmax) - TERM(19, rows->weight[p]);
}

static void add_gradient(const mos_contrast *contrast, int64_t i, const double *za,
                         const double *zr, double factor, double *dza, double *dzr,
                         row_scratch *rows) {
    const int64_t d = contrast->d;
    if (contrast->positives == MOS_POSITIVES_SOFT)
        (void)target_row(contrast, i, rows->weight);
    else
        (void)weight_row(contrast, i, rows->weight);
    (void)similarity_row(contrast, i, za, zr, rows->similarity);
    for (int64_t p = 0; p < contrast->references; p++) {
        if (!is_reference(contrast, i, p)) continue;
        const double g = factor * pair_gradient(contrast, i, p, rows);
        for (int64_t k = 0; k < d; k++) {
            if (dza != NULL) dza[i * d + k] += TERM(20, g * zr[p * d + k]);
            if (dzr != NULL && !is_frozen(contrast, p))
                dzr[p * d + k] += TERM(21, g * za[i * d + k]);
        }
    }
}

/* za, dza [anchors, d], zr [references, d], dzr [references - frozen, d] */
void mos_ref_contrast(mos_device *device, const mos_contrast *contrast, const void *za,
                      const void *zr, double scale, void *dza, void *dzr, void *scratch,
                      mos_contrast_result *result) {
    (void)device;
    row_scratch rows = scratch_rows(contrast, scratch);
    void (*const add)(const mos_contrast *, int64_t, const double *, const double *, row_scratch *,
                      mos_contrast_result *) =
        contrast->positives == MOS_POSITIVES_SOFT ? add_soft_anchor : add_anchor;
    *result = (mos_contrast_result){0};
    for (int64_t i = 0; i < contrast->anchors; i++) {
        mos_contrast_result of_others = {0};
        if (!anchor_exists(contrast, i)) continue;
        const bool own = mos_contrast_takes(contrast, i);
        add(contrast, i, za, zr, &rows, own ? result : &of_others);
        result->weight += of_others.weight;
    }
    if (result->weight == 0) return;
    result->loss /= result->weight;
    result->floor /= result->weight;
    if (dza == NULL && dzr == NULL) return;
    const double factor = scale / (result->weight * contrast->tau);
    for (int64_t i = 0; i < contrast->anchors; i++)
        if (anchor_exists(contrast, i) && mos_contrast_takes(contrast, i) && rows.total[i] > 0)
            add_gradient(contrast, i, za, zr, factor, dza, dzr, &rows);
}
