/* One thread's open rasters of scenes: patches and land-cover counts of them. */
#ifndef MOS_DATA_SCENE_SCENE_READER_H
#define MOS_DATA_SCENE_SCENE_READER_H

#include "data/raster_buffers.h"
#include "data/scene/scene_layout.h"

enum { MOS_SCENE_OPEN_RASTERS = 48 /* the least recently used is closed for the next */ };

typedef struct mos_scene_slot {
    mos_window *window;
    const void *raster; /* its path's address: what the slot is for */
    int kind;           /* what it is opened for (scene_reader.c) */
    uint64_t used;
} mos_scene_slot;

typedef struct mos_scene_reader {
    mos_raster_buffers *buffers;
    mos_scene_slot slots[MOS_SCENE_OPEN_RASTERS];
    uint64_t clock;
    mos_value_counts counts;
    float *codes; /* of a mask */
    size_t code_capacity;
} mos_scene_reader;

mosaic_status mos_scene_reader_open(mos_dataset *dataset, void **state);
void mos_scene_reader_close(void *state);
/* Bands of the patch at a row and column of the scene. `plain` takes the nearest pixels, whatever
 * the modality's resampling. */
mosaic_status mos_scene_read(mos_dataset *dataset, mos_scene_reader *reader, const mos_scene *scene,
                             int64_t row, int64_t column, int64_t modality, const int *bands,
                             int64_t count, bool plain, mos_raw_band *out);
/* Which pixels [x, x + width) x [y, y + height) from the scene's first patch are measurements of
 * one of its modalities, in the first band, not left out by the scene's mask and inside its area:
 * out [height, width] 1 or 0. Pixels are the grid's, whatever the modality's own resolution. */
mosaic_status mos_scene_valid(mos_dataset *dataset, mos_scene_reader *reader,
                              const mos_scene *scene, int64_t x, int64_t y, int64_t width,
                              int64_t height, uint8_t *out);
/* The same of one modality in its own pixels; optical ones under the mask are none, the area is
 * no matter. `power`: zero and less is no measurement. */
mosaic_status mos_scene_source_valid(mos_dataset *dataset, mos_scene_reader *reader,
                                     const mos_scene *scene, int64_t modality, bool power,
                                     int64_t x, int64_t y, int64_t width, int64_t height,
                                     uint8_t *out);
/* Pixels of the grid that the scene's mask leaves out; those inside its area. */
mosaic_status mos_scene_mask_pixels(mos_scene_reader *reader, const mos_scene *scene, int64_t x,
                                    int64_t y, int64_t width, int64_t height, uint8_t *out);
mosaic_status mos_scene_area_pixels(const mos_scene *scene, int64_t x, int64_t y, int64_t width,
                                    int64_t height, uint8_t *out);
/* Values of the scene's land cover in that patch: *out points into the reader. */
mosaic_status mos_scene_cover_counts(mos_scene_reader *reader, const mos_scene *scene, int64_t row,
                                     int64_t column, const mos_value_counts **out);

#endif
