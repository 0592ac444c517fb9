#include "data/names/band_names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void mos_band_name(mos_band *band, const char *name) {
    bool short_digit = name[0] == 'B' && name[1] >= '1' && name[1] <= '9' && name[2] == '\0';
    bool long_a = strcmp(name, "B08A") == 0;
    snprintf(band->name, sizeof band->name, "%s%s", short_digit ? "B0" : "",
             short_digit ? name + 1
             : long_a    ? "B8A"
                         : name);
}

bool mos_band_is_known(const char *name) {
    static const char *const known[] = {"VV",  "VH",  "HH",  "HV",  "B01", "B02", "B03",
                                        "B04", "B05", "B06", "B07", "B08", "B8A", "B08A",
                                        "B09", "B10", "B11", "B12", NULL};
    for (int k = 0; known[k] != NULL; k++) {
        bool zero = known[k][0] == 'B' && known[k][1] == '0';
        if (strcasecmp(name, known[k]) == 0) return true;
        if (zero && (name[0] == 'B' || name[0] == 'b') && strcasecmp(name + 1, known[k] + 2) == 0)
            return true;
    }
    return false;
}

static bool option_names(const mos_dataset *dataset, const char *modality, const char **names) {
    const mos_text_list *list = &dataset->options.bands;
    size_t length = strlen(modality);
    for (size_t i = 0; i < list->count; i++) {
        if (strncmp(list->items[i], modality, length) == 0 && list->items[i][length] == '=') {
            *names = list->items[i] + length + 1;
            return true;
        }
    }
    return false;
}

/* "B02,B03,B04" */
mosaic_status mos_band_names_use(mos_modality *modality, const char *names, const char *what,
                                 const char *path) {
    int64_t count = 0;
    for (const char *at = names;; at++) {
        size_t size = strcspn(at, ", ");
        char name[sizeof modality->bands[0].name];
        if (size == 0 || size >= sizeof name || count == modality->band_count) break;
        snprintf(name, sizeof name, "%.*s", (int)size, at);
        mos_band_name(&modality->bands[count++], name);
        at += size;
        if (*at == '\0') {
            if (count == modality->band_count) return MOSAIC_OK;
            break;
        }
    }
    return mos_fail(MOSAIC_ERR_USAGE, "%s: %s has %lld bands, but %s names them %s", path,
                    modality->name, (long long)modality->band_count, what, names);
}

static const char *convention(const mos_modality *modality) {
    bool s1 = strncasecmp(modality->name, "s1", 2) == 0;
    bool s2 = strncasecmp(modality->name, "s2", 2) == 0;
    if (s1 && modality->band_count == 2) return "VV,VH";
    if (s2 && modality->band_count == 10) return "B02,B03,B04,B05,B06,B07,B08,B8A,B11,B12";
    if (s2 && modality->band_count == 12) return "B01,B02,B03,B04,B05,B06,B07,B08,B8A,B09,B11,B12";
    if (s2 && modality->band_count == 13)
        return "B01,B02,B03,B04,B05,B06,B07,B08,B8A,B09,B10,B11,B12";
    return NULL;
}

/* The file's own names, when every band has one that fits and no two are equal. */
static bool use_descriptions(mos_modality *modality, const mos_raster_info *info) {
    const int64_t listed = (int64_t)(sizeof info->band_names / sizeof info->band_names[0]);
    if (modality->band_count > listed) return false;
    for (int64_t b = 0; b < modality->band_count; b++) {
        const char *name = info->band_names[b];
        if (name[0] == '\0' || strlen(name) >= sizeof modality->bands[b].name) return false;
        mos_band_name(&modality->bands[b], name);
        for (int64_t a = 0; a < b; a++) {
            if (strcmp(modality->bands[a].name, modality->bands[b].name) == 0) return false;
        }
    }
    return true;
}

mosaic_status mos_band_names_find(const mos_dataset *dataset, mos_modality *modality,
                                  const mos_raster_info *info, const char *path) {
    const char *names;
    if (option_names(dataset, modality->name, &names))
        return mos_band_names_use(modality, names, "data.bands", path);
    if (use_descriptions(modality, info)) return MOSAIC_OK;
    names = convention(modality);
    if (names != NULL) return mos_band_names_use(modality, names, "convention", path);
    if (modality->band_count == 1)
        return mos_band_names_use(modality, modality->name, "the column", path);
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: the %lld bands of %s have no names, and none follow from their number; "
                    "set data.bands, as in %s=B02,B03,B04",
                    path, (long long)modality->band_count, modality->name, modality->name);
}
