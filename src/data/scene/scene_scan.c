#include "data/scene/scene_scan.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"
#include "data/data_options.h"
#include "data/radar_guard.h"
#include "data/scene/scene_planes.h"
#include "data/scene/scene_reader.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK = 256, FEW = 8 /* not worth waking threads for */, MAX_STRANGE = 64 };

typedef struct strange_value {
    double value;
    int64_t pixels, patch; /* how often, and the first patch that holds it */
} strange_value;

/* What one thread meets. */
typedef struct scan_thread {
    mosaic_status status;
    int64_t failed; /* patch of the error */
    char error[512];
    strange_value strange[MAX_STRANGE];
    int strange_count;
} scan_thread;

typedef struct scan_work {
    mos_dataset *dataset;
    const mos_scene_set *set;
    mos_scene_scan *scan;
    scan_thread *threads;
    uint32_t *power; /* [scenes] bit m: radar that is never negative, where 0 is no coverage */
    void **readers;  /* [threads] */
    const mos_scene_planes *planes;
    int64_t first;
} scan_work;

static const mos_scene *scene_of(const mos_scene_set *set, int64_t patch) {
    size_t low = 0, high = set->file.count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (set->scenes[middle].first_patch <= patch)
            low = middle;
        else
            high = middle;
    }
    return &set->scenes[low];
}

static void add_strange(scan_thread *thread, const strange_value *value) {
    int s = 0;
    while (s < thread->strange_count && thread->strange[s].value != value->value)
        s++;
    if (s == MAX_STRANGE) return;
    strange_value *kept = &thread->strange[s];
    if (s == thread->strange_count) {
        *kept = *value;
        thread->strange_count++;
        return;
    }
    kept->pixels += value->pixels;
    if (value->patch < kept->patch) kept->patch = value->patch;
}

/* Every value of a raster that has no class, with its number of pixels. */
static void note_strange(const scan_work *work, scan_thread *thread, int64_t patch,
                         const mos_value_counts *counts) {
    for (size_t v = 0; v < counts->count; v++) {
        double value = counts->values[v].value;
        if (mos_cover_map_find(&work->set->map, value) != NULL) continue;
        add_strange(thread, &(strange_value){value, counts->values[v].count, patch});
    }
}

static mosaic_status scan_cover(const scan_work *work, int number, const mos_scene *scene,
                                int64_t index, int64_t row, int64_t column) {
    const mos_dataset *dataset = work->dataset;
    const mos_scene_land_cover *cover = &scene->options->land_cover;
    mos_scene_patch *patch = &work->scan->patches[index];
    int8_t *labels = work->scan->labels + index * dataset->class_count;
    const mos_value_counts *counts;
    mos_cover_shares shares;
    patch->known = -1;
    memset(labels, -1, (size_t)dataset->class_count);
    if (cover->file == NULL) return MOSAIC_OK;
    if (work->readers[number] == NULL)
        MOS_TRY(mos_scene_reader_open(work->dataset, &work->readers[number]));
    MOS_TRY(mos_scene_cover_counts(work->readers[number], scene, row, column, &counts));
    mos_cover_shares_of(&work->set->map, counts, dataset->class_count, &shares);
    if (shares.strange > 0) note_strange(work, &work->threads[number], index, counts);
    patch->known = (float)shares.known;
    patch->labeled =
        mos_cover_labels(&shares, dataset->class_count, dataset->options.label_threshold,
                         cover->minimum_share, labels);
    return MOSAIC_OK;
}

static mosaic_status scan_patch(const scan_work *work, int number, int64_t index) {
    mos_dataset *dataset = work->dataset;
    const mos_scene_planes *planes = work->planes;
    const mos_scene *scene = planes->scene;
    mos_scene_patch *patch = &work->scan->patches[index];
    const int64_t row = (index - scene->first_patch) / scene->columns,
                  column = (index - scene->first_patch) % scene->columns, size = scene->size;
    int64_t masked = 0;
    patch->outside = scene->area != NULL &&
                     mos_scene_planes_count(planes, &planes->inside, size, row, column) == 0;
    if (patch->outside) return MOSAIC_OK;
    if (scene->mask_count > 0)
        masked = mos_scene_planes_count(planes, &planes->masked, size, row, column);
    double open = 1 - (double)masked / (double)(size * size),
           least = work->set->file.grid.minimum_valid;
    patch->valid = (float)open;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_scene_source *source = &scene->sources[m];
        if (source->options == NULL) continue;
        int64_t pixels = source->size * source->size,
                valid =
                    mos_scene_planes_count(planes, &planes->valid[m], source->size, row, column);
        if (valid > 0) patch->touched |= 1u << m;
        if (valid > 0 && open > 0 && open >= least && (double)valid >= least * (double)pixels)
            patch->present |= 1u << m;
        float share = (float)((double)valid / (double)pixels);
        if (share < patch->valid) patch->valid = share;
    }
    /* What will be dropped needs no labels. */
    if (patch->present == 0) return MOSAIC_OK;
    return scan_cover(work, number, scene, index, row, column);
}

