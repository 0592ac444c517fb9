#include "deploy/embedding_raster.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/scene/scene_frame.h"
#include "io/raster_map.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 48 };

typedef struct job {
    const mos_session *session;
    const mos_embedding_about *about;
    const mos_embed_rows *rows;
    int64_t cell, scene, width, height; /* in cells */
    mos_scene_frame frame;
    int64_t *x, *y;  /* upper left pixels of the windows by column and by row */
    int64_t *window; /* [frame.rows, frame.columns] which of the rows it is, below 0: none */
    int64_t slots;   /* rows of windows that are held: as many as lie over one line */
    int64_t *held;   /* [slots] which row of windows it is, below 0: none */
    float *vectors;  /* [slots, frame.columns, bands] */
    void *room;      /* for a row of the journal */
    float *out;      /* [bands, width]: one line of cells */
    uint8_t *bytes;  /* [width] */
    char (*names)[NAME_BYTES];
    const char **name;
} job;

static int64_t bands_of(const job *j) {
    return j->about->modalities * j->about->size;
}

static mosaic_status place_windows(job *j) {
    const mos_scene_frame *frame = &j->frame;
    const mos_dataset *dataset = j->session->dataset;
    int64_t unused;
    MOS_TRY(mos_alloc((size_t)frame->columns, sizeof *j->x, "windows", &j->x));
    MOS_TRY(mos_alloc((size_t)frame->rows, sizeof *j->y, "windows", &j->y));
    MOS_TRY(mos_alloc((size_t)(frame->rows * frame->columns), sizeof *j->window, "windows",
                      &j->window));
    for (int64_t c = 0; c < frame->columns; c++)
        mos_scene_frame_place(dataset, j->scene, 0, c, &j->x[c], &unused);
    for (int64_t r = 0; r < frame->rows; r++)
        mos_scene_frame_place(dataset, j->scene, r, 0, &unused, &j->y[r]);
    for (int64_t i = 0; i < frame->rows * frame->columns; i++)
        j->window[i] = -1;
    for (int64_t i = 0; i < j->rows->asked; i++) {
        mos_site site;
        if (mos_dataset_site(dataset, j->rows->index[i], &site) && site.scene == j->scene)
            j->window[site.row * frame->columns + site.column] = i;
    }
    return MOSAIC_OK;
}

/* The middle of a cell; of the last one, the middle of what the scene covers of it. */
static double middle(int64_t cell, int64_t size, int64_t whole) {
    const int64_t begin = cell * size, end = begin + size < whole ? begin + size : whole;
    return (double)(begin + end) / 2;
}

/* Hann's weight of a window at a point. */
static double weight(double point, int64_t begin, int64_t size) {
    const double at = (point - (double)begin) / (double)size;
    if (!(at > 0 && at < 1)) return 0;
    return sin(M_PI * at) * sin(M_PI * at);
}

/* Rows of windows that share a line with each other, at most. */
static int64_t count_slots(const job *j) {
    int64_t most = 1;
    for (int64_t r = 0, last = 0; r < j->frame.rows; r++) {
        while (last + 1 < j->frame.rows && j->y[last + 1] < j->y[r] + j->frame.size)
            last++;
        if (last - r + 1 > most) most = last - r + 1;
    }
    return most;
}

static mosaic_status hold_windows(job *j) {
    const size_t row = (size_t)(j->frame.columns * bands_of(j));
    j->slots = count_slots(j);
    MOS_TRY(mos_alloc((size_t)j->slots, sizeof *j->held, "windows", &j->held));
    MOS_TRY(mos_alloc((size_t)j->slots * row, sizeof *j->vectors, "windows", &j->vectors));
    MOS_TRY(mos_alloc(1, mos_embed_rows_room(j->rows), "a window", &j->room));
    for (int64_t i = 0; i < j->slots; i++)
        j->held[i] = -1;
    return MOSAIC_OK;
}

