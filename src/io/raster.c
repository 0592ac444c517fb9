#include "io/raster.h"

#include "base/text.h"
#include "io/raster_gdal.h"
#include "io/tiff_extent.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SIDE = 65536, MAX_BANDS = 256 };
static const uint64_t max_bytes = (uint64_t)2 << 30;
/* A file decides how large its blocks are, and GDAL reads whole ones. */
static const uint64_t max_block_bytes = (uint64_t)256 << 20;

/* Formats that patches come in. VRT and the like are left out: a text file of that kind can name
 * any other file or address. */
static const char *const drivers[] = {"GTiff", "COG", "PNG", "JP2OpenJPEG", NULL};

typedef struct open_raster {
    GDALDatasetH dataset;
    int width, height, bands;
    mos_gdal_capture capture;
} open_raster;

static mosaic_status fail_size(const char *path, const open_raster *raster, const char *limit) {
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: raster of %d x %d pixels and %d bands, at most %s are read", path,
                    raster->width, raster->height, raster->bands, limit);
}

static mosaic_status check_limits(const char *path, const open_raster *raster) {
    if (raster->bands < 1) return mos_fail(MOSAIC_ERR_DATA, "%s: no raster band", path);
    if (raster->bands > MAX_BANDS) return fail_size(path, raster, "256 bands");
    if (raster->width > MAX_SIDE || raster->height > MAX_SIDE)
        return fail_size(path, raster, "65536 pixels a side");
    GDALRasterBandH band = GDALGetRasterBand(raster->dataset, 1);
    int block_width = 0, block_height = 0;
    GDALGetBlockSize(band, &block_width, &block_height);
    uint64_t pixel_bytes =
        (uint64_t)GDALGetDataTypeSizeBytes(GDALGetRasterDataType(band)) * (uint64_t)raster->bands;
    if ((uint64_t)raster->width * (uint64_t)raster->height * pixel_bytes > max_bytes)
        return fail_size(path, raster, "2 GiB");
    if ((uint64_t)block_width * (uint64_t)block_height * pixel_bytes > max_block_bytes)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: blocks of %d x %d pixels and %d bands, at most 256 MiB are read", path,
                        block_width, block_height, raster->bands);
    return MOSAIC_OK;
}

/* The capture stays on until close_raster, which takes a failed one too. */
static mosaic_status open_path(const char *path, open_raster *out) {
    mos_gdal_capture_begin(&out->capture);
    out->dataset =
        GDALOpenEx(path, GDAL_OF_RASTER | GDAL_OF_READONLY | GDAL_OF_INTERNAL, drivers, NULL, NULL);
    if (out->dataset == NULL && access(path, R_OK) != 0 && strncmp(path, "/vsi", 4) != 0)
        return mos_fail_errno("open", path);
    if (out->dataset == NULL) {
        MOS_TRY(mos_tiff_whole(path));
        MOS_TRY(mos_gdal_foreign(path));
        return mos_gdal_fail(
            MOSAIC_ERR_DATA, path, &out->capture,
            "not a raster of a known format (GeoTIFF, COG, PNG, JPEG 2000); of what "
            "GDAL knows, gdal_translate -of GTiff makes one");
    }
    out->capture.text[0] =
        '\0'; /* a complaint that did not stop the opening (a strange reference system) */
    out->width = GDALGetRasterXSize(out->dataset);
    out->height = GDALGetRasterYSize(out->dataset);
    out->bands = GDALGetRasterCount(out->dataset);
    return check_limits(path, out);
}

static void close_raster(open_raster *raster) {
    if (raster->dataset != NULL) GDALClose(raster->dataset);
    mos_gdal_capture_end();
}

static bool is_exact(mos_dtype from, mos_dtype to) {
    if (from == to) return true;
    bool small = from == MOS_U8 || from == MOS_U16 || from == MOS_I16 || from == MOS_F32;
    return small && (to == MOS_F32 || to == MOS_F64);
}

static mosaic_status read_band(const char *path, open_raster *raster, int number, mos_dtype dtype,
                               void *out) {
    if (number < 1 || number > raster->bands)
        return mos_fail(MOSAIC_ERR_DATA, "%s: no band %d, it has %d", path, number, raster->bands);
    GDALRasterBandH band = GDALGetRasterBand(raster->dataset, number);
    GDALDataType stored = GDALGetRasterDataType(band);
    mos_dtype from;
    if (!mos_gdal_dtype(stored, &from) || !is_exact(from, dtype))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: band %d holds %s, which does not convert exactly to %s", path, number,
                        GDALGetDataTypeName(stored), mos_dtype_name(dtype));
    CPLErr answer = GDALRasterIO(band, GF_Read, 0, 0, raster->width, raster->height, out,
                                 raster->width, raster->height, mos_gdal_type(dtype), 0, 0);
    /* A damaged block can be reported and still answered with zeros. */
    if (answer != CE_None || raster->capture.text[0] != '\0')
        return mos_gdal_fail(MOSAIC_ERR_DATA, path, &raster->capture, "pixels cannot be read");
    return MOSAIC_OK;
}

