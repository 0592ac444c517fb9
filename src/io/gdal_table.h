/* The functions of GDAL that we call. GDAL brings more than a hundred libraries, which take tens of
 * milliseconds to load and a command that reads no raster does without: it is not linked, but
 * loaded when it is first needed (ADR 22). Its functions are then called by their own names, which
 * stand for entries of a table. Nothing else includes GDAL's headers. A function that is not
 * listed twice below does not compile, or does not link. */
#ifndef MOS_IO_GDAL_TABLE_H
#define MOS_IO_GDAL_TABLE_H

#include "base/error.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <gdal_alg.h>
#include <gdalwarper.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>

/* clang-format off */
#define MOS_GDAL_FUNCTIONS(X) \
    X(CPLGetErrorHandlerUserData) X(CPLMalloc) X(CPLParseNameValue) X(CPLPopErrorHandler) \
    X(CPLPushErrorHandlerEx) X(CPLSetConfigOption) X(CPLSetThreadLocalConfigOption) \
    X(CSLAddString) X(CSLDestroy) X(CSLFetchNameValue) X(CSLSetNameValue) X(GDALAllRegister) \
    X(GDALBuildOverviews) X(GDALClose) X(GDALCopyWords) X(GDALCreate) X(GDALCreateColorTable) \
    X(GDALCreateCopy) X(GDALCreateGenImgProjTransformer2) X(GDALCreateWarpOperation) \
    X(GDALCreateWarpOptions) X(GDALDatasetCreateLayer) X(GDALDatasetGetLayer) \
    X(GDALDatasetGetLayerCount) X(GDALDatasetRasterIOEx) X(GDALDestroyColorTable) \
    X(GDALDestroyGenImgProjTransformer) X(GDALDestroyWarpOperation) X(GDALDestroyWarpOptions) \
    X(GDALGenImgProjTransform) X(GDALGetBlockSize) X(GDALGetDataTypeName) \
    X(GDALGetDataTypeSizeBytes) X(GDALGetDescription) X(GDALGetDriverByName) X(GDALGetFileList) \
    X(GDALGetGCPCount) X(GDALGetGCPSpatialRef) X(GDALGetGCPs) X(GDALGetGeoTransform) \
    X(GDALGetMaskBand) X(GDALGetMaskFlags) X(GDALGetMetadata) X(GDALGetMetadataItem) \
    X(GDALGetOverview) X(GDALGetRasterBand) X(GDALGetRasterBandXSize) X(GDALGetRasterBandYSize) \
    X(GDALGetRasterColorInterpretation) X(GDALGetRasterCount) X(GDALGetRasterDataType) \
    X(GDALGetRasterNoDataValue) X(GDALGetRasterOffset) X(GDALGetRasterScale) \
    X(GDALGetRasterXSize) X(GDALGetRasterYSize) X(GDALGetSpatialRef) X(GDALOpen) X(GDALOpenEx) \
    X(GDALRasterIO) X(GDALSetCacheMax64) X(GDALSetColorEntry) X(GDALSetDescription) \
    X(GDALSetGenImgProjTransformerDstGeoTransform) X(GDALSetGeoTransform) X(GDALSetMetadata) \
    X(GDALSetRasterColorTable) X(GDALSetRasterNoDataValue) X(GDALSetRasterOffset) \
    X(GDALSetRasterScale) X(GDALSetSpatialRef) X(GDALValidateCreationOptions) \
    X(GDALVersionInfo) X(GDALWarpRegionToBuffer) X(OCTDestroyCoordinateTransformation) \
    X(OCTNewCoordinateTransformation) X(OCTTransform) X(OGR_F_Create) X(OGR_F_Destroy) \
    X(OGR_F_GetGeometryRef) X(OGR_F_SetFieldDateTime) X(OGR_F_SetFieldDouble) \
    X(OGR_F_SetFieldInteger) X(OGR_F_SetFieldString) X(OGR_F_SetGeometryDirectly) \
    X(OGR_Fld_Create) X(OGR_Fld_Destroy) X(OGR_Fld_SetSubType) X(OGR_GT_Flatten) \
    X(OGR_G_AddGeometryDirectly) X(OGR_G_AddPoint_2D) X(OGR_G_Clone) X(OGR_G_CreateGeometry) \
    X(OGR_G_DestroyGeometry) X(OGR_G_ForceToPolygon) X(OGR_G_GetEnvelope) \
    X(OGR_G_GetGeometryCount) X(OGR_G_GetGeometryRef) X(OGR_G_GetGeometryType) \
    X(OGR_G_GetPointCount) X(OGR_G_GetX) X(OGR_G_GetY) X(OGR_G_Segmentize) X(OGR_G_Transform) \
    X(OGR_L_CommitTransaction) X(OGR_L_CreateFeature) X(OGR_L_CreateField) \
    X(OGR_L_GetLayerDefn) X(OGR_L_GetNextFeature) X(OGR_L_GetSpatialRef) X(OGR_L_ResetReading) \
    X(OGR_L_StartTransaction) X(OSRClone) X(OSRDestroySpatialReference) X(OSRExportToWkt) \
    X(OSRGetAuthorityCode) X(OSRGetAuthorityName) X(OSRImportFromEPSG) X(OSRIsGeographic) \
    X(OSRIsSame) X(OSRNewSpatialReference) X(OSRSetAxisMappingStrategy) X(OSRSetFromUserInput) \
    X(VSIFCloseL) X(VSIFileFromMemBuffer) X(VSIFree) X(VSIUnlink)
