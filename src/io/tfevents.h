/* TensorBoard event files: scalar summaries in TFRecord framing (length, masked CRC-32C, payload,
 * masked CRC-32C). */
#ifndef MOS_IO_TFEVENTS_H
#define MOS_IO_TFEVENTS_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_tfevents mos_tfevents;
/* Creates folder/events.out.tfevents.<seconds>.<host>; a resumed run opens a further file, as
 * TensorBoard expects. */
mosaic_status mos_tfevents_open(const char *folder, mos_tfevents **out);
mosaic_status mos_tfevents_scalar(mos_tfevents *file, const char *tag, int64_t step, double value);
mosaic_status mos_tfevents_flush(mos_tfevents *file);
void mos_tfevents_close(mos_tfevents **file);

#endif
