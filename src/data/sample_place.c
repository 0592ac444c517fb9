#include "data/sample_place.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/thread.h"
#include "data/names/patch_name.h"
#include "data/sample_reader.h"
#include "data/source_info.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- one sample ---- */

static bool site_of_info(const mos_source_info *info, char crs[MOS_SITE_CRS_BYTES], mos_site *out) {
    if (!info->has_transform || info->width < 1 || info->height < 1) return false;
    *out = (mos_site){.crs = crs};
    mos_box_of_grid(info->transform, info->width, info->height, out);
    if (info->epsg > 0)
        (void)snprintf(crs, MOS_SITE_CRS_BYTES, "EPSG:%d", info->epsg);
    else
        (void)snprintf(crs, MOS_SITE_CRS_BYTES, "unnamed");
    return isfinite(out->x) && isfinite(out->y) && out->width > 0 && out->height > 0;
}

/* The first of the modality's files that has a georeference. */
static bool site_of_files(mos_reader *reader, int64_t sample, int64_t m,
                          char crs[MOS_SITE_CRS_BYTES], mos_site *out) {
    mos_source_info info;
    char before[sizeof info.path] = "";
    for (int64_t b = 0; b < reader->dataset->modalities[m].band_count; b++) {
        mosaic_status status = mos_source_describe(reader, sample, m, (int)b, &info);
        if (status == MOSAIC_ERR_UNSUPPORTED || strcmp(info.path, before) == 0) return false;
        memcpy(before, info.path, strlen(info.path) + 1);
        if (status == MOSAIC_OK && site_of_info(&info, crs, out)) return true;
    }
    return false;
}

bool mos_site_find(mos_reader *reader, int64_t sample, char crs[MOS_SITE_CRS_BYTES],
                   mos_site *out) {
    const mos_dataset *dataset = reader->dataset;
    if (mos_dataset_site(dataset, sample, out)) return true;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (dataset->present[sample] >> m & 1 && site_of_files(reader, sample, m, crs, out))
            return true;
    }
    return false;
}

/* Pixels are those of the finest band. */
static bool place_of_site(const mos_dataset *dataset, const mos_site *site, mos_place *out) {
    int64_t epsg = 0, across = 1, down = 1;
    if (strncmp(site->crs, "EPSG:", 5) != 0 || !mos_parse_int(site->crs + 5, &epsg) || epsg < 0 ||
        epsg > INT_MAX)
        epsg = 0;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        for (int64_t b = 0; b < dataset->modalities[m].band_count; b++) {
            if (dataset->storage[m].width[b] > across) across = dataset->storage[m].width[b];
            if (dataset->storage[m].height[b] > down) down = dataset->storage[m].height[b];
        }
    }
    return mos_place_of_box(site, (int)epsg, site->width / (double)across,
                            site->height / (double)down, out);
}

/* BigEarthNet V2's names are its grid: a full set's files need not be opened. */
static bool has_grid_names(const mos_dataset *dataset) {
    return dataset->format == &mos_format_bigearthnet_v2 ||
           dataset->format == &mos_format_bigearthnet_v2_lmdb;
}

void mos_place_find(mos_reader *reader, int64_t sample, mos_place *out) {
    const mos_dataset *dataset = reader->dataset;
    const char *const *sources = dataset->sources + sample * dataset->slots;
    char crs[MOS_SITE_CRS_BYTES];
    mos_site site;
    if (!mos_dataset_site(dataset, sample, &site) && has_grid_names(dataset) &&
        mos_place_of_name(dataset->ids[sample], out))
        return;
    if (mos_site_find(reader, sample, crs, &site) && place_of_site(dataset, &site, out)) return;
    if (mos_place_of_name(dataset->ids[sample], out)) return;
    for (int64_t s = 0; !out->known && s < dataset->slots; s++)
        if (sources[s] != NULL) (void)mos_place_of_name(sources[s], out);
}

/* ---- all of them ---- */

typedef struct place_job {
    mos_reader **readers; /* [threads] */
    mos_place *places;
} place_job;

static void find_range(void *context, int64_t begin, int64_t end, int thread) {
    place_job *job = context;
    for (int64_t i = begin; i < end; i++)
        mos_place_find(job->readers[thread], i, &job->places[i]);
}

mosaic_status mos_places_make(mos_dataset *dataset, mos_place **out, int64_t *unknown) {
    enum { FEW = 64 }; /* not worth waking threads for */
    int threads = dataset->count < FEW ? 1 : mos_cpu_count();
    place_job job = {0};
    mosaic_status status;
    *out = NULL;
    *unknown = 0;
    MOS_GOTO(mos_alloc((size_t)dataset->count, sizeof *job.places, "places", &job.places));
    MOS_GOTO(mos_alloc((size_t)threads, sizeof(mos_reader *), "places", &job.readers));
    for (int t = 0; t < threads; t++)
        MOS_GOTO(mos_reader_open(dataset, &job.readers[t]));
    mos_parallel_for(threads, dataset->count, find_range, &job);
    for (int64_t i = 0; i < dataset->count; i++)
        *unknown += !job.places[i].known;
    *out = job.places;
    job.places = NULL;
done:
    for (int t = 0; job.readers != NULL && t < threads; t++)
        mos_reader_close(&job.readers[t]);
    mos_free(job.readers);
    mos_free(job.places);
    return status;
}

