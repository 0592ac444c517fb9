/* safetensors: u64 little-endian header length, JSON header, raw little-endian row-major arrays
 * (https://github.com/huggingface/safetensors). Reading trusts nothing; writing streams and is
 * atomic. */
#ifndef MOS_IO_SAFETENSORS_H
#define MOS_IO_SAFETENSORS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum mos_dtype {
    MOS_U8,
    MOS_I8,
    MOS_U16,
    MOS_I16,
    MOS_I32,
    MOS_U32,
    MOS_I64,
    MOS_U64,
    MOS_F16,
    MOS_BF16,
    MOS_F32,
    MOS_F64,
    MOS_BOOL
} mos_dtype;
size_t mos_dtype_bytes(mos_dtype dtype);
const char *mos_dtype_name(mos_dtype dtype); /* "F32" */

enum {
    MOS_TENSOR_MAX_RANK = 8,
    MOS_SAFETENSORS_MAX_HEADER = 100 << 20,
    MOS_SAFETENSORS_MAX_TENSORS = 1 << 20
};

typedef struct mos_tensor_view {
    const char *name;
    mos_dtype dtype;
    int rank;
    int64_t shape[MOS_TENSOR_MAX_RANK];
    const void *data; /* inside the blob, may be unaligned */
    size_t bytes;
} mos_tensor_view;

/* A parsed blob: views point into the caller's bytes (or into the mapped file of
 * mos_safetensors_open). */
typedef struct mos_safetensors {
    mos_tensor_view *tensors; /* in order of their offsets */
    size_t count;
    char **metadata;       /* key, value, key, value, ... */
    size_t metadata_count; /* pairs */
    void *mapping;         /* internal: the mapped file, or NULL */
    size_t mapping_bytes;
    char *names;  /* internal */
    char *header; /* internal: the header's bytes, for mos_safetensors_reparse */
    size_t header_bytes;
} mos_safetensors;

/* Parse `size` bytes at `data`; `what` names the record or file in messages. Rejects: short, header
 * too long, bad JSON, duplicate names, unknown dtype, shape x dtype != offsets, overlaps, holes,
 * out of range. */
mosaic_status mos_safetensors_parse(const void *data, size_t size, const char *what,
                                    mos_safetensors *out);
/* As parse, for many records of one layout: where `io` (zeroed at first, else a parsed record) has
 * the same header, only the data pointers move and nothing is allocated; otherwise `io` is released
 * and parsed anew. */
mosaic_status mos_safetensors_reparse(const void *data, size_t size, const char *what,
                                      mos_safetensors *io);
mosaic_status mos_safetensors_open(const char *path, mos_safetensors *out); /* mmap */
void mos_safetensors_release(mos_safetensors *file);
const mos_tensor_view *mos_safetensors_find(const mos_safetensors *file, const char *name);
const char *mos_safetensors_metadata(const mos_safetensors *file,
                                     const char *key); /* NULL if absent */

/* One tensor to write; offsets follow the order given. */
typedef struct mos_tensor_source {
    const char *name;
    mos_dtype dtype;
    int rank;
    int64_t shape[MOS_TENSOR_MAX_RANK];
    const void *data;
} mos_tensor_source;
/* Serialise to memory: mos_free(*blob). metadata: pairs, may be NULL. Header padded with spaces to
 * 8 bytes. */
mosaic_status mos_safetensors_encode(const mos_tensor_source *tensors, size_t count,
                                     const char *const *metadata, size_t metadata_count,
                                     void **blob, size_t *size);
/* Atomic file (mos_atomic_*): streams each tensor, never builds the blob. */
mosaic_status mos_safetensors_write(const char *path, const mos_tensor_source *tensors,
                                    size_t count, const char *const *metadata,
                                    size_t metadata_count);

#endif
