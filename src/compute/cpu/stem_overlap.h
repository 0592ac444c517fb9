/* Windows that follow each other down a scene overlap: the upper rows of one image are lower rows
 * of the image before. Rows of outputs that see nothing but those are the same numbers, and an
 * encoder's first layer need not compute them twice. Found by comparing the pixels. */
#ifndef MOS_COMPUTE_CPU_STEM_OVERLAP_H
#define MOS_COMPUTE_CPU_STEM_OVERLAP_H

#include "compute/cpu/conv_plan.h"

enum { STEM_OVERLAP_SAMPLES = 256 /* later ones of a batch are computed whole */ };

/* Rows [first, end) of a sample's outputs are rows [first + below, end + below) of the sample before.
 * first == end: none is. */
typedef struct stem_overlap {
    int64_t first, end, below;
} stem_overlap;

/* images [n, c, h, w] as stored; sample: 1 or more. */
stem_overlap mos_stem_overlap_find(const mos_cpu *cpu, const mos_conv *conv, const void *images,
                                   int64_t sample);
/* Fills those rows of blocks [begin, end) of the output channels, in the order of the samples: out
 * [n, co/block, oh, ow, block] has all other rows. overlap [count] */
void mos_stem_overlap_copy(const mos_cpu *cpu, const mos_conv *conv, const stem_overlap *overlap,
                           int64_t count, int64_t begin, int64_t end, void *out);

#endif
