/* include/mosaic/loader.h, made of src/loader and the feed of a training.
 *
 * mos_loader lends one batch at a time. Here the caller's batch takes over the memory of its images,
 * and mos_loader gets the memory of a batch that was given back. So a batch lives as long as its
 * holder wants, and only labels, presence and indices are copied. */
#include "mosaic/loader.h"

#include "api/dataset_handle.h"
#include "api/option_pairs.h"
#include "base/memory.h"
#include "base/thread.h"
#include "base/want.h"
#include "train/train_feed.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

struct mosaic_batch {
    struct batch_shelf *shelf;
    struct mosaic_batch *next; /* on the shelf */
    int64_t rows, valid, modalities;
    float *images[MOS_DATA_MAX_MODALITIES];
    uint8_t *present[MOS_DATA_MAX_MODALITIES];
    int8_t *labels;
    int64_t *samples;
};

/* Batches that were given back. The loader and every batch that a caller has are its holders; the last
 * one to leave frees it. */
typedef struct batch_shelf {
    pthread_mutex_t mutex;
    int64_t holders;
    bool closed; /* what comes back is freed */
    mosaic_batch *first;
} batch_shelf;

struct mosaic_loader {
    mos_train_feed *feed;
    mos_loader_options options;
    mosaic_dataset dataset; /* the feed's */
    mos_loader *loader;
    batch_shelf *shelf;
    int64_t classes;
    bool started;
};

/* ---- options ---- */

enum { VIEWS_TRAINING, VIEWS_PLAIN };
enum { SPLIT_ALL = MOS_SPLIT_NONE };

typedef struct loader_pairs {
    char *config, *config_text;
    int split, views;
    int64_t threads, rank, ranks;
} loader_pairs;

static const char *const split_choices[] = {"train", "validation", "test", "all", NULL};
static const char *const view_choices[] = {"training", "plain", NULL};
static const mos_option own_options[] = {
    {.key = "config", .type = MOS_OPTION_TEXT, .offset = offsetof(loader_pairs, config)},
    {.key = "config_text", .type = MOS_OPTION_TEXT, .offset = offsetof(loader_pairs, config_text)},
    {.key = "split",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(loader_pairs, split),
     .fallback = "train",
     .choices = split_choices},
    {.key = "views",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(loader_pairs, views),
     .fallback = "training",
     .choices = view_choices},
    {.key = "threads",
     .type = MOS_OPTION_INT,
     .offset = offsetof(loader_pairs, threads),
     .fallback = "0",
     .minimum = 0,
     .maximum = 4096},
    {.key = "rank",
     .type = MOS_OPTION_INT,
     .offset = offsetof(loader_pairs, rank),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6},
    {.key = "ranks",
     .type = MOS_OPTION_INT,
     .offset = offsetof(loader_pairs, ranks),
     .fallback = "1",
     .minimum = 1,
     .maximum = 1e6},
};
static const mos_option_table own_table = {"loader", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status choose_options(const loader_pairs *pairs, mos_loader_options *options) {
    const int64_t whole = options->batch;
    if (pairs->rank >= pairs->ranks)
        return mos_fail(MOSAIC_ERR_USAGE, "rank %lld of %lld: ranks count from 0",
                        (long long)pairs->rank, (long long)pairs->ranks);
    if (whole % pairs->ranks != 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "'train.batch' is %lld, which %lld ranks cannot share evenly",
                        (long long)whole, (long long)pairs->ranks);
    if (pairs->views == VIEWS_TRAINING && pairs->split != MOS_SPLIT_TRAIN)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "split '%s': training views are of the split 'train'; 'views' = 'plain' "
                        "takes any",
                        split_choices[pairs->split]);
    options->batch = whole / pairs->ranks;
    options->ranks = pairs->ranks;
    options->rank = pairs->rank;
    options->threads = pairs->threads > 0 ? (int)pairs->threads : mos_cpu_count();
    if (pairs->views == VIEWS_TRAINING) return MOSAIC_OK;
    options->views = 1;
    options->kinds[0] = 'e';
    options->shuffle = options->drop_last = false;
    options->labeled_only = false;
    options->labeled_per_batch = options->modality_dropout = 0;
    return MOSAIC_OK;
}

