/* What a checkpoint holds, and where it lies: checkpoints/step-N.safetensors with weights and running
 * statistics under the names of a model file, the moments of each weight ("moment1." and "moment2."
 * before its name), the queue of labelled latents and the position in the run. Written by
 * checkpoint_write.c, read by checkpoint_read.c. */
#ifndef MOS_TRAIN_CHECKPOINT_PARTS_H
#define MOS_TRAIN_CHECKPOINT_PARTS_H

#include "artifact/model_file_tensor.h"
#include "io/safetensors.h"
#include "train/train_parts.h"

#define MOS_CHECKPOINT_FORMAT "mosaic-checkpoint-2"

/* ---- blocks of reals on the device ---- */

/* Which tensors of the file a block is. */
typedef enum mos_block_kind {
    MOS_BLOCK_TRAINABLE, /* a tensor for each trainable tensor of the model */
    MOS_BLOCK_STATE,     /* a tensor for each of its running statistics and counters */
    MOS_BLOCK_WHOLE      /* one tensor */
} mos_block_kind;
typedef struct mos_checkpoint_block {
    mos_block_kind kind;
    const char *name; /* of the one tensor, or what comes before the model's names */
    void *device;     /* NULL: not used by this run */
    int64_t count;    /* reals, those between the model's tensors included */
} mos_checkpoint_block;
enum { MOS_CHECKPOINT_BLOCKS = 5, MOS_CHECKPOINT_NAME = MOS_NAME_SIZE + 16 };

/* Weights and running statistics are the first two. */
void mos_checkpoint_list_blocks(const mos_train_learner *learner,
                                mos_checkpoint_block list[MOS_CHECKPOINT_BLOCKS]);
bool mos_checkpoint_is_part(const mos_checkpoint_block *of, const mos_parameter *parameter);
mos_dtype mos_checkpoint_real_type(const mos_device *device);
void *mos_checkpoint_real_at(const mos_device *device, void *host, int64_t offset);
mosaic_status mos_checkpoint_get_block(mos_device *device, const mos_checkpoint_block *from,
                                       void *host);
void mos_checkpoint_put_block(mos_device *device, const mos_checkpoint_block *to, const void *host);

/* ---- the queue of labelled latents: what it keeps on the host, in the file's order ---- */

typedef struct mos_checkpoint_queue {
    const char *name;
    mos_dtype type;
    int64_t count;
    void *data;
} mos_checkpoint_queue;
enum { MOS_CHECKPOINT_QUEUE_PARTS = 3 };
/* Number of parts; 0 where there is no queue. */
int mos_checkpoint_list_queue(const mos_train_learner *learner,
                              mos_checkpoint_queue list[MOS_CHECKPOINT_QUEUE_PARTS]);

/* ---- the position as two small tensors ---- */

enum { MOS_CHECKPOINT_COUNTERS = 9, MOS_CHECKPOINT_NUMBERS = 2 + 3 * MOS_SUM_COUNT };
void mos_checkpoint_pack(const mos_train_position *at, int64_t *counters, double *numbers);
void mos_checkpoint_unpack(const int64_t *counters, const double *numbers, mos_train_position *at);

/* A sum of all words that notices flipped bits and swapped words; truncation is noticed by the
 * file format. */
uint64_t mos_checkpoint_sum(const void *data, size_t bytes, uint64_t seed);

/* ---- checkpoint_files.c ---- */

mosaic_status mos_checkpoint_path(const mos_train_run_files *run, int64_t step, char *buffer,
                                  size_t size);
/* The steps that have a checkpoint, newest first. mos_free(*steps). */
mosaic_status mos_checkpoint_list(const mos_train_run_files *run, int64_t **steps, size_t *count);
/* `last` or `best`: a text file that names a checkpoint. */
mosaic_status mos_checkpoint_point(const mos_train_run_files *run, const char *name, int64_t step);
/* Removes all checkpoints but the newest `keep` and that of step `best`, and with them temporary files
 * that a killed process left. */
mosaic_status mos_checkpoint_prune(const mos_train_run_files *run, int64_t keep, int64_t best);

#endif
