/* include/mosaic/version.h. */
#include "mosaic/version.h"

int mosaic_version_number(void) {
    return MOSAIC_VERSION_NUMBER;
}
