#include "io/raster_scene.h"

#include "io/raster_window.h"
#include "io/tiff_extent.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* A spline costs every point at every pixel: Sentinel-1 has some 200. */
enum { MAX_BANDS = 256, MIN_POINTS = 3, MAX_POINTS = 1000 };

static const char *const drivers[] = {"GTiff", "COG", "JP2OpenJPEG", "PNG",
                                      "ENVI",  "HFA", "VRT",         NULL};

/* A VRT names other files; an address among them would open a socket. A file that was cut off is no
 * source, however much of it GDAL makes out. */
static mosaic_status check_sources(const char *path, GDALDatasetH dataset) {
    static const char *const remote[] = {"/vsicurl", "/vsis3",  "/vsigs",    "/vsiaz",
                                         "/vsiadls", "/vsioss", "/vsiswift", "/vsiwebhdfs",
                                         "/vsihdfs", "http:",   "https:",    "ftp:"};
    char **files = GDALGetFileList(dataset);
    mosaic_status status = MOSAIC_OK;
    for (int f = 0; files != NULL && files[f] != NULL && status == MOSAIC_OK; f++) {
        for (size_t r = 0; r < sizeof remote / sizeof *remote; r++) {
            if (strncasecmp(files[f], remote[r], strlen(remote[r])) != 0) continue;
            status = mos_fail(MOSAIC_ERR_DATA, "%s: its source '%.200s' is not on this machine",
                              path, files[f]);
            break;
        }
        if (status == MOSAIC_OK) status = mos_tiff_whole(files[f]);
    }
    CSLDestroy(files);
    return status;
}

mosaic_status mos_scene_open(const char *path, mos_gdal_capture *capture, GDALDatasetH *out) {
    GDALDatasetH dataset =
        GDALOpenEx(path, GDAL_OF_RASTER | GDAL_OF_READONLY | GDAL_OF_INTERNAL, drivers, NULL, NULL);
    *out = dataset;
    if (dataset == NULL && access(path, R_OK) != 0 && strncmp(path, "/vsi", 4) != 0)
        return mos_fail_errno("open", path);
    if (dataset == NULL) {
        MOS_TRY(mos_tiff_whole(path));
        MOS_TRY(mos_gdal_foreign(path));
        return mos_gdal_fail(MOSAIC_ERR_DATA, path, capture,
                             "not a raster of a known format (GeoTIFF, COG, JPEG 2000, PNG, ENVI, "
                             "Erdas Imagine, VRT)");
    }
    capture->text[0] = '\0';
    int bands = GDALGetRasterCount(dataset);
    if (bands < 1 || bands > MAX_BANDS)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %d bands, wanted 1 to %d", path, bands, MAX_BANDS);
    return check_sources(path, dataset);
}

static void fill_info(GDALDatasetH dataset, mos_raster_info *info) {
    info->width = GDALGetRasterXSize(dataset);
    info->height = GDALGetRasterYSize(dataset);
    info->bands = GDALGetRasterCount(dataset);
    info->has_transform = GDALGetGeoTransform(dataset, info->transform) == CE_None;
    if (!info->has_transform) info->control_points = GDALGetGCPCount(dataset);
    mos_gdal_nodata(dataset, info);
    mos_gdal_describe_bands(dataset, info);
}

mosaic_status mos_scene_info_read(const char *path, mos_raster_info *info) {
    GDALDatasetH dataset = NULL;
    mos_gdal_capture capture;
    mosaic_status status;
    memset(info, 0, sizeof *info);
    MOS_TRY(mos_raster_init());
    mos_gdal_capture_begin(&capture);
    MOS_GOTO(mos_scene_open(path, &capture, &dataset));
    fill_info(dataset, info);
    for (int b = 1; b <= info->bands; b++) {
        GDALDataType type = GDALGetRasterDataType(GDALGetRasterBand(dataset, b));
        mos_dtype found;
        if (!mos_gdal_dtype(type, &found))
            status = mos_fail(MOSAIC_ERR_DATA, "%s: pixels of type %s are not supported", path,
                              GDALGetDataTypeName(type));
        else if (b == 1)
            info->dtype = found;
        else if (found != info->dtype)
            status = mos_fail(MOSAIC_ERR_DATA, "%s: band %d holds %s, band 1 holds %s", path, b,
                              mos_dtype_name(found), mos_dtype_name(info->dtype));
        if (status != MOSAIC_OK) goto done;
    }
done:
    if (dataset != NULL) GDALClose(dataset);
    mos_gdal_capture_end();
    return status;
}

/* "EPSG:n" where the system is exactly that one, else WKT. */
static bool write_crs(OGRSpatialReferenceH reference, char out[MOS_CRS_BYTES]) {
    const char *authority = OSRGetAuthorityName(reference, NULL),
               *code = OSRGetAuthorityCode(reference, NULL);
    if (authority != NULL && code != NULL && strcmp(authority, "EPSG") == 0)
        return snprintf(out, MOS_CRS_BYTES, "EPSG:%s", code) < MOS_CRS_BYTES;
    char *wkt = NULL;
    bool good = OSRExportToWkt(reference, &wkt) == OGRERR_NONE && wkt != NULL &&
                snprintf(out, MOS_CRS_BYTES, "%s", wkt) < MOS_CRS_BYTES;
    CPLFree(wkt);
    return good;
}