static void scan_some(void *context, int64_t begin, int64_t end, int number) {
    const scan_work *work = context;
    scan_thread *thread = &work->threads[number];
    for (int64_t i = work->first + begin; i < work->first + end && thread->status == MOSAIC_OK;
         i++) {
        thread->failed = i;
        thread->status = scan_patch(work, number, i);
    }
    if (thread->status != MOSAIC_OK) mos_error_copy(thread->error, sizeof thread->error);
}

/* The error of the first patch, whatever thread met it. */
static mosaic_status first_error(const scan_thread *threads, int count) {
    const scan_thread *first = NULL;
    for (int t = 0; t < count; t++) {
        if (threads[t].status != MOSAIC_OK && (first == NULL || threads[t].failed < first->failed))
            first = &threads[t];
    }
    if (first == NULL) return MOSAIC_OK;
    mos_error_restore(first->error);
    return first->status;
}

/* Some rows of patches of one scene. */
static mosaic_status scan_rows(scan_work *work, const mos_scene_planes *planes, int threads,
                               mos_progress *progress) {
    const mos_scene *scene = planes->scene;
    int64_t end = scene->first_patch + (planes->row + planes->rows) * scene->columns;
    work->planes = planes;
    for (work->first = scene->first_patch + planes->row * scene->columns; work->first < end;
         work->first += CHUNK) {
        int64_t left = end - work->first;
        mos_parallel_for(threads, left < CHUNK ? left : CHUNK, scan_some, work);
        MOS_TRY(first_error(work->threads, threads));
        if (progress == NULL) continue;
        mos_progress_update(progress, work->first + (left < CHUNK ? left : CHUNK));
        MOS_TRY(mos_stop_check(progress->label, work->first, progress->total));
    }
    return MOSAIC_OK;
}

static mosaic_status scan_all(scan_work *work, int threads) {
    int64_t count = work->set->patches;
    mosaic_status status = MOSAIC_OK;
    mos_progress progress = {0};
    bool shown = count > CHUNK;
    if (shown) mos_progress_begin(&progress, "patches of the scenes", count);
    for (size_t s = 0; s < work->set->file.count; s++) {
        const mos_scene *scene = &work->set->scenes[s];
        mos_scene_planes planes;
        for (int64_t row = 0; row < scene->rows; row += planes.rows) {
            MOS_GOTO(mos_scene_planes_read(work->dataset, scene, work->power[s], row, threads,
                                           work->readers, &planes));
            status = scan_rows(work, &planes, threads, shown ? &progress : NULL);
            const int64_t rows = planes.rows;
            mos_scene_planes_release(&planes);
            planes.rows = rows;
            if (status != MOSAIC_OK) goto done;
        }
    }
done:
    if (shown) mos_progress_end(&progress);
    return status;
}

/* Threads' lists into one, then a defect for each value. */
static mosaic_status report_strange(const scan_work *work, int count) {
    scan_thread *all = &work->threads[0];
    for (int t = 1; t < count; t++) {
        for (int s = 0; s < work->threads[t].strange_count; s++)
            add_strange(all, &work->threads[t].strange[s]);
    }
    for (int s = 0; s < all->strange_count; s++) {
        const strange_value *strange = &all->strange[s];
        const mos_scene_land_cover *cover =
            &scene_of(work->set, strange->patch)->options->land_cover;
        char number[32];
        mos_format_double(number, sizeof number, strange->value, 9);
        if (cover->unknown == MOS_UNKNOWN_REFUSE)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: value %s of %lld pixels has no class, and land_cover.unknown is "
                            "refuse; ignore or classes can name it",
                            cover->file, number, (long long)strange->pixels);
        mos_dataset_defect(work->dataset, "land-cover value without a class",
                           "%s: %lld pixels of %s; land_cover.ignore: [%s] says that it is none",
                           cover->file, (long long)strange->pixels, number, number);
    }
    return MOSAIC_OK;
}

