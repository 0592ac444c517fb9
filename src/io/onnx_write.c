#include "io/onnx_write.h"

#include "base/file.h"
#include "base/memory.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian");

/* Field numbers of onnx.proto. */
enum {
    MODEL_IR = 1,
    MODEL_PRODUCER = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_METADATA = 14
};
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_INT = 3, ATTRIBUTE_INTS = 8, ATTRIBUTE_TYPE = 20 };
enum { TENSOR_SIZE = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_DATA = 9 };
enum { TYPE_FLOAT = 1, TYPE_INT64 = 7 };              /* TensorProto.DataType */
enum { ATTRIBUTE_IS_INT = 2, ATTRIBUTE_IS_INTS = 7 }; /* AttributeProto.AttributeType */
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static const size_t most_bytes = INT32_MAX; /* readers of protocol buffers refuse more */

/* ---- protocol buffers ---- */

static void add_varint(mos_text *to, uint64_t value) {
    unsigned char bytes[10];
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[size++] = (unsigned char)(value | 0x80);
    bytes[size++] = (unsigned char)value;
    mos_text_add_bytes(to, bytes, size);
}

static void add_int(mos_text *to, int field, int64_t value) {
    add_varint(to, (uint64_t)field << 3 | WIRE_VARINT);
    add_varint(to, (uint64_t)value);
}

/* Tag and length of `size` bytes that follow. */
static void add_length(mos_text *to, int field, size_t size) {
    add_varint(to, (uint64_t)field << 3 | WIRE_BYTES);
    add_varint(to, size);
}

static void add_string(mos_text *to, int field, const char *value) {
    add_length(to, field, strlen(value));
    mos_text_add_bytes(to, value, strlen(value));
}

/* A message within another; it is used up. */
static void add_message(mos_text *to, int field, mos_text *message) {
    add_length(to, field, message->size);
    if (message->size > 0) mos_text_add_bytes(to, message->data, message->size);
    if (message->failed) to->failed = true;
    mos_text_release(message);
}

/* ---- the graph ---- */

static void add_attribute(mos_text *node, const mos_onnx_attribute *attribute) {
    mos_text text = {0};
    add_string(&text, ATTRIBUTE_NAME, attribute->name);
    for (int i = 0; i < attribute->count; i++)
        add_int(&text, attribute->single ? ATTRIBUTE_INT : ATTRIBUTE_INTS, attribute->values[i]);
    add_int(&text, ATTRIBUTE_TYPE, attribute->single ? ATTRIBUTE_IS_INT : ATTRIBUTE_IS_INTS);
    add_message(node, NODE_ATTRIBUTE, &text);
}

void mos_onnx_node(mos_onnx *onnx, const char *op, const char *const *inputs, int input_count,
                   const char *output, const mos_onnx_attribute *attributes, int attribute_count) {
    mos_text node = {0};
    for (int i = 0; i < input_count; i++)
        add_string(&node, NODE_INPUT, inputs[i]);
    add_string(&node, NODE_OUTPUT, output);
    add_string(&node, NODE_NAME, output);
    add_string(&node, NODE_OP, op);
    for (int i = 0; i < attribute_count; i++)
        add_attribute(&node, &attributes[i]);
    add_message(&onnx->nodes, GRAPH_NODE, &node);
}

void mos_onnx_constant(mos_onnx *onnx, const mos_onnx_tensor *tensor) {
    mos_text head = {0};
    size_t size = tensor->integers ? sizeof(int64_t) : sizeof(float), before = onnx->tensors.size;
    for (int i = 0; i < tensor->rank; i++) {
        add_int(&head, TENSOR_SIZE, tensor->shape[i]);
        size *= (size_t)tensor->shape[i];
    }
    add_int(&head, TENSOR_TYPE, tensor->integers ? TYPE_INT64 : TYPE_FLOAT);
    add_string(&head, TENSOR_NAME, tensor->name);
    add_length(&head, TENSOR_DATA, size);
    if (onnx->status == MOSAIC_OK)
        onnx->status = mos_grow(&onnx->blobs, &onnx->blob_capacity, onnx->blob_count + 1,
                                sizeof *onnx->blobs, "constants of a graph");
    add_length(&onnx->tensors, GRAPH_TENSOR, head.size + size);
    if (head.size > 0) mos_text_add_bytes(&onnx->tensors, head.data, head.size);
    if (head.failed) onnx->tensors.failed = true;
    mos_text_release(&head);
    if (onnx->status != MOSAIC_OK) return;
    onnx->blobs[onnx->blob_count++] = (struct mos_onnx_blob){
        .data = tensor->data, .size = size, .head = onnx->tensors.size - before};
}

/* ValueInfoProto of float32: name = 1, type = 2 { tensor_type = 1 { elem_type = 1, shape = 2 { dim
 * = 1 { dim_value = 1 | dim_param = 2 } } } }, doc_string = 3 */
