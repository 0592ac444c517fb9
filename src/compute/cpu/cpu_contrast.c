/* The contrastive problem, streamed by blocks of anchors: products in float, sums in double.
 *   S_ip = za_i . zr_p / tau,   lse_i = log sum over the references p of i of exp S_ip
 *   L = -1/N sum W_ip (S_ip - lse_i),   dL/dS_ip = (r_i exp(S_ip - lse_i) - W_ip) / N
 *   r_i = sum_p W_ip,   N = sum_i r_i
 * and with soft positives, w_i = r_i / the pairs of i that can be compared, T from the labels
 *   L = 1/N sum w_i (softplus(S_ip) - T_ip S_ip),   dL/dS_ip = w_i (sigmoid(S_ip) - T_ip) / N
 * Some rows of S are held at a time, made and used by all threads together; they become their
 * gradient in place. Every sum is one thread's, in the order of its terms, so a result is the same
 * for any number of threads. N follows from the labels alone. The first `moving` references take a
 * gradient. */
#include "base/thread.h"
#include "compute/cpu/cpu_state.h"

#include <math.h>
#include <string.h>

/* Rows of S at a time: as many as fit BLOCK_VALUES, within these bounds. */
#define MOST_ROWS    512
#define LEAST_ROWS   24
#define BLOCK_VALUES ((int64_t)1 << 21)
#define NOT_COMPARED (-1.0) /* as a target: the pair is left out */

/* Pieces of the caller's scratch. Labels are bit masks of `words` 64-bit words. */
typedef struct contrast_scratch {
    uint64_t *anchor_bits, *reference_bits;   /* [rows, words] labels known to be there */
    uint64_t *anchor_known, *reference_known; /* [rows, words] labels known; soft only */
    double *label_count;                      /* [classes] present references that have the label */
    double *total, *loss, *floor;             /* [anchors]; total = r */
    int64_t *positives, *frozen_positives;    /* [anchors] */
    double *weight, *share;                   /* per thread [references], [classes] */
    float *block;                             /* [block_rows, padded] */
    float *decay;                             /* per thread [padded]: exp(-|S|); soft only */
    int64_t words, padded, block_rows;
    size_t bytes;
} contrast_scratch;

static void *take(char *base, size_t *used, int64_t count, size_t size) {
    void *piece = base ? base + *used : NULL;
    *used += ((size_t)count * size + 63) / 64 * 64;
    return piece;
}

static contrast_scratch lay_out(const mos_contrast *c, int threads, void *memory) {
    contrast_scratch s = {.words = (c->classes + 63) / 64,
                          .padded = mos_cpu_round_up(c->references, 16)};
    s.block_rows = BLOCK_VALUES / (s.padded > 0 ? s.padded : 1);
    if (s.block_rows > MOST_ROWS) s.block_rows = MOST_ROWS;
    if (s.block_rows < LEAST_ROWS) s.block_rows = LEAST_ROWS;
    if (s.block_rows > c->anchors) s.block_rows = c->anchors;
    const bool soft = c->positives == MOS_POSITIVES_SOFT;
    char *base = memory;
    size_t used = 0;
    s.anchor_bits = take(base, &used, c->anchors * s.words, sizeof(uint64_t));
    s.reference_bits = take(base, &used, c->references * s.words, sizeof(uint64_t));
    s.anchor_known = take(base, &used, soft ? c->anchors * s.words : 0, sizeof(uint64_t));
    s.reference_known = take(base, &used, soft ? c->references * s.words : 0, sizeof(uint64_t));
    s.decay = take(base, &used, soft ? threads * s.padded : 0, sizeof(float));
    s.label_count = take(base, &used, c->classes, sizeof(double));
    s.total = take(base, &used, c->anchors, sizeof(double));
    s.loss = take(base, &used, c->anchors, sizeof(double));
    s.floor = take(base, &used, c->anchors, sizeof(double));
    s.positives = take(base, &used, c->anchors, sizeof(int64_t));
    s.frozen_positives = take(base, &used, c->anchors, sizeof(int64_t));
    s.weight = take(base, &used, threads * c->references, sizeof(double));
    s.share = take(base, &used, threads * c->classes, sizeof(double));
    s.block = take(base, &used, s.block_rows * s.padded, sizeof(float));
    s.bytes = used;
    return s;
}

size_t mos_cpu_contrast_bytes(mos_device *device, const mos_contrast *contrast) {
    return lay_out(contrast, cpu_of(device)->threads, NULL).bytes;
}

static bool anchor_exists(const mos_contrast *c, int64_t i) {
    return !c->anchor_present || c->anchor_present[i];
}

