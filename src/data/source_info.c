#include "data/source_info.h"

#include "data/sample_reader.h"
#include "io/raster.h"

#include <string.h>

static void take(const mos_raster_info *info, mos_source_info *out) {
    out->width = info->width;
    out->height = info->height;
    out->dtype = info->dtype;
    out->has_nodata = info->has_nodata;
    out->nodata = info->nodata;
    out->has_transform = info->has_transform;
    memcpy(out->transform, info->transform, sizeof out->transform);
    out->epsg = info->epsg;
}

mosaic_status mos_source_from_raster(mos_source_info *out) {
    mos_raster_info info;
    MOS_TRY(mos_raster_info_read(out->path, &info));
    take(&info, out);
    return MOSAIC_OK;
}

mosaic_status mos_source_from_bytes(const void *data, size_t size, mos_source_info *out) {
    mos_raster_info info;
    MOS_TRY(mos_raster_info_bytes(out->path, data, size, &info));
    take(&info, out);
    return MOSAIC_OK;
}

mosaic_status mos_source_describe(mos_reader *reader, int64_t sample, int64_t modality, int band,
                                  mos_source_info *out) {
    mos_dataset *dataset = reader->dataset;
    *out = (mos_source_info){0};
    if (dataset->format->describe == NULL)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED, "format %s tells nothing of its files",
                        dataset->format->name);
    return dataset->format->describe(dataset, reader->state, sample, modality, band, out);
}
