#include "artifact/model_file_tensor.h"

#include "base/memory.h"
#include "base/simd.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *mos_shape_text(int rank, const int64_t *shape, char *buffer, size_t size) {
    size_t used = 0;
    buffer[0] = '\0';
    for (int i = 0; i <= rank && used < size; i++) {
        int more = i == rank ? snprintf(buffer + used, size - used, rank == 0 ? "[]" : "]")
                             : snprintf(buffer + used, size - used, "%s%lld", i == 0 ? "[" : ", ",
                                        (long long)shape[i]);
        if (more < 0) break;
        used += (size_t)more;
    }
    return buffer;
}

int mos_parameter_file_rank(const mos_parameter *parameter) {
    return parameter->counter ? 0 : parameter->rank;
}

bool mos_tensor_fits(const mos_tensor_view *tensor, const mos_parameter *parameter) {
    int rank = mos_parameter_file_rank(parameter);
    if (tensor->rank != rank) return false;
    for (int i = 0; i < rank; i++) {
        if (tensor->shape[i] != parameter->shape[i]) return false;
    }
    return true;
}

/* IEEE half precision, subnormals included. */
static float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half >> 15), exponent = (half >> 10) & 31u, fraction = half & 1023u;
    float value = exponent == 31  ? (fraction == 0 ? INFINITY : NAN)
                  : exponent == 0 ? ldexpf((float)fraction, -24)
                                  : ldexpf((float)(fraction | 1024u), (int)exponent - 25);
    return sign ? -value : value;
}

static float value_at(const mos_tensor_view *tensor, int64_t i) {
    const unsigned char *at =
        (const unsigned char *)tensor->data + (size_t)i * mos_dtype_bytes(tensor->dtype);
    switch (tensor->dtype) {
    case MOS_F64: {
        double value;
        memcpy(&value, at, sizeof value);
        return (float)value;
    }
    case MOS_I64: {
        int64_t value;
        memcpy(&value, at, sizeof value);
        return (float)value;
    }
    case MOS_F16: {
        uint16_t value;
        memcpy(&value, at, sizeof value);
        return half_to_float(value);
    }
    case MOS_BF16: {
        uint16_t value;
        memcpy(&value, at, sizeof value);
        uint32_t bits = (uint32_t)value << 16;
        float wide;
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    }
    default: {
        float value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    }
}

/* Are all finite? x * 0 is 0 then, and the sum too, in any order. */
MOS_SIMD_INLINE void all_finite_body(const float *values, int64_t count, bool *out) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < count; i++)
        sum += values[i] * 0;
    *out = sum == 0;
}
MOS_SIMD_KERNEL(all_finite, (const float *values, int64_t count, bool *out), (values, count, out))

/* Floats as they lie in the file; false: not all are finite. */
static bool take_floats(const mos_tensor_view *tensor, int64_t count, float *to) {
    enum { PART = 4096 }; /* is in the cache when it is looked at */
    for (int64_t i = 0; i < count; i += PART) {
        const int64_t some = count - i < PART ? count - i : PART;
        bool finite;
        memcpy(to + i, (const unsigned char *)tensor->data + (size_t)i * sizeof *to,
               (size_t)some * sizeof *to);
        all_finite(to + i, some, &finite);
        if (!finite) return false;
    }
    return true;
}

mosaic_status mos_tensor_floats(const mos_tensor_view *tensor, const char *path, float *to) {
    if (tensor->dtype != MOS_F32 && tensor->dtype != MOS_F64 && tensor->dtype != MOS_F16 &&
        tensor->dtype != MOS_BF16 && tensor->dtype != MOS_I64)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: tensor '%s' wants F32 (or F64, F16, BF16, I64), found %s", path,
                        tensor->name, mos_dtype_name(tensor->dtype));
    int64_t count = (int64_t)(tensor->bytes / mos_dtype_bytes(tensor->dtype));
    if (tensor->dtype == MOS_F32 && take_floats(tensor, count, to)) return MOSAIC_OK;
    for (int64_t i = 0; i < count; i++) {
        to[i] = value_at(tensor, i);
        if (!isfinite(to[i]))
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: tensor '%s' has a value that is not finite, at element %lld", path,
                            tensor->name, (long long)i);
    }
    return MOSAIC_OK;
}
