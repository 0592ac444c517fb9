#include "data/patch_place.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/names/patch_name.h"
#include "data/sample_table.h"
#include "data/utm.h"
#include "io/raster.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846
static const double cell_m = 1200;

/* ---- one place ------------------------------------------------------------------------------- */

/* Sentinel-2 tiles start on multiples of 60 m from the equator, which 100 km squares do not. */
static bool place_of_name(const char *id, mos_place *out) {
    mos_patch_name name;
    double west_m, north_m;
    if (!mos_patch_name_parse_s2(id, strlen(id), &name) &&
        !mos_patch_name_parse_s1(id, strlen(id), &name))
        return false;
    if (!mos_utm_square(name.tile, &out->epsg, &west_m, &north_m)) return false;
    double equator_m = out->epsg >= 32700 ? 10000000 : 0;
    out->x = floor(west_m / 60) * 60 + cell_m * (name.column + 0.5);
    out->y = ceil((north_m - equator_m) / 60) * 60 + equator_m - cell_m * (name.row + 0.5);
    out->half_width = out->half_height = cell_m / 2;
    out->pixel_m = 10;
    return true;
}

/* Degrees have no metres: into the UTM zone of the centre. dx and dy are a pixel's degrees. */
static void place_in_degrees(double dx, double dy, mos_place *out) {
    double longitude = out->x * PI / 180, latitude = out->y * PI / 180;
    double across = PI / 180 * MOS_EARTH_RADIUS_M * cos(latitude),
           down = PI / 180 * MOS_EARTH_RADIUS_M;
    out->epsg = mos_utm_zone(latitude, longitude);
    mos_utm_forward(out->epsg, latitude, longitude, &out->x, &out->y);
    out->half_width *= across;
    out->half_height *= down;
    out->pixel_m = fmin(dx * across, dy * down);
}

/* Cut from a scene, or packed with its place. */
static bool place_of_site(const mos_dataset *dataset, int64_t sample, mos_place *out) {
    mos_site site;
    int64_t epsg = 0;
    if (!mos_dataset_site(dataset, sample, &site)) return false;
    if (strncmp(site.crs, "EPSG:", 5) == 0 && mos_parse_int(site.crs + 5, &epsg))
        out->epsg = epsg > 0 && epsg <= INT_MAX ? (int)epsg : 0;
    out->x = site.x + site.width / 2;
    out->y = site.y - site.height / 2;
    out->half_width = site.width / 2;
    out->half_height = site.height / 2;
    /* The finest band's pixels. */
    int64_t pixels = 1;
    for (int64_t m = 0; m < dataset->modality_count; m++)
        for (int64_t b = 0; b < dataset->modalities[m].band_count; b++)
            if (dataset->storage[m].width[b] > pixels) pixels = dataset->storage[m].width[b];
    out->pixel_m = site.width / (double)pixels;
    if (out->epsg == 4326) place_in_degrees(out->pixel_m, out->pixel_m, out);
    return isfinite(out->x) && isfinite(out->y) && out->pixel_m > 0;
}

static void add_degrees(mos_place *out) {
    if (out->known && mos_utm_is_zone(out->epsg))
        mos_utm_inverse(out->epsg, out->x, out->y, &out->latitude, &out->longitude);
    else
        out->latitude = out->longitude = NAN;
}

bool mos_place_of_grid(const double transform[6], int64_t width, int64_t height, int epsg,
                       mos_place *out) {
    *out = (mos_place){.latitude = NAN, .longitude = NAN};
    if (transform[2] != 0 || transform[4] != 0) return false;
    double wide = (double)width * transform[1], high = (double)height * transform[5];
    *out = (mos_place){.epsg = epsg,
                       .x = transform[0] + wide / 2,
                       .y = transform[3] + high / 2,
                       .half_width = fabs(wide) / 2,
                       .half_height = fabs(high) / 2,
                       .pixel_m = fmin(fabs(transform[1]), fabs(transform[5]))};
    if (epsg == 4326) place_in_degrees(fabs(transform[1]), fabs(transform[5]), out);
    out->known = isfinite(out->x) && isfinite(out->y) && out->pixel_m > 0;
    add_degrees(out);
    return out->known;
}

bool mos_place_of_name(const char *name, mos_place *out) {
    *out = (mos_place){0};
    out->known = place_of_name(name, out);
    add_degrees(out);
    return out->known;
}

static mosaic_status place_of_file(const char *path, mos_place *out) {
    mos_raster_info info;
    MOS_TRY(mos_raster_info_read(path, &info));
    if (info.has_transform)
        (void)mos_place_of_grid(info.transform, info.width, info.height, info.epsg, out);
    return MOSAIC_OK;
}

/* Files, not keys of a store. */
static const char *first_file(const mos_dataset *dataset, int64_t sample) {
    const char *const *sources = dataset->sources + sample * dataset->slots;
    for (int64_t s = 0; s < dataset->slots; s++)
        if (sources[s] != NULL && sources[s][0] == '/') return sources[s];
    for (int64_t s = 0; s < dataset->slots; s++)
        if (sources[s] != NULL && strchr(sources[s], '/') != NULL) return sources[s];
    return NULL;
}

mosaic_status mos_place_find(const mos_dataset *dataset, int64_t sample, mos_place *out) {
    *out = (mos_place){.latitude = NAN, .longitude = NAN};
    out->known = place_of_site(dataset, sample, out) || place_of_name(dataset->ids[sample], out);
    const char *path = out->known ? NULL : first_file(dataset, sample);
    if (path != NULL && mos_path_exists(path)) MOS_TRY(place_of_file(path, out));
    add_degrees(out);
    return MOSAIC_OK;
}

