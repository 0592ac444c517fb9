#include "data/offset_floats.h"

#include "data/data_options.h"
#include "data/offset_guard.h"
#include "data/verdicts.h"

#include <math.h>
#include <stdio.h>

static bool are_floats(const mos_dataset *dataset, int64_t modality) {
    return mos_dataset_role(dataset, modality) == MOS_ROLE_OPTICAL &&
           !dataset->storage[modality].optical;
}

/* Reflectance ends near 1, digital numbers near 10,000. */
static double step_of(const mos_raw_band *const *bands, int64_t count) {
    static const double most_reflectance = 20;
    for (int64_t b = 0; b < count; b++) {
        int64_t pixels = bands[b]->width * bands[b]->height;
        for (int64_t i = 0; i < pixels; i++) {
            double value = mos_raw_value(bands[b], i);
            if (mos_raw_valid(bands[b], value) && value > most_reflectance) return MOS_OFFSET_DN;
        }
    }
    return 0.1;
}

void mos_offset_floats_look(const mos_dataset *dataset, int64_t sample, int64_t modality,
                            const mos_raw_band *raw, mos_offset_floats *out) {
    int numbers[MOS_DATA_MAX_BANDS];
    const mos_raw_band *surface[MOS_DATA_MAX_BANDS];
    if (!are_floats(dataset, modality)) return;
    int64_t count = mos_offset_bands(&dataset->modalities[modality], numbers);
    for (int64_t b = 0; b < count; b++)
        surface[b] = &raw[numbers[b]];
    double step = step_of(surface, count);
    mos_brightness brightness = mos_offset_brightness_of(surface, count, step);
    int baseline = mos_offset_baseline(dataset, sample, modality);
    bool told = mos_offset_named(baseline);
    out->dark += brightness == MOS_BRIGHTNESS_DARK;
    if (brightness != MOS_BRIGHTNESS_SHIFTED || (told && baseline < MOS_BASELINE_OFFSET)) return;
    if (out->shifted++ == 0 || (told && out->named == 0)) {
        snprintf(out->id, sizeof out->id, "%.127s", dataset->ids[sample]);
        out->step = step;
        out->baseline = baseline;
    }
    out->named += told;
}

mosaic_status mos_offset_floats_settle(mos_dataset *dataset, int64_t modality,
                                       const mos_offset_floats *found) {
    const char *name = dataset->modalities[modality].name;
    char step[32];
    if (!are_floats(dataset, modality)) return MOSAIC_OK;
    if (dataset->options.boa_offset == MOS_BOA_REMOVE)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: data.boa_offset remove subtracts from whole numbers, and %s comes as "
                        "floats; data.scale %s=<scale>,<offset> subtracts from those",
                        dataset->root, name, name);
    if (dataset->options.boa_offset != MOS_BOA_AUTO || found->shifted == 0 || found->dark > 0)
        return MOSAIC_OK;
    mos_format_double(step, sizeof step, found->step, 6);
    if (found->named > 0)
        mos_verdict_note(dataset, MOS_CHECK_OFFSET_CONFLICT,
                         "%s: floats that begin above %s in all of %lld probed patches, as in "
                         "'%s': the +1000 of baseline %04d is still in them; data.scale %s=1,-%s "
                         "subtracts it, data.boa_offset keep leaves them as they are",
                         name, step, (long long)found->shifted, found->id, found->baseline, name,
                         step);
    else
        mos_dataset_defect(dataset, "floats that seem to hold the +1000: kept",
                           "%s of '%s' begins above %s; data.scale %s=1,-%s subtracts it", name,
                           found->id, step, name, step);
    return MOSAIC_OK;
}
