#include "base/memory.h"
#include "fuzz/fuzz_target.h"
#include "io/npy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_dtype dtype;
    int rank;
    int64_t shape[MOS_TENSOR_MAX_RANK];
    void *array;
    if (mos_npy_parse(data, size, "fuzz", &dtype, &rank, shape, &array) != MOSAIC_OK) {
        if (array != NULL) abort();
        return 0;
    }
    volatile uint64_t sum = 0;
    uint64_t bytes = mos_dtype_bytes(dtype);
    for (int i = 0; i < rank; i++)
        bytes *= (uint64_t)shape[i];
    for (uint64_t i = 0; i < bytes; i++)
        sum += ((const uint8_t *)array)[i];
    (void)sum;
    mos_free(array);
    return 0;
}
