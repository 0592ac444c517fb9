#include "deploy/import_reben.h"

#include "base/log.h"
#include "data/names/nomenclature.h"
#include "data/statistics.h"

#include <stdio.h>
#include <string.h>

const char *const mos_import_release_names[] = {"from-id", "v0.1.1", "v0.2.0", NULL};
enum { RELEASES = 2 };

/* Channel order by release and inputs; S1 bands are those that begin with V. */
static const struct inputs {
    const char *name;
    int64_t channels;
    const char *bands[RELEASES][12];
} inputs[] = {
    {"s1", 2, {{"VH", "VV"}, {"VV", "VH"}}},
    {"s2",
     10,
     {{"B02", "B03", "B04", "B08", "B05", "B06", "B07", "B11", "B12", "B8A"},
      {"B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"}}},
    {"all",
     12,
     {{"B02", "B03", "B04", "B08", "B05", "B06", "B07", "B11", "B12", "B8A", "VH", "VV"},
      {"VV", "VH", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"}}},
};
enum { INPUTS = sizeof inputs / sizeof *inputs };

/* The release that is given, or that the model's id or path names; both must agree. */
static mosaic_status find_release(const mos_import_options *options, const char *path, int *out) {
    const char *id = options->id != NULL && options->id[0] != '\0' ? options->id : path;
    int named = 0;
    for (int r = 1; r <= RELEASES; r++)
        if (strstr(id, mos_import_release_names[r]) != NULL) named = r;
    if (options->release > 0 && named > 0 && named != options->release)
        return mos_fail(MOSAIC_ERR_USAGE, "--release says %s, '%s' says %s",
                        mos_import_release_names[options->release], id,
                        mos_import_release_names[named]);
    *out = options->release > 0 ? options->release : named;
    if (*out > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE,
                    "'%s' does not say which release it is, and the order of the bands depends on "
                    "it (v0.1.1: B02 B03 B04 B08 B05 ..., VH VV; v0.2.0: by wavelength, VV VH): "
                    "give --release, or --id as on the hub",
                    id);
}

mosaic_status mos_import_reben(const mos_import_options *options, const char *path,
                               int64_t channels, mos_model_card *card) {
    int release, k = 0;
    MOS_TRY(find_release(options, path, &release));
    while (k < INPUTS && inputs[k].channels != channels)
        k++;
    if (k == INPUTS)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: its first layer takes %lld channels; reBEN's models take 2 (s1), 10 "
                        "(s2) or 12 (all)",
                        path, (long long)channels);
    mos_modality_spec *modality = &card->spec.modality[0];
    modality->bands = channels;
    (void)snprintf(modality->name, sizeof modality->name, "%.31s",
                   options->modality != NULL ? options->modality : inputs[k].name);
    for (int64_t b = 0; b < channels; b++) {
        const char *band = inputs[k].bands[release - 1][b];
        (void)snprintf(modality->band_names[b], sizeof modality->band_names[b], "%s", band);
        if (!mos_statistics_reben(band[0] == 'V' ? "s1" : "s2", band, &card->mean[0][b],
                                  &card->sd[0][b]))
            return mos_fail(MOSAIC_ERR_RUNTIME, "no statistics of band '%s'", band);
    }
    card->spec.classes = MOS_BEN_CLASSES;
    for (int l = 0; l < MOS_BEN_CLASSES; l++)
        (void)snprintf(card->class_names[l], sizeof card->class_names[l], "%s", mos_ben_classes[l]);
    mos_log(MOS_LOG_NOTICE,
            "release %s: the 19 classes are taken in lexicographic order, from '%s' to '%s', "
            "statistics are reBEN's, neither is in the file",
            mos_import_release_names[release], mos_ben_classes[0],
            mos_ben_classes[MOS_BEN_CLASSES - 1]);
    return MOSAIC_OK;
}
