#include "data/patch_place.h"

#include "base/memory.h"
#include "data/names/patch_name.h"
#include "data/utm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846
static const double cell_m = 1200;

/* ---- one place ---- */

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
    out->pixel_m = out->pixel_longest_m = 10;
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
    out->pixel_longest_m = fmax(dx * across, dy * down);
}

static void add_degrees(mos_place *out) {
    if (out->known && mos_utm_is_zone(out->epsg))
        mos_utm_inverse(out->epsg, out->x, out->y, &out->latitude, &out->longitude);
    else
        out->latitude = out->longitude = NAN;
}

/* Systems in degrees have EPSG's numbers 4001 to 4999; the few planes among these have coordinates
 * that are no degrees. */
static bool in_degrees(const mos_place *place) {
    return place->epsg > 4000 && place->epsg < 5000 && fabs(place->x) <= 360 &&
           fabs(place->y) <= 90 && place->half_height < 45;
}

bool mos_place_of_box(const mos_site *box, int epsg, double pixel_wide, double pixel_high,
                      mos_place *out) {
    *out = (mos_place){.epsg = epsg,
                       .x = box->x + box->width / 2,
                       .y = box->y - box->height / 2,
                       .half_width = box->width / 2,
                       .half_height = box->height / 2,
                       .pixel_m = fmin(pixel_wide, pixel_high),
                       .pixel_longest_m = fmax(pixel_wide, pixel_high)};
    if (in_degrees(out)) place_in_degrees(pixel_wide, pixel_high, out);
    out->known = isfinite(out->x) && isfinite(out->y) && out->pixel_m > 0;
    add_degrees(out);
    return out->known;
}

/* A turned raster lies within the outline of its four corners. */
void mos_box_of_grid(const double transform[6], int64_t width, int64_t height, mos_site *out) {
    const double *t = transform, wide = (double)width, high = (double)height;
    out->x = t[0] + fmin(wide * t[1], 0) + fmin(high * t[2], 0);
    out->y = t[3] + fmax(wide * t[4], 0) + fmax(high * t[5], 0);
    out->width = wide * fabs(t[1]) + high * fabs(t[2]);
    out->height = wide * fabs(t[4]) + high * fabs(t[5]);
}

bool mos_place_of_name(const char *name, mos_place *out) {
    *out = (mos_place){0};
    out->known = place_of_name(name, out);
    add_degrees(out);
    return out->known;
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

/* ---- cells ---- */

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
