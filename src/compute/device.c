#include "compute/device.h"

#include "base/memory.h"
#include "base/thread.h"

#include <string.h>

/* "auto" is the first. */
static const mos_backend *const backends[] = {&mos_backend_cpu, &mos_backend_ref};
enum { BACKENDS = sizeof backends / sizeof backends[0], MAX_THREADS = 1024 };

const char *const mos_device_choices[] = {"auto", "cpu", "ref", NULL}; /* then those of backends */

const char *const mos_precision_names[] = {"fp32", "bf16", "fp64", NULL};
const char *const mos_precision_choices[] = {"auto", "fp32", "bf16", NULL};

const char *const *mos_device_names(void) {
    return mos_device_choices + 1;
}

const char *mos_conv_algorithm_name(mos_conv_algorithm algorithm) {
    static const char *const algorithms[MOS_CONV_ALGORITHMS] = {
        [MOS_CONV_AUTO] = "AUTO", [MOS_CONV_DIRECT] = "DIRECT", [MOS_CONV_WINOGRAD] = "WINOGRAD",
        [MOS_CONV_F2X2] = "F2X2", [MOS_CONV_F4X4] = "F4X4",     [MOS_CONV_GATHERED] = "GATHERED",
        [MOS_CONV_STEM] = "STEM", [MOS_CONV_IM2COL] = "IM2COL"};
    return algorithms[algorithm];
}

static mosaic_status find_backend(const char *name, const mos_backend **out) {
    const char *const *names = mos_device_names();
    if (strcmp(name, mos_device_choices[0]) == 0) name = names[0];
    for (int i = 0; i < BACKENDS; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        if (backends[i]->open == NULL)
            return mos_fail(MOSAIC_ERR_UNSUPPORTED, "device '%s' is not part of this build", name);
        *out = backends[i];
        return MOSAIC_OK;
    }
    const char *near = mos_nearest_name(name, mos_device_choices, BACKENDS + 1);
    return mos_fail(MOSAIC_ERR_USAGE, "device: found '%s', want auto, cpu or ref%s%s%s", name,
                    near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                    near != NULL ? "'?)" : "");
}

mosaic_status mos_device_open(const char *name, mos_precision precision, int threads,
                              mos_device **out) {
    const mos_backend *ops = NULL;
    mos_device *device;
    *out = NULL;
    if (threads < 0 || threads > MAX_THREADS)
        return mos_fail(MOSAIC_ERR_USAGE, "threads: found %d, want 0 (all) to %d", threads,
                        MAX_THREADS);
    MOS_TRY(find_backend(name, &ops));
    MOS_TRY(mos_alloc(1, sizeof *device, "device", &device));
    device->ops = ops;
    device->precision = precision;
    device->threads = threads > 0 ? threads : mos_cpu_count();
    mosaic_status status = ops->open(device);
    if (status != MOSAIC_OK) {
        mos_free(device);
        return mos_context(status, "device '%s'", name);
    }
    *out = device;
    return MOSAIC_OK;
}

void mos_device_close(mos_device **device) {
    if (device == NULL || *device == NULL) return;
    (*device)->ops->close(*device);
    mos_free(*device);
    *device = NULL;
}