mosaic_status mos_places_make(const mos_dataset *dataset, mos_place **out, int64_t *unknown) {
    *unknown = 0;
    MOS_TRY(mos_alloc((size_t)dataset->count, sizeof **out, "places", out));
    for (int64_t i = 0; i < dataset->count; i++) {
        mosaic_status status = mos_place_find(dataset, i, &(*out)[i]);
        if (status != MOSAIC_OK) {
            mos_free(*out);
            *out = NULL;
            return status;
        }
        *unknown += !(*out)[i].known;
    }
    return MOSAIC_OK;
}

double mos_place_gap(const mos_place *a, const mos_place *b) {
    double x = b->x, y = b->y;
    if (a->epsg != b->epsg) {
        if (isnan(a->latitude) || isnan(b->latitude)) return INFINITY;
        mos_utm_forward(a->epsg, b->latitude, b->longitude, &x, &y);
    }
    double along_x = fabs(x - a->x) - a->half_width - b->half_width;
    double along_y = fabs(y - a->y) - a->half_height - b->half_height;
    if (along_x > 0 && along_y > 0) return hypot(along_x, along_y);
    return fmax(along_x, along_y);
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* A cell of a grid whose rows are parallels and whose columns are counted along each row, or of a
 * plane. Packed into one key: 16 bits of plane, 24 of row, 24 of column. */
static uint64_t cell_key(int plane, int64_t row, int64_t column) {
    return (uint64_t)(uint16_t)plane << 48 | ((uint64_t)(row + (1 << 23)) & 0xffffff) << 24 |
           ((uint64_t)(column + (1 << 23)) & 0xffffff);
}

static int64_t row_of(const mos_place *place, double side_m) {
    double north = isnan(place->latitude) ? place->y : place->latitude * MOS_EARTH_RADIUS_M;
    return (int64_t)floor(north / side_m);
}

/* Column of the place as it is counted along `row`. */
static int64_t column_of(const mos_place *place, int64_t row, double side_m) {
    if (isnan(place->latitude)) return (int64_t)floor(place->x / side_m);
    double middle = ((double)row + 0.5) * side_m / MOS_EARTH_RADIUS_M;
    return (int64_t)floor(place->longitude * MOS_EARTH_RADIUS_M * cos(middle) / side_m);
}

static int plane_of(const mos_place *place) {
    return isnan(place->latitude) ? place->epsg : 0xffff;
}

uint64_t mos_place_block(const mos_place *place, double side_m) {
    int64_t row = row_of(place, side_m);
    return cell_key(plane_of(place), row, column_of(place, row, side_m));
}

typedef struct cell_entry {
    uint64_t key;
    int64_t place;
} cell_entry;

static int compare_entries(const void *a, const void *b) {
    const cell_entry *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* First entry of a key, or count. */
static int64_t find_key(const cell_entry *entries, int64_t count, uint64_t key) {
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (entries[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static mosaic_status visit_cell(const mos_place *places, int64_t a, const cell_entry *entries,
                                int64_t count, uint64_t key, double within_m, mos_place_visit visit,
                                void *context) {
    for (int64_t e = find_key(entries, count, key); e < count && entries[e].key == key; e++) {
        int64_t b = entries[e].place;
        if (b <= a) continue;
        double gap = mos_place_gap(&places[a], &places[b]);
        if (gap < within_m) MOS_TRY(visit(context, a, b, gap));
    }
    return MOSAIC_OK;
}

/* Cells are as wide as two centres of near patches can be apart, and a tenth more: the neighbours
 * of a cell hold them all. */
mosaic_status mos_places_near(const mos_place *places, int64_t count, double within_m,
                              mos_place_visit visit, void *context) {
    cell_entry *entries = NULL;
    int64_t known = 0;
    double reach = 0;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)count, sizeof *entries, "places by cell", &entries));
    for (int64_t i = 0; i < count; i++) {
        if (!places[i].known) continue;
        reach = fmax(reach, fmax(places[i].half_width, places[i].half_height));
    }
    double side = 1.1 * (2 * reach + fmax(within_m, 0));
    for (int64_t i = 0; i < count; i++)
        if (places[i].known) entries[known++] = (cell_entry){mos_place_block(&places[i], side), i};
    qsort(entries, (size_t)known, sizeof *entries, compare_entries);
    for (int64_t a = 0; a < count; a++) {
        if (!places[a].known) continue;
        int64_t row = row_of(&places[a], side);
        for (int64_t r = row - 1; r <= row + 1; r++) {
            int64_t column = column_of(&places[a], r, side);
            for (int64_t c = column - 1; c <= column + 1; c++)
                MOS_GOTO(visit_cell(places, a, entries, known, cell_key(plane_of(&places[a]), r, c),
                                    within_m, visit, context));
        }
    }
done:
    mos_free(entries);
    return status;
}

/* ---- samples of one place -------------------------------------------------------------------- */

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

mosaic_status mos_locations_make(const mos_dataset *dataset, int32_t **group, int64_t *groups) {
    mos_name_set names = {0};
    mosaic_status status;
    char key[256];
    *groups = 0;
    MOS_GOTO(mos_alloc((size_t)dataset->count, sizeof **group, "locations", group));
    for (int64_t i = 0; i < dataset->count; i++) {
        location_key(dataset, i, key, sizeof key);
        /* A name no location has: it starts with a control character. */
        if (key[0] == '\0') (void)snprintf(key, sizeof key, "\1%lld", (long long)i);
        MOS_GOTO(mos_name_set_add(&names, key, strlen(key), NULL));
        (*group)[i] = (int32_t)(mos_name_set_find(&names, key, strlen(key)) - names.entries);
    }
    *groups = (int64_t)names.count;
done:
    mos_name_set_release(&names);
    if (status != MOSAIC_OK) {
        mos_free(*group);
        *group = NULL;
    }
    return status;
}