static mosaic_status parse_crs(const char *text, OGRSpatialReferenceH *out) {
    *out = OSRNewSpatialReference(NULL);
    if (*out != NULL && OSRSetFromUserInput(*out, text) == OGRERR_NONE) return MOSAIC_OK;
    if (*out != NULL) OSRDestroySpatialReference(*out);
    *out = NULL;
    return mos_fail(MOSAIC_ERR_USAGE,
                    "'%.120s' is no reference system, wanted a code such as EPSG:32633, or WKT",
                    text);
}

mosaic_status mos_crs_normalise(const char *text, char out[MOS_CRS_BYTES]) {
    OGRSpatialReferenceH reference = NULL;
    mos_gdal_capture capture;
    MOS_TRY(mos_raster_init());
    mos_gdal_capture_begin(&capture);
    mosaic_status status = parse_crs(text, &reference);
    if (status == MOSAIC_OK && !write_crs(reference, out))
        status = mos_fail(MOSAIC_ERR_USAGE, "'%.120s' is too long a reference system", text);
    if (reference != NULL) OSRDestroySpatialReference(reference);
    mos_gdal_capture_end();
    return status;
}

mosaic_status mos_crs_is_geographic(const char *crs, bool *out) {
    OGRSpatialReferenceH reference = NULL;
    mos_gdal_capture capture;
    MOS_TRY(mos_raster_init());
    mos_gdal_capture_begin(&capture);
    mosaic_status status = parse_crs(crs, &reference);
    *out = status == MOSAIC_OK && OSRIsGeographic(reference) != 0;
    if (reference != NULL) OSRDestroySpatialReference(reference);
    mos_gdal_capture_end();
    return status;
}

mosaic_status mos_scene_crs_read(const char *path, const char *given, char out[MOS_CRS_BYTES]) {
    GDALDatasetH dataset = NULL;
    mos_gdal_capture capture;
    mosaic_status status;
    if (given != NULL) return mos_context(mos_crs_normalise(given, out), "%s", path);
    MOS_TRY(mos_raster_init());
    mos_gdal_capture_begin(&capture);
    MOS_GOTO(mos_scene_open(path, &capture, &dataset));
    OGRSpatialReferenceH reference = GDALGetSpatialRef(dataset);
    if (reference == NULL) reference = GDALGetGCPSpatialRef(dataset);
    if (reference == NULL)
        status = mos_fail(MOSAIC_ERR_DATA,
                          "%s: no reference system; the key crs of this raster gives it, as in "
                          "crs: EPSG:32633",
                          path);
    else if (!write_crs(reference, out))
        status = mos_gdal_fail(MOSAIC_ERR_DATA, path, &capture, "unusable reference system");
done:
    if (dataset != NULL) GDALClose(dataset);
    mos_gdal_capture_end();
    return status;
}

/* A spline through points on one line, or through two, is a line as well: GDAL makes it and says
 * nothing. */
static mosaic_status check_points(const char *path, GDALDatasetH dataset) {
    const GDAL_GCP *points = GDALGetGCPs(dataset);
    int count = GDALGetGCPCount(dataset);
    double x = 0, y = 0, xx = 0, xy = 0, yy = 0;
    if (count < MIN_POINTS || count > MAX_POINTS)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: placed by %d ground control points, wanted %d to %d; warp it onto a "
                        "map grid first",
                        path, count, MIN_POINTS, MAX_POINTS);
    for (int p = 0; p < count; p++) {
        x += points[p].dfGCPPixel / count;
        y += points[p].dfGCPLine / count;
    }
    for (int p = 0; p < count; p++) {
        double right = points[p].dfGCPPixel - x, down = points[p].dfGCPLine - y;
        xx += right * right;
        xy += right * down;
        yy += down * down;
    }
    if (xx * yy - xy * xy > 1e-6 * (xx + yy) * (xx + yy)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "%s: its %d ground control points lie on one line", path,
                    count);
}

/* Which of GDAL's ways from pixels to places: left to itself it takes what there is, RPCs without
 * heights too. */
static mosaic_status find_method(const char *path, GDALDatasetH dataset, const char **method) {
    double transform[6];
    *method = "GEOTRANSFORM";
    if (GDALGetGeoTransform(dataset, transform) == CE_None) return MOSAIC_OK;
    *method = "GCP_TPS";
    if (GDALGetGCPCount(dataset) > 0) return check_points(path, dataset);
    if (GDALGetMetadata(dataset, "RPC") != NULL)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: placed by RPCs alone, which need heights; orthorectify it first",
                        path);
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: no georeference: neither a transform nor ground control points", path);
}

