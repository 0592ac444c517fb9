/* Rasters that lie in memory: the short way where it goes, else GDAL through its memory file
 * system. */
#include "base/memory.h"
#include "io/raster_gdal.h"
#include "io/tiff_plain.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* A file of GDAL's memory file system over the caller's bytes. */
typedef struct memory_raster {
    const char *what;
    char path[192];
} memory_raster;

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static mosaic_status show(memory_raster *raster, const char *what, const void *data, size_t size) {
    static atomic_ullong number;
    raster->what = what;
    (void)snprintf(raster->path, sizeof raster->path, "/vsimem/mosaic-%llu/%.120s",
                   (unsigned long long)atomic_fetch_add(&number, 1), last_part(what));
    void *bytes;
    memcpy(&bytes, &data, sizeof bytes); /* GDAL wants it without const, and opens it for reading */
    MOS_TRY(mos_raster_init());
    VSILFILE *file = VSIFileFromMemBuffer(raster->path, bytes, size, 0);
    if (file == NULL) return mos_fail_memory(size, what);
    VSIFCloseL(file);
    return MOSAIC_OK;
}

/* Removes it; messages that name it name the source instead. */
static mosaic_status hide(memory_raster *raster, mosaic_status status) {
    VSIUnlink(raster->path);
    if (status == MOSAIC_OK) return status;
    char text[2048], named[4096];
    mos_error_copy(text, sizeof text);
    size_t used = 0, name_size = strlen(raster->path);
    named[0] = '\0';
    for (const char *at = text; *at != '\0' && used + 1 < sizeof named;) {
        const char *next = strstr(at, raster->path);
        size_t plain = next == NULL ? strlen(at) : (size_t)(next - at);
        int added = snprintf(named + used, sizeof named - used, "%.*s%s", (int)plain, at,
                             next == NULL ? "" : raster->what);
        if (added < 0) break;
        used += (size_t)added;
        at += plain + (next == NULL ? 0 : name_size);
    }
    mos_error_restore(named);
    return status;
}

mosaic_status mos_raster_info_bytes(const char *what, const void *data, size_t size,
                                    mos_raster_info *info) {
    memory_raster raster;
    memset(info, 0, sizeof *info);
    MOS_TRY(show(&raster, what, data, size));
    return hide(&raster, mos_raster_info_read(raster.path, info));
}

mosaic_status mos_raster_read_bytes(const char *what, const void *data, size_t size, int band,
                                    mos_dtype dtype, void *out, int64_t width, int64_t height) {
    memory_raster raster;
    if (band == 1 && mos_tiff_plain_read(data, size, dtype, out, width, height)) return MOSAIC_OK;
    MOS_TRY(show(&raster, what, data, size));
    return hide(&raster, mos_raster_read_band(raster.path, band, dtype, out, width, height));
}

mosaic_status mos_raster_mask_bytes(const char *what, const void *data, size_t size, uint8_t *out,
                                    int64_t width, int64_t height) {
    memory_raster raster;
    MOS_TRY(show(&raster, what, data, size));
    return hide(&raster, mos_raster_read_mask(raster.path, out, width, height));
}
