#include "data/raster_buffers.h"

#include "base/memory.h"

mosaic_status mos_raster_buffers_open(mos_dataset *dataset, void **state) {
    (void)dataset;
    mos_raster_buffers *buffers;
    MOS_TRY(mos_alloc(1, sizeof *buffers, "reader", &buffers));
    *state = buffers;
    return MOSAIC_OK;
}

void mos_raster_buffers_close(void *state) {
    mos_raster_buffers *buffers = state;
    for (int64_t m = 0; buffers != NULL && m < MOS_DATA_MAX_MODALITIES; m++) {
        for (int64_t b = 0; b < MOS_DATA_MAX_BANDS; b++)
            mos_free(buffers->pixels[m][b]);
    }
    if (buffers != NULL) {
        mos_file_bytes_release(&buffers->file);
        mos_free(buffers->values);
        mos_free(buffers->mask);
    }
    mos_free(buffers);
}

mosaic_status mos_raster_buffers_take(mos_raster_buffers *buffers, const mos_dataset *dataset,
                                      int64_t modality, const int *bands, int64_t count,
                                      void **targets, mos_raw_band *out) {
    return mos_raster_buffers_take_sized(buffers, dataset, modality, bands, count, 0, 0, targets,
                                         out);
}

mosaic_status mos_raster_buffers_take_sized(mos_raster_buffers *buffers, const mos_dataset *dataset,
                                            int64_t modality, const int *bands, int64_t count,
                                            int64_t own_width, int64_t own_height, void **targets,
                                            mos_raw_band *out) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    for (int64_t i = 0; i < count; i++) {
        int band = bands[i];
        void **pixels = &buffers->pixels[modality][band];
        int64_t width = own_width > 0 ? own_width : storage->width[band];
        int64_t height = own_height > 0 ? own_height : storage->height[band];
        size_t wanted = (size_t)(width * height), *capacity = &buffers->capacity[modality][band];
        if (*capacity < wanted) {
            mos_free(*pixels);
            *pixels = NULL;
            *capacity = 0;
            MOS_TRY(mos_alloc(wanted, mos_dtype_bytes(storage->dtype[band]), "pixels of a band",
                              pixels));
            *capacity = wanted;
        }
        targets[i] = *pixels;
        out[i] = (mos_raw_band){.dtype = storage->dtype[band],
                                .width = width,
                                .height = height,
                                .data = *pixels,
                                .has_nodata = storage->has_nodata,
                                .nodata = storage->nodata};
    }
    return MOSAIC_OK;
}
