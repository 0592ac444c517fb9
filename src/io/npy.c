#include "io/npy.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/file_map.h"

#include <stdbool.h>
#include <string.h>

/* https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html: magic, version, header
 * length, then a Python dictionary as text, padded so that the data begin at a multiple of 64. */
static const char magic[] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
enum { MAX_HEADER = 1 << 16, DATA_ALIGNMENT = 64 };

static const struct {
    mos_dtype dtype;
    const char *code; /* behind the byte-order sign */
} codes[] = {{MOS_U8, "u1"},  {MOS_I8, "i1"},  {MOS_BOOL, "b1"}, {MOS_U16, "u2"},
             {MOS_I16, "i2"}, {MOS_U32, "u4"}, {MOS_I32, "i4"},  {MOS_U64, "u8"},
             {MOS_I64, "i8"}, {MOS_F16, "f2"}, {MOS_F32, "f4"},  {MOS_F64, "f8"}};
enum { CODE_COUNT = sizeof codes / sizeof *codes };

/* The dictionary with its padding; *bytes: of the array. */
static mosaic_status make_header(const char *path, mos_dtype dtype, int rank, const int64_t *shape,
                                 uint64_t *bytes, mos_text *header) {
    const char *code = NULL;
    for (int i = 0; i < CODE_COUNT; i++)
        if (codes[i].dtype == dtype) code = codes[i].code;
    if (code == NULL || rank < 0 || rank > MOS_TENSOR_MAX_RANK)
        return mos_fail(MOSAIC_ERR_RUNTIME, "%s: %s of rank %d has no .npy form", path,
                        mos_dtype_name(dtype), rank);
    *bytes = mos_dtype_bytes(dtype);
    mos_text_add(header, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                 *bytes == 1 ? '|' : '<', code);
    for (int i = 0; i < rank; i++) {
        mos_text_add(header, "%s%lld", i > 0 ? ", " : "", (long long)shape[i]);
        if (shape[i] < 0 || __builtin_mul_overflow(*bytes, (uint64_t)shape[i], bytes))
            return mos_fail(MOSAIC_ERR_RUNTIME, "%s: bad size %lld", path, (long long)shape[i]);
    }
    mos_text_add(header, rank == 1 ? ",), }" : "), }");
    while ((10 + header->size + 1) % DATA_ALIGNMENT != 0 && !header->failed)
        mos_text_add_bytes(header, " ", 1);
    mos_text_add_bytes(header, "\n", 1);
    return header->failed ? mos_fail_memory(header->size, "npy header") : MOSAIC_OK;
}

mosaic_status mos_npy_begin(mos_npy_file *out, const char *path, mos_dtype dtype, int rank,
                            const int64_t *shape) {
    mos_text header = {0};
    mosaic_status status;
    *out = (mos_npy_file){0};
    MOS_GOTO(make_header(path, dtype, rank, shape, &out->left, &header));
    MOS_GOTO(mos_atomic_open(&out->file, path));
    const unsigned char head[4] = {1, 0, (unsigned char)(header.size & 0xff),
                                   (unsigned char)(header.size >> 8)};
    if (fwrite(magic, 1, sizeof magic, out->file.stream) != sizeof magic ||
        fwrite(head, 1, sizeof head, out->file.stream) != sizeof head ||
        fwrite(header.data, 1, header.size, out->file.stream) != header.size)
        status = mos_fail_errno("write", path);
done:
    if (status != MOSAIC_OK) mos_npy_abort(out);
    mos_text_release(&header);
    return status;
}

mosaic_status mos_npy_add(mos_npy_file *npy, const void *data, size_t bytes) {
    if (bytes > npy->left)
        return mos_fail(MOSAIC_ERR_RUNTIME, "%s: more numbers than its shape has", npy->file.path);
    if (bytes > 0 && fwrite(data, 1, bytes, npy->file.stream) != bytes)
        return mos_fail_errno("write", npy->file.path);
    npy->left -= bytes;
    return MOSAIC_OK;
}