/* The rows of windows over a line, into their places. */
static mosaic_status load_windows(job *j, double py) {
    const int64_t bands = bands_of(j), columns = j->frame.columns;
    for (int64_t r = 0; r < j->frame.rows; r++) {
        const int64_t slot = r % j->slots;
        if (weight(py, j->y[r], j->frame.size) <= 0 || j->held[slot] == r) continue;
        for (int64_t c = 0; c < columns; c++) {
            const int64_t row = j->window[r * columns + c];
            mos_embed_record record;
            if (row < 0) continue;
            MOS_TRY(mos_embed_rows_read(j->rows, row, j->room, &record));
            memcpy(j->vectors + (slot * columns + c) * bands, record.values,
                   (size_t)bands * sizeof *j->vectors);
        }
        j->held[slot] = r;
    }
    return MOSAIC_OK;
}

/* The vector of one modality at a point, in place of zeros: the sum needs no division, since its
 * length is made one. */
static void add_windows(job *j, int64_t m, double px, double py, double *sum) {
    const int64_t d = j->about->size, size = j->frame.size;
    for (int64_t r = 0; r < j->frame.rows; r++) {
        const double across = weight(py, j->y[r], size);
        for (int64_t c = 0; c < j->frame.columns && across > 0; c++) {
            const int64_t row = j->window[r * j->frame.columns + c];
            const double share = row < 0 ? 0 : across * weight(px, j->x[c], size);
            if (share <= 0) continue;
            const float *vector =
                j->vectors + (r % j->slots * j->frame.columns + c) * bands_of(j) + m * d;
            for (int64_t k = 0; k < d; k++)
                sum[k] += share * (double)vector[k];
        }
    }
}

static mosaic_status fill_line(job *j, int64_t line) {
    const int64_t d = j->about->size;
    const double py = (double)j->frame.top + middle(line, j->cell, j->frame.down);
    double *sum;
    MOS_TRY(load_windows(j, py));
    MOS_TRY(mos_alloc((size_t)d, sizeof *sum, "a vector", &sum));
    for (int64_t x = 0; x < j->width; x++) {
        const double px = (double)j->frame.left + middle(x, j->cell, j->frame.across);
        for (int64_t m = 0; m < j->about->modalities; m++) {
            double square = 0;
            memset(sum, 0, (size_t)d * sizeof *sum);
            add_windows(j, m, px, py, sum);
            for (int64_t k = 0; k < d; k++)
                square += sum[k] * sum[k];
            for (int64_t k = 0; k < d; k++) {
                float *to = &j->out[(m * d + k) * j->width + x];
                *to = square > 0 ? (float)(sum[k] / sqrt(square)) : NAN;
                if (j->about->type == MOS_EMBED_FLOAT16) *to = mos_half_of(*to);
            }
        }
    }
    mos_free(sum);
    return MOSAIC_OK;
}

static mosaic_status write_line(job *j, mos_map *map, const mos_map_spec *spec, int64_t line) {
    for (int64_t b = 0; b < bands_of(j); b++) {
        const float *from = j->out + b * j->width;
        const void *pixels = from;
        for (int64_t x = 0; x < j->width && spec->dtype == MOS_U8; x++)
            j->bytes[x] = isnan(from[x])
                              ? 0
                              : (uint8_t)nearbyint(((double)from[x] - spec->offset) / spec->scale);
        if (spec->dtype == MOS_U8) pixels = j->bytes;
        MOS_TRY(mos_map_write(map, (int)b, line, 1, pixels));
    }
    return MOSAIC_OK;
}

static mosaic_status make_room(job *j) {
    const size_t bands = (size_t)bands_of(j);
    MOS_TRY(mos_alloc(bands * (size_t)j->width, sizeof *j->out, "a line", &j->out));
    MOS_TRY(mos_alloc((size_t)j->width, 1, "a line", &j->bytes));
    MOS_TRY(mos_alloc(bands, sizeof *j->names, "bands", &j->names));
    MOS_TRY(mos_alloc(bands, sizeof *j->name, "bands", &j->name));
    for (int64_t b = 0; b < (int64_t)bands; b++) {
        (void)snprintf(j->names[b], NAME_BYTES, "%s:%lld", j->about->modality[b / j->about->size],
                       (long long)(b % j->about->size));
        j->name[b] = j->names[b];
    }
    MOS_TRY(place_windows(j));
    return hold_windows(j);
}

