#include "io/safetensors.h"

#include "base/memory.h"
#include "io/file_map.h"
#include "io/json_guard.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {
    [MOS_U8] = {"U8", 1},     [MOS_I8] = {"I8", 1},   [MOS_U16] = {"U16", 2},
    [MOS_I16] = {"I16", 2},   [MOS_I32] = {"I32", 4}, [MOS_U32] = {"U32", 4},
    [MOS_I64] = {"I64", 8},   [MOS_U64] = {"U64", 8}, [MOS_F16] = {"F16", 2},
    [MOS_BF16] = {"BF16", 2}, [MOS_F32] = {"F32", 4}, [MOS_F64] = {"F64", 8},
    [MOS_BOOL] = {"BOOL", 1},
};
enum { DTYPE_COUNT = sizeof dtypes / sizeof dtypes[0] };

/* Limits on the JSON itself, so that jansson's tree stays in proportion: a real header nests 3 deep
 * (object, tensor, shape) and spends at most about 16 values on a tensor. */
enum { MAX_JSON_DEPTH = 8, MAX_JSON_VALUES = 16 * MOS_SAFETENSORS_MAX_TENSORS };

size_t mos_dtype_bytes(mos_dtype dtype) {
    return (unsigned)dtype < DTYPE_COUNT ? dtypes[dtype].bytes : 0;
}

const char *mos_dtype_name(mos_dtype dtype) {
    return (unsigned)dtype < DTYPE_COUNT ? dtypes[dtype].name : "?";
}

static bool find_dtype(const char *name, mos_dtype *out) {
    for (int i = 0; i < DTYPE_COUNT; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
            *out = (mos_dtype)i;
            return true;
        }
    }
    return false;
}

/* One entry {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]} of the header. */
static mosaic_status read_entry(const char *what, const char *name, const json_t *entry,
                                const unsigned char *base, uint64_t data_bytes,
                                mos_tensor_view *out) {
    char shown[80], dtype_shown[24];
    mos_shown_text(name, strlen(name), shown, sizeof shown);
    const json_t *dtype = json_object_get(entry, "dtype");
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    if (!json_is_string(dtype) || !json_is_array(shape) || !json_is_array(offsets) ||
        json_array_size(offsets) != 2 || !json_is_integer(json_array_get(offsets, 0)) ||
        !json_is_integer(json_array_get(offsets, 1)))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: tensor \"%s\": entry needs dtype, shape and two data_offsets", what,
                        shown);
    if (!find_dtype(json_string_value(dtype), &out->dtype))
        return mos_fail(MOSAIC_ERR_DATA, "%s: tensor \"%s\": unknown dtype \"%s\"", what, shown,
                        mos_shown_text(json_string_value(dtype), json_string_length(dtype),
                                       dtype_shown, sizeof dtype_shown));
    size_t rank = json_array_size(shape);
    if (rank > MOS_TENSOR_MAX_RANK)
        return mos_fail(MOSAIC_ERR_DATA, "%s: tensor \"%s\": rank %zu, at most %d is supported",
                        what, shown, rank, MOS_TENSOR_MAX_RANK);
    out->rank = (int)rank;
    uint64_t bytes = dtypes[out->dtype].bytes;
    bool empty = false, overflow = false;
    for (size_t i = 0; i < rank; i++) {
        const json_t *side = json_array_get(shape, i);
        if (!json_is_integer(side) || json_integer_value(side) < 0)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: tensor \"%s\": shape holds something other than sizes", what,
                            shown);
        out->shape[i] = json_integer_value(side);
        empty |= out->shape[i] == 0;
        overflow |= __builtin_mul_overflow(bytes, (uint64_t)out->shape[i], &bytes);
    }
    if (empty) {
        bytes = 0;
    } else if (overflow) {
        return mos_fail(MOSAIC_ERR_DATA, "%s: tensor \"%s\": shape overflows", what, shown);
    }
    json_int_t begin = json_integer_value(json_array_get(offsets, 0));
    json_int_t end = json_integer_value(json_array_get(offsets, 1));
    if (begin < 0 || end < begin || (uint64_t)end > data_bytes)
        return mos_fail(
            MOSAIC_ERR_DATA,
            "%s: tensor \"%s\": data_offsets [%lld, %lld] are outside the %llu data bytes", what,
            shown, (long long)begin, (long long)end, (unsigned long long)data_bytes);
    if ((uint64_t)(end - begin) != bytes)
        return mos_fail(
            MOSAIC_ERR_DATA,
            "%s: tensor \"%s\": shape and dtype need %llu bytes, data_offsets give %lld", what,
            shown, (unsigned long long)bytes, (long long)(end - begin));
    out->name = name;
    out->data = base + begin;
    out->bytes = (size_t)bytes;
    return MOSAIC_OK;
}