/* clang-format on */

typedef struct mos_gdal_table {
#define MOS_GDAL_ENTRY(name) __typeof__(name) *name;
    MOS_GDAL_FUNCTIONS(MOS_GDAL_ENTRY)
#undef MOS_GDAL_ENTRY
} mos_gdal_table;

/* Filled by mos_gdal_load, and not before. */
extern mos_gdal_table mos_gdal;

/* Loads GDAL if it is not there yet; any thread may ask. MOSAIC_ERR_UNSUPPORTED, with the reason and
 * what to install, where it cannot be loaded: then, and from then on. */
mosaic_status mos_gdal_load(void);

#define CPLGetErrorHandlerUserData       mos_gdal.CPLGetErrorHandlerUserData
#define CPLMalloc                        mos_gdal.CPLMalloc
#define CPLParseNameValue                mos_gdal.CPLParseNameValue
#define CPLPopErrorHandler               mos_gdal.CPLPopErrorHandler
#define CPLPushErrorHandlerEx            mos_gdal.CPLPushErrorHandlerEx
#define CPLSetConfigOption               mos_gdal.CPLSetConfigOption
#define CPLSetThreadLocalConfigOption    mos_gdal.CPLSetThreadLocalConfigOption
#define CSLAddString                     mos_gdal.CSLAddString
#define CSLDestroy                       mos_gdal.CSLDestroy
#define CSLFetchNameValue                mos_gdal.CSLFetchNameValue
#define CSLSetNameValue                  mos_gdal.CSLSetNameValue
#define GDALAllRegister                  mos_gdal.GDALAllRegister
#define GDALBuildOverviews               mos_gdal.GDALBuildOverviews
#define GDALClose                        mos_gdal.GDALClose
#define GDALCopyWords                    mos_gdal.GDALCopyWords
#define GDALCreate                       mos_gdal.GDALCreate
#define GDALCreateColorTable             mos_gdal.GDALCreateColorTable
#define GDALCreateCopy                   mos_gdal.GDALCreateCopy
#define GDALCreateGenImgProjTransformer2 mos_gdal.GDALCreateGenImgProjTransformer2
#define GDALCreateWarpOperation          mos_gdal.GDALCreateWarpOperation
#define GDALCreateWarpOptions            mos_gdal.GDALCreateWarpOptions
#define GDALDatasetCreateLayer           mos_gdal.GDALDatasetCreateLayer
#define GDALDatasetGetLayer              mos_gdal.GDALDatasetGetLayer
#define GDALDatasetGetLayerCount         mos_gdal.GDALDatasetGetLayerCount
#define GDALDatasetRasterIOEx            mos_gdal.GDALDatasetRasterIOEx
#define GDALDestroyColorTable            mos_gdal.GDALDestroyColorTable
#define GDALDestroyGenImgProjTransformer mos_gdal.GDALDestroyGenImgProjTransformer
#define GDALDestroyWarpOperation         mos_gdal.GDALDestroyWarpOperation
#define GDALDestroyWarpOptions           mos_gdal.GDALDestroyWarpOptions
#define GDALGenImgProjTransform          mos_gdal.GDALGenImgProjTransform
#define GDALGetBlockSize                 mos_gdal.GDALGetBlockSize
#define GDALGetDataTypeName              mos_gdal.GDALGetDataTypeName
#define GDALGetDataTypeSizeBytes         mos_gdal.GDALGetDataTypeSizeBytes
#define GDALGetDescription               mos_gdal.GDALGetDescription
#define GDALGetDriverByName              mos_gdal.GDALGetDriverByName
#define GDALGetFileList                  mos_gdal.GDALGetFileList
#define GDALGetGCPCount                  mos_gdal.GDALGetGCPCount
#define GDALGetGCPSpatialRef             mos_gdal.GDALGetGCPSpatialRef
#define GDALGetGCPs                      mos_gdal.GDALGetGCPs
#define GDALGetGeoTransform              mos_gdal.GDALGetGeoTransform
#define GDALGetMaskBand                  mos_gdal.GDALGetMaskBand
#define GDALGetMaskFlags                 mos_gdal.GDALGetMaskFlags
#define GDALGetMetadata                  mos_gdal.GDALGetMetadata
#define GDALGetMetadataItem              mos_gdal.GDALGetMetadataItem
#define GDALGetOverview                  mos_gdal.GDALGetOverview
#define GDALGetRasterBand                mos_gdal.GDALGetRasterBand
#define GDALGetRasterBandXSize           mos_gdal.GDALGetRasterBandXSize
#define GDALGetRasterBandYSize           mos_gdal.GDALGetRasterBandYSize
#define GDALGetRasterColorInterpretation mos_gdal.GDALGetRasterColorInterpretation
#define GDALGetRasterCount               mos_gdal.GDALGetRasterCount
#define GDALGetRasterDataType            mos_gdal.GDALGetRasterDataType
#define GDALGetRasterNoDataValue         mos_gdal.GDALGetRasterNoDataValue
#define GDALGetRasterOffset              mos_gdal.GDALGetRasterOffset
#define GDALGetRasterScale               mos_gdal.GDALGetRasterScale
#define GDALGetRasterXSize               mos_gdal.GDALGetRasterXSize
#define GDALGetRasterYSize               mos_gdal.GDALGetRasterYSize
#define GDALGetSpatialRef                mos_gdal.GDALGetSpatialRef
#define GDALOpen                         mos_gdal.GDALOpen
#define GDALOpenEx                       mos_gdal.GDALOpenEx
#define GDALRasterIO                     mos_gdal.GDALRasterIO
#define GDALSetCacheMax64                mos_gdal.GDALSetCacheMax64
#define GDALSetColorEntry                mos_gdal.GDALSetColorEntry
#define GDALSetDescription               mos_gdal.GDALSetDescription
#define GDALSetGenImgProjTransformerDstGeoTransform                                                \
    mos_gdal.GDALSetGenImgProjTransformerDstGeoTransform