/* All samples of a split. */
static mosaic_status open_plain(mosaic_loader *loader, int split) {
    mos_dataset *data = loader->dataset.data;
    int64_t *rows = NULL, count = 0, all = mos_dataset_count(data);
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)all, sizeof *rows, "the rows of a split", &rows));
    for (int64_t i = 0; i < all; i++) {
        mos_sample sample;
        MOS_GOTO(mos_dataset_sample(data, i, &sample));
        if (split == SPLIT_ALL || (int)sample.split == split) rows[count++] = i;
    }
    if (count == 0) {
        status = mos_fail(MOSAIC_ERR_DATA, "'%s' has no patch in the split '%s'",
                          mos_dataset_root(data), split_choices[split]);
        goto done;
    }
    status = mos_loader_create(data, &loader->options, rows, count, NULL, &loader->loader);
done:
    mos_free(rows);
    return status;
}

static mosaic_status open_feed(const loader_pairs *pairs, const mos_text_list *set,
                               mosaic_loader *loader) {
    const bool given = pairs->config != NULL || pairs->config_text != NULL;
    const mos_train_options train = {.config = pairs->config != NULL ? pairs->config : "options",
                                     .config_text = given ? pairs->config_text : "{}",
                                     .set = set,
                                     .threads = (int)pairs->threads};
    const char *const *names;
    MOS_TRY(mos_train_feed_open(&train, &loader->feed));
    loader->dataset.data = mos_train_feed_dataset(loader->feed);
    loader->classes = mos_dataset_classes(loader->dataset.data, &names);
    loader->options = *mos_train_feed_options(loader->feed);
    MOS_TRY(choose_options(pairs, &loader->options));
    if (pairs->views == VIEWS_PLAIN) return open_plain(loader, pairs->split);
    MOS_TRY(mos_train_feed_loader(loader->feed, &loader->options, &loader->loader));
    if (mos_loader_batches(loader->loader) > 0) return MOSAIC_OK;
    return mos_fail(
        MOSAIC_ERR_USAGE, "'train.batch' is %lld and there are fewer training patches in '%s'",
        (long long)(loader->options.batch * pairs->ranks), mos_dataset_root(loader->dataset.data));
}

/* ---- the shelf ---- */

static mosaic_status shelf_make(batch_shelf **out) {
    batch_shelf *shelf = NULL;
    MOS_TRY(mos_alloc(1, sizeof *shelf, "the batches of a loader", &shelf));
    if (pthread_mutex_init(&shelf->mutex, NULL) != 0) {
        mos_free(shelf);
        return mos_fail(MOSAIC_ERR_RUNTIME, "loader: the system gives no more locks");
    }
    shelf->holders = 1;
    *out = shelf;
    return MOSAIC_OK;
}

static void batch_free(mosaic_batch *batch) {
    for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++) {
        mos_free(batch->images[m]);
        mos_free(batch->present[m]);
    }
    mos_free(batch->labels);
    mos_free(batch->samples);
    mos_free(batch);
}

/* One holder leaves: a batch that is given back (`back`), or the loader when it closes. */
static void shelf_leave(batch_shelf *shelf, mosaic_batch *back, bool closes) {
    mosaic_batch *list = NULL;
    (void)pthread_mutex_lock(&shelf->mutex);
    if (closes) shelf->closed = true;
    if (back != NULL) {
        back->next = shelf->first;
        shelf->first = back;
    }
    if (shelf->closed) {
        list = shelf->first;
        shelf->first = NULL;
    }
    const bool last = --shelf->holders == 0;
    (void)pthread_mutex_unlock(&shelf->mutex);
    while (list != NULL) {
        mosaic_batch *next = list->next;
        batch_free(list);
        list = next;
    }
    if (!last) return;
    (void)pthread_mutex_destroy(&shelf->mutex);
    mos_free(shelf);
}

static mosaic_batch *shelf_take(batch_shelf *shelf) {
    (void)pthread_mutex_lock(&shelf->mutex);
    mosaic_batch *batch = shelf->first;
    if (batch != NULL) {
        shelf->first = batch->next;
        shelf->holders++;
    }
    (void)pthread_mutex_unlock(&shelf->mutex);
    return batch;
}

