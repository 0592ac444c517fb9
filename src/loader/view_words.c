#include "loader/view_words.h"

#include <math.h>

/* Transposed first, then mirrored: the eight ways to lay a square on itself. */
static const char *const ways[2][2][2] = {
    /* [transpose][flip_x][flip_y] */
    {{"as it lies", "mirrored top-bottom"}, {"mirrored left-right", "turned by 180°"}},
    {{"transposed", "turned by 90° to the left"},
     {"turned by 90° to the right", "transposed and turned by 180°"}},
};

void mos_view_geometry_words(const mos_view_geometry *g, mos_text *out) {
    double area = g->width * g->height;
    mos_text_add(out, "%s; ", ways[g->transpose][g->flip_x][g->flip_y]);
    if (area >= 1)
        mos_text_add(out, "whole patch");
    else
        mos_text_add(out, "crop of %.0f %% of the area, %.0f by %.0f %% at %.0f, %.0f %%",
                     100 * area, 100 * g->width, 100 * g->height, 100 * g->left, 100 * g->top);
}

static void add_range(const char *name, const char *unit, const float *values, int64_t count,
                      mos_text *out) {
    float low = values[0], high = values[0];
    for (int64_t b = 1; b < count; b++) {
        low = fminf(low, values[b]);
        high = fmaxf(high, values[b]);
    }
    mos_text_add(out, "%s %s%.2f to %s%.2f%s; ", name, low < 0 ? "−" : "", fabs((double)low),
                 high < 0 ? "−" : "", fabs((double)high), unit);
}

static bool all_are(const float *values, int64_t count, float value) {
    for (int64_t b = 0; b < count; b++)
        if (values[b] != value) return false;
    return true;
}

void mos_view_light_words(const mos_view_light *light, const mos_loader_modality *modality,
                          mos_text *out) {
    size_t before = out->size;
    if (light->blur_sigma > 0) mos_text_add(out, "blur %.2f px; ", light->blur_sigma);
    if (!all_are(light->gain, modality->bands, 1))
        add_range("gain", "", light->gain, modality->bands, out);
    if (!all_are(light->offset, modality->bands, 0))
        add_range("offset", " sd", light->offset, modality->bands, out);
    if (light->noise > 0) mos_text_add(out, "noise %.3g sd; ", (double)light->noise);
    if (light->looks > 0) mos_text_add(out, "speckle of %.3g looks; ", (double)light->looks);
    if (light->shift_db != 0)
        mos_text_add(out, "shift %s%.2f dB; ", light->shift_db < 0 ? "−" : "+",
                     fabs((double)light->shift_db));
    if (out->size == before)
        mos_text_add(out, "no change of values");
    else if (!out->failed)
        out->data[out->size -= 2] = 0; /* the last "; " */
}
