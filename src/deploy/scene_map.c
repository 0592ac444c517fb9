#include "deploy/scene_map.h"

#include "base/memory.h"
#include "base/simd.h"
#include "base/thread.h"
#include "data/scene/scene_frame.h"
#include "deploy/map_colours.h"
#include "deploy/map_preview.h"
#include "deploy/qgis_style.h"
#include "deploy/window_order.h"
#include "io/raster_map.h"
#include "loader/loader.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const mos_map_types[] = {"byte", "uint16", "float32", NULL};
const char *const mos_map_layers[] = {"probabilities", "classes", "quality", NULL};

enum { SIDE = MOS_MAP_STRIP /* of a block */ };

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
    int64_t *x_of, *y_of; /* upper left pixels, by column and row */
    float *value;
    uint8_t *known;
    int64_t *needed; /* [rows of blocks, columns of blocks] answers, for all windows of a block */
    int64_t filled;  /* answers that became values */
    mos_blend *blend;
    double transform[6]; /* of the part that is drawn */
    /* a block: [rows, columns] pixels of that part */
    uint8_t *valid, *code;
    unsigned char *stored, *quality; /* [classes, rows, columns], [2, rows, columns] */
    /* files */
    const char *names[MOS_MAX_CLASSES];
    mos_map_class codes[MOS_MAX_CLASSES];
    mos_map_spec spec[MOS_LAYERS];
    mos_map *map[MOS_LAYERS];
    mos_map_preview preview;
    mos_frame_reader **readers;  /* [threads] */
    mosaic_status *statuses;     /* [threads] */
    char (*errors)[512];         /* [threads] */
    int64_t x, y, columns, rows; /* the block, from the part's corner */
    int threads;                 /* of the block */
} map_work;

static int64_t blocks(int64_t pixels) {
    return (pixels + SIDE - 1) / SIDE;
}

static mosaic_status place_windows(map_work *work) {
    const mos_scene_frame *frame = &work->frame;
    size_t rows = (size_t)frame->rows, columns = (size_t)frame->columns;
    int64_t unused;
    MOS_TRY(mos_alloc(columns, sizeof *work->x_of, "windows", &work->x_of));
    MOS_TRY(mos_alloc(rows, sizeof *work->y_of, "windows", &work->y_of));
    MOS_TRY(mos_alloc(rows * columns, 1, "windows", &work->known));
    MOS_TRY(mos_alloc(rows * columns * (size_t)(work->classes + 2), sizeof(float), "windows",
                      &work->value));
    for (int64_t c = 0; c < frame->columns; c++)
        mos_scene_frame_place(work->session->dataset, work->scene, 0, c, &work->x_of[c], &unused);
    for (int64_t r = 0; r < frame->rows; r++)
        mos_scene_frame_place(work->session->dataset, work->scene, r, 0, &unused, &work->y_of[r]);
    return MOSAIC_OK;
}

