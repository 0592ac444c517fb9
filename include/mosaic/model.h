/* mosaic/model.h: a trained model, from its one file.
 *
 * The file (model.safetensors) carries classes, bands, band statistics and thresholds; nothing else is
 * needed.
 *
 * Threads: a model belongs to one thread at a time and uses threads inside. Not collective. */
#ifndef MOSAIC_MODEL_H
#define MOSAIC_MODEL_H

#include "mosaic/dataset.h"
#include "mosaic/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mosaic_model mosaic_model;

/* Open a model. path: a model file, a run directory or its model folder. device: "auto", "cpu" or
 * "ref" (slow reference arithmetic in double). threads 0: as many as the process may use. Weights are
 * checked strictly: every tensor present, none left over, shapes equal. Errors: MOSAIC_ERR_DATA or
 * MOSAIC_ERR_IO for the file, MOSAIC_ERR_USAGE or MOSAIC_ERR_UNSUPPORTED for the device,
 * MOSAIC_ERR_MEMORY. The caller owns *out; mosaic_model_close also takes a pointer to NULL. */
MOSAIC_API mosaic_status mosaic_model_open(const char *path, const char *device, int threads,
                                           mosaic_model **out) MOSAIC_CHECKED;
/* The same with a choice of precision: "fp32", "bf16" (where the processor lacks it, fp32 and a
 * warning), or "auto": the precision that the model's thresholds were tuned in. mosaic_model_open
 * takes "auto". Another name is MOSAIC_ERR_USAGE. */
MOSAIC_API mosaic_status mosaic_model_open_in(const char *path, const char *device,
                                              const char *precision, int threads,
                                              mosaic_model **out) MOSAIC_CHECKED;
/* The same by options: key, value pairs ended by NULL.
 *   device, precision  as above; default "auto"
 *   threads            as above; default "0"
 *   batch              patches that are computed at a time, 1 to 4096; default "32". It changes memory
 *                      and speed
 *   latents            "true": mosaic_model_infer can give latents; default "false"
 * Errors: MOSAIC_ERR_USAGE for options, else as those of mosaic_model_open. */
MOSAIC_API mosaic_status mosaic_model_open_with(const char *path, const char *const *options,
                                                mosaic_model **out) MOSAIC_CHECKED;
MOSAIC_API void mosaic_model_close(mosaic_model **model);

/* What the model takes and gives: names of modality m ("s1"), of its band b ("VV") in channel order,
 * of class l; NULL and 0 out of range. The texts live as long as the model. */
MOSAIC_API int64_t mosaic_model_modality_count(const mosaic_model *model);
MOSAIC_API const char *mosaic_model_modality(const mosaic_model *model, int64_t m);
MOSAIC_API int64_t mosaic_model_band_count(const mosaic_model *model, int64_t m);
MOSAIC_API const char *mosaic_model_band(const mosaic_model *model, int64_t m, int64_t b);
MOSAIC_API int64_t mosaic_model_class_count(const mosaic_model *model); /* 0: no head */
MOSAIC_API const char *mosaic_model_class(const mosaic_model *model, int64_t l);
/* The decision threshold of class l, tuned on validation; 0.5 where none was tuned or l is out of
 * range. */
MOSAIC_API double mosaic_model_threshold(const mosaic_model *model, int64_t l);
/* The precision that the model computes in, and the precision of the scores that its thresholds were
 * tuned on (NULL: it has none): "fp32", "bf16" or, on the device "ref", "fp64". Where one is bf16
 * and the other is not, opening the model logs a warning. The texts live as long as the library. */
MOSAIC_API const char *mosaic_model_precision(const mosaic_model *model);
MOSAIC_API const char *mosaic_model_threshold_precision(const mosaic_model *model);
MOSAIC_API int64_t mosaic_model_height(const mosaic_model *model); /* pixels */
MOSAIC_API int64_t mosaic_model_width(const mosaic_model *model);
MOSAIC_API int64_t mosaic_model_feature_size(const mosaic_model *model); /* per modality */
/* Length of a latent row; 0 where the model was opened without latents. */
MOSAIC_API int64_t mosaic_model_latent_size(const mosaic_model *model);

/* Does the data set fit what the model was trained on? MOSAIC_ERR_DATA where a band has another unit
 * or product level, where the names of its bands were guessed, and for whatever else stops prediction
 * on the command line. The option "accept" of mosaic_dataset_open lists what to accept all the same.
 * Call this before predicting patches that are read from a data set. */
MOSAIC_API mosaic_status mosaic_model_check_dataset(const mosaic_model *model,
                                                    const mosaic_dataset *dataset) MOSAIC_CHECKED;

/* What goes in and what comes out. The caller sets struct_size to sizeof(mosaic_inference), and
 * `images` unless n is 0; all else may be 0 or NULL. Memory is the caller's. */
typedef struct mosaic_inference {
    size_t struct_size;
    int64_t n; /* patches */
    /* [modalities]: images[m] is [n, bands(m), height, width] in the sensor's units (S1 dB, S2 digital
     * numbers), not standardised. images[m] NULL: no patch has this modality. NaN and infinite pixels
     * take the band's mean. */
    const float *const *images;
    /* NULL, or [modalities]: present[m] is NULL (all patches have it) or [n], 0 where a patch lacks
     * this modality; its image is not looked at then. */
    const uint8_t *const *present;
    /* Each may be NULL. Rows of a missing modality are zeros. */
    float *probability; /* [n, classes] */
    float *features;    /* [n, modalities, feature_size] */
    float *latents;     /* [n, modalities, latent_size], rows of length 1 */
} mosaic_inference;

/* Features, latents and probabilities of n patches. The result of a patch does not depend on the other
 * patches. Errors: MOSAIC_ERR_USAGE for probabilities of a model without a head, latents of a model
 * opened without them, n < 0 or struct_size; MOSAIC_ERR_MEMORY; MOSAIC_INTERRUPTED between two batches
 * when a stop hook asks for it (mosaic_set_thread_hooks), with the rows of the batches before written. */
MOSAIC_API mosaic_status mosaic_model_infer(mosaic_model *model,
                                            const mosaic_inference *io) MOSAIC_CHECKED;
/* Features and probabilities alone, where every patch has the same modalities: those m whose images[m]
 * is not NULL. Arguments and errors are those of mosaic_model_infer. */
MOSAIC_API mosaic_status mosaic_model_predict(mosaic_model *model, const float *const *images,
                                              int64_t n, float *probability,
                                              float *features) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