static void describe(const mos_scene *scene, const mos_scene_source *source, char *out,
                     size_t size) {
    mos_extent extent;
    double resolution;
    if (mos_scene_extent(source->paths[0], source->options->crs, scene->grid.crs, &extent,
                         &resolution) != MOSAIC_OK)
        snprintf(out, size, "nowhere");
    else
        snprintf(out, size, "x %.9g to %.9g, y %.9g to %.9g", extent.west, extent.east,
                 extent.south, extent.north);
}

/* An area beside the only scene is a mistake; of several scenes some may lie beside it. */
static mosaic_status fail_outside(const scan_work *work, const mos_scene *scene) {
    const mos_extent box = mos_area_box(scene->area);
    const double side = scene->grid.resolution, down = mos_grid_down(&scene->grid);
    double west = scene->grid.x + (double)(scene->first_column * scene->stride) * side,
           north = scene->grid.y - (double)(scene->first_row * scene->stride) * down;
    if (work->set->file.count > 1) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "area %s: no patch of scene '%s' touches it (%.40s): the area is at x %.9g to "
                    "%.9g, y %.9g to %.9g, the scene at x %.9g to %.9g, y %.9g to %.9g",
                    work->set->file.grid.area, scene->options->name, scene->grid.crs, box.west,
                    box.east, box.south, box.north, west, west + (double)scene->width * side,
                    north - (double)scene->height * down, north);
}

/* A mask of another place would leave nothing out, and nobody would see it. */
static mosaic_status check_mask(const mos_scene *scene) {
    const char *mask = scene->options->mask;
    const double side = scene->grid.resolution, down = mos_grid_down(&scene->grid);
    const double west = scene->grid.x + (double)(scene->first_column * scene->stride) * side,
                 north = scene->grid.y - (double)(scene->first_row * scene->stride) * down,
                 east = west + (double)scene->width * side,
                 south = north - (double)scene->height * down;
    mos_extent box;
    double resolution;
    if (scene->mask_count == 0) return MOSAIC_OK;
    MOS_TRY(mos_context(mos_scene_extent(mask, NULL, scene->grid.crs, &box, &resolution), "mask"));
    if (box.west < east && box.east > west && box.south < north && box.north > south)
        return MOSAIC_OK;
    return mos_fail(
        MOSAIC_ERR_DATA,
        "mask %s: lies beside scene '%s' (%.40s): the mask is at x %.9g to %.9g, y %.9g "
        "to %.9g, the scene at x %.9g to %.9g, y %.9g to %.9g",
        mask, scene->options->name, scene->grid.crs, box.west, box.east, box.south, box.north, west,
        east, south, north);
}

/* Rasters of two places are a mistake; of no use at all is every patch then. */
static mosaic_status check_overlap(const scan_work *work) {
    for (size_t s = 0; s < work->set->file.count; s++) {
        const mos_scene *scene = &work->set->scenes[s];
        uint32_t touched = 0;
        bool inside = false;
        MOS_TRY(check_mask(scene));
        for (int64_t i = 0; i < scene->rows * scene->columns; i++) {
            const mos_scene_patch *patch = &work->scan->patches[scene->first_patch + i];
            touched |= patch->touched;
            inside = inside || !patch->outside;
        }
        if (!inside) MOS_TRY(fail_outside(work, scene));
        for (int64_t m = 0; m < work->dataset->modality_count; m++) {
            const mos_scene_source *source = &scene->sources[m];
            char own[160];
            if (source->options == NULL || (touched >> m & 1) || !inside) continue;
            describe(scene, source, own, sizeof own);
            return mos_fail(
                MOSAIC_ERR_DATA,
                "%s: %s has no valid pixel on the grid of scene '%s' (%.40s): the raster is at %s, "
                "the grid at x %.9g to %.9g, y %.9g to %.9g",
                source->paths[0], work->dataset->modalities[m].name, scene->options->name,
                scene->grid.crs, own,
                scene->grid.x +
                    (double)(scene->first_column * scene->stride) * scene->grid.resolution,
                scene->grid.x +
                    (double)((scene->first_column + scene->columns - 1) * scene->stride +
                             scene->size) *
                        scene->grid.resolution,
                scene->grid.y -
                    (double)((scene->first_row + scene->rows - 1) * scene->stride + scene->size) *
                        mos_grid_down(&scene->grid),
                scene->grid.y -
                    (double)(scene->first_row * scene->stride) * mos_grid_down(&scene->grid));
        }
    }
    return MOSAIC_OK;
}