static void shelf_join(batch_shelf *shelf) {
    (void)pthread_mutex_lock(&shelf->mutex);
    shelf->holders++;
    (void)pthread_mutex_unlock(&shelf->mutex);
}

static mosaic_status batch_make(const mosaic_loader *loader, mosaic_batch **out) {
    const mos_loader_options *options = &loader->options;
    const size_t rows = (size_t)options->batch,
                 plane = (size_t)options->width * (size_t)options->height;
    mosaic_batch *batch = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_alloc(1, sizeof *batch, "a batch", &batch));
    batch->rows = options->batch;
    batch->modalities = options->modalities;
    for (int64_t m = 0; m < options->modalities; m++) {
        const size_t row = (size_t)options->views * (size_t)options->modality[m].bands * plane;
        MOS_GOTO(mos_alloc(rows * row, sizeof(float), "the images of a batch", &batch->images[m]));
        MOS_GOTO(mos_alloc(rows, 1, "a batch", &batch->present[m]));
    }
    MOS_GOTO(mos_alloc(rows * (size_t)loader->classes, 1, "the labels of a batch", &batch->labels));
    MOS_GOTO(mos_alloc(rows, sizeof *batch->samples, "a batch", &batch->samples));
    batch->shelf = loader->shelf;
    shelf_join(loader->shelf);
    *out = batch;
    return MOSAIC_OK;
done:
    batch_free(batch);
    return status;
}

void mosaic_batch_release(mosaic_batch **batch) {
    mosaic_batch *back = batch == NULL ? NULL : *batch;
    if (back == NULL) return;
    *batch = NULL;
    shelf_leave(back->shelf, back, false);
}

/* ---- the loader ---- */

mosaic_status mosaic_loader_open(const char *const *options, mosaic_loader **out) {
    loader_pairs pairs = {0};
    mos_text_list set = {0};
    mosaic_loader *loader = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_WANT(out);
    *out = NULL;
    MOS_GOTO(mos_options_init(&own_table, &pairs));
    MOS_GOTO(mos_pairs_take(options, &own_table, &pairs, &set, "mosaic_loader_open"));
    MOS_GOTO(mos_alloc(1, sizeof *loader, "loader handle", &loader));
    MOS_GOTO(shelf_make(&loader->shelf));
    MOS_GOTO(open_feed(&pairs, &set, loader));
    *out = loader;
    loader = NULL;
done:
    mosaic_loader_close(&loader);
    mos_options_release(&own_table, &pairs);
    mos_text_list_release(&set);
    return status;
}

void mosaic_loader_close(mosaic_loader **loader) {
    mosaic_loader *l = loader == NULL ? NULL : *loader;
    if (l == NULL) return;
    *loader = NULL;
    mos_loader_destroy(&l->loader);
    mos_train_feed_close(&l->feed);
    if (l->shelf != NULL) shelf_leave(l->shelf, NULL, true);
    mos_free(l);
}

static const mos_loader_modality *modality_at(const mosaic_loader *loader, int64_t m) {
    return loader != NULL && m >= 0 && m < loader->options.modalities ? &loader->options.modality[m]
                                                                      : NULL;
}

static bool has_band(const mos_loader_modality *modality, int64_t b) {
    return modality != NULL && b >= 0 && b < modality->bands;
}

int64_t mosaic_loader_batches(const mosaic_loader *loader) {
    return loader == NULL ? 0 : mos_loader_batches(loader->loader);
}

int64_t mosaic_loader_rows(const mosaic_loader *loader) {
    return loader == NULL ? 0 : loader->options.batch;
}

int64_t mosaic_loader_views(const mosaic_loader *loader) {
    return loader == NULL ? 0 : loader->options.views;
}

int64_t mosaic_loader_height(const mosaic_loader *loader) {
    return loader == NULL ? 0 : loader->options.height;
}

int64_t mosaic_loader_width(const mosaic_loader *loader) {
    return loader == NULL ? 0 : loader->options.width;
}

int64_t mosaic_loader_modality_count(const mosaic_loader *loader) {
    return loader == NULL ? 0 : loader->options.modalities;
}

