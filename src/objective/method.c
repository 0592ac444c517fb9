#include "objective/method.h"

#include <stddef.h>
#include <string.h>

const mos_method mos_methods[] = {
    {"mosaic-1", true, true, MOS_MSC_CROSS, true,
     "contrast within and across modalities, supervised contrast across them, classification"},
    {"mosaic-2", false, true, MOS_MSC_VIEWS | MOS_MSC_CROSS, true,
     "supervised contrast replaces the self-supervised one within a modality"},
    {"iai-simclr", true, true, 0, false, "contrast within and across modalities, no labels"},
    {"simclr", true, false, 0, false, "contrast within each modality, no labels"},
    {"dual-simclr", false, true, 0, false, "contrast across modalities, no labels"},
    {"supcon", false, false, MOS_MSC_JOINT, true,
     "supervised contrast of all modalities' rows together, classification"},
    {"supervised", false, false, 0, true, "classification alone"},
    {.name = NULL},
};

mosaic_status mos_method_find(const char *name, const mos_method **out) {
    enum { METHODS = sizeof mos_methods / sizeof *mos_methods - 1 };
    const char *names[METHODS];
    for (size_t i = 0; i < METHODS; i++) {
        names[i] = mos_methods[i].name;
        if (strcmp(name, names[i]) != 0) continue;
        *out = &mos_methods[i];
        return MOSAIC_OK;
    }
    *out = NULL;
    const char *near = mos_nearest_name(name, names, METHODS);
    if (near != NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "unknown method '%s': did you mean '%s'?", name, near);
    return mos_fail(
        MOSAIC_ERR_USAGE,
        "unknown method '%s': want mosaic-1, mosaic-2, iai-simclr, simclr, dual-simclr, "
        "supcon or supervised",
        name);
}

bool mos_method_needs_latents(const mos_method *method) {
    return method->intra || method->inter || method->msc != 0;
}
