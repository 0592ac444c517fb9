#include "io/vector_file.h"

#include "base/memory.h"
#include "io/raster_gdal.h"
#include "io/turn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct mos_vector {
    const mos_vector_spec *spec;
    char path[4096], part[4200];
    GDALDatasetH dataset;
    OGRLayerH layer;
    OGRSpatialReferenceH reference;
    mos_turn *turn; /* into the layer's system */
};

static bool add_field(OGRLayerH layer, const char *name, OGRFieldType type, OGRFieldSubType sub) {
    OGRFieldDefnH field = OGR_Fld_Create(name, type);
    OGR_Fld_SetSubType(field, sub);
    bool good = OGR_L_CreateField(layer, field, FALSE) == OGRERR_NONE;
    OGR_Fld_Destroy(field);
    return good;
}

static bool create_layer(mos_vector *vector) {
    const mos_vector_spec *spec = vector->spec;
    char **options = CSLSetNameValue(NULL, "DESCRIPTION", spec->description);
    options = CSLSetNameValue(options, "GEOMETRY_NAME", "geom");
    vector->layer = GDALDatasetCreateLayer(vector->dataset, spec->layer, vector->reference,
                                           wkbPolygon, options);
    CSLDestroy(options);
    bool good = vector->layer != NULL;
    for (int i = 0; good && i < spec->texts + spec->numbers; i++)
        good = add_field(vector->layer, spec->names[i], i < spec->texts ? OFTString : OFTReal,
                         OFSTNone);
    return good && OGR_L_StartTransaction(vector->layer) == OGRERR_NONE;
}

mosaic_status mos_vector_create(const char *path, const mos_vector_spec *spec, mos_vector **out) {
    mos_vector *vector;
    mos_gdal_capture capture;
    mosaic_status status = MOSAIC_OK;
    *out = NULL;
    MOS_TRY(mos_raster_init());
    if (strlen(path) >= sizeof vector->path)
        return mos_fail(MOSAIC_ERR_USAGE, "path too long: %.80s...", path);
    MOS_TRY(mos_alloc(1, sizeof *vector, "a vector file", &vector));
    vector->spec = spec;
    (void)snprintf(vector->path, sizeof vector->path, "%s", path);
    (void)snprintf(vector->part, sizeof vector->part, "%s.part.gpkg", path);
    (void)unlink(vector->part);
    mos_gdal_capture_begin(&capture);
    GDALDriverH driver = GDALGetDriverByName("GPKG");
    vector->reference = mos_reference_of(spec->crs);
    if (driver != NULL)
        vector->dataset = GDALCreate(driver, vector->part, 0, 0, 0, GDT_Unknown, NULL);
    if (vector->dataset == NULL || vector->reference == NULL || !create_layer(vector))
        status = mos_gdal_fail(MOSAIC_ERR_IO, path, &capture, "cannot be created");
    mos_gdal_capture_end();
    if (status == MOSAIC_OK) status = mos_turn_create(spec->crs, &vector->turn);
    if (status == MOSAIC_OK)
        *out = vector;
    else
        mos_vector_abandon(&vector);
    return status;
}

void mos_vector_ring(const mos_vector_square *square, double x[5], double y[5]) {
    const double east = square->x + square->width, south = square->y - square->height;
    const double ring_x[] = {square->x, square->x, east, east, square->x},
                 ring_y[] = {square->y, south, south, square->y, square->y};
    memcpy(x, ring_x, sizeof ring_x);
    memcpy(y, ring_y, sizeof ring_y);
}

static bool set_shape(mos_vector *vector, OGRFeatureH feature, const mos_vector_square *square) {
    double x[5], y[5];
    mos_vector_ring(square, x, y);
    if (!mos_turn_points(vector->turn, square->crs, 5, x, y))
        return true; /* a row without a shape */
    OGRGeometryH ring = OGR_G_CreateGeometry(wkbLinearRing),
                 polygon = OGR_G_CreateGeometry(wkbPolygon);
    for (int i = 0; i < 5; i++)
        OGR_G_AddPoint_2D(ring, x[i], y[i]);
    return OGR_G_AddGeometryDirectly(polygon, ring) == OGRERR_NONE &&
           OGR_F_SetGeometryDirectly(feature, polygon) == OGRERR_NONE;
}

