#include "base/file.h"
#include "base/memory.h"
#include "io/file_map.h"
#include "io/safetensors.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

/* Bytes of one source; checks dtype, rank, shape and name. */
static mosaic_status measure_source(const mos_tensor_source *source, uint64_t *bytes) {
    uint64_t total = mos_dtype_bytes(source->dtype);
    if (source->name == NULL || strcmp(source->name, "__metadata__") == 0)
        return mos_fail(MOSAIC_ERR_RUNTIME,
                        "safetensors: a tensor needs a name other than __metadata__");
    if (total == 0 || source->rank < 0 || source->rank > MOS_TENSOR_MAX_RANK)
        return mos_fail(MOSAIC_ERR_RUNTIME, "safetensors: tensor \"%s\": bad dtype or rank %d",
                        source->name, source->rank);
    for (int i = 0; i < source->rank; i++) {
        if (source->shape[i] < 0 ||
            __builtin_mul_overflow(total, (uint64_t)source->shape[i], &total))
            return mos_fail(MOSAIC_ERR_RUNTIME, "safetensors: tensor \"%s\": bad size %lld",
                            source->name, (long long)source->shape[i]);
    }
    *bytes = total;
    return MOSAIC_OK;
}

static mosaic_status add_entry(json_t *root, const mos_tensor_source *source, uint64_t begin,
                               uint64_t end) {
    if (json_object_get(root, source->name) != NULL)
        return mos_fail(MOSAIC_ERR_RUNTIME, "safetensors: tensor \"%s\" is there twice",
                        source->name);
    json_t *shape = json_array();
    bool good = shape != NULL;
    for (int i = 0; good && i < source->rank; i++)
        good = json_array_append_new(shape, json_integer((json_int_t)source->shape[i])) == 0;
    /* json_pack takes over `shape` in every case. */
    json_t *entry =
        good ? json_pack("{s:s, s:o, s:[I, I]}", "dtype", mos_dtype_name(source->dtype), "shape",
                         shape, "data_offsets", (json_int_t)begin, (json_int_t)end)
             : NULL;
    if (!good) json_decref(shape);
    if (entry == NULL || json_object_set_new(root, source->name, entry) != 0)
        return mos_fail(MOSAIC_ERR_RUNTIME,
                        "safetensors: tensor \"%s\": name is not UTF-8, or out of memory",
                        source->name);
    return MOSAIC_OK;
}

static mosaic_status build_tree(json_t *root, const mos_tensor_source *tensors, size_t count,
                                const char *const *metadata, size_t metadata_count,
                                uint64_t *data_bytes) {
    if (metadata_count > 0) {
        json_t *object = json_object();
        if (object == NULL || json_object_set_new(root, "__metadata__", object) != 0)
            return mos_fail_memory(64, "safetensors metadata");
        for (size_t i = 0; i < metadata_count; i++)
            if (json_object_set_new(object, metadata[2 * i], json_string(metadata[2 * i + 1])) != 0)
                return mos_fail(MOSAIC_ERR_RUNTIME,
                                "safetensors: metadata \"%s\" is not UTF-8, or out of memory",
                                metadata[2 * i]);
    }
    uint64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = 0;
        MOS_TRY(measure_source(&tensors[i], &bytes));
        if (bytes > INT64_MAX - at)
            return mos_fail(MOSAIC_ERR_RUNTIME, "safetensors: tensors are too large");
        MOS_TRY(add_entry(root, &tensors[i], at, at + bytes));
        at += bytes;
    }
    *data_bytes = at;
    return MOSAIC_OK;
}

/* The length field and the padded JSON, in one mos_free block. */
static mosaic_status encode_header(const mos_tensor_source *tensors, size_t count,
                                   const char *const *metadata, size_t metadata_count,
                                   char **header, size_t *header_bytes, uint64_t *data_bytes) {
    *header = NULL;
    json_t *root = json_object();
    if (root == NULL) return mos_fail_memory(64, "safetensors header");
    char *out = NULL;
    mosaic_status status;
    MOS_GOTO(build_tree(root, tensors, count, metadata, metadata_count, data_bytes));
    const size_t flags = JSON_COMPACT;
    size_t length = json_dumpb(root, NULL, 0, flags);
    size_t padded = (length + 7) / 8 * 8;
    if (length == 0 || padded > MOS_SAFETENSORS_MAX_HEADER) {
        status = mos_fail(MOSAIC_ERR_RUNTIME, "safetensors: header of %zu bytes cannot be written",
                          length);
        goto done;
    }
    MOS_GOTO(mos_alloc(8 + padded, 1, "safetensors header", &out));
    uint64_t field = padded;
    memcpy(out, &field, 8);
    memset(out + 8, ' ', padded);
    if (json_dumpb(root, out + 8, length, flags) != length) {
        status = mos_fail_memory(length, "safetensors header");
        goto done;
    }
    *header = out;
    *header_bytes = 8 + padded;
    out = NULL;
done:
    mos_free(out);
    json_decref(root);
    return status;
}

static size_t source_bytes(const mos_tensor_source *source) {
    uint64_t bytes = mos_dtype_bytes(source->dtype);
    for (int i = 0; i < source->rank; i++)
        bytes *= (uint64_t)source->shape[i];
    return (size_t)bytes;
}

mosaic_status mos_safetensors_encode(const mos_tensor_source *tensors, size_t count,
                                     const char *const *metadata, size_t metadata_count,
                                     void **blob, size_t *size) {
    *blob = NULL;
    *size = 0;
    char *header = NULL, *out = NULL;
    size_t header_bytes = 0;
    uint64_t data_bytes = 0;
    mosaic_status status;
    MOS_GOTO(encode_header(tensors, count, metadata, metadata_count, &header, &header_bytes,
                           &data_bytes));
    MOS_GOTO(mos_alloc(header_bytes + (size_t)data_bytes, 1, "safetensors blob", &out));
    memcpy(out, header, header_bytes);
    size_t at = header_bytes;
    for (size_t i = 0; i < count; i++) {
        size_t bytes = source_bytes(&tensors[i]);
        if (bytes > 0) memcpy(out + at, tensors[i].data, bytes);
        at += bytes;
    }
    *blob = out;
    *size = at;
done:
    mos_free(header);
    return status;
}

mosaic_status mos_safetensors_write(const char *path, const mos_tensor_source *tensors,
                                    size_t count, const char *const *metadata,
                                    size_t metadata_count) {
    char *header = NULL;
    size_t header_bytes = 0;
    uint64_t data_bytes = 0;
    mos_atomic_file file = {0};
    mosaic_status status;
    MOS_GOTO(encode_header(tensors, count, metadata, metadata_count, &header, &header_bytes,
                           &data_bytes));
    MOS_GOTO(mos_atomic_open(&file, path));
    bool good = fwrite(header, 1, header_bytes, file.stream) == header_bytes;
    for (size_t i = 0; good && i < count; i++) {
        size_t bytes = source_bytes(&tensors[i]);
        if (bytes > 0) good = fwrite(tensors[i].data, 1, bytes, file.stream) == bytes;
    }
    if (!good) {
        status = mos_fail_errno("write", path);
        goto done;
    }
    MOS_GOTO(mos_atomic_commit(&file));
done:
    mos_atomic_abort(&file);
    mos_free(header);
    return status;
}
