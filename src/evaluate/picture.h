/* A patch as people look at it: natural colour of optical bands, false colour of radar. */
#ifndef MOS_EVALUATE_PICTURE_H
#define MOS_EVALUATE_PICTURE_H

#include "data/dataset.h"

enum { MOS_PICTURE_SIDE = 96 }; /* pixels at most; larger patches are averaged down */

/* What is drawn of a modality, by the names of its bands. */
typedef enum mos_picture_kind {
    MOS_PICTURE_NATURAL, /* B04, B03, B02 as red, green, blue; stretched from the patch's 2nd to its
                            98th percentile, one width for all three so that hues stay */
    MOS_PICTURE_FALSE,   /* without one of them: three other optical bands, the longest wave as
                            red, stretched alike */
    MOS_PICTURE_RADAR,   /* VV, VH, VV - VH in dB over fixed ranges: patches compare */
    MOS_PICTURE_GREY     /* the first band alone, stretched */
} mos_picture_kind;
extern const char *const mos_picture_kind_names[]; /* "natural colour" ... */

/* The bands to read, in the order mos_picture_draw takes them; returns how many. */
int mos_picture_bands(const mos_modality *modality, mos_picture_kind *kind, int bands[3]);

/* The size of the picture of a patch. */
void mos_picture_size(const mos_patch *patch, int64_t *width, int64_t *height);
/* rgb: [height, width, 3] of that size. Pixels without valid values are mid-grey. */
mosaic_status mos_picture_draw(mos_picture_kind kind, const mos_patch *patch, uint8_t *rgb);

#endif
