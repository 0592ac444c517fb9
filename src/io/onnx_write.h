/* ONNX files as they are written (https://github.com/onnx/onnx/blob/main/docs/IR.md): nodes, values
 * and metadata are gathered, weights stay where they are and are streamed. Protocol buffers are
 * encoded here: what a writer needs of them is a tag, a length and bytes, and a generated class
 * would hold every weight a second time. */
#ifndef MOS_IO_ONNX_WRITE_H
#define MOS_IO_ONNX_WRITE_H

#include "base/text.h"

enum { MOS_ONNX_OPSET = 17, MOS_ONNX_IR = 8, MOS_ONNX_MAX_RANK = 4 };

/* A constant; `data` must stay until the file is written. */
typedef struct mos_onnx_tensor {
    const char *name;
    bool integers; /* int64, else float32 */
    int rank;
    int64_t shape[MOS_ONNX_MAX_RANK];
    const void *data;
} mos_onnx_tensor;

/* Integers of an operator, such as strides; `single`: a number, not a list. */
typedef struct mos_onnx_attribute {
    const char *name;
    bool single;
    int count;
    int64_t values[MOS_ONNX_MAX_RANK];
} mos_onnx_attribute;

typedef struct mos_onnx {
    mos_text nodes, tensors /* all but their data */, inputs, outputs, metadata;
    struct mos_onnx_blob {
        const void *data;
        size_t size, head; /* head: bytes of it in `tensors` */
    } * blobs;
    size_t blob_count, blob_capacity;
    mosaic_status status; /* the first failure; later calls do nothing */
} mos_onnx;

void mos_onnx_node(mos_onnx *onnx, const char *op, const char *const *inputs, int input_count,
                   const char *output, const mos_onnx_attribute *attributes, int attribute_count);
void mos_onnx_constant(mos_onnx *onnx, const mos_onnx_tensor *tensor);
/* Float values of the graph; a size below 0 is the batch, any number. */
void mos_onnx_input(mos_onnx *onnx, const char *name, int rank, const int64_t *shape,
                    const char *help);
void mos_onnx_output(mos_onnx *onnx, const char *name, int rank, const int64_t *shape,
                     const char *help);
void mos_onnx_metadata(mos_onnx *onnx, const char *key, const char *value);

/* Atomic. More than 2 GiB, which no reader takes, is MOSAIC_ERR_UNSUPPORTED. */
mosaic_status mos_onnx_write(mos_onnx *onnx, const char *path, const char *graph_name,
                             const char *producer, const char *version);
void mos_onnx_release(mos_onnx *onnx);

#endif
