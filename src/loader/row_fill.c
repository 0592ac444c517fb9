#include "loader/row_fill.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/simd.h"
#include "data/constant_band.h"
#include "loader/patch_mix.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Invalid: NaN, Inf (x * 0 is not 0), or equal to the no-data value. */
MOS_SIMD_INLINE void count_invalid_body(const float *data, int64_t count, bool has_nodata,
                                        float nodata, int64_t *out) {
    int32_t invalid = 0;
    if (has_nodata) {
#pragma omp simd reduction(+ : invalid)
        for (int64_t i = 0; i < count; i++)
            invalid += !(data[i] * 0 == 0) | (data[i] == nodata);
    } else {
#pragma omp simd reduction(+ : invalid)
        for (int64_t i = 0; i < count; i++)
            invalid += !(data[i] * 0 == 0);
    }
    *out = invalid;
}
MOS_SIMD_KERNEL(count_invalid,
                (const float *data, int64_t count, bool has_nodata, float nodata, int64_t *out),
                (data, count, has_nodata, nodata, out))

static bool is_invalid(float value, bool has_nodata, float nodata) {
    return !(value * 0 == 0) || (has_nodata && value == nodata);
}

void mos_repairs_add(mos_repairs *sum, const mos_repairs *more) {
    sum->not_finite_pixels += more->not_finite_pixels;
    sum->nodata_pixels += more->nodata_pixels;
    sum->absent_modalities += more->absent_modalities;
    sum->constant_bands += more->constant_bands;
    sum->skipped += more->skipped;
    sum->unreadable += more->unreadable;
    sum->constant_skipped += more->constant_skipped;
}

/* What one sample turned out to be. */
typedef enum sample_state { SAMPLE_READY, SAMPLE_UNUSABLE } sample_state;

/* Copy of a band with invalid pixels replaced, and where they were. */
static mosaic_status repair_band(mos_row_worker *worker, const struct mos_patch_band *band,
                                 int policy, float mean, mos_band_source *source) {
    size_t count = (size_t)(band->width * band->height);
    MOS_TRY(
        mos_grow(&worker->filled, &worker->filled_size, count, sizeof(float), "a repaired band"));
    MOS_TRY(mos_grow(&worker->masked, &worker->masked_size, count, sizeof(float), "a mask"));
    double sum = 0;
    int64_t valid = 0;
    for (size_t i = 0; i < count; i++) {
        bool bad = is_invalid(band->data[i], band->has_nodata, band->nodata);
        worker->masked[i] = bad ? 1 : 0;
        sum += bad ? 0 : (double)band->data[i];
        valid += !bad;
    }
    bool fill_mean = policy == MOS_LOADER_FILL_MEAN && valid > 0;
    float fill = fill_mean ? (float)(sum / (double)valid) : mean;
    for (size_t i = 0; i < count; i++)
        worker->filled[i] = worker->masked[i] > 0 ? fill : band->data[i];
    source->data = worker->filled;
    source->masked = fill_mean ? NULL : worker->masked;
    return MOSAIC_OK;
}

typedef struct modality_job {
    const mos_row_context *context;
    mos_row_worker *worker;
    const mos_sample *sample;
    int64_t index; /* into options->modality */
    const mos_view_key *key;
    mos_batch *batch;
    int64_t row;
    int64_t first, end; /* views to render */
    float *partner;     /* [bands, height, width]: there, instead of the batch; or NULL */
} modality_job;

/* "sample, modality band": what a refusal is about. */
static void band_name(const modality_job *job, int64_t band, char out[256]) {
    const mos_loader_modality *modality = &job->context->options->modality[job->index];
    const mos_modality *list;
    (void)mos_dataset_modalities(job->context->dataset, &list);
    const mos_modality *known = &list[modality->modality];
    (void)snprintf(out, 256, "sample \"%.150s\": %s band %s", job->sample->id, known->name,
                   known->bands[modality->band[band]].name);
}

