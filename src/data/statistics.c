#include "data/statistics.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/thread.h"
#include "data/band_histogram.h"
#include "data/constant_band.h"
#include "data/data_options.h"
#include "dist/share.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>

enum { BLOCK = 64 }; /* samples between two combinations; says nothing about the result */

/* One band of one sample, or of everything so far: Chan's form, combined in the order of samples so
 * that the sums do not depend on threads. */
typedef struct moments {
    int64_t valid, invalid;
    double mean, square, minimum, maximum;
} moments;

typedef struct stats_row {
    int64_t modality, band;
} stats_row;

typedef struct stats_job {
    mos_comm *comm; /* ranks that share every block; NULL: this process alone */
    mos_dataset *dataset;
    int threads;
    int64_t rows;
    const stats_row *row;
    const int64_t *samples;         /* chosen, in order */
    moments *partial, *own;         /* [BLOCK, rows]: of the block, and of this rank's part of it */
    size_t *bytes;                  /* [ranks] */
    mos_band_histogram *histograms; /* [threads, rows] */
    mos_reader **readers;           /* [threads] */
    int64_t first;                  /* of this rank's part of the block in hand */
    bool skips;                     /* data.policy is skip: what cannot be read is left out */
    bool without_constant;          /* nor what data.constant_bands keeps from training */
    pthread_mutex_t failure_lock;   /* of the three below, while threads run */
    int64_t failed_at;              /* sample of the first error in order, or -1 */
    mosaic_status status;
    char error[1024];
} stats_job;

static void band_moments(const struct mos_patch_band *band, moments *out,
                         mos_band_histogram *histogram) {
    int64_t pixels = band->width * band->height;
    double sum = 0, minimum = INFINITY, maximum = -INFINITY;
    int64_t valid = 0;
    for (int64_t i = 0; i < pixels; i++) {
        float value = band->data[i];
        if (!isfinite(value) || (band->has_nodata && value == band->nodata)) continue;
        valid++;
        sum += (double)value;
        minimum = fmin(minimum, (double)value);
        maximum = fmax(maximum, (double)value);
        mos_band_histogram_add(histogram, value);
    }
    double mean = valid == 0 ? 0 : sum / (double)valid, square = 0;
    for (int64_t i = 0; i < pixels; i++) {
        float value = band->data[i];
        if (!isfinite(value) || (band->has_nodata && value == band->nodata)) continue;
        square += ((double)value - mean) * ((double)value - mean);
    }
    *out = (moments){valid, pixels - valid, mean, square, minimum, maximum};
}

/* Chan, Golub, LeVeque 1983: the union of two sets' mean and sum of squared deviations. */
static void combine(moments *all, const moments *more) {
    all->invalid += more->invalid;
    if (more->valid == 0) return;
    double n = (double)all->valid, k = (double)more->valid, delta = more->mean - all->mean;
    all->mean += delta * k / (n + k);
    all->square += more->square + delta * delta * n * k / (n + k);
    all->minimum = fmin(all->minimum, more->minimum);
    all->maximum = fmax(all->maximum, more->maximum);
    all->valid += more->valid;
}

static mosaic_status sample_moments(stats_job *job, int64_t sample, int thread, moments *out) {
    mos_patch patch;
    mos_sample what;
    MOS_TRY(mos_dataset_sample(job->dataset, sample, &what));
    for (int64_t r = 0; r < job->rows; r++)
        out[r] = (moments){.minimum = INFINITY, .maximum = -INFINITY};
    for (int64_t r = 0; r < job->rows;) {
        int64_t m = job->row[r].modality, count = 0;
        int bands[MOS_DATA_MAX_BANDS];
        while (r + count < job->rows && job->row[r + count].modality == m) {
            bands[count] = (int)job->row[r + count].band;
            count++;
        }
        if (what.present >> m & 1) {
            MOS_TRY(mos_reader_read(job->readers[thread], sample, m, bands, count, &patch));
            for (int64_t b = 0; b < count; b++) {
                const struct mos_patch_band *band = &patch.band[b];
                if (job->without_constant && mos_band_is_constant(band))
                    out[r + b].invalid = band->width * band->height;
                else
                    band_moments(band, &out[r + b], &job->histograms[thread * job->rows + r + b]);
            }
        }
        r += count;
    }
    return MOSAIC_OK;
}

