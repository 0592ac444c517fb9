/* A device that computes nothing: its ops tell a placement which of their arrays they write and
 * which they read. Running an encoder's passes on it once gives the lifetimes of all buffers. */
#ifndef MOS_MODEL_PASS_RECORDER_H
#define MOS_MODEL_PASS_RECORDER_H

#include "compute/device.h"
#include "model/placement.h"

typedef struct mos_pass_recorder {
    mos_device device; /* first: an op gets its address */
    mos_backend table;
    mos_placement *placement;
} mos_pass_recorder;

/* It answers what is asked of plans and sizes as `of` does, which it must not outlive. Entries of
 * the table that no encoder runs are NULL: a new encoder's op gets its line in pass_recorder.c. */
void mos_pass_recorder_init(mos_pass_recorder *recorder, const mos_device *of,
                            mos_placement *placement);

#endif