/* Applies data.policy to a band that has invalid pixels. */
static mosaic_status apply_policy(const modality_job *job, int64_t band, int64_t invalid,
                                  mos_band_source *source, mos_repairs *counts,
                                  sample_state *state) {
    const struct mos_patch_band *raw = &job->worker->patch.band[band];
    int policy = job->context->options->policy;
    char name[256];
    int64_t strange;
    if (policy == MOS_LOADER_REFUSE) {
        band_name(job, band, name);
        return mos_fail(MOSAIC_ERR_DATA, "%s has %lld invalid pixels (NaN, Inf or no-data)", name,
                        (long long)invalid);
    }
    if (policy == MOS_LOADER_SKIP) {
        *state = SAMPLE_UNUSABLE;
        return MOSAIC_OK;
    }
    count_invalid(raw->data, raw->width * raw->height, false, 0, &strange);
    bool nan_is_nodata = raw->has_nodata && isnan(raw->nodata);
    counts->not_finite_pixels += nan_is_nodata ? 0 : strange;
    counts->nodata_pixels += invalid - (nan_is_nodata ? 0 : strange);
    return repair_band(job->worker, raw, policy, source->mean, source);
}

/* Applies data.constant_bands to a band whose valid pixels all have one value. *blank: the band
 * becomes 0. */
static mosaic_status apply_constant(const modality_job *job, int64_t band, mos_repairs *counts,
                                    sample_state *state, bool *blank) {
    int choice = job->context->options->constant_bands;
    char name[256];
    if (choice == MOS_LOADER_CONSTANT_REFUSE) {
        band_name(job, band, name);
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s has one value in all its valid pixels, and data.constant_bands is "
                        "refuse",
                        name);
    }
    if (choice == MOS_LOADER_CONSTANT_SKIP) {
        counts->constant_skipped++;
        *state = SAMPLE_UNUSABLE;
        return MOSAIC_OK;
    }
    counts->constant_bands++;
    *blank = choice == MOS_LOADER_CONSTANT_MASK;
    return MOSAIC_OK;
}

/* Where view v of the band goes. */
static float *plane_of(const modality_job *job, int64_t view, int64_t band) {
    const mos_loader_options *options = job->context->options;
    int64_t bands = options->modality[job->index].bands;
    if (job->partner != NULL) return job->partner + band * options->width * options->height;
    return job->batch->images[job->index] +
           ((view * options->batch + job->row) * bands + band) * options->width * options->height;
}

static void blank_band(const modality_job *job, int64_t band) {
    const mos_loader_options *options = job->context->options;
    for (int64_t v = job->first; v < job->end; v++)
        memset(plane_of(job, v, band), 0,
               (size_t)(options->width * options->height) * sizeof(float));
}

static mosaic_status render_band(const modality_job *job, int64_t band,
                                 const mos_band_source *source, const mos_view_light *lights) {
    const mos_loader_options *options = job->context->options;
    for (int64_t v = job->first; v < job->end; v++) {
        mos_view_key key = *job->key;
        key.view = (uint32_t)v;
        mos_rng noise = mos_view_noise_stream(&key, job->index, band);
        MOS_TRY(mos_view_render(source, &job->worker->geometry[v], &lights[v], band, &noise,
                                options->width, options->height, &job->worker->scratch,
                                plane_of(job, v, band)));
    }
    return MOSAIC_OK;
}

static void finest_size(const mos_patch *patch, int64_t *width, int64_t *height) {
    *width = *height = 0;
    for (int64_t b = 0; b < patch->bands; b++) {
        if (patch->band[b].width > *width) *width = patch->band[b].width;
        if (patch->band[b].height > *height) *height = patch->band[b].height;
    }
}

/* Every view of a sample shows the same pixels: once is enough. */
static void watch(const modality_job *job) {
    const mos_loader_modality *modality = &job->context->options->modality[job->index];
    const mos_modality *list;
    (void)mos_dataset_modalities(job->context->dataset, &list);
    mos_drift_look(job->context->drift, modality, job->index, &list[modality->modality],
                   job->sample->id, &job->worker->patch);
}