mosaic_status mos_vector_add(mos_vector *vector, const mos_vector_square *square,
                             const char *const *texts, const double *numbers) {
    const mos_vector_spec *spec = vector->spec;
    mos_gdal_capture capture;
    mosaic_status status = MOSAIC_OK;
    mos_gdal_capture_begin(&capture);
    OGRFeatureH feature = OGR_F_Create(OGR_L_GetLayerDefn(vector->layer));
    for (int i = 0; i < spec->texts; i++)
        if (texts[i] != NULL) OGR_F_SetFieldString(feature, i, texts[i]);
    for (int i = 0; i < spec->numbers; i++)
        if (!isnan(numbers[i])) OGR_F_SetFieldDouble(feature, spec->texts + i, numbers[i]);
    bool good = square->crs == NULL || set_shape(vector, feature, square);
    if (!good || OGR_L_CreateFeature(vector->layer, feature) != OGRERR_NONE)
        status = mos_gdal_fail(MOSAIC_ERR_IO, vector->path, &capture, "a row cannot be written");
    OGR_F_Destroy(feature);
    mos_gdal_capture_end();
    return status;
}

/* QGIS looks for a table of this name and takes the style marked as default. */
static bool add_style(mos_vector *vector) {
    static const char *const names[] = {"f_table_catalog", "f_table_schema",
                                        "f_table_name",    "f_geometry_column",
                                        "styleName",       "styleQML",
                                        "styleSLD",        "description",
                                        "owner",           "ui"};
    const mos_vector_spec *spec = vector->spec;
    const char *const values[] = {"",          "", spec->layer, "geom", spec->layer,
                                  spec->style, "", "",          "",     ""};
    if (spec->style == NULL) return true;
    OGRLayerH layer = GDALDatasetCreateLayer(vector->dataset, "layer_styles", NULL, wkbNone, NULL);
    if (layer == NULL) return false;
    bool good = true;
    for (int i = 0; i < 10; i++)
        good = good && add_field(layer, names[i], OFTString, OFSTNone);
    good = good && add_field(layer, "useAsDefault", OFTInteger, OFSTBoolean) &&
           add_field(layer, "update_time", OFTDateTime, OFSTNone);
    OGRFeatureH feature = OGR_F_Create(OGR_L_GetLayerDefn(layer));
    for (int i = 0; good && i < 10; i++)
        OGR_F_SetFieldString(feature, i, values[i]);
    if (good) OGR_F_SetFieldInteger(feature, 10, 1);
    if (good) OGR_F_SetFieldDateTime(feature, 11, 2000, 1, 1, 0, 0, 0, 100);
    good = good && OGR_L_CreateFeature(layer, feature) == OGRERR_NONE;
    OGR_F_Destroy(feature);
    return good;
}

mosaic_status mos_vector_finish(mos_vector **pointer) {
    mos_vector *vector = *pointer;
    mos_gdal_capture capture;
    mosaic_status status = MOSAIC_OK;
    mos_gdal_capture_begin(&capture);
    bool good = OGR_L_CommitTransaction(vector->layer) == OGRERR_NONE && add_style(vector);
    GDALClose(vector->dataset); /* a full disk may show here only */
    vector->dataset = NULL;
    if (!good || capture.text[0] != '\0')
        status = mos_gdal_fail(MOSAIC_ERR_IO, vector->path, &capture, "cannot be written");
    else if (rename(vector->part, vector->path) != 0)
        status = mos_fail_errno("create", vector->path);
    mos_gdal_capture_end();
    mos_vector_abandon(pointer);
    return status;
}

void mos_vector_abandon(mos_vector **pointer) {
    mos_vector *vector = *pointer;
    if (vector == NULL) return;
    mos_gdal_capture silent;
    mos_gdal_capture_begin(&silent);
    if (vector->dataset != NULL) GDALClose(vector->dataset);
    mos_turn_destroy(&vector->turn);
    if (vector->reference != NULL) OSRDestroySpatialReference(vector->reference);
    mos_gdal_capture_end();
    (void)unlink(vector->part);
    mos_free(vector);
    *pointer = NULL;
}
