/* mosaic/mosaic.h: the whole interface.
 *
 * NULL where a comment does not allow it: a function that returns a status refuses it with
 * MOSAIC_ERR_USAGE, and the message names the argument; a question answers as it does out of range; a
 * close, release or destroy does nothing. */
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
