/* Where a band lies and what its file says of it, without its pixels: for `data check`. */
#ifndef MOS_DATA_SOURCE_INFO_H
#define MOS_DATA_SOURCE_INFO_H

#include "data/dataset.h"
#include "io/safetensors.h" /* mos_dtype */

typedef struct mos_source_info {
    char path[4096 + 256]; /* file, or store and record; set also when the rest cannot be */
    int64_t width, height;
    mos_dtype dtype;
    bool has_nodata;
    double nodata;
    bool has_transform;
    double transform[6]; /* GDAL's geotransform */
    int epsg;            /* 0 unknown */
    bool per_band;       /* bands of one record may each lie on ground of their own */
} mos_source_info;

/* The fields from the raster file at out->path. */
mosaic_status mos_source_from_raster(mos_source_info *out);
/* The same of a raster file in memory. */
mosaic_status mos_source_from_bytes(const void *data, size_t size, mos_source_info *out);
/* One band (0: also where the modality's bands are not known) of a sample that has the modality. A
 * format that cannot tell leaves everything 0 and answers MOSAIC_ERR_UNSUPPORTED. */
mosaic_status mos_source_describe(mos_reader *reader, int64_t sample, int64_t modality, int band,
                                  mos_source_info *out);

#endif