static int compare_views(const void *a, const void *b) {
    const mos_tensor_view *left = a, *right = b;
    uintptr_t x = (uintptr_t)left->data, y = (uintptr_t)right->data;
    if (x != y) return x < y ? -1 : 1;
    if (left->bytes != right->bytes) return left->bytes < right->bytes ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* The tensors, sorted by offset, must tile the data without overlap, hole or rest. */
static mosaic_status check_tiling(const mos_safetensors *file, const char *what,
                                  const unsigned char *base, uint64_t data_bytes) {
    uint64_t at = 0;
    char shown[80];
    for (size_t i = 0; i < file->count; i++) {
        const mos_tensor_view *view = &file->tensors[i];
        uint64_t begin = (uint64_t)((const unsigned char *)view->data - base);
        if (begin != at)
            return mos_fail(MOSAIC_ERR_DATA, "%s: tensor \"%s\": data begins at %llu, %s %llu",
                            what,
                            mos_shown_text(view->name, strlen(view->name), shown, sizeof shown),
                            (unsigned long long)begin,
                            begin < at ? "inside a tensor that ends at" : "after a hole from",
                            (unsigned long long)at);
        at += view->bytes;
    }
    if (at != data_bytes)
        return mos_fail(MOSAIC_ERR_DATA, "%s: tensors end at byte %llu of %llu", what,
                        (unsigned long long)at, (unsigned long long)data_bytes);
    return MOSAIC_OK;
}

/* Bytes of all names, keys and metadata values with their terminators; checks that metadata is
 * text. */
static mosaic_status measure_names(const char *what, json_t *root, size_t *bytes) {
    const char *key, *inner_key;
    json_t *value, *inner;
    *bytes = 0;
    json_object_foreach(root, key, value) {
        if (!json_is_object(value)) {
            char shown[80];
            return mos_fail(MOSAIC_ERR_DATA, "%s: tensor \"%s\": entry is not an object", what,
                            mos_shown_text(key, strlen(key), shown, sizeof shown));
        }
        *bytes += strlen(key) + 1;
        if (strcmp(key, "__metadata__") != 0) continue;
        json_object_foreach(value, inner_key, inner) {
            if (!json_is_string(inner))
                return mos_fail(MOSAIC_ERR_DATA, "%s: __metadata__ holds something other than text",
                                what);
            *bytes += strlen(inner_key) + 1 + json_string_length(inner) + 1;
        }
    }
    return MOSAIC_OK;
}

static char *store_name(char **pool, const char *text) {
    size_t size = strlen(text) + 1;
    char *at = *pool;
    memcpy(at, text, size);
    *pool += size;
    return at;
}

static mosaic_status read_tree(const char *what, json_t *root, const unsigned char *base,
                               uint64_t data_bytes, mos_safetensors *out) {
    if (!json_is_object(root))
        return mos_fail(MOSAIC_ERR_DATA, "%s: safetensors header is not an object", what);
    size_t name_bytes = 0;
    MOS_TRY(measure_names(what, root, &name_bytes));
    json_t *metadata = json_object_get(root, "__metadata__");
    size_t count = json_object_size(root) - (metadata != NULL ? 1 : 0);
    if (count > MOS_SAFETENSORS_MAX_TENSORS)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %zu tensors, at most %d are supported", what, count,
                        MOS_SAFETENSORS_MAX_TENSORS);
    MOS_TRY(mos_alloc(name_bytes + 1, 1, "tensor names", &out->names));
    MOS_TRY(mos_alloc(count, sizeof *out->tensors, "tensor table", &out->tensors));
    MOS_TRY(mos_alloc(2 * json_object_size(metadata), sizeof *out->metadata, "metadata",
                      &out->metadata));
    char *pool = out->names;
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value) {
        if (value == metadata) continue;
        MOS_TRY(read_entry(what, store_name(&pool, key), value, base, data_bytes,
                           &out->tensors[out->count]));
        out->count++;
    }
    json_object_foreach(metadata, key, value) {
        out->metadata[2 * out->metadata_count] = store_name(&pool, key);
        out->metadata[2 * out->metadata_count + 1] = store_name(&pool, json_string_value(value));
        out->metadata_count++;
    }
    if (out->count > 1) qsort(out->tensors, out->count, sizeof *out->tensors, compare_views);
    return check_tiling(out, what, base, data_bytes);
}

/* Length of the JSON header of a blob, checked against the blob. */
static mosaic_status read_header_bytes(const void *data, size_t size, const char *what,
                                       size_t *header_bytes) {
    if (size < 8)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %zu bytes are too short for safetensors", what, size);
    uint64_t length = mos_load_u64(data);
    if (length > MOS_SAFETENSORS_MAX_HEADER)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: not safetensors, or a header of %llu bytes (at most %d)", what,
                        (unsigned long long)length, MOS_SAFETENSORS_MAX_HEADER);
    if (length > size - 8)
        return mos_fail(MOSAIC_ERR_DATA, "%s: cut short: header of %llu bytes in a blob of %zu",
                        what, (unsigned long long)length, size);
    *header_bytes = (size_t)length;
    return MOSAIC_OK;
}

