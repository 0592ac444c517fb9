#include "deploy/embedding_parquet.h"

#include "base/memory.h"
#include "data/patch_place.h"
#include "data/utm.h"
#include "deploy/major_tom.h"
#include "io/parquet_write.h"
#include "io/turn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    ID,
    EMBEDDING,
    TIMESTAMP,
    PRODUCT,
    CELL,
    CELL_ROW,
    CELL_COLUMN,
    GEOMETRY,
    LATITUDE,
    LONGITUDE,
    FOOTPRINT,
    UTM,
    PIXELS,
    WEST,
    SOUTH,
    EAST,
    NORTH,
    SPLIT,
    COUNTRY,
    LABELS,
    MODALITIES,
    COLUMNS
};
static const mos_parquet_column columns[COLUMNS] = {
    [ID] = {"unique_id", MOS_PARQUET_TEXT, NULL},
    [EMBEDDING] = {"embedding", MOS_PARQUET_FLOATS, NULL},
    [TIMESTAMP] = {"timestamp", MOS_PARQUET_TEXT, NULL},
    [PRODUCT] = {"product_id", MOS_PARQUET_TEXT, NULL},
    [CELL] = {"grid_cell", MOS_PARQUET_TEXT, NULL},
    [CELL_ROW] = {"grid_row_u", MOS_PARQUET_WHOLE, NULL},
    [CELL_COLUMN] = {"grid_col_r", MOS_PARQUET_WHOLE, NULL},
    [GEOMETRY] = {"geometry", MOS_PARQUET_BYTES, NULL},
    [LATITUDE] = {"centre_lat", MOS_PARQUET_REAL, NULL},
    [LONGITUDE] = {"centre_lon", MOS_PARQUET_REAL, NULL},
    [FOOTPRINT] = {"utm_footprint", MOS_PARQUET_TEXT, NULL},
    [UTM] = {"utm_crs", MOS_PARQUET_TEXT, NULL},
    [PIXELS] = {"pixel_bbox", MOS_PARQUET_WHOLES, NULL},
    [WEST] = {"xmin", MOS_PARQUET_REAL, "bbox"},
    [SOUTH] = {"ymin", MOS_PARQUET_REAL, "bbox"},
    [EAST] = {"xmax", MOS_PARQUET_REAL, "bbox"},
    [NORTH] = {"ymax", MOS_PARQUET_REAL, "bbox"},
    [SPLIT] = {"split", MOS_PARQUET_TEXT, NULL},
    [COUNTRY] = {"country", MOS_PARQUET_TEXT, NULL},
    [LABELS] = {"labels", MOS_PARQUET_TEXT, NULL},
    [MODALITIES] = {"modalities", MOS_PARQUET_TEXT, NULL},
};
static const mos_parquet_kind stored_as[] = {MOS_PARQUET_FLOATS, MOS_PARQUET_HALVES,
                                             MOS_PARQUET_INT8S};

struct mos_embedding_parquet {
    const mos_embedding_about *stored; /* what the numbers are */
    mos_parquet_column columns[COLUMNS];
    mos_parquet_writer *writer;
    mos_turn *degrees; /* into WGS 84 */
    double box[4];     /* of all rows: west, south, east, north */
    mos_text geo, about;
    const char *keys[5];
};
typedef mos_embedding_parquet job;

static void add_text(job *j, size_t column, const char *text) {
    mos_parquet_text(j->writer, column, text[0] == '\0' ? NULL : text);
}

/* The number that the table shows. */
static double number_of(const char *text) {
    double value;
    return mos_parse_double(text, &value) ? value : NAN;
}

static void add_centre(job *j, const mos_embed_facts *facts) {
    const double latitude = number_of(facts->latitude), longitude = number_of(facts->longitude);
    int32_t up, right;
    char name[48];
    const bool known = mos_major_tom_cell(latitude, longitude, &up, &right);
    if (known)
        (void)snprintf(name, sizeof name, "%d%c_%d%c", up < 0 ? -up : up, up < 0 ? 'D' : 'U',
                       right < 0 ? -right : right, right < 0 ? 'L' : 'R');
    mos_parquet_text(j->writer, CELL, known ? name : NULL);
    mos_parquet_whole(j->writer, CELL_ROW, known ? &up : NULL);
    mos_parquet_whole(j->writer, CELL_COLUMN, known ? &right : NULL);
    mos_parquet_real(j->writer, LATITUDE, latitude);
    mos_parquet_real(j->writer, LONGITUDE, longitude);
}

