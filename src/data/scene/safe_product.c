#include "data/scene/safe_product.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static const char *const order[MOS_SAFE_BANDS] = {"B01", "B02", "B03", "B04", "B05", "B06", "B07",
                                                  "B08", "B8A", "B09", "B10", "B11", "B12"};

bool mos_safe_is_product(const char *path) {
    static const char end[] = ".SAFE";
    size_t size = strlen(path);
    while (size > 0 && path[size - 1] == '/')
        size--;
    return size >= sizeof end - 1 &&
           memcmp(path + size - (sizeof end - 1), end, sizeof end - 1) == 0 &&
           mos_path_is_dir(path);
}

/* "<...>_B02_10m.jp2" or "<...>_B02.jp2": index in the order above, or -1. */
static int band_of(const char *name, int *resolution_m) {
    static const char end[] = ".jp2";
    static const struct {
        const char *text;
        int resolution_m;
    } ends[] = {{"_10m", 10}, {"_20m", 20}, {"_60m", 60}};
    size_t size = strlen(name);
    if (size < sizeof end - 1 || memcmp(name + size - (sizeof end - 1), end, sizeof end - 1) != 0)
        return -1;
    size -= sizeof end - 1;
    *resolution_m = 0;
    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
        if (size < 4 || memcmp(name + size - 4, ends[e].text, 4) != 0) continue;
        *resolution_m = ends[e].resolution_m;
        size -= 4;
        break;
    }
    for (int b = 0; b < MOS_SAFE_BANDS; b++) {
        if (size >= 4 && name[size - 4] == '_' && memcmp(name + size - 3, order[b], 3) == 0)
            return b;
    }
    return -1;
}

static mosaic_status look_into(const char *folder, mos_safe_band *bands) {
    DIR *stream = opendir(folder);
    if (stream == NULL) return mos_fail_errno("list", folder);
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        int resolution_m;
        int band = band_of(entry->d_name, &resolution_m);
        if (band < 0) continue;
        mos_safe_band *kept = &bands[band];
        if (kept->name[0] != '\0' && kept->resolution_m <= resolution_m) continue;
        MOS_GOTO(mos_path_join(kept->path, sizeof kept->path, folder, entry->d_name));
        snprintf(kept->name, sizeof kept->name, "%s", order[band]);
        kept->resolution_m = resolution_m;
    }
done:
    closedir(stream);
    return status;
}

/* The one folder inside GRANULE. */
static mosaic_status find_granule(const char *path, char *out, size_t size) {
    char folder[4096];
    int count = 0;
    MOS_TRY(mos_path_join(folder, sizeof folder, path, "GRANULE"));
    DIR *stream = opendir(folder);
    if (stream == NULL) return mos_fail_errno("list", folder);
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        char granule[4096];
        if (entry->d_name[0] == '.') continue;
        MOS_GOTO(mos_path_join(granule, sizeof granule, folder, entry->d_name));
        if (!mos_path_is_dir(granule)) continue;
        count++;
        MOS_GOTO(mos_path_join(out, size, granule, "IMG_DATA"));
    }
    if (count != 1)
        status = mos_fail(MOSAIC_ERR_DATA,
                          "%s: %d granules, wanted one; files names the image of each band instead",
                          folder, count);
done:
    closedir(stream);
    return status;
}

mosaic_status mos_safe_bands(const char *path, mos_safe_band *bands, int *count) {
    static const char *const folders[] = {"R10m", "R20m", "R60m"};
    char images[4096], folder[4096];
    memset(bands, 0, MOS_SAFE_BANDS * sizeof *bands);
    *count = 0;
    MOS_TRY(find_granule(path, images, sizeof images));
    MOS_TRY(look_into(images, bands));
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++) {
        MOS_TRY(mos_path_join(folder, sizeof folder, images, folders[f]));
        if (mos_path_is_dir(folder)) MOS_TRY(look_into(folder, bands));
    }
    for (int b = 0; b < MOS_SAFE_BANDS; b++) {
        if (bands[b].name[0] == '\0') continue;
        if (b != *count) bands[*count] = bands[b];
        (*count)++;
    }
    if (*count == 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s: no band image, as in T33UUP_20170613T101031_B02.jp2",
                        images);
    return MOSAIC_OK;
}
