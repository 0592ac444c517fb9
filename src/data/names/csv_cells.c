#include "data/names/csv_cells.h"

#include "data/names/patch_name.h"

mosaic_status mos_time_cell(const char *cell, const char *path, uint32_t line, int64_t *out) {
    *out = INT64_MIN;
    if (cell[0] == '\0' || mos_time_parse(cell, out)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s:%u: '%.40s' is no time, wanted the form 2017-06-13T10:10:31Z", path, line,
                    cell);
}
