/* Windows of a scene overlap: the upper rows of one image are lower rows of the image before, which is
 * that of the window above, and its left columns are right columns of the one of the window to the
 * left, some images before. Outputs that see nothing but those are the same numbers, and an encoder's
 * first layer need not compute them twice. Found by comparing the pixels. */
#ifndef MOS_COMPUTE_CPU_STEM_OVERLAP_H
#define MOS_COMPUTE_CPU_STEM_OVERLAP_H

#include "compute/cpu/conv_plan.h"

enum { STEM_OVERLAP_SAMPLES = 256 /* later ones of a batch are computed whole */ };

/* Rows [first, end) of a sample's outputs are rows [first + below, end + below) of the sample before;
 * columns [left, right) of its other rows are columns [left + beside, right + beside) of the sample
 * `back` before. first == end, left == right: none are. */
typedef struct stem_overlap {
    int64_t first, end, below;
    int64_t left, right, beside, back;
} stem_overlap;

/* images [n, c, h, w] as stored; sample: 1 or more. */
stem_overlap mos_stem_overlap_find(const mos_cpu *cpu, const mos_conv *conv, const void *images,
                                   int64_t sample);
/* Fills those outputs of blocks [begin, end) of the output channels, in the order of the samples: out
 * [n, co/block, oh, ow, block] has all others. overlap [count] */
void mos_stem_overlap_copy(const mos_cpu *cpu, const mos_conv *conv, const stem_overlap *overlap,
                           int64_t count, int64_t begin, int64_t end, void *out);

#endif
