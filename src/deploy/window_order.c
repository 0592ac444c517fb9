#include "deploy/window_order.h"

#include "base/memory.h"
#include "data/scene/scene_frame.h"
#include "io/raster_map.h"

#include <stdlib.h>

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
    if (order == 0) order = compare(a->column, b->column);
    return order != 0 ? order : compare(a->row, b->row);
}

int64_t mos_window_block(int64_t place, int64_t first) {
    return place <= first ? 0 : (place - first) / MOS_MAP_STRIP;
}

static int64_t strip_of(const mos_dataset *dataset, const mos_scene_frame *frame,
                        const mos_site *site) {
    int64_t x, y;
    mos_scene_frame_place(dataset, site->scene, site->row, site->column, &x, &y);
    return mos_window_block(y, frame->top);
}

mosaic_status mos_window_order(const mos_dataset *dataset, int64_t *index, int64_t count) {
    window_place *places;
    mos_scene_frame frame = {0};
    int64_t scene = -1;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)count, sizeof *places, "windows", &places));
    for (int64_t i = 0; i < count; i++) {
        mos_site site = {0};
        (void)mos_dataset_site(dataset, index[i], &site);
        if (site.scene != scene) MOS_GOTO(mos_scene_frame_of(dataset, site.scene, &frame));
        scene = site.scene;
        places[i] = (window_place){site.scene, strip_of(dataset, &frame, &site), site.row,
                                   site.column, index[i]};
    }
    qsort(places, (size_t)count, sizeof *places, by_place);
    for (int64_t i = 0; i < count; i++)
        index[i] = places[i].index;
done:
    mos_free(places);
    return status;
}
