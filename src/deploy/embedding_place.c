#include "deploy/embedding_place.h"

void mos_embedding_square(const mos_embedding_store *store, char *const *cells,
                          mos_vector_square *out) {
    *out = (mos_vector_square){0};
    if (store->crs < 0) return; /* a store of an earlier version has no places */
    const char *crs = cells[store->crs];
    if (crs[0] == '\0' || !mos_parse_double(cells[store->x], &out->x) ||
        !mos_parse_double(cells[store->y], &out->y) ||
        !mos_parse_double(cells[store->width], &out->width) ||
        !mos_parse_double(cells[store->height], &out->height))
        return;
    out->crs = crs;
}