static void block_body(void *context, int64_t begin, int64_t end, int thread) {
    stats_job *job = context;
    for (int64_t i = begin; i < end; i++) {
        mosaic_status status =
            sample_moments(job, job->samples[job->first + i], thread, job->own + i * job->rows);
        if (status == MOSAIC_OK) continue;
        if (job->skips && (status == MOSAIC_ERR_DATA || status == MOSAIC_ERR_IO)) {
            /* data.policy skip: no part of training, none of its statistics. */
            for (int64_t r = 0; r < job->rows; r++)
                job->own[i * job->rows + r] = (moments){.minimum = INFINITY, .maximum = -INFINITY};
            continue;
        }
        (void)pthread_mutex_lock(&job->failure_lock);
        if (job->failed_at < 0 || i < job->failed_at) {
            job->failed_at = i;
            job->status = status;
            mos_error_copy(job->error, sizeof job->error);
        }
        (void)pthread_mutex_unlock(&job->failure_lock);
        return;
    }
}

/* The moments of a block's samples, on every rank; *stop: as of mos_comm_agree_or_stop. */
static mosaic_status run_block(stats_job *job, int64_t first, int64_t block, int *stop) {
    const int64_t ranks = mos_comm_size(job->comm);
    const mos_share share = mos_share_of(block, mos_comm_rank(job->comm), ranks);
    job->first = first + share.first;
    mos_parallel_for(job->threads, share.count, block_body, job);
    if (job->status != MOSAIC_OK) mos_error_restore(job->error);
    MOS_TRY(mos_comm_agree_or_stop(job->comm, job->status, stop));
    for (int64_t r = 0; r < ranks; r++)
        job->bytes[r] =
            (size_t)(mos_share_of(block, r, ranks).count * job->rows) * sizeof *job->own;
    return mos_comm_gather_v(job->comm, job->own, job->bytes, job->partial);
}

static mosaic_status run(stats_job *job, int64_t count, bool progress, moments *total) {
    mos_progress line;
    mosaic_status status = MOSAIC_OK;
    progress = progress && mos_comm_rank(job->comm) == 0;
    if (progress) mos_progress_begin(&line, "statistics", count);
    for (int64_t first = 0; first < count && status == MOSAIC_OK; first += BLOCK) {
        const int64_t block = count - first < BLOCK ? count - first : BLOCK;
        /* At the end nothing is left to stop. */
        int stop = first + block < count ? mos_stop_pending() : 0;
        status = run_block(job, first, block, &stop);
        for (int64_t i = 0; i < block && status == MOSAIC_OK; i++) {
            for (int64_t r = 0; r < job->rows; r++)
                combine(&total[r], &job->partial[i * job->rows + r]);
        }
        if (status != MOSAIC_OK) break;
        if (progress) mos_progress_update(&line, first + block);
        if (stop != 0)
            status =
                mos_fail(MOSAIC_INTERRUPTED, "statistics: stopped by signal %d after %lld of %lld",
                         stop, (long long)(first + block), (long long)count);
    }
    if (progress) mos_progress_end(&line);
    return status;
}

