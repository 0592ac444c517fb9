/* Metrics of src/score as the public struct of include/mosaic/metrics.h. */
#ifndef MOS_API_METRICS_HANDLE_H
#define MOS_API_METRICS_HANDLE_H

#include "mosaic/metrics.h"
#include "score/metrics.h"

/* `size`: what the caller set as struct_size. */
mosaic_metrics mos_metrics_public(const mos_metrics *metrics, size_t size);

#endif
