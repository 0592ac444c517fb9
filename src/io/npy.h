/* NumPy .npy 1.0/2.0, C order. */
#ifndef MOS_IO_NPY_H
#define MOS_IO_NPY_H

#include "base/error.h"
#include "io/safetensors.h"

/* Atomic. */
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
