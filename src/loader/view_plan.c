#include "loader/view_plan.h"

#include <math.h>
#include <stddef.h>

static const char *const mixes[] = {"none", "mixup", "cutmix", NULL};

/* Strengths not given by the paper follow IaI-SimCLR's recipe (crops, flips, blur) or are chosen so
 * that a view stays recognisable. */
#define FIELD(name) .offset = offsetof(mos_augment_options, name)
static const mos_option options_list[] = {
    {.key = "augment.area_min",
     .type = MOS_OPTION_REAL,
     FIELD(area_min),
     .fallback = "0.3",
     .minimum = 0.05,
     .maximum = 1,
     .unit = "share of the area",
     .source = "inherited (from IaI-SimCLR)",
     .help = "smallest crop of a strong view"},
    {.key = "augment.area_max",
     .type = MOS_OPTION_REAL,
     FIELD(area_max),
     .fallback = "0.9",
     .minimum = 0.05,
     .maximum = 1,
     .unit = "share of the area",
     .source = "inherited (from IaI-SimCLR)",
     .help = "largest crop of a strong view"},
    {.key = "augment.anchor_area_min",
     .type = MOS_OPTION_REAL,
     FIELD(anchor_area_min),
     .fallback = "1",
     .minimum = 0.8,
     .maximum = 1,
     .unit = "share of the area",
     .source = "paper",
     .help = "smallest crop of an anchor view; 1: anchors are not cropped"},
    {.key = "augment.flip",
     .type = MOS_OPTION_BOOL,
     FIELD(flip),
     .fallback = "true",
     .source = "paper",
     .help = "mirror left-right and top-bottom, each with probability one half"},
    {.key = "augment.turn",
     .type = MOS_OPTION_BOOL,
     FIELD(turn),
     .fallback = "true",
     .source = "paper",
     .help = "turn by a random multiple of 90 degrees"},
    {.key = "augment.blur",
     .type = MOS_OPTION_REAL,
     FIELD(blur),
     .fallback = "0.3",
     .minimum = 0,
     .maximum = 1,
     .unit = "probability",
     .source = "inherited (from IaI-SimCLR)",
     .help = "Gaussian blur of a strong view"},
    {.key = "augment.blur_sigma_min",
     .type = MOS_OPTION_REAL,
     FIELD(blur_sigma_min),
     .fallback = "0.3",
     .minimum = 0.05,
     .maximum = 3,
     .unit = "pixels",
     .source = "chosen",
     .help = "smallest standard deviation of the blur"},
    {.key = "augment.blur_sigma_max",
     .type = MOS_OPTION_REAL,
     FIELD(blur_sigma_max),
     .fallback = "1.2",
     .minimum = 0.05,
     .maximum = 3,
     .unit = "pixels",
     .source = "chosen",
     .help = "largest standard deviation of the blur"},
    {.key = "augment.gain",
     .type = MOS_OPTION_REAL,
     FIELD(gain),
     .fallback = "0.1",
     .minimum = 0,
     .maximum = 0.9,
     .source = "chosen",
     .help = "optical: each band is multiplied by up to 1 +- this"},
    {.key = "augment.gain_probability",
     .type = MOS_OPTION_REAL,
     FIELD(gain_probability),
     .fallback = "0.8",
     .minimum = 0,
     .maximum = 1,
     .unit = "probability",
     .source = "inherited (from IaI-SimCLR)",
     .help = "optical: how often gain and offset are applied"},
    {.key = "augment.offset",
     .type = MOS_OPTION_REAL,
     FIELD(offset),
     .fallback = "0.1",
     .minimum = 0,
     .maximum = 2,
     .unit = "sd of the band",
     .source = "chosen",
     .help = "optical: each band is shifted by up to this"},
    {.key = "augment.noise",
     .type = MOS_OPTION_REAL,
     FIELD(noise),
     .fallback = "0.05",
     .minimum = 0,
     .maximum = 2,
     .unit = "sd of the band",
     .source = "chosen",
     .help = "optical: Gaussian noise on every pixel"},
    {.key = "augment.speckle_looks",
     .type = MOS_OPTION_REAL,
     FIELD(speckle_looks),
     .fallback = "8",
     .minimum = 0,
     .maximum = 1000,
     .unit = "looks",
     .source = "chosen",
     .help = "radar: multiplicative gamma speckle in linear power with this many looks; 0: none"},
    {.key = "augment.shift_db",
     .type = MOS_OPTION_REAL,
     FIELD(shift_db),
     .fallback = "1",
     .minimum = 0,
     .maximum = 10,
     .unit = "dB",
     .source = "chosen",
     .help = "radar: the whole patch is shifted by one value of up to this"},
    {.key = "augment.mix",
     .type = MOS_OPTION_CHOICE,
     FIELD(mix),
     .fallback = "none",
     .choices = mixes,
     .source = "chosen",
     .help =
         "mix every labelled patch with another one, in the view that the classifier sees: all "
         "modalities alike, and the targets of binary cross entropy in the same proportion. "
         "mixup: all pixels; cutmix: a box of the other patch. Unlabelled patches are not mixed, "
         "nor is anything without bce"},
    {.key = "augment.mix_alpha",
     .type = MOS_OPTION_REAL,
     FIELD(mix_alpha),
     .fallback = "1",
     .minimum = 0.01,
     .maximum = 4,
     .source = "inherited (from CutMix)",
     .help =
         "the shares of two mixed patches are drawn from Beta(this, this): near 0 a patch stays "
         "nearly itself"},
};
#undef FIELD
const mos_option_table mos_augment_option_table = {.name = "augment",
                                                   .options = options_list,
                                                   .count =
                                                       sizeof options_list / sizeof *options_list};

