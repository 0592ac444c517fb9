#include "deploy/patch_square.h"

#include <stdio.h>
#include <string.h>

static const char unnamed[] = "unnamed", degrees[] = "EPSG:4326";

static bool of_name(mos_reader *reader, int64_t sample, char crs[MOS_SITE_CRS_BYTES],
                    mos_vector_square *out) {
    mos_place place;
    mos_place_find(reader, sample, &place);
    if (!place.known || place.epsg <= 0) return false;
    (void)snprintf(crs, MOS_SITE_CRS_BYTES, "EPSG:%d", place.epsg);
    *out = (mos_vector_square){crs, place.x - place.half_width, place.y + place.half_height,
                               2 * place.half_width, 2 * place.half_height};
    return true;
}

bool mos_patch_square(mos_reader *reader, int64_t sample, char crs[MOS_SITE_CRS_BYTES],
                      mos_vector_square *out) {
    mos_site site;
    *out = (mos_vector_square){0};
    const bool found = mos_site_find(reader, sample, crs, &site);
    if ((!found || strcmp(site.crs, unnamed) == 0) && of_name(reader, sample, crs, out))
        return true;
    if (found)
        *out = (mos_vector_square){strcmp(site.crs, unnamed) == 0 ? unnamed : site.crs, site.x,
                                   site.y, site.width, site.height};
    return found;
}

void mos_layer_crs_add(mos_layer_crs *layer, const char *crs) {
    if (crs == NULL || strcmp(crs, unnamed) == 0 || strcmp(layer->crs, crs) == 0) return;
    (void)snprintf(layer->crs, sizeof layer->crs, "%s", layer->crs[0] == '\0' ? crs : degrees);
}

const char *mos_layer_crs_of(const mos_layer_crs *layer) {
    return layer->crs[0] == '\0' ? NULL : layer->crs;
}