mosaic_status mos_scene_transformer(const char *path, GDALDatasetH dataset, const char *given,
                                    const char *crs, const mos_gdal_capture *capture, void **out) {
    const char *method;
    char **options = NULL;
    *out = NULL;
    MOS_TRY(find_method(path, dataset, &method));
    options = CSLSetNameValue(options, "METHOD", method);
    if (given != NULL) options = CSLSetNameValue(options, "SRC_SRS", given);
    options = CSLSetNameValue(options, "DST_SRS", crs);
    *out = GDALCreateGenImgProjTransformer2(dataset, NULL, options);
    CSLDestroy(options);
    return *out != NULL ? MOSAIC_OK
                        : mos_gdal_fail(MOSAIC_ERR_DATA, path, capture,
                                        "cannot be brought into another reference system");
}

/* Points of the raster's outline and the pixel in its middle. */
static mosaic_status outline(const char *path, GDALDatasetH dataset, void *transformer,
                             mos_extent *out, double *resolution) {
    enum { STEPS = 21, POINTS = STEPS * STEPS + 4 };
    double x[POINTS], y[POINTS], z[POINTS] = {0};
    int success[POINTS];
    double width = GDALGetRasterXSize(dataset), height = GDALGetRasterYSize(dataset);
    for (int p = 0; p < STEPS * STEPS; p++) {
        x[p] = width * (p % STEPS) / (STEPS - 1);
        y[p] = height * (p / STEPS) / (STEPS - 1);
    }
    for (int p = 0; p < 4; p++) { /* a pixel's corners */
        x[STEPS * STEPS + p] = width / 2 + (p & 1);
        y[STEPS * STEPS + p] = height / 2 + (p >> 1);
    }
    (void)GDALGenImgProjTransform(transformer, FALSE, POINTS, x, y, z, success);
    bool any = false;
    for (int p = 0; p < STEPS * STEPS; p++) {
        if (!success[p] || !isfinite(x[p]) || !isfinite(y[p])) continue;
        if (!any) *out = (mos_extent){.west = x[p], .south = y[p], .east = x[p], .north = y[p]};
        any = true;
        out->west = fmin(out->west, x[p]);
        out->east = fmax(out->east, x[p]);
        out->south = fmin(out->south, y[p]);
        out->north = fmax(out->north, y[p]);
    }
    const int a = STEPS * STEPS, b = a + 1, c = a + 2;
    double area = fabs((x[b] - x[a]) * (y[c] - y[a]) - (x[c] - x[a]) * (y[b] - y[a]));
    *resolution = sqrt(area);
    if (!any || !(*resolution > 0) || !isfinite(*resolution))
        return mos_fail(MOSAIC_ERR_DATA, "%s: has no place in the grid's reference system", path);
    return MOSAIC_OK;
}

double mos_grid_down(const mos_grid *grid) {
    return grid->down > 0 ? grid->down : grid->resolution;
}

/* Does the transformer leave the raster's own coordinates as they are? */
static void find_pixel(GDALDatasetH dataset, void *transformer, mos_extent *out) {
    double own[6], width = GDALGetRasterXSize(dataset), height = GDALGetRasterYSize(dataset);
    double x[] = {0, width, 0, width}, y[] = {0, 0, height, height}, z[4] = {0};
    int success[4] = {0};
    const double nearly = 1e-6;
    if (GDALGetGeoTransform(dataset, own) != CE_None || own[2] != 0 || own[4] != 0 ||
        !(own[1] > 0) || !(own[5] < 0))
        return;
    (void)GDALGenImgProjTransform(transformer, FALSE, 4, x, y, z, success);
    for (int p = 0; p < 4; p++) {
        double east = own[0] + (p & 1 ? width : 0) * own[1],
               north = own[3] + (p & 2 ? height : 0) * own[5];
        if (!success[p] || !(fabs(x[p] - east) <= nearly * own[1]) ||
            !(fabs(y[p] - north) <= nearly * -own[5]))
            return;
    }
    out->pixel_width = own[1];
    out->pixel_height = -own[5];
}

mosaic_status mos_scene_extent(const char *path, const char *given, const char *crs,
                               mos_extent *out, double *resolution) {
    GDALDatasetH dataset = NULL;
    void *transformer = NULL;
    mos_gdal_capture capture;
    mosaic_status status;
    MOS_TRY(mos_raster_init());
    mos_gdal_capture_begin(&capture);
    MOS_GOTO(mos_scene_open(path, &capture, &dataset));
    MOS_GOTO(mos_scene_transformer(path, dataset, given, crs, &capture, &transformer));
    MOS_GOTO(outline(path, dataset, transformer, out, resolution));
    find_pixel(dataset, transformer, out);
done:
    if (transformer != NULL) GDALDestroyGenImgProjTransformer(transformer);
    if (dataset != NULL) GDALClose(dataset);
    mos_gdal_capture_end();
    return status;
}
