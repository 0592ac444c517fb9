#include "io/turn.h"

#include "base/memory.h"
#include "io/raster_gdal.h"
#include "io/raster_window.h"

#include <stdio.h>
#include <string.h>

struct mos_turn {
    char to[MOS_CRS_BYTES], from[MOS_CRS_BYTES];
    OGRSpatialReferenceH reference;
    OGRCoordinateTransformationH turn; /* from `from` */
};

OGRSpatialReferenceH mos_reference_of(const char *crs) {
    OGRSpatialReferenceH reference = OSRNewSpatialReference(NULL);
    if (reference != NULL && OSRSetFromUserInput(reference, crs) == OGRERR_NONE) {
        OSRSetAxisMappingStrategy(reference, OAMS_TRADITIONAL_GIS_ORDER);
        return reference;
    }
    if (reference != NULL) OSRDestroySpatialReference(reference);
    return NULL;
}

mosaic_status mos_turn_create(const char *to, mos_turn **out) {
    mos_turn *turn;
    mos_gdal_capture silent;
    *out = NULL;
    MOS_TRY(mos_raster_init());
    MOS_TRY(mos_alloc(1, sizeof *turn, "a reference system", &turn));
    (void)snprintf(turn->to, sizeof turn->to, "%s", to);
    mos_gdal_capture_begin(&silent);
    turn->reference = mos_reference_of(to);
    mos_gdal_capture_end();
    *out = turn;
    if (turn->reference != NULL) return MOSAIC_OK;
    mos_turn_destroy(out);
    return mos_fail(MOSAIC_ERR_USAGE, "'%.100s' is no reference system", to);
}

void mos_turn_destroy(mos_turn **pointer) {
    mos_turn *turn = *pointer;
    if (turn == NULL) return;
    if (turn->turn != NULL) OCTDestroyCoordinateTransformation(turn->turn);
    if (turn->reference != NULL) OSRDestroySpatialReference(turn->reference);
    mos_free(turn);
    *pointer = NULL;
}

bool mos_turn_points(mos_turn *turn, const char *from, int count, double *x, double *y) {
    mos_gdal_capture silent;
    if (strcmp(from, turn->to) == 0) return true;
    mos_gdal_capture_begin(&silent);
    if (strcmp(from, turn->from) != 0) {
        if (turn->turn != NULL) OCTDestroyCoordinateTransformation(turn->turn);
        OGRSpatialReferenceH system = mos_reference_of(from);
        turn->turn =
            system == NULL ? NULL : OCTNewCoordinateTransformation(system, turn->reference);
        if (system != NULL) OSRDestroySpatialReference(system);
        (void)snprintf(turn->from, sizeof turn->from, "%s", from);
    }
    const bool good = turn->turn != NULL && OCTTransform(turn->turn, count, x, y, NULL);
    mos_gdal_capture_end();
    return good;
}
