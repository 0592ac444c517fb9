/* The head on features that were computed once: with modalities left out, or taken from another
 * sample. What evaluation by modality subset, with mismatched partners and with farther partners
 * stands on. */
#ifndef MOS_EVALUATE_MODALITY_SUBSET_H
#define MOS_EVALUATE_MODALITY_SUBSET_H

#include "evaluate/inference.h"

/* n results from the features in `from`: result i sees, of modality m, the features of row
 * source[m][i]; below 0, or where that row lacks the modality, m is absent and enters as the
 * model's fusion has it (model.missing). `model` is the one that made `from`, as mos_inference_run
 * left it. probability, and logits unless NULL: [n, classes]. A result equals that of
 * mos_inference_run on a sample made of these parts, bit for bit in fp32. */
mosaic_status mos_inference_rescore(mos_model *model, const mos_inference *from, int64_t n,
                                    const int64_t *const *source, float *logits,
                                    float *probability);

/* Bit m: modality m of the model. Names, comma separated or a list: "s1", "s1,s2". Unknown names
 * fail with those there are. */
mosaic_status mos_modality_subset_parse(const mos_model_card *card, const mos_text_list *names,
                                        uint32_t *out);
/* "s1+s2" */
void mos_modality_subset_name(const mos_model_card *card, uint32_t subset, char *out, size_t size);
/* Does row i of the inference have all modalities of the subset? */
bool mos_inference_has(const mos_inference *inference, uint32_t subset, int64_t row);
/* Keep the rows that have all modalities of the subset and score them on these alone; *lacking
 * counts the others. Features of modalities outside the subset become absent. */
mosaic_status mos_inference_restrict(mos_model *model, uint32_t subset, mos_inference *inference,
                                     int64_t *lacking);

#endif
