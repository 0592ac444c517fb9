/* Cells that the csv format and packed tables share. */
#ifndef MOS_DATA_NAMES_CSV_CELLS_H
#define MOS_DATA_NAMES_CSV_CELLS_H

#include "base/error.h"

#include <stdint.h>

/* A time cell; empty is unknown. */
mosaic_status mos_time_cell(const char *cell, const char *path, uint32_t line, int64_t *out);

#endif