/* Read and render one modality. *state is SAMPLE_UNUSABLE when a policy throws the sample out. */
static mosaic_status fill_modality(const modality_job *job, mos_repairs *counts,
                                   sample_state *state) {
    const mos_loader_options *options = job->context->options;
    const mos_loader_modality *modality = &options->modality[job->index];
    mos_patch *patch = &job->worker->patch;
    mos_view_light lights[MOS_LOADER_MAX_VIEWS];
    int64_t fine_width, fine_height, start = mos_now_ns();
    mosaic_status status =
        mos_reader_read(job->worker->reader, job->key->sample, modality->modality, modality->band,
                        modality->bands, patch);
    if (options->policy == MOS_LOADER_SKIP &&
        (status == MOSAIC_ERR_DATA || status == MOSAIC_ERR_IO)) {
        if (job->context->epoch == 0) mos_log(MOS_LOG_WARNING, "skipped: %s", mosaic_error());
        counts->unreadable++;
        *state = SAMPLE_UNUSABLE;
        return MOSAIC_OK;
    }
    MOS_TRY(status);
    int64_t read = mos_now_ns();
    job->worker->read_ns += read - start;
    if (job->partner == NULL) watch(job);
    finest_size(patch, &fine_width, &fine_height);
    for (int64_t v = job->first; v < job->end; v++) {
        mos_view_key key = *job->key;
        key.view = (uint32_t)v;
        mos_view_light_draw(&options->augment, options->kinds[v], &key, modality, job->index,
                            &lights[v]);
    }
    for (int64_t b = 0; b < modality->bands; b++) {
        const struct mos_patch_band *band = &patch->band[b];
        int64_t invalid;
        bool blank = false;
        mos_band_source source = {.data = band->data,
                                  .width = band->width,
                                  .height = band->height,
                                  .fine_width = fine_width,
                                  .fine_height = fine_height,
                                  .mean = modality->mean[b],
                                  .sd = modality->sd[b],
                                  .radar = modality->radar};
        count_invalid(band->data, band->width * band->height, band->has_nodata, band->nodata,
                      &invalid);
        if (invalid > 0) MOS_TRY(apply_policy(job, b, invalid, &source, counts, state));
        if (*state == SAMPLE_READY && mos_band_is_constant(band))
            MOS_TRY(apply_constant(job, b, counts, state, &blank));
        if (*state == SAMPLE_UNUSABLE) return MOSAIC_OK;
        if (blank)
            blank_band(job, b);
        else
            MOS_TRY(render_band(job, b, &source, lights));
    }
    job->worker->augment_ns += mos_now_ns() - read;
    return MOSAIC_OK;
}

/* An absent modality: zeros, and marked as absent. */
static void clear_modality(const mos_loader_options *options, int64_t index, mos_batch *batch,
                           int64_t row) {
    int64_t values = options->modality[index].bands * options->width * options->height;
    for (int64_t v = 0; v < options->views; v++)
        memset(batch->images[index] + (v * options->batch + row) * values, 0,
               (size_t)values * sizeof(float));
    batch->present[index][row] = 0;
}

/* The modalities of the options that the sample has, without the one that this draw leaves out. */
static uint32_t draw_modalities(const mos_row_context *context, const mos_draw *draw,
                                const mos_sample *sample) {
    const mos_loader_options *options = context->options;
    uint32_t there = 0;
    int64_t count = 0;
    for (int64_t m = 0; m < options->modalities; m++) {
        int64_t modality = options->modality[m].modality;
        bool is_there = modality >= 0 && (sample->present >> modality & 1) != 0;
        there |= (uint32_t)is_there << m;
        count += is_there;
    }
    if (!(options->modality_dropout > 0) || count < 2) return there;
    mos_rng rng = mos_rng_at(options->seed, MOS_RNG_DROPOUT, (uint32_t)context->epoch,
                             (uint64_t)draw->sample, draw->repeat);
    if (!(mos_rng_uniform64(&rng) < options->modality_dropout)) return there;
    int64_t left_out = (int64_t)mos_rng_below(&rng, (uint64_t)count);
    for (int64_t m = 0; m < options->modalities; m++)
        if ((there >> m & 1) != 0 && left_out-- == 0) return there & ~(UINT32_C(1) << m);
    return there;
}

