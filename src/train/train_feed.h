/* What training feeds the network: the configuration's data set, rows, labels and views, without a
 * model, a device or a run directory. */
#ifndef MOS_TRAIN_TRAIN_FEED_H
#define MOS_TRAIN_TRAIN_FEED_H

#include "config/config.h"
#include "train/trainer.h"

typedef struct mos_train_feed mos_train_feed;

/* Of `options` config, config_text, set and threads count; nothing is written. */
mosaic_status mos_train_feed_open(const mos_train_options *options, mos_train_feed **out);
void mos_train_feed_close(mos_train_feed **feed);

mos_dataset *mos_train_feed_dataset(const mos_train_feed *feed);
const char *mos_train_feed_method(const mos_train_feed *feed);
/* The loader's options exactly as a run has them: seed, views, augmentation, statistics, size. */
const mos_loader_options *mos_train_feed_options(const mos_train_feed *feed);
/* A loader over the run's rows and labels with these options. */
mosaic_status mos_train_feed_loader(const mos_train_feed *feed, const mos_loader_options *options,
                                    mos_loader **out);

#endif