/* Whole numbers in a float raster would get fractions when they are resampled: the pixels as they
 * are tell. */
static mosaic_status judge_radar(const scan_work *work, void *reader, const mos_scene *scene,
                                 int64_t m, int part, mos_radar_scale *out) {
    mos_dataset *dataset = work->dataset;
    mos_raw_band raw[MOS_DATA_MAX_BANDS], radar[MOS_DATA_MAX_BANDS];
    int bands[MOS_DATA_MAX_BANDS] = {0};
    int64_t count = dataset->modalities[m].band_count;
    for (int64_t b = 0; b < count; b++)
        bands[b] = (int)b;
    MOS_TRY(mos_scene_read(dataset, reader, scene, scene->rows * part / 4,
                           scene->columns * part / 4, m, bands, count, true, raw));
    int64_t found = mos_radar_bands(dataset, m, bands, count, raw, radar);
    *out = mos_radar_judge(radar, found);
    if (*out != MOS_RADAR_INTEGER || dataset->options.s1_scale != MOS_S1_AUTO) return MOSAIC_OK;
    char words[256];
    mos_radar_integer_words(&dataset->modalities[m], radar, found, words, sizeof words);
    return mos_fail(MOSAIC_ERR_DATA, "%s: s1 is %s", scene->sources[m].paths[0], words);
}

/* Power is never negative, and 0 of it means that nothing was measured: no coverage. The middle of
 * the scene is looked at first. */
static mosaic_status find_power(const scan_work *work, void *reader) {
    static const int parts[] = {2, 1, 3};
    const mos_dataset *dataset = work->dataset;
    for (size_t s = 0; s < work->set->file.count; s++) {
        const mos_scene *scene = &work->set->scenes[s];
        for (int64_t m = 0; m < dataset->modality_count; m++) {
            mos_radar_scale scale = MOS_RADAR_UNCLEAR;
            if (!dataset->storage[m].radar || scene->sources[m].options == NULL) continue;
            for (int p = 0; p < 3 && scale == MOS_RADAR_UNCLEAR; p++)
                MOS_TRY(judge_radar(work, reader, scene, m, parts[p], &scale));
            bool power = dataset->options.s1_scale >= MOS_S1_LINEAR ||
                         (dataset->options.s1_scale == MOS_S1_AUTO && scale == MOS_RADAR_LINEAR);
            if (power) work->power[s] |= 1u << m;
        }
    }
    return MOSAIC_OK;
}

mosaic_status mos_scene_scan_run(mos_dataset *dataset, const mos_scene_set *set,
                                 mos_scene_scan *out) {
    size_t count = (size_t)set->patches;
    int threads = set->patches < FEW ? 1 : mos_cpu_count();
    scan_work work = {.dataset = dataset, .set = set, .scan = out};
    mosaic_status status;
    *out = (mos_scene_scan){0};
    MOS_GOTO(mos_alloc((size_t)threads, sizeof *work.threads, "threads", &work.threads));
    MOS_GOTO(mos_alloc(count, sizeof *out->patches, "patches of scenes", &out->patches));
    size_t classes = dataset->class_count > 0 ? (size_t)dataset->class_count : 1;
    MOS_GOTO(mos_alloc(count, classes, "labels of scenes", &out->labels));
    MOS_GOTO(mos_alloc((size_t)threads, sizeof *work.readers, "threads", &work.readers));
    MOS_GOTO(mos_scene_reader_open(dataset, &work.readers[0]));
    MOS_GOTO(mos_alloc(set->file.count, sizeof *work.power, "scenes", &work.power));
    MOS_GOTO(find_power(&work, work.readers[0]));
    MOS_GOTO(scan_all(&work, threads));
    MOS_GOTO(check_overlap(&work));
    MOS_GOTO(report_strange(&work, threads));
done:
    for (int t = 0; work.readers != NULL && t < threads; t++)
        mos_scene_reader_close(work.readers[t]);
    mos_free(work.readers);
    mos_free(work.threads);
    mos_free(work.power);
    if (status != MOSAIC_OK) mos_scene_scan_release(out);
    return status;
}

void mos_scene_scan_release(mos_scene_scan *scan) {
    mos_free(scan->patches);
    mos_free(scan->labels);
    *scan = (mos_scene_scan){0};
}
