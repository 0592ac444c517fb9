#include "bench/loader_feed.h"

#include "base/file.h"
#include "base/memory.h"
#include "bench/scratch.h"
#include "data/band_identity.h"
#include "data/statistics.h"
#include "objective/objective.h"
#include "prepare/synth/synth.h"

#include <stdio.h>
#include <string.h>

static mosaic_status make_set(const mos_bench_settings *settings, int layout, mos_feed *feed) {
    char path[sizeof feed->folder + 8];
    mos_synth_options synth = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_bench_scratch_make(mos_bench_scratch_parent(NULL, false), feed->folder,
                                   sizeof feed->folder));
    (void)snprintf(path, sizeof path, "%s/set", feed->folder);
    MOS_GOTO(mos_options_init(&mos_synth_option_table, &synth));
    synth.patches = settings->batch * (settings->quick ? 2 : 6);
    synth.size = settings->size / 6 * 6;
    synth.layout = layout;
    synth.threads = settings->threads;
    MOS_GOTO(mos_synth_write(&synth, path, false));
    MOS_GOTO(mos_options_set(&mos_data_option_table, &feed->data, "data.root", path, false, ""));
done:
    mos_options_release(&mos_synth_option_table, &synth);
    return status;
}

/* Every modality with every band, the published statistics where there are some. */
static void bind_modalities(mos_feed *feed) {
    const mos_modality *list;
    const char *names[MOS_DATA_MAX_BANDS];
    mos_loader_options *options = &feed->options;
    options->modalities = mos_dataset_modalities(feed->dataset, &list);
    if (options->modalities > MOS_MAX_MODALITIES) options->modalities = MOS_MAX_MODALITIES;
    for (int64_t m = 0; m < options->modalities; m++) {
        mos_loader_modality *to = &options->modality[m];
        to->modality = m;
        to->bands = list[m].band_count;
        for (int64_t b = 0; b < to->bands; b++) {
            names[b] = list[m].bands[b].name;
            double mean = 0, sd = 1;
            (void)mos_statistics_reben(list[m].name, list[m].bands[b].name, &mean, &sd);
            to->band[b] = (int)b;
            to->mean[b] = (float)mean;
            to->sd[b] = (float)sd;
        }
        to->radar = mos_bands_are_radar(names, to->bands);
    }
}

static mosaic_status make_loader(const mos_bench_settings *settings, int workers, mos_feed *feed) {
    mos_loader_options *options = &feed->options;
    mos_objective_options objective = {.weight = {1, 1, 1, 1},
                                       .shared_anchor = settings->views == 2};
    int64_t *index = NULL, count = mos_dataset_count(feed->dataset);
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_method_find("mosaic-1", &objective.method));
    mos_view_plan views = mos_objective_views(&objective);
    bind_modalities(feed);
    MOS_TRY(mos_options_init(&mos_augment_option_table, &options->augment));
    options->batch = settings->batch;
    options->height = options->width = feed->folder[0] ? settings->size / 6 * 6 : settings->size;
    options->views = views.views;
    memcpy(options->kinds, views.kinds, sizeof options->kinds);
    options->threads = workers;
    options->prefetch = 2;
    options->shuffle = options->drop_last = true;
    MOS_TRY(mos_alloc((size_t)count + 1, sizeof *index, "sample numbers", &index));
    for (int64_t i = 0; i < count; i++)
        index[i] = i;
    MOS_GOTO(mos_loader_create(feed->dataset, options, index, count, NULL, &feed->loader));
    if (mos_loader_batches(feed->loader) == 0)
        status = mos_fail(MOSAIC_ERR_USAGE, "--batch is %lld and the data set has %lld samples",
                          (long long)options->batch, (long long)count);
done:
    mos_free(index);
    return status;
}

mosaic_status mos_feed_open(const mos_bench_settings *settings, int layout, int workers,
                            mos_feed *feed) {
    *feed = (mos_feed){0};
    MOS_TRY(mos_options_init(&mos_data_option_table, &feed->data));
    if (settings->data != NULL && settings->data[0])
        MOS_TRY(mos_options_set(&mos_data_option_table, &feed->data, "data.root", settings->data,
                                false, "--data"));
    else
        MOS_TRY(make_set(settings, layout, feed));
    MOS_TRY(mos_dataset_open(&feed->data, &feed->dataset));
    return make_loader(settings, workers, feed);
}

void mos_feed_close(mos_feed *feed) {
    mos_loader_destroy(&feed->loader);
    mos_dataset_close(&feed->dataset);
    mos_options_release(&mos_data_option_table, &feed->data);
    mos_options_release(&mos_augment_option_table, &feed->options.augment);
    /* A folder that cannot be removed is no failure: the figures are right. */
    mos_bench_scratch_remove(feed->folder);
    *feed = (mos_feed){0};
}

void mos_feed_count(mos_feed *feed) {
    int64_t wait, read, augment;
    if (!feed->started) return;
    mos_loader_times(feed->loader, &wait, &read, &augment);
    feed->wait_ns += wait;
    feed->read_ns += read;
    feed->augment_ns += augment;
    feed->started = false;
}

mosaic_status mos_feed_next(mos_feed *feed, mos_batch **batch) {
    *batch = NULL;
    if (feed->started) MOS_TRY(mos_loader_next(feed->loader, batch));
    if (*batch == NULL) {
        mos_feed_count(feed);
        MOS_TRY(mos_loader_start(feed->loader, feed->epoch++, 0));
        feed->started = true;
        MOS_TRY(mos_loader_next(feed->loader, batch));
    }
    feed->samples += (*batch)->count;
    return MOSAIC_OK;
}

mos_step_setting mos_feed_step(const mos_bench_settings *settings, const mos_feed *feed) {
    const char *const *names;
    mos_step_setting setting = mos_bench_step(settings);
    setting.size = feed->options.width;
    setting.views = feed->options.views;
    setting.classes = mos_dataset_classes(feed->dataset, &names);
    setting.modalities = feed->options.modalities;
    for (int64_t m = 0; m < setting.modalities; m++)
        setting.bands[m] = feed->options.modality[m].bands;
    return setting;
}