mosaic_status mos_npy_commit(mos_npy_file *npy) {
    if (npy->left == 0) return mos_atomic_commit(&npy->file);
    return mos_fail(MOSAIC_ERR_RUNTIME, "%s: fewer numbers than its shape has", npy->file.path);
}

void mos_npy_abort(mos_npy_file *npy) {
    mos_atomic_abort(&npy->file);
}

mosaic_status mos_npy_write(const char *path, mos_dtype dtype, int rank, const int64_t *shape,
                            const void *data) {
    mos_npy_file npy;
    mosaic_status status;
    MOS_TRY(mos_npy_begin(&npy, path, dtype, rank, shape));
    MOS_GOTO(mos_npy_add(&npy, data, (size_t)npy.left));
    status = mos_npy_commit(&npy);
done:
    mos_npy_abort(&npy);
    return status;
}

/* The header's dictionary, read strictly: literal keys, one type string, True or False, one tuple
 * of sizes. */
typedef struct npy_header {
    const char *at, *end;
    bool has_dtype, has_order, has_shape;
    mos_dtype dtype;
    bool fortran;
    int rank;
    int64_t shape[MOS_TENSOR_MAX_RANK];
} npy_header;

static void skip_spaces(npy_header *header) {
    while (header->at < header->end && (*header->at == ' ' || *header->at == '\n'))
        header->at++;
}

static bool take(npy_header *header, char wanted) {
    skip_spaces(header);
    if (header->at == header->end || *header->at != wanted) return false;
    header->at++;
    return true;
}

static bool take_word(npy_header *header, const char *word) {
    skip_spaces(header);
    size_t size = strlen(word);
    if ((size_t)(header->end - header->at) < size || memcmp(header->at, word, size) != 0)
        return false;
    header->at += size;
    return true;
}

/* 'text' or "text"; no escapes occur. */
static bool take_text(npy_header *header, char *out, size_t out_size) {
    skip_spaces(header);
    if (header->at == header->end || (*header->at != '\'' && *header->at != '"')) return false;
    char quote = *header->at++;
    size_t used = 0;
    while (header->at < header->end && *header->at != quote) {
        if (used + 1 == out_size) return false;
        out[used++] = *header->at++;
    }
    out[used] = '\0';
    return take(header, quote);
}

static bool take_size(npy_header *header, int64_t *out) {
    skip_spaces(header);
    const char *begin = header->at;
    int64_t value = 0;
    while (header->at < header->end && *header->at >= '0' && *header->at <= '9') {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *header->at - '0', &value))
            return false;
        header->at++;
    }
    *out = value;
    return header->at > begin;
}

static bool take_shape(npy_header *header) {
    if (header->has_shape || !take(header, '(')) return false;
    header->has_shape = true;
    while (!take(header, ')')) {
        if (header->rank == MOS_TENSOR_MAX_RANK ||
            !take_size(header, &header->shape[header->rank++]))
            return false;
        if (!take(header, ',') && !(header->at < header->end && *header->at == ')')) return false;
    }
    return true;
}

static mosaic_status read_dtype(npy_header *header, const char *what) {
    char text[24], shown[24];
    if (header->has_dtype || !take_text(header, text, sizeof text))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: array of a type that is not supported, or a damaged header", what);
    header->has_dtype = true;
    for (int i = 0; i < CODE_COUNT; i++) {
        if (strcmp(text + (text[0] != '\0'), codes[i].code) != 0) continue;
        header->dtype = codes[i].dtype;
        if (text[0] == '<' || text[0] == '=' || mos_dtype_bytes(header->dtype) == 1)
            return MOSAIC_OK;
    }
    return mos_fail(
        MOSAIC_ERR_DATA,
        "%s: array of type '%s', which is not supported (little-endian numbers and booleans are)",
        what, mos_shown_text(text, strlen(text), shown, sizeof shown));
}

