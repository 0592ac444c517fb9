/* mosaic/model.h: a trained model, from its one file.
 *
 * The file (model.safetensors) carries classes, bands, statistics and thresholds; nothing else is
 * needed. A model belongs to one thread at a time and uses threads inside. */
#ifndef MOSAIC_MODEL_H
#define MOSAIC_MODEL_H

#include "mosaic/dataset.h"
#include "mosaic/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mosaic_model mosaic_model;

/* path: a model file, a run directory or its model folder. device: "auto", "cpu", "ref". threads 0:
 * all. Weights are checked strictly: every tensor present, none left over, shapes equal. */
MOSAIC_API mosaic_status mosaic_model_open(const char *path, const char *device, int threads,
                                           mosaic_model **out) MOSAIC_CHECKED;
/* The same in the arithmetic of choice: "fp32", "bf16" (where the processor lacks it, fp32 and a
 * warning) or "auto", which mosaic_model_open takes: what the model's thresholds were tuned in. */
MOSAIC_API mosaic_status mosaic_model_open_in(const char *path, const char *device,
                                              const char *precision, int threads,
                                              mosaic_model **out) MOSAIC_CHECKED;
MOSAIC_API void mosaic_model_close(mosaic_model **model);

MOSAIC_API int64_t mosaic_model_modality_count(const mosaic_model *model);
MOSAIC_API const char *mosaic_model_modality(const mosaic_model *model, int64_t m);
MOSAIC_API int64_t mosaic_model_band_count(const mosaic_model *model, int64_t m);
MOSAIC_API const char *mosaic_model_band(const mosaic_model *model, int64_t m, int64_t b);
MOSAIC_API int64_t mosaic_model_class_count(const mosaic_model *model); /* 0: no head */
MOSAIC_API const char *mosaic_model_class(const mosaic_model *model, int64_t l);
/* The decision threshold of class l tuned on validation, 0.5 where none was. */
MOSAIC_API double mosaic_model_threshold(const mosaic_model *model, int64_t l);
/* "fp32", "bf16" (or, of the device "ref", "fp64"): what the model computes in, and what the scores
 * were computed in that its thresholds were tuned on (NULL: it has none). Where one is bf16 and the
 * other is not, opening says so. */
MOSAIC_API const char *mosaic_model_precision(const mosaic_model *model);
MOSAIC_API const char *mosaic_model_threshold_precision(const mosaic_model *model);
MOSAIC_API int64_t mosaic_model_height(const mosaic_model *model); /* pixels */
MOSAIC_API int64_t mosaic_model_width(const mosaic_model *model);
MOSAIC_API int64_t mosaic_model_feature_size(const mosaic_model *model); /* per modality */

/* Is the data set what the model was trained on? MOSAIC_ERR_DATA where a band has another unit or
 * product level, where the names of its bands were guessed, and for whatever else stops prediction
 * on the command line; the option "accept" of mosaic_dataset_open goes on regardless. Patches that
 * are read from a data set should pass this before they are predicted. */
MOSAIC_API mosaic_status mosaic_model_check_dataset(const mosaic_model *model,
                                                    const mosaic_dataset *dataset) MOSAIC_CHECKED;

/* n patches of every modality: images[m] is [n, bands(m), height, width] in the sensor's units (S1
 * dB, S2 digital numbers), standardised inside; NULL: this modality is missing for all. probability
 * [n, classes] and features [n, modalities, feature_size] may each be NULL. A row's result does not
 * depend on the others'. NaN and Inf pixels count as invalid and take the band's mean. */
MOSAIC_API mosaic_status mosaic_model_predict(mosaic_model *model, const float *const *images,
                                              int64_t n, float *probability,
                                              float *features) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
