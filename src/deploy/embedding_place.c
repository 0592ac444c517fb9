#include "deploy/embedding_place.h"

#include <math.h>
#include <string.h>

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

void mos_square_ring(const mos_vector_square *square, double x[5], double y[5]) {
    const double east = square->x + square->width, south = square->y - square->height;
    const double ring_x[] = {square->x, square->x, east, east, square->x},
                 ring_y[] = {square->y, south, south, square->y, square->y};
    memcpy(x, ring_x, sizeof ring_x);
    memcpy(y, ring_y, sizeof ring_y);
}

const char *mos_embedding_crs(const mos_embedding_store *store, const int64_t *rows,
                              int64_t count) {
    const char *crs = NULL;
    mos_vector_square square;
    for (int64_t i = 0; i < count; i++) {
        mos_embedding_square(store, rows == NULL ? i : rows[i], &square);
        if (square.crs == NULL) continue;
        if (crs != NULL && strcmp(crs, square.crs) != 0) return "EPSG:4326";
        crs = square.crs;
    }
    return crs;
}
