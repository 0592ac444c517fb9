#include "io/raster_gdal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* 0: GDAL's own limit, a share of all memory. */
static _Atomic int64_t cache_limit;
static atomic_bool is_set_up;

static void set_up(void) {
    /* No side files: none is written (.aux.xml), and folders of ten thousand patches are not listed
     * on every open. */
    CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");
    CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
    GDALAllRegister();
    atomic_store(&is_set_up, true);
    const int64_t limit = atomic_load(&cache_limit);
    if (limit > 0) GDALSetCacheMax64(limit);
}

mosaic_status mos_raster_init(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    MOS_TRY(mos_gdal_load());
    (void)pthread_once(&once, set_up);
    return MOSAIC_OK;
}

void mos_raster_limit_cache(int64_t bytes) {
    atomic_store(&cache_limit, bytes);
    if (atomic_load(&is_set_up)) GDALSetCacheMax64(bytes);
}

mosaic_status mos_raster_version(const char **out) {
    *out = NULL;
    MOS_TRY(mos_raster_init());
    *out = GDALVersionInfo("RELEASE_NAME");
    return MOSAIC_OK;
}

static void CPL_STDCALL keep_failure(CPLErr level, CPLErrorNum number, const char *message) {
    (void)number;
    mos_gdal_capture *capture = CPLGetErrorHandlerUserData();
    if (level < CE_Failure || capture == NULL || capture->text[0] != '\0') return;
    (void)snprintf(capture->text, sizeof capture->text, "%s", message);
    for (char *at = capture->text; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20) *at = ' ';
    size_t length = strlen(capture->text);
    while (length > 0 && (capture->text[length - 1] == '.' || capture->text[length - 1] == ' '))
        capture->text[--length] = '\0';
}

void mos_gdal_capture_begin(mos_gdal_capture *capture) {
    capture->text[0] = '\0';
    CPLPushErrorHandlerEx(keep_failure, capture);
}

void mos_gdal_capture_end(void) {
    CPLPopErrorHandler();
}

mosaic_status mos_gdal_fail(mosaic_status status, const char *path, const mos_gdal_capture *capture,
                            const char *otherwise) {
    return mos_fail(status, "%s: %s", path, capture->text[0] != '\0' ? capture->text : otherwise);
}

mosaic_status mos_gdal_foreign(const char *path) {
    static const struct {
        const char *bytes, *what, *way;
    } kinds[] = {
        {"CDF\x01", "netCDF", "gdal_translate -of GTiff NETCDF:%s:VARIABLE OUT.tif"},
        {"CDF\x02", "netCDF", "gdal_translate -of GTiff NETCDF:%s:VARIABLE OUT.tif"},
        {"CDF\x05", "netCDF", "gdal_translate -of GTiff NETCDF:%s:VARIABLE OUT.tif"},
        {"\x89HDF", "netCDF-4 or HDF5", "gdal_translate -of GTiff NETCDF:%s:VARIABLE OUT.tif"},
        {"\x93NUM", "a NumPy array", "write it as GeoTIFF, with rasterio or GDAL's Python"},
        {"PK\x03\x04", "a zip archive", "unpack it"},
        {"\xff\xd8\xff", "JPEG", "gdal_translate -of GTiff %s OUT.tif"},
        {"GRIB", "GRIB", "gdal_translate -of GTiff %s OUT.tif"},
        {"GIF8", "GIF", "gdal_translate -of GTiff %s OUT.tif"},
        {"RIFF", "WebP", "gdal_translate -of GTiff %s OUT.tif"},
        {"version https://git-lfs", "a pointer of Git LFS", "git lfs pull"},
    };
    char head[24] = {0}, way[4200];
    FILE *stream = fopen(path, "rbe");
    size_t size = stream == NULL ? 0 : fread(head, 1, sizeof head - 1, stream);
    if (stream != NULL) (void)fclose(stream);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds && size >= 4; k++) {
        if (memcmp(head, kinds[k].bytes, strlen(kinds[k].bytes)) != 0) continue;
        const char *at = strstr(kinds[k].way, "%s");
        int before = at == NULL ? (int)strlen(kinds[k].way) : (int)(at - kinds[k].way);
        (void)snprintf(way, sizeof way, "%.*s%s%s", before, kinds[k].way, at == NULL ? "" : path,
                       at == NULL ? "" : at + 2);
        return mos_fail(MOSAIC_ERR_DATA, "%s: %s, which is not read as a raster; first: %s", path,
                        kinds[k].what, way);
    }
    return MOSAIC_OK;
}

