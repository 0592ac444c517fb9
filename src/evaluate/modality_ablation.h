/* What each modality is worth to a trained model: scores on every subset of them, and with partners
 * of other samples. */
#ifndef MOS_EVALUATE_MODALITY_ABLATION_H
#define MOS_EVALUATE_MODALITY_ABLATION_H

#include "base/json_writer.h"
#include "evaluate/modality_subset.h"
#include "score/bootstrap.h"

typedef struct mos_ablation_row {
    char name[320];       /* "s1", "s1+s2", "s1, others of another sample" */
    uint32_t modalities;  /* bit m: the model sees modality m */
    int64_t kept;         /* mismatched: the modality that is the sample's own; -1: all are */
    int64_t rows;         /* samples that have these modalities and were scored */
    int64_t lacking;      /* samples that have not */
    mos_bootstrap scores; /* classes 0 when no row was scored */
} mos_ablation_row;

typedef struct mos_modality_ablation {
    mos_ablation_row *rows; /* [count], owned: subsets by size, then the mismatched */
    int64_t count;
    uint64_t seed;
} mos_modality_ablation;

/* Every non-empty subset (of more than 4 modalities: each alone, all but one, all), each on the
 * samples that have all of its modalities; then, for each modality, that one of the sample itself
 * and all others of another sample: a random cycle through the complete samples, so that none keeps
 * its own. threshold: [classes]. */
mosaic_status mos_modality_ablation_measure(mos_model *model, const mos_model_card *card,
                                            const mos_inference *inference, const double *threshold,
                                            const mos_bootstrap_options *options, uint64_t seed,
                                            mos_modality_ablation *out);
void mos_modality_ablation_release(mos_modality_ablation *ablation);
/* Member "modality_ablation" of the open object; modality_ablation.csv in folder. */
void mos_modality_ablation_json(const mos_modality_ablation *ablation, mos_json *json);
mosaic_status mos_modality_ablation_write(const mos_modality_ablation *ablation,
                                          const char *folder);
/* A permutation of 0..n-1 that is one cycle (Sattolo 1986): next[i] is never i for n >= 2. */
void mos_random_cycle(uint64_t seed, int64_t n, int64_t *next);

#endif