#define GDALSetGeoTransform                mos_gdal.GDALSetGeoTransform
#define GDALSetMetadata                    mos_gdal.GDALSetMetadata
#define GDALSetRasterColorTable            mos_gdal.GDALSetRasterColorTable
#define GDALSetRasterNoDataValue           mos_gdal.GDALSetRasterNoDataValue
#define GDALSetRasterOffset                mos_gdal.GDALSetRasterOffset
#define GDALSetRasterScale                 mos_gdal.GDALSetRasterScale
#define GDALSetSpatialRef                  mos_gdal.GDALSetSpatialRef
#define GDALValidateCreationOptions        mos_gdal.GDALValidateCreationOptions
#define GDALVersionInfo                    mos_gdal.GDALVersionInfo
#define GDALWarpRegionToBuffer             mos_gdal.GDALWarpRegionToBuffer
#define OCTDestroyCoordinateTransformation mos_gdal.OCTDestroyCoordinateTransformation
#define OCTNewCoordinateTransformation     mos_gdal.OCTNewCoordinateTransformation
#define OCTTransform                       mos_gdal.OCTTransform
#define OGR_F_Create                       mos_gdal.OGR_F_Create
#define OGR_F_Destroy                      mos_gdal.OGR_F_Destroy
#define OGR_F_GetGeometryRef               mos_gdal.OGR_F_GetGeometryRef
#define OGR_F_SetFieldDateTime             mos_gdal.OGR_F_SetFieldDateTime
#define OGR_F_SetFieldDouble               mos_gdal.OGR_F_SetFieldDouble
#define OGR_F_SetFieldInteger              mos_gdal.OGR_F_SetFieldInteger
#define OGR_F_SetFieldString               mos_gdal.OGR_F_SetFieldString
#define OGR_F_SetGeometryDirectly          mos_gdal.OGR_F_SetGeometryDirectly
#define OGR_Fld_Create                     mos_gdal.OGR_Fld_Create
#define OGR_Fld_Destroy                    mos_gdal.OGR_Fld_Destroy
#define OGR_Fld_SetSubType                 mos_gdal.OGR_Fld_SetSubType
#define OGR_GT_Flatten                     mos_gdal.OGR_GT_Flatten
#define OGR_G_AddGeometryDirectly          mos_gdal.OGR_G_AddGeometryDirectly
#define OGR_G_AddPoint_2D                  mos_gdal.OGR_G_AddPoint_2D
#define OGR_G_Clone                        mos_gdal.OGR_G_Clone
#define OGR_G_CreateGeometry               mos_gdal.OGR_G_CreateGeometry
#define OGR_G_DestroyGeometry              mos_gdal.OGR_G_DestroyGeometry
#define OGR_G_ForceToPolygon               mos_gdal.OGR_G_ForceToPolygon
#define OGR_G_GetEnvelope                  mos_gdal.OGR_G_GetEnvelope
#define OGR_G_GetGeometryCount             mos_gdal.OGR_G_GetGeometryCount
#define OGR_G_GetGeometryRef               mos_gdal.OGR_G_GetGeometryRef
#define OGR_G_GetGeometryType              mos_gdal.OGR_G_GetGeometryType
#define OGR_G_GetPointCount                mos_gdal.OGR_G_GetPointCount
#define OGR_G_GetX                         mos_gdal.OGR_G_GetX
#define OGR_G_GetY                         mos_gdal.OGR_G_GetY
#define OGR_G_Segmentize                   mos_gdal.OGR_G_Segmentize
#define OGR_G_Transform                    mos_gdal.OGR_G_Transform
#define OGR_L_CommitTransaction            mos_gdal.OGR_L_CommitTransaction
#define OGR_L_CreateFeature                mos_gdal.OGR_L_CreateFeature
#define OGR_L_CreateField                  mos_gdal.OGR_L_CreateField
#define OGR_L_GetLayerDefn                 mos_gdal.OGR_L_GetLayerDefn
#define OGR_L_GetNextFeature               mos_gdal.OGR_L_GetNextFeature
#define OGR_L_GetSpatialRef                mos_gdal.OGR_L_GetSpatialRef
#define OGR_L_ResetReading                 mos_gdal.OGR_L_ResetReading
#define OGR_L_StartTransaction             mos_gdal.OGR_L_StartTransaction
#define OSRClone                           mos_gdal.OSRClone
#define OSRDestroySpatialReference         mos_gdal.OSRDestroySpatialReference
#define OSRExportToWkt                     mos_gdal.OSRExportToWkt
#define OSRGetAuthorityCode                mos_gdal.OSRGetAuthorityCode
#define OSRGetAuthorityName                mos_gdal.OSRGetAuthorityName
#define OSRImportFromEPSG                  mos_gdal.OSRImportFromEPSG
#define OSRIsGeographic                    mos_gdal.OSRIsGeographic
#define OSRIsSame                          mos_gdal.OSRIsSame
#define OSRNewSpatialReference             mos_gdal.OSRNewSpatialReference
#define OSRSetAxisMappingStrategy          mos_gdal.OSRSetAxisMappingStrategy
#define OSRSetFromUserInput                mos_gdal.OSRSetFromUserInput
#define VSIFCloseL                         mos_gdal.VSIFCloseL
#define VSIFileFromMemBuffer               mos_gdal.VSIFileFromMemBuffer
#define VSIFree                            mos_gdal.VSIFree
#define VSIUnlink                          mos_gdal.VSIUnlink

#endif
