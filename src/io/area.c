#include "io/area.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/raster_gdal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES = 100 /* of a box's longer side */, MAX_DEPTH = 8 };

typedef struct area_edge {
    double x[2], y[2];
} area_edge;

/* Edges of the rings of one polygon. A pixel is inside when a ray from it meets an odd number of
 * edges (even-odd rule). */
typedef struct area_polygon {
    size_t first, count;
    mos_extent box;
} area_polygon;

struct mos_area {
    area_edge *edges;
    area_polygon *polygons;
    size_t edge_count, edge_capacity, polygon_count, polygon_capacity;
};

static bool parse_box(const char *text, double box[4]) {
    char part[64];
    for (int i = 0; i < 4; i++) {
        size_t size = strcspn(text, ",");
        if (size >= sizeof part || (text[size] == ',') != (i < 3)) return false;
        memcpy(part, text, size);
        part[size] = '\0';
        if (!mos_parse_double(part, &box[i]) || !isfinite(box[i])) return false;
        text += size + (i < 3);
    }
    return true;
}

bool mos_area_is_box(const char *text) {
    double box[4];
    return parse_box(text, box);
}

static OGRSpatialReferenceH reference_of(const char *crs) {
    OGRSpatialReferenceH reference = OSRNewSpatialReference(NULL);
    if (reference == NULL) return NULL;
    if (OSRSetFromUserInput(reference, crs) == OGRERR_NONE) {
        OSRSetAxisMappingStrategy(reference, OAMS_TRADITIONAL_GIS_ORDER);
        return reference;
    }
    OSRDestroySpatialReference(reference);
    return NULL;
}

static mosaic_status add_ring(mos_area *area, area_polygon *polygon, OGRGeometryH ring) {
    int points = OGR_G_GetPointCount(ring);
    for (int p = 0; p + 1 < points; p++) {
        MOS_TRY(mos_grow(&area->edges, &area->edge_capacity, area->edge_count + 1,
                         sizeof *area->edges, "an area"));
        area_edge *edge = &area->edges[area->edge_count++];
        for (int end = 0; end < 2; end++) {
            double x = OGR_G_GetX(ring, p + end), y = OGR_G_GetY(ring, p + end);
            edge->x[end] = x;
            edge->y[end] = y;
            if (polygon->count == 0 && end == 0)
                polygon->box = (mos_extent){.west = x, .east = x, .south = y, .north = y};
            polygon->box.west = fmin(polygon->box.west, x);
            polygon->box.east = fmax(polygon->box.east, x);
            polygon->box.south = fmin(polygon->box.south, y);
            polygon->box.north = fmax(polygon->box.north, y);
        }
        polygon->count++;
    }
    return MOSAIC_OK;
}

/* The polygons of a geometry in the grid's system; what is none is no area. */
static mosaic_status add_geometry(mos_area *area, OGRGeometryH geometry, int depth) {
    OGRwkbGeometryType type = OGR_GT_Flatten(OGR_G_GetGeometryType(geometry));
    int parts = OGR_G_GetGeometryCount(geometry);
    if (type == wkbPolygon) {
        MOS_TRY(mos_grow(&area->polygons, &area->polygon_capacity, area->polygon_count + 1,
                         sizeof *area->polygons, "an area"));
        area_polygon polygon = {.first = area->edge_count};
        for (int r = 0; r < parts; r++)
            MOS_TRY(add_ring(area, &polygon, OGR_G_GetGeometryRef(geometry, r)));
        if (polygon.count > 0) area->polygons[area->polygon_count++] = polygon;
        return MOSAIC_OK;
    }
    if (type != wkbMultiPolygon && type != wkbGeometryCollection) return MOSAIC_OK;
    for (int p = 0; p < parts && depth < MAX_DEPTH; p++)
        MOS_TRY(add_geometry(area, OGR_G_GetGeometryRef(geometry, p), depth + 1));
    return MOSAIC_OK;
}

/* Takes the geometry. A side that is straight in the file's system may be bent in the grid's: it is
 * cut into short pieces first. */
