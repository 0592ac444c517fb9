#include "bench/naive_view.h"

#include <math.h>

static double at(const mos_band_source *source, bool turn, int64_t y, int64_t x) {
    int64_t row = turn ? x : y, column = turn ? y : x;
    row = row * source->height / source->fine_height;
    column = column * source->width / source->fine_width;
    return (double)source->data[row * source->width + column];
}

static double place_of(double start, double length, int64_t i, int64_t size, bool flip,
                       int64_t fine) {
    double centre = ((double)i + 0.5) / (double)size;
    double position = (start + (flip ? 1 - centre : centre) * length) * (double)fine - 0.5;
    return fmin(fmax(position, 0), (double)(fine - 1));
}

/* Bilinear on the band replicated to the finest grid. */
static double sample(const mos_band_source *source, const mos_view_geometry *g, int64_t y,
                     int64_t x, int64_t size) {
    int64_t wide = g->transpose ? source->fine_height : source->fine_width;
    int64_t high = g->transpose ? source->fine_width : source->fine_height;
    double py = place_of(g->top, g->height, y, size, g->flip_y, high);
    double px = place_of(g->left, g->width, x, size, g->flip_x, wide);
    int64_t y0 = (int64_t)floor(py), x0 = (int64_t)floor(px);
    int64_t y1 = y0 + 1 < high ? y0 + 1 : y0, x1 = x0 + 1 < wide ? x0 + 1 : x0;
    double v = py - (double)y0, u = px - (double)x0;
    return (1 - v) *
               ((1 - u) * at(source, g->transpose, y0, x0) + u * at(source, g->transpose, y0, x1)) +
           v * ((1 - u) * at(source, g->transpose, y1, x0) + u * at(source, g->transpose, y1, x1));
}

static int64_t clamp(int64_t i, int64_t size) {
    return i < 0 ? 0 : i >= size ? size - 1 : i;
}

/* Gaussian blur, first along x, then along y; weights cut at three sigma. */
static void blur(double *plane, double *other, double sigma, int64_t size) {
    int64_t radius = (int64_t)ceil(3 * sigma);
    for (int pass = 0; pass < 2; pass++) {
        const double *from = pass == 0 ? plane : other;
        double *to = pass == 0 ? other : plane;
        for (int64_t y = 0; y < size; y++) {
            for (int64_t x = 0; x < size; x++) {
                double sum = 0, total = 0;
                for (int64_t k = -radius; k <= radius; k++) {
                    double weight = exp(-0.5 * (double)(k * k) / (sigma * sigma));
                    int64_t sy = pass == 0 ? y : clamp(y + k, size);
                    int64_t sx = pass == 0 ? clamp(x + k, size) : x;
                    sum += weight * from[sy * size + sx];
                    total += weight;
                }
                to[y * size + x] = sum / total;
            }
        }
    }
}

void mos_naive_view(const mos_band_source *source, const mos_view_geometry *geometry,
                    const mos_view_light *light, int64_t band, const mos_rng *noise_stream,
                    int64_t size, double *scratch, float *out) {
    mos_rng rng = *noise_stream;
    for (int64_t y = 0; y < size; y++)
        for (int64_t x = 0; x < size; x++)
            scratch[y * size + x] = sample(source, geometry, y, x, size);
    if (light->blur_sigma > 0) blur(scratch, scratch + size * size, light->blur_sigma, size);
    double gain = (double)light->gain[band], offset = (double)light->offset[band];
    double mean = (double)source->mean, sd = (double)source->sd, looks = (double)light->looks;
    for (int64_t i = 0; i < size * size; i++) {
        double value = scratch[i] * gain + offset * sd + (double)light->shift_db;
        if (source->radar && looks > 0) { /* Wilson and Hilferty's cube of a normal */
            double root = 1 - 1 / (9 * looks) + mos_rng_normal(&rng) / (3 * sqrt(looks));
            value += 10 * log10(pow(fmax(root, 0.05), 3));
        }
        double z = (value - mean) / sd;
        if (!source->radar && light->noise > 0) z += (double)light->noise * mos_rng_normal(&rng);
        out[i] = (float)z;
    }
}
