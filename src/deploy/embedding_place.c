#include "deploy/embedding_place.h"

void mos_embedding_square(const mos_embedding_store *store, int64_t row, mos_vector_square *out) {
    *out = (mos_vector_square){0};
    if (store->crs < 0) return; /* a store of an earlier version has no places */
    const char *crs = mos_embedding_cell(store, row, store->crs);
    if (crs[0] == '\0' || !mos_parse_double(mos_embedding_cell(store, row, store->x), &out->x) ||
        !mos_parse_double(mos_embedding_cell(store, row, store->y), &out->y) ||
        !mos_parse_double(mos_embedding_cell(store, row, store->width), &out->width) ||
        !mos_parse_double(mos_embedding_cell(store, row, store->height), &out->height))
        return;
    out->crs = crs;
}
