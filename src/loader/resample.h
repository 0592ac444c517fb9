/* Native-resolution bands to the output grid: replication to the finest grid, crop, resize, flips.
 */
#ifndef MOS_LOADER_RESAMPLE_H
#define MOS_LOADER_RESAMPLE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One axis of the output: output[i] = lerp(native[first[i]], native[second[i]], share[i]). */
typedef struct mos_axis {
    int32_t *first, *second;                  /* [count] native indices */
    float *share;                             /* [count] of the second */
    int32_t *near_first, *near_second, *base; /* the same relative to base[i / 16] */
    int64_t count, native, fine;
    double start, length;
    bool flip;
    bool exact;                /* no interpolation anywhere */
    bool identity;             /* output[i] = native[i] */
    int64_t reach, half_reach; /* most native pixels that 16 (8) neighbouring outputs look at */
    void *memory;              /* of all arrays */
    size_t capacity;
    uint64_t found_at; /* of a cache: when it was last wanted */
} mos_axis;
/* The output's pixel centres lie evenly in [start, start + length] of the patch; the patch's finest
 * grid has `fine` pixels and the band `native`, each replicated fine / native times. */
mosaic_status mos_axis_make(mos_axis *axis, int64_t count, int64_t native, int64_t fine,
                            double start, double length, bool flip);
void mos_axis_release(mos_axis *axis);

/* The axes made last: the bands of a view share theirs. */
enum { MOS_AXIS_CACHE = 24 };
typedef struct mos_axis_cache {
    mos_axis axis[MOS_AXIS_CACHE];
    uint64_t finds;
} mos_axis_cache;
/* As mos_axis_make, from the cache when it is there, else in place of the one unused for
 * longest: *out holds for MOS_AXIS_CACHE - 1 more finds. */
mosaic_status mos_axis_find(mos_axis_cache *cache, int64_t count, int64_t native, int64_t fine,
                            double start, double length, bool flip, const mos_axis **out);
void mos_axis_cache_release(mos_axis_cache *cache);

/* out [rows->count, columns->count] from source [rows->native, columns->native]; scratch:
 * 2 * columns->count + columns->native + 32 floats. */
void mos_resample(const float *source, const mos_axis *rows, const mos_axis *columns,
                  float *scratch, float *out);

#endif
