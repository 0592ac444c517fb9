#include "base/want.h"

mosaic_status mos_want(const void *pointer, const char *function, const char *argument) {
    if (pointer != NULL) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "%s: '%s' is NULL", function, argument);
}
