#include "deploy/scene_map.h"

#include "base/memory.h"
#include "base/simd.h"
#include "base/thread.h"
#include "data/scene/scene_frame.h"
#include "deploy/map_colours.h"
#include "deploy/map_preview.h"
#include "io/raster_map.h"
#include "loader/loader.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const mos_map_types[] = {"byte", "uint16", "float32", NULL};
const char *const mos_map_layers[] = {"probabilities", "classes", "quality", NULL};

enum { STRIP = MOS_MAP_STRIP };

typedef struct stored_type {
    mos_dtype dtype;
    double scale, nodata;
} stored_type;
static const stored_type stored_types[] = {
    {MOS_U8, 0.01, 255}, {MOS_U16, 1e-4, 65535}, {MOS_F32, 1, (double)NAN}};

typedef struct map_work {
    const mos_session *session;
    const mos_scene_map_options *options;
    const mos_answers *answers;
    mos_scene_frame frame;
    int64_t scene, classes;
    /* windows: probabilities of the classes, valid share, entropy */
    int64_t *x, *y;
    float *value;
    uint8_t *known;
    int64_t *needed; /* [rows of windows] answers, for all windows down to that row */
    int64_t filled;  /* answers that became values */
    mos_blend *blend;
    double transform[6]; /* of the part that is drawn */
    /* a strip: [rows, across] of that part, pixels [rows, width] of the frame */
    uint8_t *valid, *code;
    float *pixels, *best;
    void *stored;
    /* files */
    const char *names[MOS_MAX_CLASSES];
    mos_map_class codes[MOS_MAX_CLASSES];
    mos_map_spec spec[MOS_LAYERS];
    mos_map *map[MOS_LAYERS];
    mos_map_preview preview;
    mos_frame_reader **readers; /* [threads] */
    mosaic_status *statuses;    /* [threads] */
    char (*errors)[512];        /* [threads] */
    int64_t strip_y, strip_rows;
    int threads; /* of the strip */
} map_work;

static mosaic_status place_windows(map_work *work) {
    const mos_scene_frame *frame = &work->frame;
    size_t rows = (size_t)frame->rows, columns = (size_t)frame->columns;
    int64_t unused;
    MOS_TRY(mos_alloc(columns, sizeof *work->x, "windows", &work->x));
    MOS_TRY(mos_alloc(rows, sizeof *work->y, "windows", &work->y));
    MOS_TRY(mos_alloc(rows * columns, 1, "windows", &work->known));
    MOS_TRY(mos_alloc(rows * columns * (size_t)(work->classes + 2), sizeof(float), "windows",
                      &work->value));
    for (int64_t c = 0; c < frame->columns; c++)
        mos_scene_frame_place(work->session->dataset, work->scene, 0, c, &work->x[c], &unused);
    for (int64_t r = 0; r < frame->rows; r++)
        mos_scene_frame_place(work->session->dataset, work->scene, r, 0, &unused, &work->y[r]);
    return MOSAIC_OK;
}

static mosaic_status find_needed(map_work *work) {
    const mos_answers *answers = work->answers;
    MOS_TRY(mos_alloc((size_t)work->frame.rows, sizeof *work->needed, "windows", &work->needed));
    for (int64_t i = 0; i < answers->count; i++) {
        mos_site place;
        if (mos_dataset_site(work->session->dataset, answers->samples[i], &place) &&
            place.scene == work->scene)
            work->needed[place.row] = i + 1;
    }
    for (int64_t r = 1; r < work->frame.rows; r++)
        if (work->needed[r] < work->needed[r - 1]) work->needed[r] = work->needed[r - 1];
    return MOSAIC_OK;
}

/* The windows of the answers before `end`. */
static void fill_windows(map_work *work, int64_t end) {
    const mos_answers *answers = work->answers;
    const mos_dataset *dataset = work->session->dataset;
    const int64_t values = work->classes + 2;
    for (int64_t i = work->filled; i < end; i++) {
        const float *probability = answers->probability + i * answers->classes;
        mos_site place;
        if (!answers->known[i] || !mos_dataset_site(dataset, answers->samples[i], &place) ||
            place.scene != work->scene)
            continue;
        int64_t window = place.row * work->frame.columns + place.column;
        float *value = work->value + window * values;
        memcpy(value, probability, (size_t)answers->classes * sizeof *value);
        value[work->classes] = (float)mos_scene_frame_valid_share(dataset, &place);
        value[work->classes + 1] = (float)mos_answer_entropy(probability, answers->classes);
        work->known[window] = 1;
    }
    if (end > work->filled) work->filled = end;
}

