/* A device of a table that somebody found: opening, closing, waiting. */
#include "compute/device.h"

#include "base/memory.h"
#include "base/thread.h"
#include "compute/backends.h"

const char *const mos_precision_names[] = {"fp32", "bf16", "fp64", NULL};
const char *const mos_precision_choices[] = {"auto", "fp32", "bf16", NULL};

static mos_backend_decorator decorate;

void mos_device_decorate(mos_backend_decorator decorator) {
    decorate = decorator;
}

/* A device and its table, in which no entry is NULL. */
typedef struct opened {
    mos_device device;
    mos_backend table;
} opened;

mosaic_status mos_backend_open(const mos_backend *table, int index, mos_precision precision,
                               int threads, mos_device **out) {
    opened *it;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *it, "device", &it));
    it->table = decorate != NULL ? *decorate(table) : *table;
    mos_backend_complete(&it->table);
    it->device.ops = &it->table;
    it->device.index = index;
    it->device.precision = precision;
    it->device.threads = threads > 0 ? threads : mos_cpu_count();
    mosaic_status status = it->table.open(&it->device);
    if (status != MOSAIC_OK) {
        mos_free(it);
        return mos_context(status, "device '%s'", table->name);
    }
    *out = &it->device;
    return MOSAIC_OK;
}

mosaic_status mos_device_open_table(const mos_backend *table, mos_precision precision, int threads,
                                    mos_device **out) {
    return mos_backend_open(table, 0, precision, threads, out);
}

void mos_device_close(mos_device **device) {
    if (device == NULL || *device == NULL) return;
    (*device)->ops->close(*device);
    mos_free(*device);
    *device = NULL;
}

void mos_drain(mos_device *device) {
    char detail[4096];
    if (device == NULL) return;
    mos_error_copy(detail, sizeof detail);
    (void)!mos_settle(device);
    mos_error_restore(detail);
}