static bool reference_exists(const mos_contrast *c, int64_t p) {
    return !c->reference_present || c->reference_present[p];
}

static int64_t self_of(const mos_contrast *c, int64_t i) {
    return c->self ? c->self[i] : -1;
}

/* The labels that are `least` or more: 1 for those that are there, 0 for those that are known. */
static void set_bits(uint64_t *bits, int64_t words, const int8_t *labels, int64_t classes,
                     int least) {
    memset(bits, 0, (size_t)words * sizeof *bits);
    for (int64_t l = 0; l < classes; l++)
        if (labels[l] >= least) bits[l / 64] |= (uint64_t)1 << (l % 64);
}

static bool bit_at(const uint64_t *bits, int64_t l) {
    return bits[l / 64] >> (l % 64) & 1;
}

static void read_labels(const mos_contrast *c, contrast_scratch *s) {
    if (c->positives == MOS_POSITIVES_PARTNER) return;
    for (int64_t l = 0; l < c->classes; l++)
        s->label_count[l] = 0;
    for (int64_t i = 0; i < c->anchors; i++)
        set_bits(s->anchor_bits + i * s->words, s->words, c->anchor_labels + i * c->classes,
                 c->classes, 1);
    for (int64_t p = 0; p < c->references; p++) {
        set_bits(s->reference_bits + p * s->words, s->words, c->reference_labels + p * c->classes,
                 c->classes, 1);
        for (int64_t l = 0; l < c->classes && reference_exists(c, p); l++)
            s->label_count[l] += c->reference_labels[p * c->classes + l] == 1;
    }
    if (c->positives != MOS_POSITIVES_SOFT) return;
    for (int64_t i = 0; i < c->anchors; i++)
        set_bits(s->anchor_known + i * s->words, s->words, c->anchor_labels + i * c->classes,
                 c->classes, 0);
    for (int64_t p = 0; p < c->references; p++)
        set_bits(s->reference_known + p * s->words, s->words, c->reference_labels + p * c->classes,
                 c->classes, 0);
}

/* share[l] = 1 / |P_l(i)| for the labels of anchor i that have a positive, else 0; returns how many
 * have */
static double label_shares(const mos_contrast *c, const contrast_scratch *s, int64_t i,
                           double *share) {
    const int64_t self = self_of(c, i);
    double labels = 0;
    for (int64_t l = 0; l < c->classes; l++) {
        double count = bit_at(s->anchor_bits + i * s->words, l) ? s->label_count[l] : 0;
        if (count > 0 && self >= 0 && reference_exists(c, self) &&
            bit_at(s->reference_bits + self * s->words, l))
            count--;
        share[l] = count > 0 ? 1 / count : 0;
        labels += count > 0;
    }
    return labels;
}

/* Weight of one pair before its row is made to sum to what it should. */
static double pair_weight(const mos_contrast *c, const contrast_scratch *s, int64_t i, int64_t p,
                          const double *share) {
    const uint64_t *a = s->anchor_bits + i * s->words, *b = s->reference_bits + p * s->words;
    int64_t both = 0, either = 0;
    double sum = 0;
    for (int64_t w = 0; w < s->words; w++) {
        uint64_t common = a[w] & b[w];
        if (c->positives == MOS_POSITIVES_MULSUPCON) {
            for (; common; common &= common - 1)
                sum += share[w * 64 + __builtin_ctzll(common)];
            continue;
        }
        both += __builtin_popcountll(common);
        either += __builtin_popcountll(a[w] | b[w]);
    }
    switch (c->positives) {
    case MOS_POSITIVES_MULSUPCON:
        return sum;
    case MOS_POSITIVES_ALL:
        return both > 0 && both == either ? 1 : 0;
    case MOS_POSITIVES_ANY:
        return both > 0 ? 1 : 0;
    default:
        return both > 0 ? (double)both / (double)either : 0;
    }
}

/* Fills W_i. (zeros outside the references of i). Returns its sum r_i, 0 for an anchor without a
 * positive. */
static double weight_row(const mos_contrast *c, const contrast_scratch *s, int64_t i, double *share,
                         double *weight) {
    const int64_t self = self_of(c, i);
    double sum = 0;
    if (c->positives == MOS_POSITIVES_PARTNER) {
        const int64_t p = c->partner[i];
        memset(weight, 0, (size_t)c->references * sizeof *weight);
        if (p < 0 || p == self || !reference_exists(c, p)) return 0;
        weight[p] = 1;
        return 1;
    }
    const double labels = label_shares(c, s, i, share);
    for (int64_t p = 0; p < c->references; p++) {
        weight[p] = p != self && reference_exists(c, p) ? pair_weight(c, s, i, p, share) : 0;
        sum += weight[p];
    }
    if (!(sum > 0)) return 0;
    if (c->positives == MOS_POSITIVES_MULSUPCON && !c->anchor_weighting) return labels;
    for (int64_t p = 0; p < c->references; p++)
        weight[p] /= sum;
    return 1;
}