static mosaic_status draw(job *j, const char *path) {
    const bool small = j->about->type == MOS_EMBED_INT8;
    double transform[6];
    char cell[24];
    mos_text_list creation = {0};
    mos_map *map = NULL;
    mosaic_status status;
    memcpy(transform, j->frame.transform, sizeof transform);
    transform[0] += (double)j->frame.left * transform[1] + (double)j->frame.top * transform[2];
    transform[3] += (double)j->frame.left * transform[4] + (double)j->frame.top * transform[5];
    for (int i = 1; i < 6; i++)
        if (i != 3) transform[i] *= (double)j->cell;
    (void)snprintf(cell, sizeof cell, "%lld", (long long)j->cell);
    const char *const facts[] = {"MOSAIC_VERSION",
                                 mosaic_version(),
                                 "MODEL_SHA256",
                                 j->about->model_sha256,
                                 "SPACE",
                                 mos_embedding_kind_names[j->about->kind],
                                 "TYPE",
                                 mos_embedding_type_names[j->about->type],
                                 "CELL_PIXELS",
                                 cell,
                                 "LENGTH",
                                 "of each modality's bands one; overviews are means of that length",
                                 "LARGEST_ERROR",
                                 small                                 ? "0.5/127"
                                 : j->about->type == MOS_EMBED_FLOAT16 ? "2^-12"
                                                                       : "0",
                                 NULL};
    const mos_map_spec spec = {.width = j->width,
                               .height = j->height,
                               .bands = (int)bands_of(j),
                               .dtype = small ? MOS_U8 : MOS_F32,
                               .crs = j->frame.crs,
                               .transform = transform,
                               .nodata = small ? 0 : (double)NAN,
                               .scale = small ? 1.0 / 127 : 1,
                               .offset = small ? -128.0 / 127 : 0,
                               .unit = (int)j->about->size,
                               .names = j->name,
                               .facts = facts,
                               .threads = j->session->threads,
                               .format = "COG",
                               .creation = &creation};
    MOS_GOTO(mos_text_list_add(&creation, "BLOCKSIZE=128"));
    MOS_GOTO(mos_map_create(path, &spec, &map));
    for (int64_t line = 0; line < j->height; line++) {
        MOS_GOTO(fill_line(j, line));
        MOS_GOTO(write_line(j, map, &spec, line));
    }
    status = mos_map_finish(&map);
done:
    mos_map_abandon(&map);
    mos_text_list_release(&creation);
    return status;
}

static void release(job *j) {
    void *const blocks[] = {j->x,     j->y,    j->window, j->out,     j->bytes,
                            j->names, j->name, j->held,   j->vectors, j->room};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        mos_free(blocks[i]);
}

static mosaic_status write_scene(job *j, const char *folder, mos_text *files) {
    char path[4096], name[512];
    mosaic_status status;
    j->width = (j->frame.across + j->cell - 1) / j->cell;
    j->height = (j->frame.down + j->cell - 1) / j->cell;
    (void)snprintf(name, sizeof name, "%s_embeddings.tif", j->frame.name);
    MOS_GOTO(mos_path_join(path, sizeof path, folder, name));
    MOS_GOTO(make_room(j));
    MOS_GOTO(draw(j, path));
    mos_text_add(files, "%s\n", path);
done:
    release(j);
    return status;
}

mosaic_status mos_embedding_raster_write(const char *folder, const mos_session *session,
                                         const mos_embedding_about *about,
                                         const mos_embed_rows *rows, int64_t cell,
                                         mos_text *files) {
    const int64_t scenes = mos_scene_frames(session->dataset);
    for (int64_t s = 0; s < scenes; s++) {
        job j = {.session = session, .about = about, .rows = rows, .scene = s};
        MOS_TRY(mos_scene_frame_of(session->dataset, s, &j.frame));
        j.cell = cell > 0 ? cell : j.frame.size;
        if (j.frame.across == 0) {
            mos_log(MOS_LOG_NOTICE, "no raster of '%s': it is outside the area", j.frame.name);
            continue;
        }
        MOS_TRY(write_scene(&j, folder, files));
    }
    return MOSAIC_OK;
}
