#include "io/raster_gdal.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void register_drivers(void) {
    /* No side files: none is written (.aux.xml), and folders of ten thousand patches are not listed
     * on every open. */
    CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");
    CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
    GDALAllRegister();
}

void mos_raster_init(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_drivers);
}

const char *mos_raster_version(void) {
    return GDALVersionInfo("RELEASE_NAME");
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

void mos_gdal_describe_bands(GDALDatasetH dataset, mos_raster_info *info) {
    int flags = GDALGetMaskFlags(GDALGetRasterBand(dataset, 1));
    info->has_mask = (flags & GMF_PER_DATASET) != 0 && (flags & GMF_ALPHA) == 0;
    for (int b = 0; b < info->bands; b++) {
        GDALRasterBandH band = GDALGetRasterBand(dataset, b + 1);
        int has = 0;
        double scale = GDALGetRasterScale(band, &has), offset = GDALGetRasterOffset(band, NULL);
        if (!has) scale = 1;
        if (GDALGetRasterColorInterpretation(band) == GCI_AlphaBand && info->alpha == 0)
            info->alpha = b + 1;
        else
            info->scaled = info->scaled || scale != 1 || offset != 0;
        if (b >= MOS_RASTER_NAMED_BANDS) continue;
        info->scale[b] = scale;
        info->offset[b] = offset;
        const char *name = GDALGetDescription(band);
        memcpy(info->band_names[b], name, strnlen(name, sizeof info->band_names[b] - 1));
    }
}
