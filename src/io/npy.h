/* NumPy .npy 1.0/2.0, C order. */
#ifndef MOS_IO_NPY_H
#define MOS_IO_NPY_H

#include "base/error.h"
#include "base/file.h"
#include "io/safetensors.h"

/* An array that is written piece by piece: begin with its final shape, add all of its bytes in C order,
 * commit. Nothing has the name before. */
typedef struct mos_npy_file {
    mos_atomic_file file;
    uint64_t left; /* bytes to come */
} mos_npy_file;
mosaic_status mos_npy_begin(mos_npy_file *out, const char *path, mos_dtype dtype, int rank,
                            const int64_t *shape);
mosaic_status mos_npy_add(mos_npy_file *npy, const void *data, size_t bytes);
mosaic_status mos_npy_commit(mos_npy_file *npy);
void mos_npy_abort(mos_npy_file *npy); /* takes an empty, committed or aborted one */
/* The same for one block of memory. */
mosaic_status mos_npy_write(const char *path, mos_dtype dtype, int rank, const int64_t *shape,
                            const void *data);
/* mos_free(*data); rejects Fortran order, objects, big-endian, sizes that do not match the file. */
mosaic_status mos_npy_read(const char *path, mos_dtype *dtype, int *rank,
                           int64_t shape[MOS_TENSOR_MAX_RANK], void **data);
/* An array in place: *data points into the bytes, which begin where pages do (a mapped file), so
 * that the numbers are aligned. */
mosaic_status mos_npy_view(const void *bytes, size_t size, const char *what, mos_dtype *dtype,
                           int *rank, int64_t shape[MOS_TENSOR_MAX_RANK], const void **data);
/* The same from memory; `what` names the bytes in messages. */
mosaic_status mos_npy_parse(const void *bytes, size_t size, const char *what, mos_dtype *dtype,
                            int *rank, int64_t shape[MOS_TENSOR_MAX_RANK], void **data);

#endif
