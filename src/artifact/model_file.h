/* A trained model as one safetensors file: weights under their names, and in `__metadata__` all
 * that prediction needs (classes, bands, statistics, thresholds, configuration). */
#ifndef MOS_ARTIFACT_MODEL_FILE_H
#define MOS_ARTIFACT_MODEL_FILE_H

#include "base/options.h"
#include "base/text.h"
#include "data/band_identity.h"
#include "model/model.h"

typedef struct mos_model_card {
    mos_model_spec spec;
    double mean[MOS_MAX_MODALITIES][MOS_MAX_BANDS], sd[MOS_MAX_MODALITIES][MOS_MAX_BANDS];
    bool identified; /* bands say what they are; models of earlier versions do not */
    mos_band_identity identity[MOS_MAX_MODALITIES][MOS_MAX_BANDS];
    char class_names[MOS_MAX_CLASSES][MOS_NAME_SIZE]; /* in the order of the head's outputs */
    int64_t height, width;
    int64_t patch;       /* px of the finest band a side of the patches it was trained on, which may
                            have been resized to height x width; 0 unknown */
    double resolution_m; /* of those pixels; 0 unknown */
    char method[32];
    bool has_thresholds;
    double threshold[MOS_MAX_CLASSES], global_threshold; /* tuned on validation */
    mos_precision threshold_precision; /* of the scores that the thresholds were tuned on */
    bool reduced; /* trained on fewer batches, patches or epochs than configured: said wherever
                     results are */
    bool
        probe_head; /* the head is a linear probe fitted on frozen features (methods without BCE) */
    uint32_t without; /* bit m: is to do without modality m; of a use, never of a file */
    int64_t epochs, steps;
    char *config;     /* the resolved configuration as YAML; owned; may be NULL */
    char dataset[65]; /* fingerprint of the training data */
} mos_model_card;
void mos_model_card_release(mos_model_card *card);

/* The card as one JSON object (model/config.json), the configuration left out. */
void mos_model_card_json(const mos_model_card *card, mos_text *out);

/* Atomic write of model.safetensors, float32, torchvision names. */
mosaic_status mos_model_file_write(const char *path, mos_model *model, const mos_model_card *card);
/* Card alone (no weights read). Also accepts a run directory or its model/ folder. */
mosaic_status mos_model_file_card(const char *path, mos_model_card *card);
/* Model on a device with its weights, strict: every tensor present with its shape, none left over,
 * every value finite. */
mosaic_status mos_model_file_load(const char *path, mos_device *device, mos_model_card *card,
                                  mos_model **out);

/* The device that a model of this card is used on. choice AUTO: the precision that its thresholds
 * were tuned in. */
mosaic_status mos_model_device_open(const mos_model_card *card, const char *name,
                                    mos_precision_choice choice, int threads, mos_device **out);
/* Says it where the card's thresholds were tuned in other arithmetic than the device's, for whoever
 * is about to use them. FP32 and FP64 differ by less than a threshold can tell. */
bool mos_model_warn_precision(const mos_model_card *card, const mos_device *device);

/* Copy tensors whose names match `pattern` (fnmatch; NULL: all, strict) from a file into a model:
 * for --init-from. Also takes a bare torchvision ResNet file (names without the backbones prefix)
 * when the pattern names a modality: "s2" or "backbones.s2.*"; its fc is left out. Input bands, and
 * the modalities' columns of a head behind concatenation, are joined by name where the file has a
 * card; without one the bands of a stem have to be named. A head or fusion of another fusion is
 * refused. 0 tensors loaded is an error; what was skipped is listed in the log and counted.
 * Refreshes the model. stem_bands (NULL: none) names the input bands of stems in files without a
 * card, in the file's order, as in "s2=B04,B03,B02". class_names [spec.classes] are those of the
 * model, by which the rows of its head are joined; without them (NULL) a head is taken only from a
 * file without a card or in strict mode, where the count must agree. */
mosaic_status mos_model_file_init_named(const char *path, const char *pattern,
                                        const char *const *class_names,
                                        const mos_text_list *stem_bands, mos_model *model,
                                        int64_t *loaded, int64_t *skipped);

/* Resolve "RUN", "RUN/model" or a file to the model file's path. */
mosaic_status mos_model_file_resolve(const char *path, char *buffer, size_t size);

#endif