static mosaic_status add_projected(mos_area *area, const char *what, OGRGeometryH geometry,
                                   OGRSpatialReferenceH from, OGRSpatialReferenceH to,
                                   const mos_gdal_capture *capture) {
    mosaic_status status = MOSAIC_OK;
    if (!OSRIsSame(from, to)) {
        OGREnvelope box;
        OGR_G_GetEnvelope(geometry, &box);
        double longer = fmax(box.MaxX - box.MinX, box.MaxY - box.MinY);
        OGRCoordinateTransformationH way = OCTNewCoordinateTransformation(from, to);
        if (longer > 0) OGR_G_Segmentize(geometry, longer / PIECES);
        if (way == NULL || OGR_G_Transform(geometry, way) != OGRERR_NONE)
            status = mos_gdal_fail(MOSAIC_ERR_DATA, what, capture,
                                   "the area has no place in the grid's reference system");
        if (way != NULL) OCTDestroyCoordinateTransformation(way);
    }
    if (status == MOSAIC_OK) status = add_geometry(area, geometry, 0);
    OGR_G_DestroyGeometry(geometry);
    return status;
}

static mosaic_status open_box(mos_area *area, const char *text, const double box[4],
                              const char *crs, OGRSpatialReferenceH grid,
                              const mos_gdal_capture *capture) {
    if (!(box[0] < box[2] && box[1] < box[3]))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "area %s: wanted xmin,ymin,xmax,ymax, as in "
                        "13.0,52.3,13.8,52.7",
                        text);
    if (crs == NULL && (box[0] < -180 || box[2] > 180 || box[1] < -90 || box[3] > 90))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "area %s: no degrees; which reference system are they of? --aoi-crs, or "
                        "grid.area_crs, says it, as in EPSG:32633",
                        text);
    OGRSpatialReferenceH from = reference_of(crs == NULL ? "EPSG:4326" : crs);
    if (from == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "area %s: '%.120s' is no reference system", text, crs);
    OGRGeometryH ring = OGR_G_CreateGeometry(wkbLinearRing),
                 polygon = OGR_G_CreateGeometry(wkbPolygon);
    static const int corners[5][2] = {{0, 1}, {2, 1}, {2, 3}, {0, 3}, {0, 1}};
    for (int c = 0; c < 5; c++)
        OGR_G_AddPoint_2D(ring, box[corners[c][0]], box[corners[c][1]]);
    OGR_G_AddGeometryDirectly(polygon, ring);
    mosaic_status status = add_projected(area, text, polygon, from, grid, capture);
    OSRDestroySpatialReference(from);
    return status;
}

static mosaic_status read_layer(mos_area *area, const char *path, OGRLayerH layer, const char *crs,
                                OGRSpatialReferenceH grid, const mos_gdal_capture *capture) {
    OGRSpatialReferenceH own = OGR_L_GetSpatialRef(layer), from;
    OGRFeatureH feature;
    mosaic_status status = MOSAIC_OK;
    if (crs == NULL && own == NULL)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: no reference system; --aoi-crs, or grid.area_crs, says it", path);
    from = crs != NULL ? reference_of(crs) : OSRClone(own);
    if (from == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: '%.120s' is no reference system", path, crs);
    OSRSetAxisMappingStrategy(from, OAMS_TRADITIONAL_GIS_ORDER);
    OGR_L_ResetReading(layer);
    while (status == MOSAIC_OK && (feature = OGR_L_GetNextFeature(layer)) != NULL) {
        OGRGeometryH geometry = OGR_F_GetGeometryRef(feature);
        if (geometry != NULL)
            status = add_projected(area, path, OGR_G_ForceToPolygon(OGR_G_Clone(geometry)), from,
                                   grid, capture);
        OGR_F_Destroy(feature);
    }
    OSRDestroySpatialReference(from);
    return status;
}

static mosaic_status open_file(mos_area *area, const char *path, const char *crs,
                               OGRSpatialReferenceH grid, mos_gdal_capture *capture) {
    static const char *const drivers[] = {"GeoJSON", "GPKG", "FlatGeobuf", "ESRI Shapefile", NULL};
    mosaic_status status = MOSAIC_OK;
    if (!mos_path_exists(path))
        return mos_fail(MOSAIC_ERR_DATA, "%s: no such file, and no xmin,ymin,xmax,ymax either",
                        path);
    GDALDatasetH file = GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_READONLY, drivers, NULL, NULL);
    if (file == NULL)
        return mos_gdal_fail(MOSAIC_ERR_DATA, path, capture,
                             "not a GeoJSON, GeoPackage, FlatGeobuf or shapefile");
    for (int l = 0; l < GDALDatasetGetLayerCount(file) && status == MOSAIC_OK; l++)
        status = read_layer(area, path, GDALDatasetGetLayer(file, l), crs, grid, capture);
    GDALClose(file);
    if (status == MOSAIC_OK && capture->text[0] != '\0')
        status = mos_gdal_fail(MOSAIC_ERR_DATA, path, capture, "");
    if (status == MOSAIC_OK && area->polygon_count == 0)
        status = mos_fail(MOSAIC_ERR_DATA, "%s: holds no polygon", path);
    return status;
}