bool mos_gdal_dtype(GDALDataType type, mos_dtype *out) {
    static const struct {
        GDALDataType type;
        mos_dtype dtype;
    } pairs[] = {{GDT_Byte, MOS_U8},    {GDT_UInt16, MOS_U16},  {GDT_Int16, MOS_I16},
                 {GDT_UInt32, MOS_U32}, {GDT_Int32, MOS_I32},   {GDT_UInt64, MOS_U64},
                 {GDT_Int64, MOS_I64},  {GDT_Float32, MOS_F32}, {GDT_Float64, MOS_F64}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (pairs[i].type != type) continue;
        *out = pairs[i].dtype;
        return true;
    }
    return false;
}

GDALDataType mos_gdal_type(mos_dtype dtype) {
    for (int type = GDT_Byte; type < GDT_TypeCount; type++) {
        mos_dtype found;
        if (mos_gdal_dtype((GDALDataType)type, &found) && found == dtype) return (GDALDataType)type;
    }
    return GDT_Unknown;
}

/* A value that no pixel can have says nothing: -9999 of unsigned numbers. */
static bool holds(mos_dtype dtype, double value) {
    switch (dtype) {
    case MOS_U8:
        return value >= 0 && value <= UINT8_MAX;
    case MOS_U16:
        return value >= 0 && value <= UINT16_MAX;
    case MOS_I16:
        return value >= INT16_MIN && value <= INT16_MAX;
    case MOS_U32:
        return value >= 0 && value <= UINT32_MAX;
    case MOS_I32:
        return value >= INT32_MIN && value <= INT32_MAX;
    default:
        return true;
    }
}

void mos_gdal_nodata(GDALDatasetH dataset, mos_raster_info *info) {
    GDALRasterBandH first = GDALGetRasterBand(dataset, 1);
    int has = 0;
    mos_dtype dtype;
    double value = GDALGetRasterNoDataValue(first, &has);
    if (has && mos_gdal_dtype(GDALGetRasterDataType(first), &dtype)) has = holds(dtype, value);
    info->has_nodata = has != 0;
    info->nodata = has ? value : 0;
}

int mos_gdal_alpha(GDALDatasetH dataset) {
    int count = GDALGetRasterCount(dataset), described = 0;
    for (int b = 1; b <= count; b++) {
        GDALRasterBandH band = GDALGetRasterBand(dataset, b);
        if (GDALGetRasterColorInterpretation(band) == GCI_AlphaBand) return b;
        const char *name = GDALGetDescription(band);
        bool mask = strcasecmp(name, "alpha") == 0 || strcasecmp(name, "dataMask") == 0;
        if (mask && described == 0 && count > 1) described = b;
    }
    return described;
}

/* ESA's own words, and what converters keep of them; the first that is there. */
static void find_product(GDALDatasetH dataset, mos_raster_info *info) {
    static const char *const keys[] = {"PRODUCT_URI",  "PRODUCT_ID", "PROCESSING_LEVEL",
                                       "PRODUCT_TYPE", "PRODUCT",    "processing:level"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys && info->product[0] == '\0'; k++) {
        const char *value = GDALGetMetadataItem(dataset, keys[k], NULL);
        if (value == NULL) continue;
        memcpy(info->product, value, strnlen(value, sizeof info->product - 1));
    }
}

void mos_gdal_describe_bands(GDALDatasetH dataset, mos_raster_info *info) {
    find_product(dataset, info);
    info->alpha = mos_gdal_alpha(dataset);
    int flags = GDALGetMaskFlags(GDALGetRasterBand(dataset, 1));
    info->has_mask = (flags & GMF_PER_DATASET) != 0 && (flags & GMF_ALPHA) == 0;
    for (int b = 0; b < info->bands; b++) {
        GDALRasterBandH band = GDALGetRasterBand(dataset, b + 1);
        int has = 0;
        double scale = GDALGetRasterScale(band, &has), offset = GDALGetRasterOffset(band, NULL);
        if (!has) scale = 1;
        if (b + 1 != info->alpha) info->scaled = info->scaled || scale != 1 || offset != 0;
        if (b >= MOS_RASTER_NAMED_BANDS) continue;
        info->scale[b] = scale;
        info->offset[b] = offset;
        const char *name = GDALGetDescription(band);
        memcpy(info->band_names[b], name, strnlen(name, sizeof info->band_names[b] - 1));
    }
}