/* ---- samples of one place ---- */

typedef struct joining {
    const mos_place *places;
    int32_t *first; /* [count] an earlier sample of the same place, or the sample itself */
} joining;

static int32_t root_of(int32_t *first, int32_t i) {
    while (first[i] != i) {
        first[i] = first[first[i]];
        i = first[i];
    }
    return i;
}

static void join(int32_t *first, int64_t a, int64_t b) {
    int32_t x = root_of(first, (int32_t)a), y = root_of(first, (int32_t)b);
    if (x < y)
        first[y] = x;
    else
        first[x] = y;
}

/* More than half: patches cut at half a side's steps are neighbours, not copies. */
static mosaic_status join_shared(void *context, int64_t a, int64_t b, double gap_m) {
    joining *work = context;
    const mos_place *p = &work->places[a], *q = &work->places[b];
    double half = fmin(fmin(p->half_width, p->half_height), fmin(q->half_width, q->half_height));
    if (-gap_m > half * (1 + 1e-6)) join(work->first, a, b);
    return MOSAIC_OK;
}

/* "33UUP 75 43" of a name; the location column; "" for none. */
static void location_key(const mos_dataset *dataset, int64_t sample, char *out, size_t size) {
    mos_patch_name name;
    const char *id = dataset->ids[sample];
    out[0] = '\0';
    if (dataset->locations != NULL && dataset->locations[sample] != NULL)
        (void)snprintf(out, size, "%s", dataset->locations[sample]);
    else if (mos_patch_name_parse_s2(id, strlen(id), &name))
        (void)snprintf(out, size, "%s %d %d", name.tile, name.column, name.row);
}

/* Samples with equal keys are one place. `at` is [entries]: the first sample of each name. */
static mosaic_status join_named(mos_name_set *names, int32_t **at, size_t *capacity,
                                const char *key, int64_t sample, int32_t *first) {
    bool added;
    MOS_TRY(mos_name_set_add(names, key, strlen(key), &added));
    size_t entry = (size_t)(mos_name_set_find(names, key, strlen(key)) - names->entries);
    MOS_TRY(mos_grow(at, capacity, entry + 1, sizeof **at, "locations"));
    if (added)
        (*at)[entry] = (int32_t)sample;
    else
        join(first, (*at)[entry], sample);
    return MOSAIC_OK;
}

static mosaic_status join_all(const mos_dataset *dataset, const mos_place *places, int32_t *first) {
    joining work = {places, first};
    mos_name_set names = {0}, files = {0};
    int32_t *at = NULL, *file_at = NULL;
    size_t capacity = 0, file_capacity = 0;
    char key[256];
    mosaic_status status = MOSAIC_OK;
    for (int64_t i = 0; i < dataset->count; i++) {
        first[i] = (int32_t)i;
        location_key(dataset, i, key, sizeof key);
        if (key[0] != '\0') MOS_GOTO(join_named(&names, &at, &capacity, key, i, first));
        bool place = places == NULL || places[i].known;
        for (int64_t s = 0; !place && s < dataset->slots; s++) {
            const char *source = dataset->sources[i * dataset->slots + s];
            if (source != NULL)
                MOS_GOTO(join_named(&files, &file_at, &file_capacity, source, i, first));
        }
    }
    if (places != NULL) MOS_GOTO(mos_places_near(places, dataset->count, 0, join_shared, &work));
done:
    mos_free(at);
    mos_free(file_at);
    mos_name_set_release(&names);
    mos_name_set_release(&files);
    return status;
}

mosaic_status mos_locations_make(const mos_dataset *dataset, const mos_place *places,
                                 int32_t **group, int64_t *groups) {
    int32_t *first = NULL;
    mosaic_status status;
    *group = NULL;
    *groups = 0;
    MOS_GOTO(mos_alloc((size_t)dataset->count, sizeof *first, "locations", &first));
    MOS_GOTO(mos_alloc((size_t)dataset->count, sizeof **group, "locations", group));
    MOS_GOTO(join_all(dataset, places, first));
    for (int64_t i = 0; i < dataset->count; i++) {
        int32_t root = root_of(first, (int32_t)i);
        (*group)[i] = root == i ? (int32_t)(*groups)++ : (*group)[root];
    }
done:
    mos_free(first);
    if (status != MOSAIC_OK) {
        mos_free(*group);
        *group = NULL;
    }
    return status;
}