const char *mosaic_loader_modality(const mosaic_loader *loader, int64_t m) {
    const mos_loader_modality *modality = modality_at(loader, m);
    return modality == NULL ? NULL : mosaic_dataset_modality(&loader->dataset, modality->modality);
}

int64_t mosaic_loader_band_count(const mosaic_loader *loader, int64_t m) {
    const mos_loader_modality *modality = modality_at(loader, m);
    return modality == NULL ? 0 : modality->bands;
}

const char *mosaic_loader_band(const mosaic_loader *loader, int64_t m, int64_t b) {
    const mos_loader_modality *modality = modality_at(loader, m);
    return has_band(modality, b)
               ? mosaic_dataset_band(&loader->dataset, modality->modality, modality->band[b])
               : NULL;
}

char mosaic_loader_view(const mosaic_loader *loader, int64_t v) {
    return (char)(v >= 0 && v < mosaic_loader_views(loader) ? loader->options.kinds[v] : 0);
}

double mosaic_loader_mean(const mosaic_loader *loader, int64_t m, int64_t b) {
    const mos_loader_modality *modality = modality_at(loader, m);
    return has_band(modality, b) ? (double)modality->mean[b] : NAN;
}

double mosaic_loader_sd(const mosaic_loader *loader, int64_t m, int64_t b) {
    const mos_loader_modality *modality = modality_at(loader, m);
    return has_band(modality, b) ? (double)modality->sd[b] : NAN;
}

const mosaic_dataset *mosaic_loader_dataset(const mosaic_loader *loader) {
    return loader == NULL ? NULL : &loader->dataset;
}

mosaic_status mosaic_loader_start(mosaic_loader *loader, int64_t epoch, int64_t first) {
    MOS_WANT(loader);
    MOS_TRY(mos_loader_start(loader->loader, epoch, first));
    loader->started = true;
    return MOSAIC_OK;
}

/* Exchanges the images of the two batches and copies the rest. */
static void fill(const mosaic_loader *loader, mos_batch *made, mosaic_batch *batch) {
    const size_t rows = (size_t)batch->rows;
    batch->valid = made->valid;
    for (int64_t m = 0; m < batch->modalities; m++) {
        float *images = made->images[m];
        made->images[m] = batch->images[m];
        batch->images[m] = images;
        memcpy(batch->present[m], made->present[m], rows);
    }
    memcpy(batch->labels, made->labels, rows * (size_t)loader->classes);
    memcpy(batch->samples, made->samples, rows * sizeof *batch->samples);
}

mosaic_status mosaic_loader_next(mosaic_loader *loader, mosaic_batch **out) {
    mos_batch *made = NULL;
    MOS_WANT(out);
    *out = NULL;
    MOS_WANT(loader);
    if (!loader->started)
        return mos_fail(MOSAIC_ERR_USAGE, "the loader was not started: mosaic_loader_start");
    MOS_TRY(mos_loader_next(loader->loader, &made));
    if (made == NULL) return MOSAIC_OK;
    mosaic_batch *batch = shelf_take(loader->shelf);
    if (batch == NULL) MOS_TRY(batch_make(loader, &batch));
    fill(loader, made, batch);
    *out = batch;
    return MOSAIC_OK;
}

int64_t mosaic_batch_rows(const mosaic_batch *batch) {
    return batch == NULL ? 0 : batch->rows;
}

int64_t mosaic_batch_valid(const mosaic_batch *batch) {
    return batch == NULL ? 0 : batch->valid;
}

float *mosaic_batch_images(const mosaic_batch *batch, int64_t m) {
    return batch != NULL && m >= 0 && m < batch->modalities ? batch->images[m] : NULL;
}

const uint8_t *mosaic_batch_present(const mosaic_batch *batch, int64_t m) {
    return batch != NULL && m >= 0 && m < batch->modalities ? batch->present[m] : NULL;
}

const int8_t *mosaic_batch_labels(const mosaic_batch *batch) {
    return batch == NULL ? NULL : batch->labels;
}

const int64_t *mosaic_batch_samples(const mosaic_batch *batch) {
    return batch == NULL ? NULL : batch->samples;
}