/* A polygon of one ring, as WKB on a machine whose lowest byte comes first. */
static void add_polygon(job *j, const double x[5], const double y[5]) {
    enum { POLYGON = 3, POINTS = 5, HEAD = 13 };
    const uint32_t numbers[] = {POLYGON, 1, POINTS};
    uint8_t wkb[HEAD + POINTS * 2 * sizeof(double)] = {1};
    memcpy(wkb + 1, numbers, sizeof numbers);
    for (int i = 0; i < POINTS; i++) {
        memcpy(wkb + HEAD + (size_t)(2 * i) * sizeof *x, &x[i], sizeof *x);
        memcpy(wkb + HEAD + (size_t)(2 * i + 1) * sizeof *y, &y[i], sizeof *y);
    }
    mos_parquet_bytes(j->writer, GEOMETRY, wkb, sizeof wkb);
}

static void add_shape(job *j, const mos_vector_square *square) {
    double x[5], y[5], box[4] = {NAN, NAN, NAN, NAN};
    if (square->crs != NULL) mos_vector_ring(square, x, y);
    if (square->crs == NULL || !mos_turn_points(j->degrees, square->crs, 5, x, y)) {
        mos_parquet_bytes(j->writer, GEOMETRY, NULL, 0);
    } else {
        add_polygon(j, x, y);
        for (int i = 0; i < 5; i++) {
            box[0] = fmin(box[0], x[i]); /* a number beside a NaN is the least */
            box[1] = fmin(box[1], y[i]);
            box[2] = fmax(box[2], x[i]);
            box[3] = fmax(box[3], y[i]);
        }
    }
    for (int i = 0; i < 4; i++) {
        mos_parquet_real(j->writer, (size_t)(WEST + i), box[i]);
        j->box[i] = i < 2 ? fmin(j->box[i], box[i]) : fmax(j->box[i], box[i]);
    }
}

/* In metres of a zone, which other systems are turned into. */
static void add_footprint(job *j, const mos_vector_square *square) {
    mos_site site = {.crs = square->crs,
                     .x = square->x,
                     .y = square->y,
                     .width = square->width,
                     .height = square->height};
    int64_t epsg = 0;
    mos_place place = {0};
    mos_text wkt = {0};
    char name[32];
    bool known = square->crs != NULL && strncmp(square->crs, "EPSG:", 5) == 0 &&
                 mos_parse_int(square->crs + 5, &epsg) && epsg > 0 && epsg < INT32_MAX;
    if (known && !mos_utm_is_zone((int)epsg)) {
        known = mos_place_of_box(&site, (int)epsg, 1, 1, &place) && mos_utm_is_zone(place.epsg);
        epsg = place.epsg;
        site.x = place.x - place.half_width;
        site.y = place.y + place.half_height;
        site.width = 2 * place.half_width;
        site.height = 2 * place.half_height;
    }
    if (known) {
        const mos_vector_square metres = {"", site.x, site.y, site.width, site.height};
        double x[5], y[5];
        mos_vector_ring(&metres, x, y);
        mos_text_add(&wkt, "POLYGON ((");
        for (int i = 0; i < 5; i++) {
            mos_text_add(&wkt, i == 0 ? "" : ", ");
            mos_text_add_number(&wkt, x[i]);
            mos_text_add(&wkt, " ");
            mos_text_add_number(&wkt, y[i]);
        }
        mos_text_add(&wkt, "))");
        (void)snprintf(name, sizeof name, "EPSG:%d", (int)epsg);
    }
    mos_parquet_text(j->writer, FOOTPRINT, known && !wkt.failed ? wkt.data : NULL);
    mos_parquet_text(j->writer, UTM, known ? name : NULL);
    mos_text_release(&wkt);
}

