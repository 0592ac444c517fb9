#include "data/scene/scene_reader.h"

#include "base/memory.h"

#include "data/scene/scene_grid.h"

#include <math.h>
#include <string.h>

/* What a raster is opened for. */
enum {
    FOR_PIXELS,
    FOR_PLAIN_PIXELS,
    FOR_VALIDITY,     /* on the scene's grid */
    FOR_OWN_VALIDITY, /* on the modality's */
    FOR_CODES,
    FOR_CODES_OF /* + modality */
};

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
    mos_free(reader->codes);
    mos_raster_buffers_close(reader->buffers);
    mos_free(reader);
}

/* The open raster, or a fresh one in the place of the one not used for longest. */
static mosaic_status window_of(mos_scene_reader *reader, const char *path, int kind,
                               const mos_grid *grid, const mos_window_options *options,
                               mos_window **out) {
    mos_scene_slot *oldest = &reader->slots[0];
    reader->clock++;
    for (int s = 0; s < MOS_SCENE_OPEN_RASTERS; s++) {
        mos_scene_slot *slot = &reader->slots[s];
        if (slot->window != NULL && slot->raster == path && slot->kind == kind) {
            slot->used = reader->clock;
            *out = slot->window;
            return MOSAIC_OK;
        }
        if (slot->used < oldest->used) oldest = slot;
    }
    mos_window_close(&oldest->window);
    MOS_TRY(mos_window_open(path, grid, options, &oldest->window));
    oldest->raster = path;
    oldest->kind = kind;
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
    MOS_TRY(window_of(reader, source->paths[raster], plain ? FOR_PLAIN_PIXELS : FOR_PIXELS,
                      &source->grid, &options, &window));
    return mos_window_read(window, numbers, count, x, y, source->size, source->size, targets);
}

/* Codes of the scene's mask, at pixels of `grid` from its corner. */
static mosaic_status read_codes(mos_scene_reader *reader, const mos_scene *scene, int kind,
                                const mos_grid *grid, int64_t x, int64_t y, int64_t width,
                                int64_t height) {
    const mos_window_options options = {
        .resampling = MOS_RESAMPLE_NEAREST, .dtype = MOS_F32, .nodata = (double)NAN};
    const int first = 1;
    mos_window *window;
    MOS_TRY(mos_grow(&reader->codes, &reader->code_capacity, (size_t)(width * height),
                     sizeof *reader->codes, "a mask"));
    void *target = reader->codes;
    MOS_TRY(window_of(reader, scene->options->mask, kind, grid, &options, &window));
    return mos_window_read(window, &first, 1, x, y, width, height, &target);
}

static bool is_masked(const mos_scene *scene, float code) {
    for (size_t v = 0; v < scene->mask_count; v++)
        if ((double)code == scene->mask_values[v]) return true;
    return false;
}

/* Optical pixels under the mask are no measurements. */
static mosaic_status apply_mask(const mos_dataset *dataset, mos_scene_reader *reader,
                                const mos_scene *scene, int64_t modality, int64_t x, int64_t y,
                                int64_t count, const mos_raw_band *bands, void *const *targets) {
    const mos_scene_source *source = &scene->sources[modality];
    const mos_modality_storage *storage = &dataset->storage[modality];
    int64_t pixels = source->size * source->size;
    if (scene->mask_count == 0 || storage->radar) return MOSAIC_OK;
    MOS_TRY(read_codes(reader, scene, FOR_CODES_OF + (int)modality, &source->grid, x, y,
                       source->size, source->size));
    for (int64_t i = 0; i < pixels; i++) {
        if (!is_masked(scene, reader->codes[i])) continue;
        for (int64_t b = 0; b < count; b++) {
            if (bands[b].dtype == MOS_F32)
                ((float *)targets[b])[i] = NAN;
            else
                ((uint16_t *)targets[b])[i] = (uint16_t)(int)storage->nodata;
        }
    }
    return MOSAIC_OK;
}

mosaic_status mos_scene_mask_pixels(mos_scene_reader *reader, const mos_scene *scene, int64_t x,
                                    int64_t y, int64_t width, int64_t height, uint8_t *out) {
    MOS_TRY(read_codes(reader, scene, FOR_CODES, &scene->grid,
                       scene->first_column * scene->stride + x,
                       scene->first_row * scene->stride + y, width, height));
    for (int64_t i = 0; i < width * height; i++)
        out[i] = is_masked(scene, reader->codes[i]);
    return MOSAIC_OK;
}

mosaic_status mos_scene_area_pixels(const mos_scene *scene, int64_t x, int64_t y, int64_t width,
                                    int64_t height, uint8_t *out) {
    return mos_area_pixels(scene->area, &scene->grid, scene->first_column * scene->stride + x,
                           scene->first_row * scene->stride + y, width, height, out);
}