mosaic_status mos_area_open(const char *text, const char *crs, const char *grid_crs,
                            mos_area **out) {
    mos_area *area;
    mos_gdal_capture capture;
    double box[4];
    *out = NULL;
    MOS_TRY(mos_raster_init());
    MOS_TRY(mos_alloc(1, sizeof *area, "an area", &area));
    mos_gdal_capture_begin(&capture);
    OGRSpatialReferenceH grid = reference_of(grid_crs);
    mosaic_status status =
        grid == NULL ? mos_fail(MOSAIC_ERR_RUNTIME, "'%.120s' is no reference system", grid_crs)
        : parse_box(text, box) ? open_box(area, text, box, crs, grid, &capture)
                               : open_file(area, text, crs, grid, &capture);
    if (grid != NULL) OSRDestroySpatialReference(grid);
    mos_gdal_capture_end();
    if (status == MOSAIC_OK)
        *out = area;
    else
        mos_area_close(&area);
    return status;
}

void mos_area_close(mos_area **area) {
    if (*area == NULL) return;
    mos_free((*area)->edges);
    mos_free((*area)->polygons);
    mos_free(*area);
    *area = NULL;
}

mos_extent mos_area_box(const mos_area *area) {
    mos_extent box = area->polygons[0].box;
    for (size_t p = 1; p < area->polygon_count; p++) {
        const mos_extent *other = &area->polygons[p].box;
        box.west = fmin(box.west, other->west);
        box.east = fmax(box.east, other->east);
        box.south = fmin(box.south, other->south);
        box.north = fmax(box.north, other->north);
    }
    return box;
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Pixels from the first whose centre is at or right of `from` to the last left of `to`. */
static void fill_span(const mos_grid *grid, int64_t x, int64_t width, double from, double to,
                      uint8_t *row) {
    double first = ceil((from - grid->x) / grid->resolution - 0.5) - (double)x,
           end = ceil((to - grid->x) / grid->resolution - 0.5) - (double)x;
    first = fmax(first, 0);
    end = fmin(end, (double)width);
    if (first < end) memset(row + (int64_t)first, 1, (size_t)((int64_t)end - (int64_t)first));
}

static void fill_row(const mos_area *area, const area_polygon *polygon, const mos_grid *grid,
                     int64_t x, int64_t width, double centre, double *crossing, uint8_t *row) {
    size_t count = 0;
    for (size_t e = polygon->first; e < polygon->first + polygon->count; e++) {
        const area_edge *edge = &area->edges[e];
        if ((edge->y[0] <= centre) == (edge->y[1] <= centre)) continue;
        double share = (centre - edge->y[0]) / (edge->y[1] - edge->y[0]);
        crossing[count++] = edge->x[0] + share * (edge->x[1] - edge->x[0]);
    }
    qsort(crossing, count, sizeof *crossing, ascending);
    for (size_t c = 0; c + 1 < count; c += 2)
        fill_span(grid, x, width, crossing[c], crossing[c + 1], row);
}

mosaic_status mos_area_pixels(const mos_area *area, const mos_grid *grid, int64_t x, int64_t y,
                              int64_t width, int64_t height, uint8_t *out) {
    double *crossing, pixel = mos_grid_down(grid);
    memset(out, 0, (size_t)(width * height));
    MOS_TRY(mos_alloc(area->edge_count, sizeof *crossing, "an area", &crossing));
    for (size_t p = 0; p < area->polygon_count; p++) {
        const area_polygon *polygon = &area->polygons[p];
        for (int64_t r = 0; r < height; r++) {
            double centre = grid->y - ((double)(y + r) + 0.5) * pixel;
            if (centre < polygon->box.south || centre > polygon->box.north) continue;
            fill_row(area, polygon, grid, x, width, centre, crossing, out + r * width);
        }
    }
    mos_free(crossing);
    return MOSAIC_OK;
}
