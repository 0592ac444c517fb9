#include "loader/patch_mix.h"

#include <math.h>
#include <string.h>

/* A view of a partner shares no random numbers with its own rows' views: those have repeats below. */
enum { PARTNER_REPEAT = 1 << 23, PARTNER_VIEWS = 1 << 16 };

/* Beta(a, a): M. D. Joehnk, "Erzeugung von betaverteilten und gammaverteilten Zufallszahlen",
 * Metrika 8, 1964. */
static double draw_beta(mos_rng *rng, double a) {
    for (;;) {
        const double x = pow(mos_rng_uniform64(rng), 1 / a), y = pow(mos_rng_uniform64(rng), 1 / a);
        if (x + y > 0 && x + y <= 1) return x / (x + y);
    }
}

/* Mixup: H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz, "mixup: beyond empirical risk
 * minimization", ICLR 2018: x = l x_a + (1 - l) x_b, y = l y_a + (1 - l) y_b, l ~ Beta(a, a).
 * CutMix: S. Yun et al., "CutMix: regularization strategy to train strong classifiers with
 * localizable features", ICCV 2019: a box of the share 1 - l of the area is the other patch's.
 * Here l is max(l, 1 - l): which of two patches is the first is a matter of the draw, and a row
 * stays mostly the patch that its place in the batch says. */
void mos_patch_mix_draw(const mos_augment_options *options, const mos_view_key *key, int64_t count,
                        int64_t width, int64_t height, mos_patch_mix *out) {
    mos_rng rng = mos_rng_at(key->seed, MOS_RNG_MIX, key->epoch,
                             (uint64_t)key->sample | (uint64_t)key->repeat << 40, 0);
    *out = (mos_patch_mix){.box = options->mix == MOS_MIX_CUTMIX, .other = *key};
    out->other.sample = (int64_t)mos_rng_below(&rng, (uint64_t)count);
    out->other.repeat = PARTNER_REPEAT | (uint32_t)mos_rng_below(&rng, PARTNER_VIEWS);
    const double share = draw_beta(&rng, options->mix_alpha);
    out->own = fmax(share, 1 - share);
    if (!out->box) return;
    const double side = sqrt(1 - out->own);
    const int64_t w = llround(side * (double)width), h = llround(side * (double)height);
    out->left = (int64_t)mos_rng_below(&rng, (uint64_t)(width - w + 1));
    out->top = (int64_t)mos_rng_below(&rng, (uint64_t)(height - h + 1));
    out->right = out->left + w;
    out->bottom = out->top + h;
    out->own = 1 - (double)(w * h) / (double)(width * height);
}

void mos_patch_mix_plane(const mos_patch_mix *mix, const float *other, int64_t width,
                         int64_t height, float *own) {
    if (mix->box) {
        for (int64_t y = mix->top; y < mix->bottom; y++)
            memcpy(own + y * width + mix->left, other + y * width + mix->left,
                   (size_t)(mix->right - mix->left) * sizeof *own);
        return;
    }
    const float a = (float)mix->own, b = (float)(1 - mix->own);
    for (int64_t i = 0; i < width * height; i++)
        own[i] = a * own[i] + b * other[i];
}

void mos_patch_mix_targets(const mos_patch_mix *mix, const int8_t *other, int64_t classes,
                           float *own) {
    for (int64_t l = 0; l < classes; l++) {
        if (own[l] < 0) continue;
        own[l] = other[l] < 0
                     ? -1
                     : (float)(mix->own * (double)own[l] + (1 - mix->own) * (double)other[l]);
    }
}
