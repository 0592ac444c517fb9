#include "api/struct_size.h"

mosaic_status mos_check_struct_size(const char *name, size_t found, size_t wanted) {
    if (found >= wanted) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "%s.struct_size is %zu, want %zu", name, found, wanted);
}
