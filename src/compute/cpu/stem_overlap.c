#include "compute/cpu/stem_overlap.h"

#include <string.h>

/* MOST_BACK: windows of a column of windows, at most, that are looked through for the one to the left;
 * MOST_TRIES: of them that have the right first row and are compared whole. */
enum { MOST_BACK = 20, MOST_TRIES = 8 };

/* Images as they lie: planes of h rows of w pixels. */
typedef struct stem_images {
    int64_t planes, h, w;
    size_t pixel, row, bytes; /* of a pixel, a row, an image */
} stem_images;

static stem_images images_of(const mos_cpu *cpu, const mos_conv *conv) {
    const mos_conv_shape *s = &conv->shape;
    const mos_cpu_image layout = mos_cpu_image_layout(cpu, s->ci);
    const int64_t lanes = layout.plain ? 1 : cpu->block;
    stem_images images = {layout.channels / lanes, s->h, s->w, (size_t)lanes * cpu->act_size, 0, 0};
    images.row = (size_t)s->w * images.pixel;
    images.bytes = (size_t)(images.planes * s->h) * images.row;
    return images;
}

/* Are rows [down, h) of `before` rows [0, h - down) of `image`? */
static bool is_below(const stem_images *images, const char *image, const char *before,
                     int64_t down) {
    for (int64_t p = 0; p < images->planes; p++) {
        const size_t plane = (size_t)(p * images->h) * images->row;
        if (memcmp(image + plane, before + plane + (size_t)down * images->row,
                   (size_t)(images->h - down) * images->row) != 0)
            return false;
    }
    return true;
}

/* Are columns [across, w) of `rows` rows of `before` columns [0, w - across) of `image`? */
static bool is_beside(const stem_images *images, const char *image, const char *before,
                      int64_t across, int64_t rows) {
    const size_t skip = (size_t)across * images->pixel;
    for (int64_t r = 0; r < rows; r++)
        if (memcmp(image + (size_t)r * images->row, before + (size_t)r * images->row + skip,
                   images->row - skip) != 0)
            return false;
    return true;
}

/* Outputs along one axis whose taps all lie in the first `pixels` pixels: up to `end`. */
static int64_t end_of(const mos_conv_shape *s, int64_t pixels) {
    return (pixels - s->kernel + s->pad) / s->stride + 1;
}

static void find_below(const mos_conv_shape *s, const stem_images *images, const char *image,
                       const char *before, stem_overlap *out) {
    const int64_t first = (s->pad + s->stride - 1) / s->stride;
    for (int64_t down = s->stride; down + s->kernel <= s->h; down += s->stride) {
        const int64_t end = end_of(s, s->h - down);
        if (end <= first) return;
        if (memcmp(image, before + (size_t)down * images->row, images->row) == 0 &&
            is_below(images, image, before, down)) {
            out->first = first;
            out->end = end;
            out->below = down / s->stride;
            return;
        }
    }
}

static void find_beside(const mos_conv_shape *s, const stem_images *images, const char *image,
                        int64_t most, stem_overlap *out) {
    const int64_t left = (s->pad + s->stride - 1) / s->stride;
    int tries = 0;
    for (int64_t back = 1; back <= most; back++) {
        const char *before = image - (size_t)back * images->bytes;
        for (int64_t across = s->stride; across + s->kernel <= s->w; across += s->stride) {
            const int64_t right = end_of(s, s->w - across);
            if (right <= left) break;
            if (!is_beside(images, image, before, across, 1)) continue;
            if (is_beside(images, image, before, across, images->planes * images->h)) {
                out->left = left;
                out->right = right;
                out->beside = across / s->stride;
                out->back = back;
                return;
            }
            if (++tries == MOST_TRIES) return;
        }
    }
}

stem_overlap mos_stem_overlap_find(const mos_cpu *cpu, const mos_conv *conv, const void *images,
                                   int64_t sample) {
    const stem_images lie = images_of(cpu, conv);
    const char *image = (const char *)images + (size_t)sample * lie.bytes;
    stem_overlap found = {0};
    find_below(&conv->shape, &lie, image, image - lie.bytes, &found);
    find_beside(&conv->shape, &lie, image, sample < MOST_BACK ? sample : MOST_BACK, &found);
    return found;
}

/* A block of channels of a sample: `own`; `step`: from a sample's to the next one's. */
static void copy_block(const mos_cpu *cpu, const mos_conv *conv, const stem_overlap *at, char *own,
                       size_t step) {
    const size_t pixel = (size_t)cpu->block * cpu->act_size, row = (size_t)conv->ow * pixel;
    if (at->first < at->end)
        memcpy(own + (size_t)at->first * row, own - step + (size_t)(at->first + at->below) * row,
               (size_t)(at->end - at->first) * row);
    if (at->left == at->right) return;
    const char *before = own - (size_t)at->back * step + (size_t)at->beside * pixel;
    for (int64_t oy = 0; oy < conv->oh; oy++)
        if (oy < at->first || oy >= at->end)
            memcpy(own + (size_t)oy * row + (size_t)at->left * pixel,
                   before + (size_t)oy * row + (size_t)at->left * pixel,
                   (size_t)(at->right - at->left) * pixel);
}

void mos_stem_overlap_copy(const mos_cpu *cpu, const mos_conv *conv, const stem_overlap *overlap,
                           int64_t count, int64_t begin, int64_t end, void *out) {
    const size_t plane = (size_t)(conv->oh * conv->ow * cpu->block) * cpu->act_size,
                 step = (size_t)(conv->shape.co / cpu->block) * plane;
    for (int64_t n = 1; n < count; n++)
        for (int64_t b = begin; b < end; b++)
            copy_block(cpu, conv, &overlap[n], (char *)out + (size_t)n * step + (size_t)b * plane,
                       step);
}
