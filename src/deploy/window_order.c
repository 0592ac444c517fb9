#include "deploy/window_order.h"

#include "base/memory.h"

#include <stdlib.h>

enum { ABREAST = 16 /* windows: some tiles of 512 px */ };

typedef struct window_place {
    int64_t scene, strip, row, column, index;
} window_place;

static int compare(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right) {
    const window_place *a = left, *b = right;
    int order = compare(a->scene, b->scene);
    if (order == 0) order = compare(a->strip, b->strip);
    if (order == 0) order = compare(a->row, b->row);
    return order != 0 ? order : compare(a->column, b->column);
}

mosaic_status mos_window_order(const mos_dataset *dataset, int64_t *index, int64_t count) {
    window_place *places;
    MOS_TRY(mos_alloc((size_t)count, sizeof *places, "windows", &places));
    for (int64_t i = 0; i < count; i++) {
        mos_site site = {0};
        (void)mos_dataset_site(dataset, index[i], &site);
        places[i] =
            (window_place){site.scene, site.column / ABREAST, site.row, site.column, index[i]};
    }
    qsort(places, (size_t)count, sizeof *places, by_place);
    for (int64_t i = 0; i < count; i++)
        index[i] = places[i].index;
    mos_free(places);
    return MOSAIC_OK;
}