/* Cosine of the label vectors over the labels known of both, NOT_COMPARED where there is none. */
static double label_cosine(const contrast_scratch *s, int64_t i, int64_t p) {
    const uint64_t *a = s->anchor_bits + i * s->words, *b = s->reference_bits + p * s->words;
    const uint64_t *known_a = s->anchor_known + i * s->words,
                   *known_b = s->reference_known + p * s->words;
    uint64_t known = 0;
    int64_t of_a = 0, of_b = 0, both = 0;
    for (int64_t w = 0; w < s->words; w++) {
        known |= known_a[w] & known_b[w];
        of_a += __builtin_popcountll(a[w] & known_b[w]);
        of_b += __builtin_popcountll(b[w] & known_a[w]);
        both += __builtin_popcountll(a[w] & b[w]);
    }
    if (!known) return NOT_COMPARED;
    return both > 0 ? (double)both / sqrt((double)(of_a * of_b)) : 0;
}

/* Fills T_i. and returns for how many references it is defined. */
static double target_row(const mos_contrast *c, const contrast_scratch *s, int64_t i,
                         double *target) {
    const int64_t self = self_of(c, i);
    int64_t compared = 0;
    for (int64_t p = 0; p < c->references; p++) {
        target[p] = p != self && reference_exists(c, p) ? label_cosine(s, i, p) : NOT_COMPARED;
        compared += target[p] >= 0;
    }
    return (double)compared;
}

/* Has anchor i a positive, for ALL the same labels, otherwise one in common? The first one answers, so that
 * most rows are not read to their end. */
static bool has_positive(const mos_contrast *c, const contrast_scratch *s, int64_t i) {
    const uint64_t *own = s->anchor_bits + i * s->words;
    const int64_t self = self_of(c, i);
    uint64_t labels = 0;
    for (int64_t w = 0; w < s->words; w++)
        labels |= own[w];
    for (int64_t p = 0; labels != 0 && p < c->references; p++) {
        uint64_t common = 0, differing = 0;
        for (int64_t w = 0; w < s->words; w++) {
            common |= own[w] & s->reference_bits[p * s->words + w];
            differing |= own[w] ^ s->reference_bits[p * s->words + w];
        }
        const bool fits = c->positives == MOS_POSITIVES_ALL ? differing == 0 : common != 0;
        if (fits && p != self && reference_exists(c, p)) return true;
    }
    return false;
}

/* For how many references target_row defines T_i. */
static double count_compared(const mos_contrast *c, const contrast_scratch *s, int64_t i) {
    const int64_t self = self_of(c, i);
    const uint64_t *known = s->anchor_known + i * s->words;
    int64_t compared = 0;
    for (int64_t p = 0; p < c->references; p++) {
        uint64_t both = 0;
        for (int64_t w = 0; w < s->words; w++)
            both |= known[w] & s->reference_known[p * s->words + w];
        compared += both != 0 && p != self && reference_exists(c, p);
    }
    return (double)compared;
}

/* r_i without the row's weights: every process needs it of all anchors, the weights of its own alone. */
static double row_total(const mos_contrast *c, const contrast_scratch *s, int64_t i,
                        double *share) {
    if (!anchor_exists(c, i)) return 0;
    switch (c->positives) {
    case MOS_POSITIVES_PARTNER: {
        const int64_t p = c->partner[i];
        return p >= 0 && p != self_of(c, i) && reference_exists(c, p) ? 1 : 0;
    }
    case MOS_POSITIVES_SOFT: {
        const double compared = count_compared(c, s, i);
        return c->anchor_weighting && compared > 0 ? 1 : compared;
    }
    case MOS_POSITIVES_MULSUPCON: {
        const double labels = label_shares(c, s, i, share);
        return c->anchor_weighting ? (labels > 0 ? 1 : 0) : labels;
    }
    default:
        return has_positive(c, s, i) ? 1 : 0;
    }
}

/* What one thread works on. */
typedef struct contrast_run {
    const mos_contrast *problem;
    const contrast_scratch *scratch;
    const mos_kernels *kernels;
    double factor; /* scale / (N tau) */
    double *weight, *share;
    float *decay;
    bool gradient;
} contrast_run;