/* The histograms of all threads of all ranks become rank 0's first ones. */
static mosaic_status join_histograms(stats_job *job) {
    enum { BINS = 1 << 14 }; /* that travel at a time */
    const int64_t ranks = mos_comm_size(job->comm), rank = mos_comm_rank(job->comm);
    uint64_t *all = NULL;
    for (int64_t r = 0; r < job->rows; r++)
        for (int t = 1; t < job->threads; t++)
            mos_band_histogram_merge(&job->histograms[r], &job->histograms[t * job->rows + r]);
    if (ranks < 2) return MOSAIC_OK;
    mosaic_status status =
        mos_alloc((size_t)(ranks * BINS), sizeof *all, "histograms of ranks", &all);
    for (int64_t r = 0; r < ranks; r++)
        job->bytes[r] = BINS * sizeof *all;
    status = mos_comm_agree(job->comm, status);
    for (int64_t r = 0; r < job->rows && status == MOSAIC_OK; r++)
        for (int64_t bin = 0; bin < job->histograms[r].bins && status == MOSAIC_OK; bin += BINS) {
            status = mos_comm_collect(job->comm, job->histograms[r].counts + bin, job->bytes, all);
            if (status == MOSAIC_OK && rank == 0)
                mos_band_histogram_add_bins(&job->histograms[r], bin, BINS, all + BINS, ranks - 1);
        }
    mos_free(all);
    return status;
}

static mosaic_status open_job(stats_job *job) {
    size_t threads = (size_t)job->threads, rows = (size_t)job->rows;
    MOS_TRY(mos_alloc(BLOCK * rows, sizeof *job->partial, "statistics", &job->partial));
    MOS_TRY(mos_alloc(BLOCK * rows, sizeof *job->own, "statistics", &job->own));
    MOS_TRY(
        mos_alloc((size_t)mos_comm_size(job->comm), sizeof *job->bytes, "statistics", &job->bytes));
    MOS_TRY(mos_alloc(threads * rows, sizeof *job->histograms, "statistics", &job->histograms));
    MOS_TRY(mos_alloc(threads, sizeof *job->readers, "statistics", &job->readers));
    const mos_modality *modalities;
    mos_dataset_modalities(job->dataset, &modalities);
    for (int t = 0; t < job->threads; t++) {
        MOS_TRY(mos_reader_open(job->dataset, &job->readers[t]));
        for (int64_t r = 0; r < job->rows; r++) {
            const stats_row *what = &job->row[r];
            MOS_TRY(
                mos_band_histogram_init(&job->histograms[t * job->rows + r],
                                        modalities[what->modality].bands[what->band].is_integer));
        }
    }
    return MOSAIC_OK;
}

static void close_job(stats_job *job) {
    for (int t = 0; job->readers != NULL && t < job->threads; t++)
        mos_reader_close(&job->readers[t]);
    for (int64_t h = 0; job->histograms != NULL && h < job->threads * job->rows; h++)
        mos_band_histogram_release(&job->histograms[h]);
    mos_free(job->readers);
    mos_free(job->histograms);
    mos_free(job->partial);
    mos_free(job->own);
    mos_free(job->bytes);
    (void)pthread_mutex_destroy(&job->failure_lock);
}

/* Every band of every modality. */
static int64_t list_rows(const mos_dataset *dataset, stats_row *out) {
    const mos_modality *modalities;
    int64_t count = 0, total = mos_dataset_modalities(dataset, &modalities);
    for (int64_t m = 0; m < total; m++) {
        for (int64_t b = 0; b < modalities[m].band_count; b++)
            out[count++] = (stats_row){m, b};
    }
    return count;
}

/* The samples of the split, at most `limit` of them, evenly spaced. */
static mosaic_status list_samples(const mos_dataset *dataset, mos_split split, int64_t limit,
                                  int64_t **out, int64_t *count) {
    int64_t total = mos_dataset_count(dataset), found = 0, of_split[MOS_SPLIT_COUNT] = {0};
    MOS_TRY(mos_alloc((size_t)total, sizeof **out, "list of samples", out));
    for (int64_t i = 0; i < total; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(dataset, i, &sample));
        of_split[sample.split]++;
        if (split == MOS_SPLIT_COUNT || sample.split == split) (*out)[found++] = i;
    }
    if (limit > 0 && found > limit) {
        for (int64_t i = 0; i < limit; i++)
            (*out)[i] = (*out)[i * found / limit];
        found = limit;
    }
    *count = found;
    if (found > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: no sample in split %s for statistics; train has %lld, validation %lld, "
                    "test %lld, and %lld are in none",
                    mos_dataset_root(dataset),
                    split == MOS_SPLIT_COUNT ? "any" : mos_split_names[split],
                    (long long)of_split[MOS_SPLIT_TRAIN], (long long)of_split[MOS_SPLIT_VALIDATION],
                    (long long)of_split[MOS_SPLIT_TEST], (long long)of_split[MOS_SPLIT_NONE]);
}

