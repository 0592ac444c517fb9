#include "evaluate/modality_ablation.h"

#include "base/memory.h"
#include "base/rng.h"
#include "evaluate/result_cells.h"
#include "io/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ALL_SUBSETS_UP_TO = 4, MOST_ROWS = 32, SCORES = 5 };
static const char *const score_names[SCORES] = {"macro_f1", "micro_f1", "macro_average_precision",
                                                "micro_average_precision", "hamming_loss"};

static const mos_interval *score_of(const mos_bootstrap *b, int which) {
    const mos_interval *const scores[SCORES] = {&b->macro_f1, &b->micro_f1, &b->macro_ap,
                                                &b->micro_ap, &b->hamming_loss};
    return scores[which];
}

void mos_random_cycle(uint64_t seed, int64_t n, int64_t *next) {
    mos_rng rng = mos_rng_at(seed, MOS_RNG_PROBE, 1, 0, 0);
    for (int64_t i = 0; i < n; i++)
        next[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)mos_rng_below(&rng, (uint64_t)i), kept = next[i];
        next[i] = next[j];
        next[j] = kept;
    }
}

typedef struct ablating {
    mos_model *model;
    const mos_model_card *card;
    const mos_inference *inference;
    const double *threshold;
    const mos_bootstrap_options *options;
    int64_t *list, *other; /* [n] rows scored, and where their partners come from */
    float *probability;    /* [n, classes] */
    int8_t *labels;        /* [n, classes] */
} ablating;

/* Rows that have the row's modalities, in order. */
static void list_rows(ablating *a, mos_ablation_row *row) {
    for (int64_t i = 0; i < a->inference->n; i++)
        if (mos_inference_has(a->inference, row->modalities, i)) a->list[row->rows++] = i;
    row->lacking = a->inference->n - row->rows;
}

/* source[m]: row i's own, a partner's, or absent; absent: [n] of -1 */
static mosaic_status score_row(ablating *a, const int64_t *absent, mos_ablation_row *row) {
    const mos_inference *from = a->inference;
    const int64_t *source[MOS_MAX_MODALITIES];
    size_t l = (size_t)from->classes;
    if (row->rows == 0 || (row->kept >= 0 && row->rows < 2)) return MOSAIC_OK;
    for (int64_t m = 0; m < from->modalities; m++)
        source[m] = !(row->modalities >> m & 1)        ? absent
                    : row->kept >= 0 && m != row->kept ? a->other
                                                       : a->list;
    MOS_TRY(mos_inference_rescore(a->model, from, row->rows, source, NULL, a->probability));
    for (int64_t i = 0; i < row->rows; i++)
        memcpy(a->labels + (size_t)i * l, from->labels + (size_t)a->list[i] * l, l);
    const mos_score_input input = {a->probability, a->labels, a->threshold, row->rows,
                                   from->classes};
    return mos_bootstrap_scores(&input, a->options, &row->scores);
}

static int bits_of(uint32_t value) {
    int count = 0;
    for (; value != 0; value &= value - 1)
        count++;
    return count;
}

static int64_t list_subsets(const ablating *a, mos_ablation_row *rows) {
    int modalities = (int)a->inference->modalities;
    int64_t count = 0;
    for (int size = 1; size <= modalities; size++) {
        if (modalities > ALL_SUBSETS_UP_TO && size > 1 && size < modalities - 1) continue;
        for (uint32_t subset = 1; subset < 1u << modalities; subset++)
            if (bits_of(subset) == size)
                rows[count++] = (mos_ablation_row){.modalities = subset, .kept = -1};
    }
    for (int m = 0; m < modalities && modalities > 1; m++)
        rows[count++] = (mos_ablation_row){.modalities = (1u << modalities) - 1, .kept = m};
    return count;
}

static mosaic_status measure_row(ablating *a, uint64_t seed, const int64_t *absent, int64_t *cycle,
                                 mos_ablation_row *row) {
    char subset[256];
    mos_modality_subset_name(a->card, row->modalities, subset, sizeof subset);
    if (row->kept < 0)
        (void)snprintf(row->name, sizeof row->name, "%s", subset);
    else
        (void)snprintf(row->name, sizeof row->name, "%s, others of another sample",
                       a->card->spec.modality[row->kept].name);
    list_rows(a, row);
    if (row->kept >= 0) {
        mos_random_cycle(seed, row->rows, cycle);
        for (int64_t i = 0; i < row->rows; i++)
            a->other[i] = a->list[cycle[i]];
    }
    return score_row(a, absent, row);
}

