/* What a reader of GeoTIFF patches keeps: one buffer per band, of the band's size and type. */
#ifndef MOS_DATA_RASTER_BUFFERS_H
#define MOS_DATA_RASTER_BUFFERS_H

#include "data/sample_table.h"
#include "io/file_bytes.h"

typedef struct mos_raster_buffers {
    void *pixels[MOS_DATA_MAX_MODALITIES][MOS_DATA_MAX_BANDS];
    size_t capacity[MOS_DATA_MAX_MODALITIES][MOS_DATA_MAX_BANDS]; /* in pixels */
    mos_file_bytes file; /* one GeoTIFF as it lies on disk */
    double *values;      /* one band on its way to another type or unit */
    uint8_t *mask;       /* of one file */
    size_t value_capacity, mask_capacity;
} mos_raster_buffers;

/* reader_open and reader_close of a format (data/formats.h). */
mosaic_status mos_raster_buffers_open(mos_dataset *dataset, void **state);
void mos_raster_buffers_close(void *state);
/* For each band asked for: where to read its pixels to, and what it then is. */
mosaic_status mos_raster_buffers_take(mos_raster_buffers *buffers, const mos_dataset *dataset,
                                      int64_t modality, const int *bands, int64_t count,
                                      void **targets, mos_raw_band *out);
/* The same for a file of its own size; 0: of the data set's. */
mosaic_status mos_raster_buffers_take_sized(mos_raster_buffers *buffers, const mos_dataset *dataset,
                                            int64_t modality, const int *bands, int64_t count,
                                            int64_t width, int64_t height, void **targets,
                                            mos_raw_band *out);

#endif
