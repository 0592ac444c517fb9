/* Squares on the ground with a row of values each, as a GeoPackage with a style that QGIS applies
 * when it opens the layer. Written beside the final name, which it takes when it is whole. */
#ifndef MOS_IO_VECTOR_FILE_H
#define MOS_IO_VECTOR_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mos_vector_spec {
    const char *layer, *crs; /* as mos_grid has it */
    int texts, numbers;      /* columns: first the texts, then the numbers */
    const char *const *names;
    const char *style;       /* QML, NULL: none */
    const char *description; /* of the layer */
} mos_vector_spec;

/* Corners are in `crs` and are brought to that of the layer; width and height go east and south. */
typedef struct mos_vector_square {
    const char *crs; /* NULL: no place known, the row has no shape */
    double x, y, width, height;
} mos_vector_square;

/* The corners from the upper left one on, against the clock, and that one again. */
void mos_vector_ring(const mos_vector_square *square, double x[5], double y[5]);

typedef struct mos_vector mos_vector;

/* `spec` lives until finish or abandon. */
mosaic_status mos_vector_create(const char *path, const mos_vector_spec *spec, mos_vector **out);
/* texts [spec->texts]; numbers [spec->numbers], NaN: none. */
mosaic_status mos_vector_add(mos_vector *vector, const mos_vector_square *square,
                             const char *const *texts, const double *numbers);
/* Gives the file its final name. Ends it, also on failure. */
mosaic_status mos_vector_finish(mos_vector **vector);
void mos_vector_abandon(mos_vector **vector);

#endif
