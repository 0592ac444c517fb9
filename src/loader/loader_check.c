#include "loader/loader_check.h"

#include <math.h>

static mosaic_status fail(const char *what, int64_t index, const char *wanted) {
    return mos_fail(MOSAIC_ERR_USAGE, "loader: modality %lld: %s wants %s", (long long)index, what,
                    wanted);
}

static mosaic_status check_modality(const mos_dataset *dataset, const mos_loader_modality *modality,
                                    int64_t index) {
    const mos_modality *list;
    int64_t count = mos_dataset_modalities(dataset, &list);
    if (modality->modality < 0 || modality->modality >= count)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "loader: modality %lld is number %lld of a data set with %lld",
                        (long long)index, (long long)modality->modality, (long long)count);
    if (modality->bands < 1 || modality->bands > MOS_DATA_MAX_BANDS)
        return fail("bands", index, "1 to 64");
    for (int64_t b = 0; b < modality->bands; b++) {
        if (modality->band[b] < 0 || modality->band[b] >= list[modality->modality].band_count)
            return mos_fail(MOSAIC_ERR_USAGE, "loader: band %d of %s: it has %lld",
                            modality->band[b], list[modality->modality].name,
                            (long long)list[modality->modality].band_count);
        if (!isfinite(modality->mean[b]) || !isfinite(modality->sd[b]) || !(modality->sd[b] > 0))
            return mos_fail(MOSAIC_ERR_DATA,
                            "loader: %s band %s: mean %g and sd %g do not standardise",
                            list[modality->modality].name,
                            list[modality->modality].bands[modality->band[b]].name,
                            (double)modality->mean[b], (double)modality->sd[b]);
    }
    return MOSAIC_OK;
}

static mosaic_status check_views(const mos_loader_options *options) {
    if (options->views < 1 || options->views > MOS_LOADER_MAX_VIEWS)
        return mos_fail(MOSAIC_ERR_USAGE, "loader: %lld views; 1 to %d can be made",
                        (long long)options->views, MOS_LOADER_MAX_VIEWS);
    for (int64_t v = 0; v < options->views; v++) {
        char kind = options->kinds[v];
        if (kind != 'a' && kind != 's' && kind != 'e')
            return mos_fail(MOSAIC_ERR_USAGE, "loader: view kind '%c'; known are a, s and e", kind);
    }
    const mos_augment_options *augment = &options->augment;
    const bool mixes = augment->mix != MOS_MIX_NONE;
    if (mixes && (options->mixed_view < 0 || options->mixed_view >= options->views ||
                  !(augment->mix_alpha > 0)))
        return mos_fail(
            MOSAIC_ERR_USAGE, "loader: view %lld of %lld cannot be mixed, or not with alpha %g",
            (long long)options->mixed_view, (long long)options->views, augment->mix_alpha);
    bool plain = true;
    for (int64_t v = 0; v < options->views; v++)
        plain = plain && options->kinds[v] == 'e';
    if (plain)
        return MOSAIC_OK; /* evaluation views have no augmentation: its strengths do not matter */
    if (!(augment->area_min > 0) || !(augment->area_min <= augment->area_max) ||
        !(augment->area_max <= 1))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "augment.area_min %g and area_max %g: wanted 0 < min <= max <= 1",
                        augment->area_min, augment->area_max);
    if (!(augment->anchor_area_min >= 0.8) || !(augment->anchor_area_min <= 1))
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "augment.anchor_area_min %g: wanted 0.8 to 1, or an anchor no longer shows its labels",
            augment->anchor_area_min);
    if (!(augment->blur_sigma_min > 0) || !(augment->blur_sigma_min <= augment->blur_sigma_max) ||
        !(augment->blur_sigma_max <= 3))
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "augment.blur_sigma_min %g and blur_sigma_max %g: wanted 0 < min <= max <= 3 pixels",
            augment->blur_sigma_min, augment->blur_sigma_max);
    return MOSAIC_OK;
}

mosaic_status mos_loader_check(const mos_dataset *dataset, const mos_loader_options *options,
                               const int64_t *index, int64_t count) {
    if (options->modalities < 1 || options->modalities > MOS_DATA_MAX_MODALITIES)
        return mos_fail(MOSAIC_ERR_USAGE, "loader: %lld modalities; 1 to %d can be loaded",
                        (long long)options->modalities, MOS_DATA_MAX_MODALITIES);
    for (int64_t m = 0; m < options->modalities; m++)
        if (options->modality[m].modality != -1)
            MOS_TRY(check_modality(dataset, &options->modality[m], m));
    if (options->batch < 1 || options->height < 1 || options->width < 1 || options->height > 4096 ||
        options->width > 4096)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "loader: batch %lld of %lld x %lld pixels; wanted at least 1 and at most "
                        "4096 pixels a side",
                        (long long)options->batch, (long long)options->width,
                        (long long)options->height);
    if (options->rank < 0 || options->rank >= (options->ranks > 1 ? options->ranks : 1))
        return mos_fail(MOSAIC_ERR_USAGE, "loader: rank %lld of %lld", (long long)options->rank,
                        (long long)options->ranks);
    if (options->policy < MOS_LOADER_MASK || options->policy > MOS_LOADER_REFUSE)
        return mos_fail(MOSAIC_ERR_USAGE, "loader: policy %d; known are 0 to %d", options->policy,
                        MOS_LOADER_REFUSE);
    if (options->constant_bands < MOS_LOADER_CONSTANT_KEEP ||
        options->constant_bands > MOS_LOADER_CONSTANT_REFUSE)
        return mos_fail(MOSAIC_ERR_USAGE, "loader: constant bands %d; known are 0 to %d",
                        options->constant_bands, MOS_LOADER_CONSTANT_REFUSE);
    if (!(options->labeled_per_batch >= 0) || !(options->labeled_per_batch <= 1))
        return mos_fail(MOSAIC_ERR_USAGE, "loader: a labelled share of %g; wanted 0 to 1",
                        options->labeled_per_batch);
    if (!(options->modality_dropout >= 0) || !(options->modality_dropout <= 1))
        return mos_fail(MOSAIC_ERR_USAGE, "loader: a modality dropout of %g; wanted 0 to 1",
                        options->modality_dropout);
    MOS_TRY(check_views(options));
    if (count < 1) return mos_fail(MOSAIC_ERR_DATA, "loader: no sample to draw from");
    for (int64_t i = 0; i < count; i++) {
        if (index[i] < 0 || index[i] >= mos_dataset_count(dataset))
            return mos_fail(MOSAIC_ERR_USAGE, "loader: sample %lld of a data set of %lld",
                            (long long)index[i], (long long)mos_dataset_count(dataset));
    }
    return MOSAIC_OK;
}