/* Windows come row of blocks by row of blocks, in each from left to right (window_order.h). */
static mosaic_status find_needed(map_work *work) {
    const mos_answers *answers = work->answers;
    const mos_scene_frame *frame = &work->frame;
    const int64_t across = blocks(frame->across), down = blocks(frame->down);
    MOS_TRY(mos_alloc((size_t)(across * down), sizeof *work->needed, "windows", &work->needed));
    for (int64_t i = 0; i < answers->count; i++) {
        mos_site place;
        if (!mos_dataset_site(work->session->dataset, answers->samples[i], &place) ||
            place.scene != work->scene)
            continue;
        const int64_t row = mos_window_block(work->y_of[place.row], frame->top),
                      column = mos_window_block(work->x_of[place.column], frame->left);
        if (row < down && column < across) work->needed[row * across + column] = i + 1;
    }
    for (int64_t b = 1; b < across * down; b++)
        if (work->needed[b] < work->needed[b - 1]) work->needed[b] = work->needed[b - 1];
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

/* All windows that touch the block. */
static mosaic_status await_windows(map_work *work) {
    const int64_t block = work->y / SIDE * blocks(work->frame.across) + work->x / SIDE;
    const int64_t needed = work->needed[block];
    if (work->options->drawer != NULL) MOS_TRY(mos_map_drawer_wait(work->options->drawer, needed));
    fill_windows(work, needed);
    return MOSAIC_OK;
}

/* While the model still computes, a block gets only as many threads as reading needs; what is left to
 * draw then gets all. */
static int block_threads(const map_work *work) {
    const int all = work->session->threads;
    mos_map_drawer *drawer = work->options->drawer;
    return drawer == NULL || mos_map_drawer_told(drawer) == work->answers->count
               ? all
               : mos_loader_workers(all);
}

static mosaic_status make_blend(map_work *work) {
    const mos_blend_grid grid = {.width = work->frame.width,
                                 .size = work->frame.size,
                                 .rows = work->frame.rows,
                                 .columns = work->frame.columns,
                                 .x = work->x_of,
                                 .y = work->y_of,
                                 .values = work->classes + 2,
                                 .value = work->value,
                                 .known = work->known,
                                 .kind = work->options->blend};
    return mos_blend_create(&grid, SIDE, &work->blend);
}

static mosaic_status make_buffers(map_work *work) {
    const size_t pixels = (size_t)SIDE * SIDE, threads = (size_t)work->session->threads,
                 bytes = mos_dtype_bytes(stored_types[work->options->type].dtype);
    MOS_TRY(mos_alloc(pixels, 1, "a block", &work->valid));
    MOS_TRY(mos_alloc(pixels, 1, "a block", &work->code));
    MOS_TRY(mos_alloc((size_t)work->classes * pixels, bytes, "a block", &work->stored));
    MOS_TRY(mos_alloc(2 * pixels, bytes, "a block", &work->quality));
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

/* A part of the rows of the block, each thread with rasters of its own. */
static void read_valid(void *context, int64_t begin, int64_t end, int thread) {
    map_work *work = context;
    mosaic_status status = MOSAIC_OK;
    if (end <= begin) return;
    if (work->readers[thread] == NULL)
        MOS_GOTO(mos_frame_reader_open(work->session->dataset, &work->readers[thread]));
    MOS_GOTO(mos_frame_reader_valid(work->readers[thread], work->scene, work->frame.left + work->x,
                                    work->frame.top + work->y + begin, work->columns, end - begin,
                                    work->valid + begin * work->columns));
done:
    work->statuses[thread] = status;
    if (status != MOSAIC_OK) mos_error_copy(work->errors[thread], sizeof work->errors[thread]);
}

/* Have all windows that touch the block all their pixels? Then it has, too: they cover it. */
static bool is_whole(const map_work *work) {
    const mos_scene_frame *frame = &work->frame;
    const int64_t left = frame->left + work->x, top = frame->top + work->y;
    bool whole = !frame->has_area;
    for (int64_t r = 0; r < frame->rows && whole; r++) {
        if (work->y_of[r] + frame->size <= top || work->y_of[r] >= top + work->rows) continue;
        for (int64_t c = 0; c < frame->columns && whole; c++) {
            const int64_t window = r * frame->columns + c;
            if (work->x_of[c] + frame->size <= left || work->x_of[c] >= left + work->columns)
                continue;
            whole = work->known[window] &&
                    work->value[window * (work->classes + 2) + work->classes] >= 1;
        }
    }
    return whole;
}

static mosaic_status find_valid(map_work *work) {
    if (is_whole(work)) {
        memset(work->valid, 1, (size_t)(work->rows * work->columns));
        return MOSAIC_OK;
    }
    mos_parallel_for(work->threads, work->rows, read_valid, work);
    for (int t = 0; t < work->threads; t++) {
        if (work->statuses[t] == MOSAIC_OK) continue;
        mos_error_restore(work->errors[t]);
        return work->statuses[t];
    }
    return MOSAIC_OK;
}

/* mask: 0, or NaN where a pixel is left out. */
MOS_SIMD_INLINE void leave_out_body(float *pixels, const float *mask, int64_t count) {
#pragma omp simd
    for (int64_t x = 0; x < count; x++)
        pixels[x] += mask[x];
}
MOS_SIMD_KERNEL(leave_out, (float *restrict pixels, const float *restrict mask, int64_t count),
                (pixels, mask, count))

/* The first of equal classes stays. */
MOS_SIMD_INLINE void take_best_body(const float *pixels, int64_t count, int32_t class_code,
                                    float *best, int32_t *code) {
#pragma omp simd
    for (int64_t x = 0; x < count; x++) {
        const bool better = pixels[x] > best[x];
        best[x] = better ? pixels[x] : best[x];
        code[x] = better ? class_code : code[x];
    }
}
MOS_SIMD_KERNEL(take_best,
                (const float *restrict pixels, int64_t count, int32_t class_code,
                 float *restrict best, int32_t *restrict code),
                (pixels, count, class_code, best, code))

/* Halves are rounded up; values are not negative, so this is rounding away from zero. Each loop has
 * lanes of one width. */
MOS_SIMD_INLINE void to_codes_body(const float *pixels, int64_t count, double steps, double nodata,
                                   int32_t *out) {
    double stored[SIDE];
#pragma omp simd
    for (int64_t x = 0; x < count; x++) {
        const double value = (double)pixels[x];
        stored[x] = (value == value ? value * steps : nodata) + 0.5;
    }
#pragma omp simd
    for (int64_t x = 0; x < count; x++)
        out[x] = (int32_t)stored[x];
}
MOS_SIMD_KERNEL(to_codes,
                (const float *restrict pixels, int64_t count, double steps, double nodata,
                 int32_t *restrict out),
                (pixels, count, steps, nodata, out))

#define NARROW(name, type)                                                                         \
    MOS_SIMD_INLINE void name##_body(const int32_t *from, int64_t count, type *out) {              \
        _Pragma("omp simd") for (int64_t x = 0; x < count; x++) out[x] = (type)from[x];            \
    }                                                                                              \
    MOS_SIMD_KERNEL(name, (const int32_t *restrict from, int64_t count, type *restrict out),       \
                    (from, count, out))
NARROW(narrow_u8, uint8_t)
NARROW(narrow_u16, uint16_t)

/* pixels: of row y, of a value. out [rows, columns] */
static void store(const map_work *work, int64_t y, const float *pixels, unsigned char *out) {
    const stored_type *type = &stored_types[work->options->type];
    const int64_t count = work->columns;
    void *to = out + (size_t)(y * count) * mos_dtype_bytes(type->dtype);
    int32_t codes[SIDE];
    if (type->dtype == MOS_F32) {
        memcpy(to, pixels, (size_t)count * sizeof *pixels);
        return;
    }
    to_codes(pixels, count, 1 / type->scale, type->nodata, codes);
    if (type->dtype == MOS_U16)
        narrow_u16(codes, count, to);
    else
        narrow_u8(codes, count, to);
}

/* What a row's sums are multiplied by, and what of it is left out. */
static void begin_row(const map_work *work, int64_t y, double *share, float *mask, float *best,
                      int32_t *code) {
    mos_blend_shares(work->blend, y, share);
    for (int64_t x = 0; x < work->columns; x++) {
        mask[x] = work->valid[y * work->columns + x] != 0 ? 0 : NAN;
        best[x] = -1;
        code[x] = 0;
    }
}

/* All values of some rows. */
static void draw_rows(void *context, int64_t begin, int64_t end, int thread) {
    const map_work *work = context;
    const int64_t count = work->columns;
    const size_t plane =
        (size_t)(work->rows * count) * mos_dtype_bytes(stored_types[work->options->type].dtype);
    const bool quality = work->map[MOS_LAYER_QUALITY] != NULL;
    double share[SIDE];
    float pixels[SIDE], mask[SIDE], best[SIDE];
    int32_t code[SIDE];
    (void)thread;
    for (int64_t y = begin; y < end; y++) {
        begin_row(work, y, share, mask, best, code);
        for (int64_t c = 0; c < work->classes; c++) {
            mos_blend_row(work->blend, c, y, share, pixels);
            leave_out(pixels, mask, count);
            take_best(pixels, count, (int32_t)c + 1, best, code);
            store(work, y, pixels, work->stored + (size_t)c * plane);
        }
        narrow_u8(code, count, work->code + y * count);
        for (int64_t b = 0; b < 2 && quality; b++) {
            mos_blend_row(work->blend, work->classes + b, y, share, pixels);
            leave_out(pixels, mask, count);
            store(work, y, pixels, work->quality + (size_t)b * plane);
        }
    }
}

static mosaic_status write_layer(map_work *work, int layer, const void *pixels) {
    if (work->map[layer] == NULL) return MOSAIC_OK;
    return mos_map_write_block(work->map[layer], work->x, work->y, work->columns, work->rows,
                               pixels, work->threads);
}

static mosaic_status write_block(map_work *work) {
    MOS_TRY(await_windows(work));
    work->threads = block_threads(work);
    MOS_TRY(mos_blend_block(work->blend, work->frame.left + work->x, work->frame.top + work->y,
                            work->columns, work->rows, work->threads));
    MOS_TRY(find_valid(work));
    mos_parallel_for(work->threads, work->rows, draw_rows, work);
    if (work->preview.rgb != NULL)
        mos_map_preview_add(&work->preview, work->x, work->y, work->columns, work->rows,
                            work->code);
    MOS_TRY(write_layer(work, MOS_LAYER_PROBABILITIES, work->stored));
    MOS_TRY(write_layer(work, MOS_LAYER_CLASSES, work->code));
    return write_layer(work, MOS_LAYER_QUALITY, work->quality);
}

static mosaic_status write_blocks(map_work *work) {
    const int64_t across = work->frame.across, down = work->frame.down;
    for (int64_t y = 0; y < down; y += SIDE) {
        for (int64_t x = 0; x < across; x += SIDE) {
            work->x = x;
            work->y = y;
            work->columns = across - x < SIDE ? across - x : SIDE;
            work->rows = down - y < SIDE ? down - y : SIDE;
            MOS_TRY(write_block(work));
        }
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
    void *const memory[] = {work->x_of,   work->y_of,    work->value,  work->known,
                            work->needed, work->valid,   work->code,   work->quality,
                            work->stored, work->readers, work->errors, work->statuses};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        mos_free(memory[i]);
    mos_free(work);
}

/* Of probabilities the most frequent class is shown, where that is known; of quality, the entropy. */
static mosaic_status write_styles(const map_work *work) {
    const mos_scene_map_options *options = work->options;
    int band[MOS_LAYERS] = {[MOS_LAYER_PROBABILITIES] = 1, [MOS_LAYER_QUALITY] = 2};
    char path[4200];
    if (options->preview != NULL)
        for (int c = 1; c <= (int)work->classes; c++)
            if (work->preview.pixels[c] > work->preview.pixels[band[MOS_LAYER_PROBABILITIES]])
                band[MOS_LAYER_PROBABILITIES] = c;
    for (int l = 0; l < MOS_LAYERS; l++) {
        if (band[l] == 0 || options->path[l] == NULL) continue;
        (void)snprintf(path, sizeof path, "%.*s.qml", (int)strlen(options->path[l]) - 4,
                       options->path[l]);
        MOS_TRY(mos_qgis_ramp_write(path, band[l]));
    }
    return MOSAIC_OK;
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
    MOS_GOTO(write_blocks(work));
    if (options->preview != NULL) MOS_GOTO(mos_map_preview_write(&work->preview, options->preview));
    if (options->styled) MOS_GOTO(write_styles(work));
    for (int l = 0; l < MOS_LAYERS; l++)
        if (work->map[l] != NULL) MOS_GOTO(mos_map_finish(&work->map[l]));
done:
    release(work);
    return status;
}