static mosaic_status parse_blob(const void *data, size_t size, const char *what,
                                mos_safetensors *out) {
    size_t header_bytes = 0;
    MOS_TRY(read_header_bytes(data, size, what, &header_bytes));
    const char *header = (const char *)data + 8;
    if (header_bytes == 0 || header[0] != '{')
        return mos_fail(MOSAIC_ERR_DATA, "%s: not safetensors: no JSON header", what);
    MOS_TRY(mos_json_guard(header, header_bytes, MAX_JSON_DEPTH, MAX_JSON_VALUES, what,
                           "safetensors header"));
    json_error_t error;
    json_t *root = json_loadb(header, header_bytes, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        char shown[JSON_ERROR_TEXT_LENGTH];
        if (json_error_code(&error) == json_error_out_of_memory)
            return mos_fail_memory(header_bytes, "safetensors header");
        return mos_fail(MOSAIC_ERR_DATA, "%s: safetensors header, byte %d: %s", what,
                        error.position,
                        mos_shown_text(error.text, strlen(error.text), shown, sizeof shown));
    }
    mosaic_status status = read_tree(what, root, (const unsigned char *)header + header_bytes,
                                     (uint64_t)(size - 8 - header_bytes), out);
    json_decref(root);
    if (status != MOSAIC_OK) return status;
    MOS_TRY(mos_alloc(header_bytes, 1, "safetensors header", &out->header));
    memcpy(out->header, header, header_bytes);
    out->header_bytes = header_bytes;
    return MOSAIC_OK;
}

/* A zip archive, as torch.save has written since 1.6, or the pickle before it: no safetensors
 * begins so, for its header would be gigabytes long. */
static bool is_pytorch(const void *data, size_t size) {
    static const unsigned char zip[] = {'P', 'K', 3, 4}, pickle[] = {0x80, 2, 0x8a, 0x0a};
    return size >= 8 &&
           (memcmp(data, zip, sizeof zip) == 0 || memcmp(data, pickle, sizeof pickle) == 0);
}

mosaic_status mos_safetensors_parse(const void *data, size_t size, const char *what,
                                    mos_safetensors *out) {
    memset(out, 0, sizeof *out);
    if (is_pytorch(data, size))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s is a PyTorch file (torch.save), wanted safetensors: in Python, "
                        "safetensors.torch.save_file(torch.load(FILE, map_location='cpu'), OUT)",
                        what);
    mosaic_status status = parse_blob(data, size, what, out);
    if (status != MOSAIC_OK) mos_safetensors_release(out);
    return status;
}

mosaic_status mos_safetensors_reparse(const void *data, size_t size, const char *what,
                                      mos_safetensors *io) {
    if (io->header != NULL && io->mapping == NULL && size >= 8 &&
        mos_load_u64(data) == io->header_bytes && size - 8 >= io->header_bytes &&
        memcmp((const char *)data + 8, io->header, io->header_bytes) == 0) {
        /* Views are in order of their offsets and tile the data: one running sum gives every
         * pointer. */
        const unsigned char *at = (const unsigned char *)data + 8 + io->header_bytes;
        size_t left = size - 8 - io->header_bytes, total = 0;
        for (size_t i = 0; i < io->count; i++)
            total += io->tensors[i].bytes;
        if (total == left) {
            for (size_t i = 0; i < io->count; i++) {
                io->tensors[i].data = at;
                at += io->tensors[i].bytes;
            }
            return MOSAIC_OK;
        }
    }
    mos_safetensors_release(io);
    return mos_safetensors_parse(data, size, what, io);
}

mosaic_status mos_safetensors_open(const char *path, mos_safetensors *out) {
    memset(out, 0, sizeof *out);
    mos_file_map map;
    MOS_TRY(mos_file_map_open(path, UINT64_MAX, &map));
    mosaic_status status = mos_safetensors_parse(map.data, map.size, path, out);
    if (status != MOSAIC_OK) {
        mos_file_map_release(&map);
        return status;
    }
    memcpy(&out->mapping, &map.data, sizeof out->mapping);
    out->mapping_bytes = map.size;
    return MOSAIC_OK;
}

void mos_safetensors_release(mos_safetensors *file) {
    mos_free(file->tensors);
    mos_free(file->metadata);
    mos_free(file->names);
    mos_free(file->header);
    mos_file_map map = {file->mapping, file->mapping_bytes};
    mos_file_map_release(&map);
    memset(file, 0, sizeof *file);
}

const mos_tensor_view *mos_safetensors_find(const mos_safetensors *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}

const char *mos_safetensors_metadata(const mos_safetensors *file, const char *key) {
    for (size_t i = 0; i < file->metadata_count; i++)
        if (strcmp(file->metadata[2 * i], key) == 0) return file->metadata[2 * i + 1];
    return NULL;
}
