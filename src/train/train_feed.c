#include "train/train_feed.h"

#include "base/memory.h"
#include "train/train_state.h"

struct mos_train_feed {
    mos_train_options options;
    mos_trainer trainer;
};

mosaic_status mos_train_feed_open(const mos_train_options *options, mos_train_feed **out) {
    mos_train_feed *feed = NULL;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *feed, "the data of a run", &feed));
    feed->options = (mos_train_options){.config = options->config,
                                        .config_text = options->config_text,
                                        .set = options->set,
                                        .init_from = options->init_from,
                                        .threads = options->threads};
    feed->trainer.job.options = &feed->options;
    feed->trainer.run.directory.lock = -1; /* there is none */
    mosaic_status status = mos_trainer_prepare_feed(&feed->trainer);
    if (status != MOSAIC_OK)
        mos_train_feed_close(&feed);
    else
        *out = feed;
    return status;
}

void mos_train_feed_close(mos_train_feed **feed) {
    if (*feed != NULL) mos_trainer_release(&(*feed)->trainer);
    mos_free(*feed);
    *feed = NULL;
}

mos_dataset *mos_train_feed_dataset(const mos_train_feed *feed) {
    return feed->trainer.data.set;
}

const char *mos_train_feed_method(const mos_train_feed *feed) {
    return feed->trainer.job.objective.method->name;
}

const mos_loader_options *mos_train_feed_options(const mos_train_feed *feed) {
    return &feed->trainer.data.loader_options;
}

mosaic_status mos_train_feed_loader(const mos_train_feed *feed, const mos_loader_options *options,
                                    mos_loader **out) {
    const mos_train_data *data = &feed->trainer.data;
    return mos_loader_create(data->set, options, data->train_rows, data->train_count, data->labels,
                             out);
}