/* Repeats get their own numbers; bit 40 and up is beyond any sample index. */
static mos_rng stream_at(const mos_view_key *key, mos_rng_purpose purpose, uint32_t index) {
    return mos_rng_at(key->seed, purpose, key->epoch,
                      (uint64_t)key->sample | (uint64_t)key->repeat << 40, index);
}

/* A box of `area`, its sides in the proportion `ratio` unless it then sticks out; the area holds.
 */
static void draw_box(mos_rng *rng, double area, double ratio, mos_view_geometry *out) {
    double width = sqrt(area * ratio), height = sqrt(area / ratio);
    if (width > 1) {
        width = 1;
        height = area;
    } else if (height > 1) {
        height = 1;
        width = area;
    }
    out->width = width;
    out->height = height;
    out->left = mos_rng_uniform64(rng) * (1 - width);
    out->top = mos_rng_uniform64(rng) * (1 - height);
}

void mos_view_geometry_draw(const mos_augment_options *options, char kind, bool square,
                            const mos_view_key *key, mos_view_geometry *out) {
    *out = (mos_view_geometry){.width = 1, .height = 1};
    if (kind == 'e') return;
    mos_rng rng = stream_at(key, MOS_RNG_AUGMENT, key->view << 8);
    /* Always the same draws in the same order: switching one off leaves the others as they were. */
    bool flip_x = mos_rng_below(&rng, 2), flip_y = mos_rng_below(&rng, 2);
    int turns = (int)mos_rng_below(&rng, 4);
    double u = mos_rng_uniform64(&rng), v = mos_rng_uniform64(&rng);
    if (kind == 's') {
        double ratio = pow(4.0 / 3, 2 * v - 1);
        draw_box(&rng, options->area_min + u * (options->area_max - options->area_min), ratio, out);
    } else if (options->anchor_area_min < 1) {
        draw_box(&rng, options->anchor_area_min + u * (1 - options->anchor_area_min), 1, out);
    }
    out->flip_x = options->flip && flip_x;
    out->flip_y = options->flip && flip_y;
    if (!options->turn) return;
    if (!square) turns &= 2;
    out->transpose = turns & 1;
    if (turns == 1 || turns == 2) out->flip_x = !out->flip_x;
    if (turns == 3 || turns == 2) out->flip_y = !out->flip_y;
}

void mos_view_light_draw(const mos_augment_options *options, char kind, const mos_view_key *key,
                         const mos_loader_modality *modality, int64_t modality_index,
                         mos_view_light *out) {
    *out = (mos_view_light){0};
    for (int64_t b = 0; b < modality->bands; b++)
        out->gain[b] = 1;
    if (kind != 's') return;
    mos_rng rng = stream_at(key, MOS_RNG_AUGMENT, key->view << 8 | (uint32_t)(modality_index + 1));
    bool blur = mos_rng_uniform64(&rng) < options->blur;
    double sigma = options->blur_sigma_min +
                   mos_rng_uniform64(&rng) * (options->blur_sigma_max - options->blur_sigma_min);
    if (blur) out->blur_sigma = sigma;
    if (modality->radar) {
        out->looks = (float)options->speckle_looks;
        out->shift_db = (float)(options->shift_db * (2 * mos_rng_uniform64(&rng) - 1));
        return;
    }
    out->noise = (float)options->noise;
    bool light = mos_rng_uniform64(&rng) < options->gain_probability;
    for (int64_t b = 0; b < modality->bands; b++) {
        double gain = 1 + options->gain * (2 * mos_rng_uniform64(&rng) - 1);
        double offset = options->offset * (2 * mos_rng_uniform64(&rng) - 1);
        out->gain[b] = light ? (float)gain : 1;
        out->offset[b] = light ? (float)offset : 0;
    }
}

mos_rng mos_view_noise_stream(const mos_view_key *key, int64_t modality_index, int64_t band) {
    return stream_at(key, MOS_RNG_NOISE,
                     key->view << 16 | (uint32_t)modality_index << 8 | (uint32_t)band);
}
