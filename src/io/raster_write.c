#include "base/file.h"
#include "io/raster_gdal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct raster_source {
    mos_dtype dtype;
    int64_t width, height;
    int bands;
    const void *const *planes;
    const double *transform;
    int epsg;
    const double *nodata;
    const char *const *options;
} raster_source;

static mosaic_status set_reference(GDALDatasetH dataset, const raster_source *source,
                                   const char *path, const mos_gdal_capture *capture) {
    if (source->transform != NULL) {
        double transform[6];
        for (int i = 0; i < 6; i++)
            transform[i] = source->transform[i];
        if (GDALSetGeoTransform(dataset, transform) != CE_None)
            return mos_gdal_fail(MOSAIC_ERR_RUNTIME, path, capture,
                                 "geotransform cannot be written");
    }
    if (source->epsg == 0) return MOSAIC_OK;
    OGRSpatialReferenceH reference = OSRNewSpatialReference(NULL);
    bool good = reference != NULL && OSRImportFromEPSG(reference, source->epsg) == OGRERR_NONE &&
                GDALSetSpatialRef(dataset, reference) == CE_None;
    if (reference != NULL) OSRDestroySpatialReference(reference);
    return good ? MOSAIC_OK
                : mos_gdal_fail(MOSAIC_ERR_RUNTIME, path, capture,
                                "reference system cannot be written");
}

static mosaic_status fill(GDALDatasetH dataset, const raster_source *source, const char *path,
                          const mos_gdal_capture *capture) {
    MOS_TRY(set_reference(dataset, source, path, capture));
    GDALDataType type = mos_gdal_type(source->dtype);
    for (int b = 0; b < source->bands; b++) {
        GDALRasterBandH band = GDALGetRasterBand(dataset, b + 1);
        if (source->nodata != NULL && GDALSetRasterNoDataValue(band, *source->nodata) != CE_None)
            return mos_gdal_fail(MOSAIC_ERR_RUNTIME, path, capture,
                                 "no-data value cannot be written");
        void *plane; /* GDAL writes from a pointer without const */
        const void *from = source->planes[b];
        memcpy(&plane, &from, sizeof plane);
        if (GDALRasterIO(band, GF_Write, 0, 0, (int)source->width, (int)source->height, plane,
                         (int)source->width, (int)source->height, type, 0, 0) != CE_None)
            return mos_gdal_fail(MOSAIC_ERR_IO, path, capture, "pixels cannot be written");
    }
    return MOSAIC_OK;
}

static mosaic_status write_file(const char *temporary, const char *path,
                                const raster_source *source) {
    mos_gdal_capture capture;
    mos_gdal_capture_begin(&capture);
    mosaic_status status = MOSAIC_OK;
    char **options = NULL;
    for (const char *const *at = source->options; at != NULL && *at != NULL; at++)
        options = CSLAddString(options, *at);
    GDALDriverH driver = GDALGetDriverByName("GTiff");
    GDALDatasetH dataset =
        driver == NULL ? NULL
                       : GDALCreate(driver, temporary, (int)source->width, (int)source->height,
                                    source->bands, mos_gdal_type(source->dtype), options);
    CSLDestroy(options);
    if (dataset == NULL) {
        status = mos_gdal_fail(MOSAIC_ERR_IO, path, &capture, "cannot be created");
    } else {
        status = fill(dataset, source, path, &capture);
        GDALClose(dataset); /* writes what is still cached: a full disk may show here only */
        if (status == MOSAIC_OK && capture.text[0] != '\0')
            status = mos_gdal_fail(MOSAIC_ERR_IO, path, &capture, "");
    }
    mos_gdal_capture_end();
    return status;
}

mosaic_status mos_raster_write(const char *path, mos_dtype dtype, int64_t width, int64_t height,
                               int bands, const void *const *planes, const double *transform,
                               int epsg, const double *nodata,
                               const char *const *creation_options) {
    MOS_TRY(mos_raster_init());
    raster_source source = {dtype,     width, height, bands,           planes,
                            transform, epsg,  nodata, creation_options};
    if (mos_gdal_type(dtype) == GDT_Unknown || width < 1 || height < 1 || width > 65536 ||
        height > 65536 || bands < 1 || bands > 256)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: cannot write %lld x %lld pixels of %s in %d bands",
                        path, (long long)width, (long long)height, mos_dtype_name(dtype), bands);
    char temporary[4096], suffix[40];
    (void)snprintf(suffix, sizeof suffix, ".part-%ld", (long)getpid());
    if ((size_t)snprintf(temporary, sizeof temporary, "%s%s", path, suffix) >= sizeof temporary)
        return mos_fail(MOSAIC_ERR_USAGE, "path too long: %.80s...", path);
    mosaic_status status = write_file(temporary, path, &source);
    if (status == MOSAIC_OK && rename(temporary, path) != 0)
        status = mos_fail_errno("create", path);
    if (status != MOSAIC_OK) (void)unlink(temporary);
    return status;
}
