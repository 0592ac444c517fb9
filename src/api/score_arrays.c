#include "api/score_arrays.h"

#include "base/want.h"

#include <math.h>

mosaic_status mos_check_shape(const char *what, int64_t least, int64_t n, int64_t columns) {
    if (n < least || columns < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: %lld rows of %lld, want at least %lld of 1", what,
                        (long long)n, (long long)columns, (long long)least);
    if (n > (int64_t)(PTRDIFF_MAX / sizeof(double)) / columns)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: %lld rows of %lld are more than memory holds", what,
                        (long long)n, (long long)columns);
    return MOSAIC_OK;
}

mosaic_status mos_check_labels(const char *function, int64_t least, const int8_t *labels, int64_t n,
                               int64_t classes) {
    MOS_TRY(mos_check_shape(function, least, n, classes));
    if (n > 0) MOS_TRY(mos_want(labels, function, "labels"));
    for (int64_t k = 0; k < n * classes; k++)
        if (labels[k] < -1 || labels[k] > 1)
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: label of row %lld, class %lld is %d, want 1, 0 or -1 (unknown)",
                            function, (long long)(k / classes), (long long)(k % classes),
                            (int)labels[k]);
    return MOSAIC_OK;
}

mosaic_status mos_check_score_arrays(const char *function, int64_t least,
                                     const mos_score_arrays *arrays) {
    MOS_TRY(mos_check_labels(function, least, arrays->labels, arrays->n, arrays->classes));
    if (arrays->n > 0) MOS_TRY(mos_want(arrays->probability, function, "probability"));
    for (int64_t l = 0; arrays->threshold != NULL && l < arrays->classes; l++)
        if (!isfinite(arrays->threshold[l]))
            return mos_fail(MOSAIC_ERR_NUMERIC, "%s: threshold of class %lld is not finite",
                            function, (long long)l);
    return MOSAIC_OK;
}