mosaic_status mos_raster_read_bands(const char *path, const int *bands, int count, mos_dtype dtype,
                                    void *const *out, int64_t width, int64_t height) {
    open_raster raster = {0};
    mosaic_status status;
    MOS_TRY(mos_raster_init());
    MOS_GOTO(open_path(path, &raster));
    if (raster.width != width || raster.height != height) {
        status = mos_fail(MOSAIC_ERR_DATA, "%s: %d x %d pixels, wanted %lld x %lld", path,
                          raster.width, raster.height, (long long)width, (long long)height);
        goto done;
    }
    for (int b = 0; b < count; b++)
        MOS_GOTO(read_band(path, &raster, bands[b], dtype, out[b]));
done:
    close_raster(&raster);
    return status;
}

mosaic_status mos_raster_read_band(const char *path, int band, mos_dtype dtype, void *out,
                                   int64_t width, int64_t height) {
    return mos_raster_read_bands(path, &band, 1, dtype, &out, width, height);
}

mosaic_status mos_raster_read_mask(const char *path, uint8_t *out, int64_t width, int64_t height) {
    open_raster raster = {0};
    mosaic_status status;
    MOS_TRY(mos_raster_init());
    MOS_GOTO(open_path(path, &raster));
    if (raster.width != width || raster.height != height) {
        status = mos_fail(MOSAIC_ERR_DATA, "%s: %d x %d pixels, wanted %lld x %lld", path,
                          raster.width, raster.height, (long long)width, (long long)height);
        goto done;
    }
    /* GDAL takes transparency for a mask beside one or three bands alone. */
    int alpha = mos_gdal_alpha(raster.dataset);
    GDALRasterBandH mask = alpha > 0 ? GDALGetRasterBand(raster.dataset, alpha)
                                     : GDALGetMaskBand(GDALGetRasterBand(raster.dataset, 1));
    CPLErr answer = GDALRasterIO(mask, GF_Read, 0, 0, raster.width, raster.height, out,
                                 raster.width, raster.height, GDT_Byte, 0, 0);
    if (answer != CE_None || raster.capture.text[0] != '\0')
        status = mos_gdal_fail(MOSAIC_ERR_DATA, path, &raster.capture, "its mask cannot be read");
done:
    close_raster(&raster);
    return status;
}

/* EPSG code of the dataset's reference system, 0 where it has none. */
static int read_epsg(GDALDatasetH dataset) {
    OGRSpatialReferenceH reference = GDALGetSpatialRef(dataset);
    if (reference == NULL) return 0;
    const char *authority = OSRGetAuthorityName(reference, NULL),
               *code = OSRGetAuthorityCode(reference, NULL);
    int64_t number;
    if (authority == NULL || code == NULL || strcmp(authority, "EPSG") != 0) return 0;
    return mos_parse_int(code, &number) && number > 0 && number <= INT_MAX ? (int)number : 0;
}

mosaic_status mos_raster_info_read(const char *path, mos_raster_info *info) {
    memset(info, 0, sizeof *info);
    open_raster raster = {0};
    mosaic_status status;
    MOS_TRY(mos_raster_init());
    MOS_GOTO(open_path(path, &raster));
    info->width = raster.width;
    info->height = raster.height;
    info->bands = raster.bands;
    GDALRasterBandH first = GDALGetRasterBand(raster.dataset, 1);
    if (!mos_gdal_dtype(GDALGetRasterDataType(first), &info->dtype)) {
        status = mos_fail(MOSAIC_ERR_DATA, "%s: pixels of type %s are not supported", path,
                          GDALGetDataTypeName(GDALGetRasterDataType(first)));
        goto done;
    }
    mos_gdal_nodata(raster.dataset, info);
    info->has_transform = GDALGetGeoTransform(raster.dataset, info->transform) == CE_None;
    if (!info->has_transform) memset(info->transform, 0, sizeof info->transform);
    info->epsg = read_epsg(raster.dataset);
    mos_gdal_describe_bands(raster.dataset, info);
done:
    close_raster(&raster);
    return status;
}
