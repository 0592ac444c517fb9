/* The scores of tests/golden/make_score_golden.py. */
#ifndef TEST_EVAL_PLANTED_SCORES_H
#define TEST_EVAL_PLANTED_SCORES_H

#include "golden/golden_file.h"

#include "score/bootstrap.h"

enum { SCORES_N = 300, SCORES_L = 5, SCORES_D = 6 };

typedef struct planted_scores {
    float probability[SCORES_N * SCORES_L];
    int8_t labels[SCORES_N * SCORES_L];
    double threshold[SCORES_L];
} planted_scores;

/* skill: distance between the means of positives and negatives. */
static inline mos_score_input planted_input_of(const char *labels_name, const char *noise_name,
                                               double skill, planted_scores *s) {
    uint64_t labels = formula_hash(labels_name), noise = formula_hash(noise_name);
    for (int64_t i = 0; i < SCORES_N * SCORES_L; i++) {
        s->labels[i] = formula_bits(labels, i) % 100 < 30;
        double p = 0.5 + 0.5 * formula_uniform(noise, i) + skill * ((double)s->labels[i] - 0.5);
        s->probability[i] = (float)fmin(fmax(p, 0), 1);
    }
    for (int j = 0; j < SCORES_L; j++)
        s->threshold[j] = 0.5;
    return (mos_score_input){s->probability, s->labels, s->threshold, SCORES_N, SCORES_L};
}

/* `name` of the labels and noise. */
static inline mos_score_input planted_input(const char *name, double skill, planted_scores *s) {
    char labels[64], noise[64];
    (void)snprintf(labels, sizeof labels, "%s.labels", name);
    (void)snprintf(noise, sizeof noise, "%s.scores", name);
    return planted_input_of(labels, noise, skill, s);
}

static inline double score_golden(const golden_file *golden, const char *name, int64_t at) {
    const golden_entry *entry = golden_find(golden, name);
    assert_true(at < entry->count);
    return entry->values[at];
}

#endif