static void add_value(mos_text *to, int field, const char *name, int rank, const int64_t *shape,
                      const char *help) {
    mos_text value = {0}, type = {0}, tensor = {0}, sizes = {0};
    for (int i = 0; i < rank; i++) {
        mos_text size = {0};
        if (shape[i] < 0)
            add_string(&size, 2, "batch");
        else
            add_int(&size, 1, shape[i]);
        add_message(&sizes, 1, &size);
    }
    add_int(&tensor, 1, TYPE_FLOAT);
    add_message(&tensor, 2, &sizes);
    add_message(&type, 1, &tensor);
    add_string(&value, 1, name);
    add_message(&value, 2, &type);
    add_string(&value, 3, help);
    add_message(to, field, &value);
}

void mos_onnx_input(mos_onnx *onnx, const char *name, int rank, const int64_t *shape,
                    const char *help) {
    add_value(&onnx->inputs, GRAPH_INPUT, name, rank, shape, help);
}

void mos_onnx_output(mos_onnx *onnx, const char *name, int rank, const int64_t *shape,
                     const char *help) {
    add_value(&onnx->outputs, GRAPH_OUTPUT, name, rank, shape, help);
}

void mos_onnx_metadata(mos_onnx *onnx, const char *key, const char *value) {
    mos_text pair = {0};
    add_string(&pair, 1, key);
    add_string(&pair, 2, value);
    add_message(&onnx->metadata, MODEL_METADATA, &pair);
}

/* ---- the file ---- */

static mosaic_status put(FILE *stream, const void *data, size_t size, const char *path) {
    if (size > 0 && fwrite(data, 1, size, stream) != size) return mos_fail_errno("write", path);
    return MOSAIC_OK;
}

static mosaic_status put_text(FILE *stream, const mos_text *text, const char *path) {
    return put(stream, text->data, text->size, path);
}

static mosaic_status put_all(const mos_onnx *onnx, FILE *stream, const mos_text *start,
                             const char *path) {
    const char *at = onnx->tensors.data;
    MOS_TRY(put_text(stream, start, path));
    MOS_TRY(put_text(stream, &onnx->nodes, path));
    for (size_t i = 0; i < onnx->blob_count; i++) {
        MOS_TRY(put(stream, at, onnx->blobs[i].head, path));
        MOS_TRY(put(stream, onnx->blobs[i].data, onnx->blobs[i].size, path));
        at += onnx->blobs[i].head;
    }
    MOS_TRY(put_text(stream, &onnx->inputs, path));
    MOS_TRY(put_text(stream, &onnx->outputs, path));
    return put_text(stream, &onnx->metadata, path);
}

mosaic_status mos_onnx_write(mos_onnx *onnx, const char *path, const char *graph_name,
                             const char *producer, const char *version) {
    mos_text start = {0}, name = {0}, opset = {0};
    mos_atomic_file file = {0};
    mosaic_status status = onnx->status;
    size_t size = 0;
    if (status != MOSAIC_OK) return status;
    for (size_t i = 0; i < onnx->blob_count; i++)
        size += onnx->blobs[i].size;
    add_string(&name, GRAPH_NAME, graph_name);
    size +=
        name.size + onnx->nodes.size + onnx->tensors.size + onnx->inputs.size + onnx->outputs.size;
    add_int(&start, MODEL_IR, MOS_ONNX_IR);
    add_string(&start, MODEL_PRODUCER, producer);
    add_string(&start, MODEL_PRODUCER_VERSION, version);
    add_string(&opset, 1, ""); /* the domain of the standard operators */
    add_int(&opset, 2, MOS_ONNX_OPSET);
    add_message(&start, MODEL_OPSET, &opset);
    add_length(&start, MODEL_GRAPH, size);
    if (name.size > 0) mos_text_add_bytes(&start, name.data, name.size);
    if (start.failed || name.failed || onnx->nodes.failed || onnx->tensors.failed ||
        onnx->inputs.failed || onnx->outputs.failed || onnx->metadata.failed)
        MOS_GOTO(mos_fail_memory(size, "a graph"));
    if (size > most_bytes)
        MOS_GOTO(mos_fail(MOSAIC_ERR_UNSUPPORTED,
                          "%s: an ONNX file of %zu bytes, at most %zu can be read", path, size,
                          most_bytes));
    MOS_GOTO(mos_atomic_open(&file, path));
    MOS_GOTO(put_all(onnx, file.stream, &start, path));
    MOS_GOTO(mos_atomic_commit(&file));
done:
    mos_atomic_abort(&file);
    mos_text_release(&start);
    mos_text_release(&name);
    return status;
}

void mos_onnx_release(mos_onnx *onnx) {
    mos_text_release(&onnx->nodes);
    mos_text_release(&onnx->tensors);
    mos_text_release(&onnx->inputs);
    mos_text_release(&onnx->outputs);
    mos_text_release(&onnx->metadata);
    mos_free(onnx->blobs);
    *onnx = (mos_onnx){0};
}