/* -t log t, 0 at 0 */
static double surprise(double t) {
    return t > 0 ? -t * log(t) : 0;
}

/* Row i of the block: its loss, then the row of S becomes factor * w (sigmoid - T). With e =
 * exp(-|S|), softplus(S) = max(S, 0) + log(1 + e); the logarithms of a row are taken of products,
 * which stay below 2^512. */
static void finish_soft_row(const contrast_run *run, int64_t i, float *row) {
    const mos_contrast *c = run->problem;
    const contrast_scratch *s = run->scratch;
    const double each = s->total[i] / target_row(c, s, i, run->weight);
    const int64_t frozen_from = c->references - c->frozen;
    double loss = 0, floor = 0, product = 1;
    int64_t positives = 0, frozen = 0;
    for (int64_t p = 0; p < c->references; p++)
        run->decay[p] = run->weight[p] < 0 ? 0 : -fabsf(row[p]);
    (void)run->kernels->exp_row(run->decay, c->references, 0);
    for (int64_t p = 0; p < c->references; p++) {
        const double target = run->weight[p], e = (double)run->decay[p], at = (double)row[p];
        row[p] = 0;
        if (target < 0) continue;
        positives += target > 0;
        frozen += target > 0 && p >= frozen_from;
        loss += fmax(at, 0) - target * at;
        floor += surprise(target) + surprise(1 - target);
        product *= 1 + e;
        if (p % 512 == 511) {
            loss += log(product);
            product = 1;
        }
        row[p] = (float)(run->factor * each * ((at >= 0 ? 1 : e) / (1 + e) - target));
    }
    s->loss[i] = each * (loss + log(product));
    s->floor[i] = each * floor;
    s->positives[i] = positives;
    s->frozen_positives[i] = frozen;
}

/* Row i of the block: its loss, then the row of S becomes factor * (r softmax - W). */
static void finish_row(const contrast_run *run, int64_t i, float *row) {
    const mos_contrast *c = run->problem;
    const contrast_scratch *s = run->scratch;
    const double total = s->total[i];
    const int64_t frozen_from = c->references - c->frozen;
    double along = 0, floor = 0;
    int64_t positives = 0, frozen = 0;
    if (!(total > 0)) {
        memset(row, 0, (size_t)c->references * sizeof *row);
        return;
    }
    if (c->positives == MOS_POSITIVES_SOFT) {
        finish_soft_row(run, i, row);
        return;
    }
    (void)weight_row(c, s, i, run->share, run->weight);
    for (int64_t p = 0; p < c->references; p++) {
        const double w = run->weight[p];
        if (!(w > 0)) continue;
        positives++;
        frozen += p >= frozen_from;
        along += w * (double)row[p];
        floor -= w * log(w / total);
    }
    for (int64_t p = 0; c->reference_present && p < c->references; p++)
        if (!c->reference_present[p]) row[p] = -INFINITY;
    if (self_of(c, i) >= 0) row[self_of(c, i)] = -INFINITY;
    float top = -INFINITY;
    for (int64_t p = 0; p < c->references; p++)
        top = row[p] > top ? row[p] : top;
    const double sum = run->kernels->exp_row(row, c->references, top);
    s->loss[i] = total * ((double)top + log(sum)) - along;
    s->floor[i] = floor;
    s->positives[i] = positives;
    s->frozen_positives[i] = frozen;
    if (!run->gradient) return;
    const double share = run->factor * total / sum;
    for (int64_t p = 0; p < c->references; p++)
        row[p] = (float)(share * (double)row[p] - run->factor * run->weight[p]);
}

/* The problem, and the rows of S at hand: anchors first .. first + rows. */
typedef struct contrast_job {
    const mos_cpu *cpu;
    const mos_contrast *problem;
    const contrast_scratch *scratch;
    double factor;
    bool gradient;
    int64_t first;
} contrast_job;

static contrast_run run_of(const contrast_job *job, int thread) {
    const contrast_scratch *s = job->scratch;
    return (contrast_run){.problem = job->problem,
                          .scratch = s,
                          .kernels = job->cpu->kernels,
                          .factor = job->factor,
                          .weight = s->weight + thread * job->problem->references,
                          .share = s->share + thread * job->problem->classes,
                          .decay = s->decay + thread * s->padded,
                          .gradient = job->gradient};
}

static void add_totals(void *context, int64_t begin, int64_t end, int thread) {
    const contrast_job *job = context;
    const contrast_run run = run_of(job, thread);
    for (int64_t i = begin; i < end; i++)
        job->scratch->total[i] = row_total(job->problem, job->scratch, i, run.share);
}