mosaic_status mos_modality_ablation_measure(mos_model *model, const mos_model_card *card,
                                            const mos_inference *inference, const double *threshold,
                                            const mos_bootstrap_options *options, uint64_t seed,
                                            mos_modality_ablation *out) {
    ablating a = {.model = model,
                  .card = card,
                  .inference = inference,
                  .threshold = threshold,
                  .options = options};
    size_t n = (size_t)inference->n, cells = n * (size_t)inference->classes;
    int64_t *absent = NULL, *cycle = NULL;
    mosaic_status status;
    *out = (mos_modality_ablation){.seed = seed};
    MOS_GOTO(mos_alloc(MOST_ROWS, sizeof *out->rows, "modality subsets", &out->rows));
    MOS_GOTO(mos_alloc(n, sizeof *a.list, "rows", &a.list));
    MOS_GOTO(mos_alloc(n, sizeof *a.other, "rows", &a.other));
    MOS_GOTO(mos_alloc(n, sizeof *absent, "rows", &absent));
    MOS_GOTO(mos_alloc(n, sizeof *cycle, "rows", &cycle));
    MOS_GOTO(mos_alloc(cells, sizeof *a.probability, "scores of a subset", &a.probability));
    MOS_GOTO(mos_alloc(cells, 1, "labels of a subset", &a.labels));
    for (size_t i = 0; i < n; i++)
        absent[i] = -1;
    out->count = list_subsets(&a, out->rows);
    for (int64_t r = 0; r < out->count; r++)
        MOS_GOTO(measure_row(&a, seed, absent, cycle, &out->rows[r]));
done:
    mos_free(a.list);
    mos_free(a.other);
    mos_free(absent);
    mos_free(cycle);
    mos_free(a.probability);
    mos_free(a.labels);
    if (status != MOSAIC_OK) mos_modality_ablation_release(out);
    return status;
}

void mos_modality_ablation_release(mos_modality_ablation *ablation) {
    for (int64_t r = 0; r < ablation->count; r++)
        mos_bootstrap_release(&ablation->rows[r].scores);
    mos_free(ablation->rows);
    *ablation = (mos_modality_ablation){0};
}

void mos_modality_ablation_json(const mos_modality_ablation *ablation, mos_json *json) {
    mos_json_open(json, "modality_ablation", '{');
    mos_json_int(json, "seed", (int64_t)ablation->seed);
    mos_json_open(json, "rows", '[');
    for (int64_t r = 0; r < ablation->count; r++) {
        const mos_ablation_row *row = &ablation->rows[r];
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "name", row->name);
        mos_json_bool(json, "mismatched", row->kept >= 0);
        mos_json_int(json, "samples", row->rows);
        mos_json_int(json, "lacking", row->lacking);
        for (int k = 0; k < SCORES && row->scores.classes > 0; k++) {
            const mos_interval *i = score_of(&row->scores, k);
            mos_json_open(json, score_names[k], '{');
            mos_json_number(json, "value", i->value);
            mos_json_number(json, "low", i->low);
            mos_json_number(json, "high", i->high);
            mos_json_close(json, '}');
        }
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
    mos_json_close(json, '}');
}

mosaic_status mos_modality_ablation_write(const mos_modality_ablation *ablation,
                                          const char *folder) {
    mos_text out = {0};
    mos_text_add(&out, "modalities,mismatched,samples,lacking");
    for (int k = 0; k < SCORES; k++)
        mos_text_add(&out, ",%s,%s_low,%s_high", score_names[k], score_names[k], score_names[k]);
    mos_text_add(&out, "\n");
    for (int64_t r = 0; r < ablation->count; r++) {
        const mos_ablation_row *row = &ablation->rows[r];
        bool scored = row->scores.classes > 0;
        mos_csv_add_field(&out, row->name);
        mos_text_add(&out, ",%d,%lld,%lld", row->kept >= 0, (long long)row->rows,
                     (long long)row->lacking);
        for (int k = 0; k < SCORES; k++) {
            const mos_interval *i = score_of(&row->scores, k);
            mos_csv_add_number(&out, scored ? i->value : NAN);
            mos_csv_add_number(&out, scored ? i->low : NAN);
            mos_csv_add_number(&out, scored ? i->high : NAN);
        }
        mos_text_add(&out, "\n");
    }
    return mos_result_file(folder, "modality_ablation.csv", &out);
}
