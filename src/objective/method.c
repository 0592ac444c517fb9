#include "objective/method.h"

#include "objective/objective.h"

#include <stddef.h>
#include <string.h>

enum {
    INTRA = 1u << MOS_TERM_INTRA,
    INTER = 1u << MOS_TERM_INTER,
    MSC = 1u << MOS_TERM_MSC,
    BCE = 1u << MOS_TERM_BCE
};

const mos_method mos_methods[] = {
    {"mosaic-1", INTRA | INTER | MSC | BCE, MOS_MSC_CROSS,
     "contrast within and across modalities, supervised contrast across them, classification"},
    {"mosaic-2", INTER | MSC | BCE, MOS_MSC_VIEWS | MOS_MSC_CROSS,
     "supervised contrast replaces the self-supervised one within a modality"},
    {"iai-simclr", INTRA | INTER, 0, "contrast within and across modalities, no labels"},
    {"simclr", INTRA, 0, "contrast within each modality, no labels"},
    {"dual-simclr", INTER, 0, "contrast across modalities, no labels"},
    {"supcon", MSC | BCE, MOS_MSC_JOINT,
     "supervised contrast of all modalities' rows together, classification"},
    {"supervised", BCE, 0, "classification alone"},
    {.name = NULL},
};

void mos_method_list(unsigned without, mos_text *out) {
    bool first = true;
    for (const mos_method *method = mos_methods; method->name != NULL; method++) {
        if ((mos_method_needs(method) & without) != 0) continue;
        mos_text_add(out, "%s%s", first ? "" : ", ", method->name);
        first = false;
    }
}

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
    mos_text list = {0};
    mos_method_list(0, &list);
    mosaic_status status = mos_fail(MOSAIC_ERR_USAGE, "unknown method '%s': want one of %s", name,
                                    list.data == NULL ? "none" : list.data);
    mos_text_release(&list);
    return status;
}