static void finish_rows(void *context, int64_t begin, int64_t end, int thread) {
    const contrast_job *job = context;
    const contrast_run run = run_of(job, thread);
    for (int64_t r = begin; r < end; r++)
        finish_row(&run, job->first + r, job->scratch->block + r * job->scratch->padded);
}

static void run_block(contrast_job *job, int64_t rows, const float *za, const float *zr, float *dza,
                      float *dzr) {
    const mos_contrast *c = job->problem;
    const contrast_scratch *s = job->scratch;
    const int threads = job->cpu->threads;
    const mos_product_f32 similarity = {.m = rows,
                                        .n = c->references,
                                        .k = c->d,
                                        .alpha = (float)(1 / c->tau),
                                        .a = za + job->first * c->d,
                                        .a_row = c->d,
                                        .a_column = 1,
                                        .b = zr,
                                        .b_row = 1,
                                        .b_column = c->d,
                                        .c = s->block,
                                        .ldc = s->padded};
    mos_gemm_f32(&similarity, threads, job->cpu->room);
    mos_parallel_for(threads, rows, finish_rows, job);
    if (dza) {
        const mos_product_f32 of_anchors = {.m = rows,
                                            .n = c->d,
                                            .k = c->references,
                                            .alpha = 1,
                                            .a = s->block,
                                            .a_row = s->padded,
                                            .a_column = 1,
                                            .b = zr,
                                            .b_row = c->d,
                                            .b_column = 1,
                                            .c = dza + job->first * c->d,
                                            .ldc = c->d,
                                            .accumulate = true};
        mos_gemm_f32(&of_anchors, threads, job->cpu->room);
    }
    if (dzr) {
        const mos_product_f32 of_references = {.m = c->references - c->frozen,
                                               .n = c->d,
                                               .k = rows,
                                               .alpha = 1,
                                               .a = s->block,
                                               .a_row = 1,
                                               .a_column = s->padded,
                                               .b = za + job->first * c->d,
                                               .b_row = c->d,
                                               .b_column = 1,
                                               .c = dzr,
                                               .ldc = c->d,
                                               .accumulate = true};
        mos_gemm_f32(&of_references, threads, job->cpu->room);
    }
}

static void sum_up(const mos_contrast *c, const contrast_scratch *s, mos_contrast_result *result) {
    for (int64_t i = 0; i < c->anchors; i++) {
        if (!anchor_exists(c, i) || !mos_contrast_takes(c, i)) continue;
        if (!(s->total[i] > 0)) {
            result->anchors_without_positive++;
            continue;
        }
        result->anchors_used++;
        result->positives += s->positives[i];
        result->frozen_positives += s->frozen_positives[i];
        result->loss += s->loss[i];
        result->floor += s->floor[i];
    }
    result->loss /= result->weight;
    result->floor /= result->weight;
}

/* Anchors first .. end, some rows of S at a time. */
static void run_anchors(contrast_job *job, int64_t first, int64_t end, const float *za,
                        const float *zr, float *dza, float *dzr) {
    const int64_t most = job->scratch->block_rows;
    for (int64_t i = first; i < end; i += most) {
        job->first = i;
        run_block(job, end - i < most ? end - i : most, za, zr, dza, dzr);
    }
}

/* za, dza [anchors, d], zr [references, d], dzr [references - frozen, d] */
void mos_cpu_contrast(mos_device *device, const mos_contrast *contrast, const void *za,
                      const void *zr, double scale, void *dza, void *dzr, void *scratch,
                      mos_contrast_result *result) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_contrast *c = contrast;
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    contrast_scratch s = lay_out(c, cpu->threads, scratch);
    contrast_job job = {.cpu = cpu, .problem = c, .scratch = &s, .gradient = dza || dzr};
    *result = (mos_contrast_result){0};
    read_labels(c, &s);
    mos_parallel_for(cpu->threads, c->anchors, add_totals, &job);
    for (int64_t i = 0; i < c->anchors; i++)
        result->weight += s.total[i];
    job.factor = result->weight > 0 ? scale / (result->weight * c->tau) : 0;
    const int64_t part = c->part > 0 ? c->part : c->anchors;
    const int64_t own = c->part > 0 ? c->own_count : c->anchors;
    for (int64_t i = c->own_first; i < c->anchors && result->weight > 0; i += part)
        run_anchors(&job, i, i + own, za, zr, dza, dzr);
    if (result->weight > 0)
        sum_up(c, &s, result);
    else
        for (int64_t i = 0; i < c->anchors; i++)
            result->anchors_without_positive += anchor_exists(c, i) && mos_contrast_takes(c, i);
    mos_cpu_leave(guard);
}
