/* The scenes of a data set as rasters to draw on: what a map of one needs. */
#ifndef MOS_DATA_SCENE_SCENE_FRAME_H
#define MOS_DATA_SCENE_SCENE_FRAME_H

#include "data/dataset.h"

enum { MOS_FRAME_SOURCES = 64 };

/* The pixels that a scene's patches are cut from. Texts live as long as the data set. */
typedef struct mos_scene_frame {
    const char *name, *crs;
    const char *product;             /* ESA's name, NULL unknown */
    double transform[6];             /* GDAL's; that of the raster the grid is of, to the bit */
    int64_t width, height;           /* px */
    int64_t left, top, across, down; /* the part that is asked for: the box of the area, in px; all
                                        of it without one; across 0: the area is elsewhere */
    bool has_area;                   /* then not all pixels of that part need be inside it */
    int64_t size, rows, columns;     /* of patches */
    int sources;
    const char *source[MOS_FRAME_SOURCES]; /* paths of its rasters */
} mos_scene_frame;

/* 0: not of the scene format. */
int64_t mos_scene_frames(const mos_dataset *dataset);
mosaic_status mos_scene_frame_of(const mos_dataset *dataset, int64_t scene, mos_scene_frame *out);
/* Upper left pixel in the frame of the patch at a row and column of the scene. */
void mos_scene_frame_place(const mos_dataset *dataset, int64_t scene, int64_t row, int64_t column,
                           int64_t *x, int64_t *y);
/* Share of valid pixels of a sample, of the modality that has fewest. */
double mos_scene_frame_valid_share(const mos_dataset *dataset, const mos_site *place);

/* Which pixels of a frame are measurements: one thread's reader. */
typedef struct mos_frame_reader mos_frame_reader;
mosaic_status mos_frame_reader_open(mos_dataset *dataset, mos_frame_reader **out);
void mos_frame_reader_close(mos_frame_reader **reader);
/* out [height, width]: 1 where some modality measured something and no mask leaves it out. */
mosaic_status mos_frame_reader_valid(mos_frame_reader *reader, int64_t scene, int64_t x, int64_t y,
                                     int64_t width, int64_t height, uint8_t *out);

#endif
