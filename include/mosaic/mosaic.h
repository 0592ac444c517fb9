/* mosaic/mosaic.h: the whole interface. */
#ifndef MOSAIC_MOSAIC_H
#define MOSAIC_MOSAIC_H

#include "mosaic/analysis.h"
#include "mosaic/command.h"
#include "mosaic/dataset.h"
#include "mosaic/loader.h"
#include "mosaic/metrics.h"
#include "mosaic/model.h"
#include "mosaic/status.h"
#include "mosaic/training.h"
#include "mosaic/version.h"

#endif