static mosaic_status add_modalities(job *j, uint32_t present) {
    mos_text names = {0};
    for (int64_t m = 0; m < j->stored->modalities; m++)
        if (present >> m & 1)
            mos_text_add(&names, "%s%s", names.size > 0 ? ";" : "", j->stored->modality[m]);
    mos_parquet_text(j->writer, MODALITIES, names.data);
    const bool failed = names.failed;
    mos_text_release(&names);
    return failed ? mos_fail_memory(0, "names of modalities") : MOSAIC_OK;
}

mosaic_status mos_embedding_parquet_add(mos_embedding_parquet *parquet,
                                        const mos_embed_facts *facts, const void *stored) {
    job *j = parquet;
    mos_parquet_text(j->writer, ID, facts->id);
    mos_parquet_list(j->writer, EMBEDDING, stored,
                     (size_t)(j->stored->modalities * j->stored->size));
    add_text(j, TIMESTAMP, facts->date);
    add_text(j, PRODUCT, facts->product);
    add_centre(j, facts);
    add_shape(j, &facts->square);
    add_footprint(j, &facts->square);
    mos_parquet_list(j->writer, PIXELS, facts->has_pixels ? facts->pixels : NULL, 4);
    add_text(j, SPLIT, facts->split);
    add_text(j, COUNTRY, facts->country);
    add_text(j, LABELS, facts->labels.data);
    MOS_TRY(add_modalities(j, facts->present));
    return mos_parquet_row_end(j->writer);
}

/* The file's "geo" key: https://geoparquet.org/releases/v1.1.0/ */
static void describe_geometry(job *j) {
    static const char *const sides[] = {"xmin", "ymin", "xmax", "ymax"};
    mos_text *geo = &j->geo;
    mos_text_add(geo, "{\"version\": \"1.1.0\", \"primary_column\": \"geometry\", \"columns\": "
                      "{\"geometry\": {\"encoding\": \"WKB\", \"geometry_types\": [\"Polygon\"], "
                      "\"orientation\": \"counterclockwise\", \"edges\": \"planar\", ");
    for (int i = 0; i < 4 && !isnan(j->box[0]); i++) {
        mos_text_add(geo, i == 0 ? "\"bbox\": [" : ", ");
        mos_text_add_number(geo, j->box[i]);
        mos_text_add(geo, i == 3 ? "], " : "");
    }
    mos_text_add(geo, "\"covering\": {\"bbox\": {");
    for (int i = 0; i < 4; i++)
        mos_text_add(geo, "%s\"%s\": [\"bbox\", \"%s\"]", i == 0 ? "" : ", ", sides[i], sides[i]);
    mos_text_add(geo, "}}}}}");
}

mosaic_status mos_embedding_parquet_create(const char *path, const mos_embedding_about *about,
                                           mos_embedding_parquet **out) {
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof **out, "a Parquet file", out));
    job *j = *out;
    j->stored = about;
    memcpy(j->columns, columns, sizeof columns);
    j->columns[EMBEDDING].kind = stored_as[about->type];
    for (int i = 0; i < 4; i++)
        j->box[i] = NAN;
    const char *const keys[] = {"geo", "", "mosaic", "", NULL};
    memcpy(j->keys, keys, sizeof keys);
    MOS_GOTO(mos_turn_create("EPSG:4326", &j->degrees));
    status = mos_parquet_create(path, j->columns, COLUMNS, j->keys, &j->writer);
done:
    if (status != MOSAIC_OK) mos_embedding_parquet_abandon(out);
    return status;
}

mosaic_status mos_embedding_parquet_finish(mos_embedding_parquet **parquet) {
    job *j = *parquet;
    mosaic_status status;
    MOS_GOTO(mos_embedding_about_json(j->stored, false, &j->about));
    describe_geometry(j);
    if (j->geo.failed || j->about.failed) MOS_GOTO(mos_fail_memory(j->geo.size, "a description"));
    j->keys[1] = j->geo.data;
    j->keys[3] = j->about.data;
    status = mos_parquet_finish(&j->writer);
done:
    mos_embedding_parquet_abandon(parquet);
    return status;
}

void mos_embedding_parquet_abandon(mos_embedding_parquet **parquet) {
    job *j = *parquet;
    if (j == NULL) return;
    mos_parquet_abandon(&j->writer);
    mos_turn_destroy(&j->degrees);
    mos_text_release(&j->geo);
    mos_text_release(&j->about);
    mos_free(j);
    *parquet = NULL;
}