/* All windows that touch the strip. */
static mosaic_status await_windows(map_work *work) {
    int64_t row = work->frame.rows - 1;
    while (row >= 0 && work->y[row] >= work->strip_y + work->strip_rows)
        row--;
    const int64_t needed = row < 0 ? 0 : work->needed[row];
    if (work->options->drawer != NULL) MOS_TRY(mos_map_drawer_wait(work->options->drawer, needed));
    fill_windows(work, needed);
    return MOSAIC_OK;
}

/* While the model still computes, a strip gets only as many threads as reading needs; the last strips
 * get all. */
static int strip_threads(const map_work *work) {
    const int all = work->session->threads;
    return work->options->drawer == NULL || work->filled == work->answers->count
               ? all
               : mos_loader_workers(all);
}

static mosaic_status make_blend(map_work *work) {
    const mos_blend_grid grid = {.width = work->frame.width,
                                 .size = work->frame.size,
                                 .rows = work->frame.rows,
                                 .columns = work->frame.columns,
                                 .x = work->x,
                                 .y = work->y,
                                 .values = work->classes + 2,
                                 .value = work->value,
                                 .known = work->known,
                                 .kind = work->options->blend};
    return mos_blend_create(&grid, STRIP, &work->blend);
}

static mosaic_status make_buffers(map_work *work) {
    size_t pixels = (size_t)(STRIP * work->frame.across), threads = (size_t)work->session->threads;
    MOS_TRY(mos_alloc(pixels, 1, "a strip", &work->valid));
    MOS_TRY(mos_alloc(pixels, 1, "a strip", &work->code));
    MOS_TRY(
        mos_alloc((size_t)(STRIP * work->frame.width), sizeof(float), "a strip", &work->pixels));
    MOS_TRY(mos_alloc(pixels, sizeof(float), "a strip", &work->best));
    MOS_TRY(mos_alloc(pixels, sizeof(float), "a strip", &work->stored));
    MOS_TRY(mos_alloc(threads, sizeof *work->readers, "readers", &work->readers));
    MOS_TRY(mos_alloc(threads, sizeof *work->statuses, "readers", &work->statuses));
    return mos_alloc(threads, sizeof *work->errors, "readers", &work->errors);
}

static void describe_layers(map_work *work) {
    static const char *const quality[] = {"valid fraction", "entropy (bits per class)"};
    static const char *const dominant[] = {"dominant class"};
    const mos_model_card *card = &work->session->card;
    const stored_type *type = &stored_types[work->options->type];
    const mos_scene_frame *frame = &work->frame;
    memcpy(work->transform, frame->transform, sizeof work->transform);
    if (frame->left != 0) work->transform[0] += (double)frame->left * frame->transform[1];
    if (frame->top != 0) work->transform[3] += (double)frame->top * frame->transform[5];
    const mos_map_spec shared = {.width = frame->across,
                                 .height = frame->down,
                                 .crs = frame->crs,
                                 .transform = work->transform,
                                 .dtype = type->dtype,
                                 .scale = type->scale,
                                 .nodata = type->nodata,
                                 .facts = work->options->facts,
                                 .threads = work->session->threads,
                                 .format = work->options->format,
                                 .creation = work->options->creation};
    for (int l = 0; l < MOS_LAYERS; l++)
        work->spec[l] = shared;
    for (int64_t c = 0; c < work->classes; c++) {
        mos_map_colour colour = mos_map_colour_of(card, c);
        work->names[c] = card->class_names[c];
        work->codes[c] = (mos_map_class){(int)c + 1, card->class_names[c], colour.red, colour.green,
                                         colour.blue};
    }
    work->spec[MOS_LAYER_PROBABILITIES].bands = (int)work->classes;
    work->spec[MOS_LAYER_PROBABILITIES].names = work->names;
    work->spec[MOS_LAYER_QUALITY].bands = 2;
    work->spec[MOS_LAYER_QUALITY].names = quality;
    mos_map_spec *classes = &work->spec[MOS_LAYER_CLASSES];
    classes->bands = 1;
    classes->names = dominant;
    classes->dtype = MOS_U8;
    classes->scale = 1;
    classes->nodata = 0;
    classes->codes = work->codes;
    classes->code_count = (int)work->classes;
}

