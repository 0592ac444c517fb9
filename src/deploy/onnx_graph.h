/* A model as an ONNX graph: pixels as they are in the files (decibels, digital numbers) go in, the
 * normalisation is part of the graph. */
#ifndef MOS_DEPLOY_ONNX_GRAPH_H
#define MOS_DEPLOY_ONNX_GRAPH_H

#include "artifact/model_file.h"
#include "io/onnx_write.h"

/* What the graph's constants point into: keep it until the file is written. */
typedef struct mos_onnx_weights {
    float *values;
    struct mos_onnx_number *numbers; /* small constants */
    size_t number_count;
} mos_onnx_weights;

/* Inputs, by the names of the modalities, float32 [batch, bands, height, width]. Pixels that are
 * not finite are left out as data.policy: mask does; a patch without a single finite pixel of a
 * modality lacks that modality.
 * Outputs: "probabilities" [batch, classes], when there is a head; "features" [batch, modalities *
 * size] and "latents" [batch, modalities * latent], the modalities side by side in the card's
 * order, zeros where one is absent. */
mosaic_status mos_onnx_graph_make(mos_model *model, const mos_model_card *card, mos_onnx *out,
                                  mos_onnx_weights *weights);
/* The same for programs that cut a raster into tiles and draw a layer for each output: one input
 * "image" [batch, bands of all modalities in the card's order, height, width], whose pixels are
 * multiplied by `factor` first, and an output "class_<c>" [batch, 1, height, width] for each class,
 * its probability everywhere. The model has a head. */
mosaic_status mos_onnx_graph_make_tiled(mos_model *model, const mos_model_card *card, double factor,
                                        mos_onnx *out, mos_onnx_weights *weights);
void mos_onnx_weights_release(mos_onnx_weights *weights);

#endif
