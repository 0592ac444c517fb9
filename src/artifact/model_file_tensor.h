/* Tensors of a file as floats of a model: types, shapes and values checked. */
#ifndef MOS_ARTIFACT_MODEL_FILE_TENSOR_H
#define MOS_ARTIFACT_MODEL_FILE_TENSOR_H

#include "io/safetensors.h"
#include "model/model.h"

/* "[64, 3, 7, 7]" */
const char *mos_shape_text(int rank, const int64_t *shape, char *buffer, size_t size);
/* All values of a tensor as finite floats: F32, F64, F16, BF16, I64. `to` holds the product of its
 * shape. */
mosaic_status mos_tensor_floats(const mos_tensor_view *tensor, const char *path, float *to);
/* A model's counters are scalars in files: their rank there. */
int mos_parameter_file_rank(const mos_parameter *parameter);
bool mos_tensor_fits(const mos_tensor_view *tensor, const mos_parameter *parameter);

#endif