/* Adds the valid pixels of one modality's first band, at pixels of `grid`. */
static mosaic_status add_valid(mos_scene_reader *reader, const mos_scene_source *source, int kind,
                               const mos_grid *grid, bool power, int64_t x, int64_t y,
                               int64_t width, int64_t height, uint8_t *out) {
    const mos_window_options options = {.crs = source->options->crs,
                                        .resampling = (mos_resampling)source->options->resampling,
                                        .dtype = MOS_F32,
                                        .has_source_nodata = source->has_nodata,
                                        .source_nodata = source->nodata,
                                        .nodata = (double)NAN};
    mos_window *window;
    MOS_TRY(mos_grow(&reader->codes, &reader->code_capacity, (size_t)(width * height),
                     sizeof *reader->codes, "valid pixels"));
    void *target = reader->codes;
    MOS_TRY(window_of(reader, source->paths[source->raster[0]], kind, grid, &options, &window));
    MOS_TRY(mos_window_read(window, &source->number[0], 1, x, y, width, height, &target));
    for (int64_t i = 0; i < width * height; i++)
        if (isfinite(reader->codes[i]) && !(power && reader->codes[i] <= 0)) out[i] = 1;
    return MOSAIC_OK;
}

mosaic_status mos_scene_source_valid(mos_dataset *dataset, mos_scene_reader *reader,
                                     const mos_scene *scene, int64_t modality, bool power,
                                     int64_t x, int64_t y, int64_t width, int64_t height,
                                     uint8_t *out) {
    const mos_scene_source *source = &scene->sources[modality];
    int64_t left = scene->first_column * source->stride + x,
            top = scene->first_row * source->stride + y;
    memset(out, 0, (size_t)(width * height));
    MOS_TRY(add_valid(reader, source, FOR_OWN_VALIDITY, &source->grid, power, left, top, width,
                      height, out));
    if (scene->mask_count == 0 || dataset->storage[modality].radar) return MOSAIC_OK;
    MOS_TRY(read_codes(reader, scene, FOR_CODES_OF + (int)modality, &source->grid, left, top, width,
                       height));
    for (int64_t i = 0; i < width * height; i++)
        if (is_masked(scene, reader->codes[i])) out[i] = 0;
    return MOSAIC_OK;
}

mosaic_status mos_scene_valid(mos_dataset *dataset, mos_scene_reader *reader,
                              const mos_scene *scene, int64_t x, int64_t y, int64_t width,
                              int64_t height, uint8_t *out) {
    int64_t left = scene->first_column * scene->stride + x,
            top = scene->first_row * scene->stride + y;
    if (scene->area != NULL)
        MOS_TRY(mos_scene_area_pixels(scene, x, y, width, height, out));
    else
        memset(out, 1, (size_t)(width * height));
    uint8_t *measured;
    MOS_TRY(mos_alloc((size_t)(width * height), 1, "valid pixels", &measured));
    mosaic_status status = MOSAIC_OK;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        bool power = dataset->storage[m].radar && dataset->radar_linear;
        if (scene->sources[m].options != NULL)
            MOS_GOTO(add_valid(reader, &scene->sources[m], FOR_VALIDITY, &scene->grid, power, left,
                               top, width, height, measured));
    }
    for (int64_t i = 0; i < width * height; i++)
        out[i] &= measured[i];
    if (scene->mask_count == 0) goto done;
    MOS_GOTO(read_codes(reader, scene, FOR_CODES, &scene->grid, left, top, width, height));
    for (int64_t i = 0; i < width * height; i++)
        if (is_masked(scene, reader->codes[i])) out[i] = 0;
done:
    mos_free(measured);
    return status;
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
    int64_t x, y;
    mos_scene_offset(scene, row, column, &x, &y);
    x = scene->first_column * source->stride + x * source->size / scene->size;
    y = scene->first_row * source->stride + y * source->size / scene->size;
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
    return apply_mask(dataset, reader, scene, modality, x, y, count, out, targets);
}

mosaic_status mos_scene_cover_counts(mos_scene_reader *reader, const mos_scene *scene, int64_t row,
                                     int64_t column, const mos_value_counts **out) {
    const mos_scene_land_cover *cover = &scene->options->land_cover;
    const mos_window_options options = {
        .crs = cover->crs, .resampling = MOS_RESAMPLE_NEAREST, .dtype = MOS_F32};
    mos_window *window;
    int64_t x, y;
    mos_scene_offset(scene, row, column, &x, &y);
    MOS_TRY(window_of(reader, cover->file, FOR_PLAIN_PIXELS, &scene->grid, &options, &window));
    MOS_TRY(mos_window_count_values(
        window, (int)cover->band, scene->first_column * scene->stride + x,
        scene->first_row * scene->stride + y, scene->size, scene->size, &reader->counts));
    *out = &reader->counts;
    return MOSAIC_OK;
}