static mosaic_status fill_rows(const stats_job *job, const moments *total,
                               mos_band_statistics *out) {
    const mos_modality *modalities;
    mos_dataset_modalities(job->dataset, &modalities);
    for (int64_t r = 0; r < job->rows; r++) {
        const mos_modality *modality = &modalities[job->row[r].modality];
        mos_band_statistics *to = &out[r];
        const mos_band_histogram *histogram = &job->histograms[r];
        snprintf(to->modality, sizeof to->modality, "%s", modality->name);
        snprintf(to->band, sizeof to->band, "%s", modality->bands[job->row[r].band].name);
        to->valid = total[r].valid;
        to->invalid = total[r].invalid;
        if (to->valid == 0)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: band %s of %s has no valid pixel in these samples: nothing can be "
                            "learned of %s there; data.modalities without it leaves it out",
                            mos_dataset_root(job->dataset), to->band, to->modality, to->modality);
        to->mean = total[r].mean;
        to->sd = sqrt(total[r].square / (double)to->valid);
        to->minimum = total[r].minimum;
        to->maximum = total[r].maximum;
        to->p1 = to->p50 = to->p99 = NAN;
        if (mos_comm_rank(job->comm) > 0) continue;
        to->p1 = fmin(fmax(mos_band_histogram_quantile(histogram, 0.01), to->minimum), to->maximum);
        to->p50 = fmin(fmax(mos_band_histogram_quantile(histogram, 0.5), to->minimum), to->maximum);
        to->p99 =
            fmin(fmax(mos_band_histogram_quantile(histogram, 0.99), to->minimum), to->maximum);
    }
    return MOSAIC_OK;
}

mosaic_status mos_statistics_compute(mos_comm *comm, mos_dataset *dataset, mos_split split,
                                     int64_t limit, int threads, bool progress,
                                     mos_band_statistics **out, int64_t *count) {
    *out = NULL;
    *count = 0;
    stats_row rows[MOS_DATA_MAX_MODALITIES * MOS_DATA_MAX_BANDS];
    int64_t *samples = NULL, chosen = 0;
    moments *total = NULL;
    int constant = mos_dataset_constant_bands(dataset);
    stats_job job = {.comm = comm,
                     .dataset = dataset,
                     .threads = threads < 1 ? 1 : threads,
                     .row = rows,
                     .skips = mos_dataset_policy(dataset) == MOS_POLICY_SKIP,
                     .without_constant =
                         constant == MOS_CONSTANT_MASK || constant == MOS_CONSTANT_SKIP,
                     .failure_lock = PTHREAD_MUTEX_INITIALIZER,
                     .failed_at = -1};
    mosaic_status status;
    job.rows = list_rows(dataset, rows);
    MOS_GOTO(list_samples(dataset, split, limit, &samples, &chosen));
    job.samples = samples;
    MOS_GOTO(mos_comm_agree(comm, open_job(&job)));
    MOS_GOTO(mos_alloc((size_t)job.rows, sizeof *total, "statistics", &total));
    for (int64_t r = 0; r < job.rows; r++)
        total[r] = (moments){.minimum = INFINITY, .maximum = -INFINITY};
    MOS_GOTO(mos_alloc((size_t)job.rows, sizeof **out, "statistics", out));
    MOS_GOTO(run(&job, chosen, progress, total));
    MOS_GOTO(join_histograms(&job));
    MOS_GOTO(fill_rows(&job, total, *out));
    *count = job.rows;
done:
    close_job(&job);
    mos_free(total);
    mos_free(samples);
    if (status != MOSAIC_OK) {
        mos_free(*out);
        *out = NULL;
    }
    return status;
}
