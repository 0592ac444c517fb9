/* mosaic/model.h: a trained model, from its one file.
 *
 * The file (model.safetensors) carries classes, bands, statistics and thresholds; nothing else is
 * needed. A model belongs to one thread at a time and uses threads inside. */
#ifndef MOSAIC_MODEL_H
#define MOSAIC_MODEL_H

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
MOSAIC_API void mosaic_model_close(mosaic_model **model);

MOSAIC_API int64_t mosaic_model_modality_count(const mosaic_model *model);
MOSAIC_API const char *mosaic_model_modality(const mosaic_model *model, int64_t m);
MOSAIC_API int64_t mosaic_model_band_count(const mosaic_model *model, int64_t m);
MOSAIC_API const char *mosaic_model_band(const mosaic_model *model, int64_t m, int64_t b);
MOSAIC_API int64_t mosaic_model_class_count(const mosaic_model *model); /* 0: no head */
MOSAIC_API const char *mosaic_model_class(const mosaic_model *model, int64_t l);
/* The decision threshold of class l tuned on validation, 0.5 where none was. */
MOSAIC_API double mosaic_model_threshold(const mosaic_model *model, int64_t l);
MOSAIC_API int64_t mosaic_model_height(const mosaic_model *model); /* pixels */
MOSAIC_API int64_t mosaic_model_width(const mosaic_model *model);
MOSAIC_API int64_t mosaic_model_feature_size(const mosaic_model *model); /* per modality */

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
