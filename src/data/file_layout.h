/* What one raster of several bands says of itself, against what its modality is: which of its bands
 * is which, of what type, with what scale, mask and no-data value. Found once per sample; files
 * that say the same share one entry. The first file of a modality tells the modality; every later
 * one is joined by its own words. */
#ifndef MOS_DATA_FILE_LAYOUT_H
#define MOS_DATA_FILE_LAYOUT_H

#include "data/raster_buffers.h"
#include "io/raster.h"

#include <pthread.h>

typedef struct mos_file_layout {
    bool plain; /* stored as the modality is: read as it lies */
    bool masked, has_nodata, scaled;
    int8_t offset_tag; /* 1: scale and offset say +1000; -1: they say there is none */
    bool tags_differ;  /* tags of two bands contradict each other in that */
    char level[4];     /* of the product, by a tag of the file; "" it does not say */
    int8_t padding[2];
    int64_t width, height;          /* of the file where sizes may differ, otherwise 0 */
    int number[MOS_DATA_MAX_BANDS]; /* [bands of the modality] 1-based band of the file */
    double nodata;
    double scale[MOS_DATA_MAX_BANDS], offset[MOS_DATA_MAX_BANDS];
} mos_file_layout;

typedef struct mos_file_entry {
    _Atomic uint16_t number; /* of the layout, + 1; 0: not looked at */
} mos_file_entry;

typedef struct mos_file_layouts {
    pthread_mutex_t lock; /* of the list; entries never move */
    mos_file_layout **items;
    size_t count, capacity;
    mos_file_entry *of; /* [samples, slots] */
} mos_file_layouts;

/* For `samples` rows; modalities and slots are known. */
mosaic_status mos_file_layouts_init(mos_dataset *dataset, int64_t samples, mos_file_layouts *out);
void mos_file_layouts_release(mos_file_layouts *layouts);
/* Of the file behind a slot of a modality; `band` >= 0: the file holds that band alone. What does
 * not fit is refused, naming file, wanted and found. */
mosaic_status mos_file_layout_find(mos_file_layouts *layouts, const mos_dataset *dataset,
                                   int64_t sample, int64_t modality, int64_t slot, int band,
                                   const char *path, const mos_file_layout **out);
/* Sizes, types, names and identities of a modality from its first file (`band` as above). */
mosaic_status mos_file_layout_settle(mos_dataset *dataset, int64_t modality, int band,
                                     const mos_raster_info *info, const char *path);
/* Types, sizes, scales and the no-data value of bands that the format itself has named, from a file
 * that holds all of them (joined by its descriptions where it has any). */
mosaic_status mos_file_layout_types(mos_dataset *dataset, int64_t modality,
                                    const mos_raster_info *info, const char *path);
/* Refuses a raster beside which a file says something of its pixels that is not read
 * (io/raster_beside.h), unless data.scale or data.nodata of the modality settles it. */
mosaic_status mos_file_layout_beside(const mos_dataset *dataset, const char *modality,
                                     const char *path);
/* One band from a file in memory that holds it alone, as BigEarthNet's do: what the file says of it
 * (description, mask, no-data value, scale) counts; what does not fit is refused. */
mosaic_status mos_file_layout_read_bytes(const mos_dataset *dataset, int64_t modality, int band,
                                         const char *path, const void *data, size_t size,
                                         mos_dtype dtype, int64_t width, int64_t height,
                                         void *target);
/* Reads bands of a file into the buffers: values in the modality's type, scaled, with the
 * modality's no-data value where the file has none. */
mosaic_status mos_file_layout_read(const mos_dataset *dataset, mos_raster_buffers *buffers,
                                   const mos_file_layout *layout, int64_t modality,
                                   const char *path, const int *bands, int64_t count,
                                   mos_raw_band *out);

#endif