/* A part of the columns of the strip, each thread with rasters of its own. */
static void read_valid(void *context, int64_t begin, int64_t end, int thread) {
    map_work *work = context;
    int64_t width = end - begin, rows = work->strip_rows;
    uint8_t *part = NULL;
    mosaic_status status = MOSAIC_OK;
    if (width <= 0) return;
    if (work->readers[thread] == NULL)
        MOS_GOTO(mos_frame_reader_open(work->session->dataset, &work->readers[thread]));
    MOS_GOTO(mos_alloc((size_t)(width * rows), 1, "valid pixels", &part));
    MOS_GOTO(mos_frame_reader_valid(work->readers[thread], work->scene, work->frame.left + begin,
                                    work->strip_y, width, rows, part));
    for (int64_t y = 0; y < rows; y++)
        memcpy(work->valid + y * work->frame.across + begin, part + y * width, (size_t)width);
done:
    mos_free(part);
    work->statuses[thread] = status;
    if (status != MOSAIC_OK) mos_error_copy(work->errors[thread], sizeof work->errors[thread]);
}

static mosaic_status find_valid(map_work *work) {
    mos_parallel_for(work->threads, work->frame.across, read_valid, work);
    for (int t = 0; t < work->threads; t++) {
        if (work->statuses[t] == MOSAIC_OK) continue;
        mos_error_restore(work->errors[t]);
        return work->statuses[t];
    }
    return MOSAIC_OK;
}

typedef struct store_rows {
    map_work *work;
    int64_t class_index; /* below 0: a value that is no class */
} store_rows;

/* Stores one row of a value and updates the dominant class so far. Halves are rounded up; values are
 * not negative, so this is rounding away from zero. */
#define STORE_ROW(name, type)                                                                      \
    MOS_SIMD_INLINE void name##_body(const float *pixels, const uint8_t *valid, int64_t count,     \
                                     double scale, double nodata, int class_code, float *best,     \
                                     uint8_t *code, type *out) {                                   \
        for (int64_t x = 0; x < count; x++) {                                                      \
            const float value = pixels[x];                                                         \
            const bool none = (valid[x] == 0) | !(value == value);                                 \
            const bool better = (class_code > 0) & !none & !(value <= best[x]);                    \
            best[x] = better ? value : best[x];                                                    \
            code[x] = better ? (uint8_t)class_code : code[x];                                      \
            const double stored = none ? nodata : (double)value / scale;                           \
            out[x] = STORED_##type(stored);                                                        \
        }                                                                                          \
    }                                                                                              \
    MOS_SIMD_KERNEL(name,                                                                          \
                    (const float *pixels, const uint8_t *valid, int64_t count, double scale,       \
                     double nodata, int class_code, float *best, uint8_t *code, type *out),        \
                    (pixels, valid, count, scale, nodata, class_code, best, code, out))
#define STORED_uint8_t(stored)  (uint8_t)(int32_t)((stored) + 0.5)
#define STORED_uint16_t(stored) (uint16_t)(int32_t)((stored) + 0.5)
#define STORED_float(stored)    (float)(stored)
STORE_ROW(store_row_u8, uint8_t)
STORE_ROW(store_row_u16, uint16_t)
STORE_ROW(store_row_f32, float)

static void store(void *context, int64_t begin, int64_t end, int thread) {
    const store_rows *rows = context;
    map_work *work = rows->work;
    const mos_scene_frame *frame = &work->frame;
    const stored_type *type = &stored_types[work->options->type];
    const int code = (int)rows->class_index + 1;
    (void)thread;
    for (int64_t y = begin; y < end; y++) {
        const float *pixels = work->pixels + y * frame->width + frame->left;
        const int64_t i = y * frame->across, count = frame->across;
        const uint8_t *valid = work->valid + i;
        if (type->dtype == MOS_F32)
            store_row_f32(pixels, valid, count, type->scale, type->nodata, code, work->best + i,
                          work->code + i, (float *)work->stored + i);
        else if (type->dtype == MOS_U16)
            store_row_u16(pixels, valid, count, type->scale, type->nodata, code, work->best + i,
                          work->code + i, (uint16_t *)work->stored + i);
        else
            store_row_u8(pixels, valid, count, type->scale, type->nodata, code, work->best + i,
                         work->code + i, (uint8_t *)work->stored + i);
    }
}