static const int8_t *labels_of(const mos_row_context *context, const mos_sample *sample,
                               int64_t index) {
    return context->labels != NULL ? context->labels + index * context->classes : sample->labels;
}

/* The partner's view of every modality in use into worker->partner. *state: not, where it lacks one
 * of them or a policy throws it out. */
static mosaic_status render_partner(const mos_row_context *context, mos_row_worker *worker,
                                    const mos_view_key *key, const mos_sample *sample,
                                    uint32_t used, sample_state *state) {
    const mos_loader_options *options = context->options;
    const int64_t plane = options->width * options->height, view = options->mixed_view;
    int64_t bands = 0, at = 0;
    mos_repairs not_counted = {0}; /* they are with the partner's own rows */
    for (int64_t m = 0; m < options->modalities; m++)
        bands += options->modality[m].bands;
    MOS_TRY(mos_grow(&worker->partner, &worker->partner_size, (size_t)(bands * plane),
                     sizeof(float), "a patch to mix in"));
    mos_view_geometry_draw(&options->augment, options->kinds[view],
                           options->width == options->height, key, &worker->geometry[view]);
    for (int64_t m = 0; m < options->modalities && *state == SAMPLE_READY; m++) {
        const int64_t modality = options->modality[m].modality;
        const modality_job job = {.context = context,
                                  .worker = worker,
                                  .sample = sample,
                                  .index = m,
                                  .key = key,
                                  .first = view,
                                  .end = view + 1,
                                  .partner = worker->partner + at * plane};
        at += options->modality[m].bands;
        if (!(used >> m & 1)) continue;
        if (!(sample->present >> modality & 1))
            *state = SAMPLE_UNUSABLE;
        else
            MOS_TRY(fill_modality(&job, &not_counted, state));
    }
    return MOSAIC_OK;
}

/* Mixes a row that has a label with a labelled patch: all its modalities alike, so that they stay a
 * pair. key: the row's. */
static mosaic_status mix_row(const mos_row_context *context, mos_row_worker *worker,
                             const mos_view_key *key, uint32_t used, mos_batch *batch,
                             int64_t row) {
    const mos_loader_options *options = context->options;
    const int64_t plane = options->width * options->height, view = options->mixed_view;
    float *targets = batch->targets + row * context->classes;
    const int8_t *labels = batch->labels + row * context->classes;
    sample_state state = SAMPLE_READY;
    mos_sample sample;
    mos_patch_mix mix;
    bool known = false;
    for (int64_t l = 0; l < context->classes; l++) {
        targets[l] = (float)labels[l];
        known = known || labels[l] >= 0;
    }
    if (!known || context->labeled_count == 0) return MOSAIC_OK;
    mos_patch_mix_draw(&options->augment, key, context->labeled_count, options->width,
                       options->height, &mix);
    mix.other.sample = context->labeled[mix.other.sample];
    mix.other.view = (uint32_t)view;
    MOS_TRY(mos_dataset_sample(context->dataset, mix.other.sample, &sample));
    MOS_TRY(render_partner(context, worker, &mix.other, &sample, used, &state));
    if (state != SAMPLE_READY) return MOSAIC_OK;
    const float *other = worker->partner;
    for (int64_t m = 0; m < options->modalities; m++) {
        const int64_t bands = options->modality[m].bands;
        float *own = batch->images[m] + (view * options->batch + row) * bands * plane;
        for (int64_t b = 0; b < bands; b++, own += plane, other += plane)
            if ((used >> m & 1) != 0)
                mos_patch_mix_plane(&mix, other, options->width, options->height, own);
    }
    mos_patch_mix_targets(&mix, labels_of(context, &sample, mix.other.sample), context->classes,
                          targets);
    return MOSAIC_OK;
}

