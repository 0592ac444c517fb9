#include "data/scene/scene_reader.h"

#include "base/memory.h"

#include <math.h>

mosaic_status mos_scene_reader_open(mos_dataset *dataset, void **state) {
    mos_scene_reader *reader;
    void *buffers = NULL;
    MOS_TRY(mos_alloc(1, sizeof *reader, "reader", &reader));
    mosaic_status status = mos_raster_buffers_open(dataset, &buffers);
    reader->buffers = buffers;
    if (status != MOSAIC_OK) {
        mos_scene_reader_close(reader);
        return status;
    }
    *state = reader;
    return MOSAIC_OK;
}

void mos_scene_reader_close(void *state) {
    mos_scene_reader *reader = state;
    if (reader == NULL) return;
    for (int s = 0; s < MOS_SCENE_OPEN_RASTERS; s++)
        mos_window_close(&reader->slots[s].window);
    mos_value_counts_release(&reader->counts);
    mos_raster_buffers_close(reader->buffers);
    mos_free(reader);
}

/* The open raster, or a fresh one in the place of the one not used for longest. */
static mosaic_status window_of(mos_scene_reader *reader, const char *path, const mos_grid *grid,
                               const mos_window_options *options, mos_window **out) {
    bool plain = options->resampling == MOS_RESAMPLE_NEAREST;
    mos_scene_slot *oldest = &reader->slots[0];
    reader->clock++;
    for (int s = 0; s < MOS_SCENE_OPEN_RASTERS; s++) {
        mos_scene_slot *slot = &reader->slots[s];
        if (slot->window != NULL && slot->raster == path && slot->plain == plain) {
            slot->used = reader->clock;
            *out = slot->window;
            return MOSAIC_OK;
        }
        if (slot->used < oldest->used) oldest = slot;
    }
    mos_window_close(&oldest->window);
    MOS_TRY(mos_window_open(path, grid, options, &oldest->window));
    oldest->raster = path;
    oldest->plain = plain;
    oldest->used = reader->clock;
    *out = oldest->window;
    return MOSAIC_OK;
}

static mosaic_status read_raster(const mos_dataset *dataset, mos_scene_reader *reader,
                                 const mos_scene_source *source, size_t raster, int64_t modality,
                                 bool plain, const int *numbers, int count, int64_t x, int64_t y,
                                 void *const *targets) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    const mos_window_options options = {
        .crs = source->options->crs,
        .resampling = plain ? MOS_RESAMPLE_NEAREST : (mos_resampling)source->options->resampling,
        .dtype = storage->dtype[0],
        .has_source_nodata = source->has_nodata,
        .source_nodata = source->nodata,
        .nodata = storage->has_nodata ? storage->nodata : (double)NAN};
    mos_window *window;
    MOS_TRY(window_of(reader, source->paths[raster], &source->grid, &options, &window));
    return mos_window_read(window, numbers, count, x, y, source->size, source->size, targets);
}

/* Scaled modalities are floats; NaN stays what it is. */
static void apply_scale(float *pixels, int64_t count, double scale, double offset) {
    for (int64_t i = 0; i < count; i++)
        pixels[i] = (float)((double)pixels[i] * scale + offset);
}

mosaic_status mos_scene_read(mos_dataset *dataset, mos_scene_reader *reader, const mos_scene *scene,
                             int64_t row, int64_t column, int64_t modality, const int *bands,
                             int64_t count, bool plain, mos_raw_band *out) {
    const mos_scene_source *source = &scene->sources[modality];
    void *targets[MOS_DATA_MAX_BANDS];
    int64_t x = (scene->first_column + column) * source->stride,
            y = (scene->first_row + row) * source->stride;
    MOS_TRY(
        mos_raster_buffers_take(reader->buffers, dataset, modality, bands, count, targets, out));
    for (size_t r = 0; r < source->raster_count; r++) {
        void *some[MOS_DATA_MAX_BANDS];
        int numbers[MOS_DATA_MAX_BANDS], found = 0;
        for (int64_t i = 0; i < count; i++) {
            if (source->raster[bands[i]] != (int)r) continue;
            numbers[found] = source->number[bands[i]];
            some[found++] = targets[i];
        }
        if (found > 0)
            MOS_TRY(read_raster(dataset, reader, source, r, modality, plain, numbers, found, x, y,
                                some));
    }
    for (int64_t i = 0; i < count && source->scaled; i++)
        apply_scale(targets[i], source->size * source->size, source->scale[bands[i]],
                    source->offset[bands[i]]);
    return MOSAIC_OK;
}

mosaic_status mos_scene_cover_counts(mos_scene_reader *reader, const mos_scene *scene, int64_t row,
                                     int64_t column, const mos_value_counts **out) {
    const mos_scene_land_cover *cover = &scene->options->land_cover;
    const mos_window_options options = {
        .crs = cover->crs, .resampling = MOS_RESAMPLE_NEAREST, .dtype = MOS_F32};
    mos_window *window;
    MOS_TRY(window_of(reader, cover->file, &scene->grid, &options, &window));
    MOS_TRY(mos_window_count_values(
        window, (int)cover->band, (scene->first_column + column) * scene->stride,
        (scene->first_row + row) * scene->stride, scene->size, scene->size, &reader->counts));
    *out = &reader->counts;
    return MOSAIC_OK;
}