static mosaic_status write_value(map_work *work, int layer, int band, int64_t value,
                                 int64_t class_index) {
    store_rows rows = {work, class_index};
    mos_blend_value(work->blend, value, work->pixels);
    mos_parallel_for(work->threads, work->strip_rows, store, &rows);
    if (work->map[layer] == NULL) return MOSAIC_OK;
    return mos_map_write(work->map[layer], band, work->strip_y - work->frame.top, work->strip_rows,
                         work->stored);
}

static mosaic_status write_strip(map_work *work) {
    size_t pixels = (size_t)(work->strip_rows * work->frame.across);
    MOS_TRY(await_windows(work));
    work->threads = strip_threads(work);
    MOS_TRY(mos_blend_strip(work->blend, work->strip_y, work->strip_rows, work->threads));
    MOS_TRY(find_valid(work));
    memset(work->code, 0, pixels);
    for (size_t i = 0; i < pixels; i++)
        work->best[i] = -1;
    for (int64_t c = 0; c < work->classes; c++)
        MOS_TRY(write_value(work, MOS_LAYER_PROBABILITIES, (int)c, c, c));
    if (work->preview.rgb != NULL)
        mos_map_preview_add(&work->preview, work->strip_y - work->frame.top, work->strip_rows,
                            work->code);
    if (work->map[MOS_LAYER_CLASSES] != NULL)
        MOS_TRY(mos_map_write(work->map[MOS_LAYER_CLASSES], 0, work->strip_y - work->frame.top,
                              work->strip_rows, work->code));
    for (int b = 0; b < 2 && work->map[MOS_LAYER_QUALITY] != NULL; b++)
        MOS_TRY(write_value(work, MOS_LAYER_QUALITY, b, work->classes + b, -1));
    return MOSAIC_OK;
}

static mosaic_status write_strips(map_work *work) {
    const int64_t rows = work->frame.down;
    for (int64_t y = 0; y < rows; y += STRIP) {
        work->strip_y = work->frame.top + y;
        work->strip_rows = rows - y < STRIP ? rows - y : STRIP;
        MOS_TRY(write_strip(work));
    }
    return MOSAIC_OK;
}

static void release(map_work *work) {
    for (int l = 0; l < MOS_LAYERS; l++)
        mos_map_abandon(&work->map[l]);
    for (int t = 0; work->readers != NULL && t < work->session->threads; t++)
        mos_frame_reader_close(&work->readers[t]);
    mos_blend_destroy(&work->blend);
    mos_map_preview_release(&work->preview);
    void *const blocks[] = {work->x,       work->y,      work->value,   work->known, work->needed,
                            work->valid,   work->code,   work->pixels,  work->best,  work->stored,
                            work->readers, work->errors, work->statuses};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        mos_free(blocks[i]);
    mos_free(work);
}

mosaic_status mos_scene_map_write(const mos_session *session, const mos_answers *answers,
                                  int64_t scene, const mos_scene_map_options *options) {
    map_work *work;
    mosaic_status status;
    MOS_TRY(mos_alloc(1, sizeof *work, "a map", &work));
    work->session = session;
    work->options = options;
    work->answers = answers;
    work->scene = scene;
    work->classes = answers->classes;
    MOS_GOTO(mos_scene_frame_of(session->dataset, scene, &work->frame));
    MOS_GOTO(place_windows(work));
    MOS_GOTO(find_needed(work));
    MOS_GOTO(make_blend(work));
    MOS_GOTO(make_buffers(work));
    describe_layers(work);
    for (int l = 0; l < MOS_LAYERS; l++)
        if (options->layers >> l & 1)
            MOS_GOTO(mos_map_create(options->path[l], &work->spec[l], &work->map[l]));
    if (options->preview != NULL)
        MOS_GOTO(mos_map_preview_create(&work->spec[MOS_LAYER_CLASSES], &work->preview));
    MOS_GOTO(write_strips(work));
    if (options->preview != NULL) MOS_GOTO(mos_map_preview_write(&work->preview, options->preview));
    for (int l = 0; l < MOS_LAYERS; l++)
        if (work->map[l] != NULL) MOS_GOTO(mos_map_finish(&work->map[l]));
done:
    release(work);
    return status;
}