static mosaic_status fill_sample(const mos_row_context *context, mos_row_worker *worker,
                                 const mos_draw *draw, mos_batch *batch, int64_t row,
                                 mos_repairs *counts, sample_state *state) {
    const mos_loader_options *options = context->options;
    mos_sample sample;
    mos_view_key key = {.seed = options->seed,
                        .epoch = (uint32_t)context->epoch,
                        .sample = draw->sample,
                        .repeat = draw->repeat};
    MOS_TRY(mos_dataset_sample(context->dataset, draw->sample, &sample));
    for (int64_t v = 0; v < options->views; v++) {
        key.view = (uint32_t)v;
        mos_view_geometry_draw(&options->augment, options->kinds[v],
                               options->width == options->height, &key, &worker->geometry[v]);
    }
    *state = SAMPLE_READY;
    uint32_t used = draw_modalities(context, draw, &sample);
    for (int64_t m = 0; m < options->modalities && *state == SAMPLE_READY; m++) {
        if (!(used >> m & 1)) {
            int64_t modality = options->modality[m].modality;
            clear_modality(options, m, batch, row);
            counts->absent_modalities += modality < 0 || !(sample.present >> modality & 1);
            continue;
        }
        modality_job job = {.context = context,
                            .worker = worker,
                            .sample = &sample,
                            .index = m,
                            .key = &key,
                            .batch = batch,
                            .row = row,
                            .end = options->views};
        batch->present[m][row] = 1;
        MOS_TRY(fill_modality(&job, counts, state));
    }
    const int8_t *labels = labels_of(context, &sample, draw->sample);
    memcpy(batch->labels + row * context->classes, labels, (size_t)context->classes);
    batch->samples[row] = draw->sample;
    batch->repeats[row] = draw->repeat;
    return batch->targets != NULL && *state == SAMPLE_READY
               ? mix_row(context, worker, &key, used, batch, row)
               : MOSAIC_OK;
}

mosaic_status mos_row_fill(const mos_row_context *context, mos_row_worker *worker,
                           int64_t draw_index, mos_batch *batch, int64_t row, mos_repairs *counts) {
    const mos_epoch_order *order = context->order;
    int64_t total = order->batches * order->batch;
    sample_state state;
    worker->read_ns = worker->augment_ns = 0;
    *counts = (mos_repairs){0};
    for (int64_t attempt = 0; attempt < total; attempt++) {
        mos_repairs found = {0};
        mos_draw draw = order->draws[(draw_index + attempt) % total];
        /* A stand-in must not show the views it shows in its own row. */
        draw.repeat += attempt > 0 ? UINT32_C(1) << 16 : 0;
        MOS_TRY(fill_sample(context, worker, &draw, batch, row, &found, &state));
        if (state == SAMPLE_UNUSABLE) /* only the reason is counted */
            found = (mos_repairs){.skipped = 1,
                                  .unreadable = found.unreadable,
                                  .constant_skipped = found.constant_skipped};
        mos_repairs_add(counts, &found);
        if (state == SAMPLE_READY) return MOSAIC_OK;
        if (!context->options
                 ->shuffle) { /* evaluation: the row stays this sample's, without data */
            for (int64_t m = 0; m < context->options->modalities; m++)
                clear_modality(context->options, m, batch, row);
            return MOSAIC_OK;
        }
    }
    return mos_fail(
        MOSAIC_ERR_DATA,
        "all %lld samples drawn in this epoch have invalid pixels, bands of one value or cannot be "
        "read, and data.policy or data.constant_bands is skip",
        (long long)total);
}

void mos_row_worker_release(mos_row_worker *worker) {
    mos_reader_close(&worker->reader);
    mos_render_scratch_release(&worker->scratch);
    mos_free(worker->partner);
    mos_free(worker->filled);
    mos_free(worker->masked);
    memset(worker, 0, sizeof *worker);
}