static mosaic_status read_dictionary(npy_header *header, const char *what) {
    bool good = take(header, '{');
    while (good && !take(header, '}')) {
        char key[24];
        good = take_text(header, key, sizeof key) && take(header, ':');
        if (!good) break;
        if (strcmp(key, "descr") == 0) {
            MOS_TRY(read_dtype(header, what));
        } else if (strcmp(key, "fortran_order") == 0) {
            header->fortran = take_word(header, "True");
            good = !header->has_order && (header->fortran || take_word(header, "False"));
            header->has_order = true;
        } else if (strcmp(key, "shape") == 0) {
            good = take_shape(header);
        } else {
            good = false;
        }
        skip_spaces(header);
        if (good && !take(header, ',')) good = header->at < header->end && *header->at == '}';
    }
    skip_spaces(header);
    if (!good || header->at != header->end || !header->has_dtype || !header->has_order ||
        !header->has_shape)
        return mos_fail(MOSAIC_ERR_DATA, "%s: .npy header is damaged", what);
    if (header->fortran)
        return mos_fail(MOSAIC_ERR_DATA, "%s: array in Fortran order, only C order is read", what);
    return MOSAIC_OK;
}

static mosaic_status read_header(const unsigned char *bytes, size_t size, const char *what,
                                 npy_header *header, size_t *data_at) {
    if (size < 10 || memcmp(bytes, magic, sizeof magic) != 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s: not a .npy file", what);
    unsigned major = bytes[6], minor = bytes[7];
    size_t begin = major == 1 ? 10 : 12;
    if (major < 1 || major > 2 || minor != 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s: .npy version %u.%u, 1.0 and 2.0 are read", what,
                        major, minor);
    if (size < begin) return mos_fail(MOSAIC_ERR_DATA, "%s: cut short", what);
    size_t length = major == 1 ? mos_load_u16(bytes + 8) : mos_load_u32(bytes + 8);
    if (length > MAX_HEADER || length > size - begin)
        return mos_fail(MOSAIC_ERR_DATA, "%s: .npy header of %zu bytes in %zu", what, length, size);
    header->at = (const char *)bytes + begin;
    header->end = header->at + length;
    *data_at = begin + length;
    return read_dictionary(header, what);
}

mosaic_status mos_npy_view(const void *bytes, size_t size, const char *what, mos_dtype *dtype,
                           int *rank, int64_t shape[MOS_TENSOR_MAX_RANK], const void **data) {
    npy_header header = {0};
    size_t data_at = 0;
    *data = NULL;
    MOS_TRY(read_header(bytes, size, what, &header, &data_at));
    uint64_t wanted = mos_dtype_bytes(header.dtype);
    bool empty = false, overflow = false;
    for (int i = 0; i < header.rank; i++) {
        empty |= header.shape[i] == 0;
        overflow |= __builtin_mul_overflow(wanted, (uint64_t)header.shape[i], &wanted);
    }
    if (empty) wanted = 0;
    if ((overflow && !empty) || wanted != size - data_at)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %zu bytes of data, which is not what its shape needs",
                        what, size - data_at);
    *dtype = header.dtype;
    *rank = header.rank;
    memcpy(shape, header.shape, sizeof header.shape);
    *data = (const char *)bytes + data_at;
    return MOSAIC_OK;
}

mosaic_status mos_npy_parse(const void *bytes, size_t size, const char *what, mos_dtype *dtype,
                            int *rank, int64_t shape[MOS_TENSOR_MAX_RANK], void **data) {
    const void *values;
    char *copy;
    *data = NULL;
    MOS_TRY(mos_npy_view(bytes, size, what, dtype, rank, shape, &values));
    const size_t wanted = size - (size_t)((const char *)values - (const char *)bytes);
    MOS_TRY(mos_alloc(wanted, 1, "array", &copy));
    if (wanted > 0) memcpy(copy, values, wanted);
    *data = copy;
    return MOSAIC_OK;
}

mosaic_status mos_npy_read(const char *path, mos_dtype *dtype, int *rank,
                           int64_t shape[MOS_TENSOR_MAX_RANK], void **data) {
    *data = NULL;
    mos_file_map map;
    MOS_TRY(mos_file_map_open(path, UINT64_MAX, &map));
    mosaic_status status = mos_npy_parse(map.data, map.size, path, dtype, rank, shape, data);
    mos_file_map_release(&map);
    return status;
}
