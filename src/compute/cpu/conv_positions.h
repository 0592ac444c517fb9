/* The positions of a map that a gathered direction of a convolution writes, in classes: all
 * positions of a class have the same taps inside the map it reads. So there is no halo: no map is
 * padded, and no tap outside of it is multiplied. */
#ifndef MOS_COMPUTE_CPU_CONV_POSITIONS_H
#define MOS_COMPUTE_CPU_CONV_POSITIONS_H

#include "compute/cpu/conv_plan.h"

/* The maps of a direction. Of the weight gradient: x is read, and dy stands for what is
 * written. */
typedef struct conv_maps {
    int64_t read_c, read_h, read_w, write_c, write_h, write_w;
    int64_t block; /* channels of a block of either */
} conv_maps;

conv_maps mos_conv_maps(const mos_conv *conv, conv_direction direction);

/* Makes the lists of a direction's axes; mos_conv_release_positions frees them, half made ones too.
 */
mosaic_status mos_conv_plan_positions(mos_conv *conv, conv_direction direction);
void mos_conv_release_positions(conv_own *plan);

/* A class: the positions of one pair of groups (of rows, of columns), sample by sample and row by
 * row. */
typedef struct conv_class {
    const conv_axis *y, *x;
    unsigned number, gy, gx;
    int64_t samples, ny, nx, outputs; /* outputs: samples * ny * nx */
    mos_gather_walk walk;
} conv_class;

/* The class before the first of a walk over a number of samples. */
static inline conv_class mos_conv_classes(int64_t samples) {
    return (conv_class){.number = GATHER_CLASSES, .samples = samples};
}

/* The next class that has outputs, those of most taps first; false: there is none. */
bool mos_conv_next_class(const mos_conv *conv, conv_direction direction, conv_class *c);

/* The taps that some output reads inside the map; on a map of one position a kernel of 3x3 has one.
 * Returns their number. */
int64_t mos_conv_taps_in_use(const mos_conv *conv, conv_direction direction,
                             int64_t tap[GATHER_MAX_KERNEL * GATHER_MAX_KERNEL]);

/* Indices of outputs [first, first + count) of a class, in the maps' values of channel 0: the one
 * that the first tap reads, and the one that is written. */
void mos_conv_find_outputs(const conv_class *c, const conv_maps *maps, int64_t first, int64_t count,
                           int64_t *from, int64_t *to);

#endif
