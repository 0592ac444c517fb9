#include "evaluate/floor_features.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "evaluate/inference.h"
#include "evaluate/patch_floor.h"

#include <string.h>

enum { BATCH = MOS_INFERENCE_BATCH };

typedef struct floor_job {
    mos_probe_features kind;
    mos_loader_options options;
    int threads;
    bool used[MOS_MAX_MODALITIES];
    int64_t width[MOS_MAX_MODALITIES]; /* features of each modality, 0: not used */
    mos_floor_filters filters[MOS_MAX_MODALITIES];
} floor_job;

static void release(floor_job *job) {
    for (int m = 0; m < MOS_MAX_MODALITIES; m++)
        mos_floor_filters_release(&job->filters[m]);
}

static mosaic_status prepare(floor_job *job, uint64_t seed) {
    for (int64_t m = 0; m < job->options.modalities; m++) {
        int64_t bands = job->options.modality[m].bands;
        if (!job->used[m]) continue;
        job->width[m] = job->kind == MOS_PROBE_STATISTICS ? MOS_FLOOR_STATISTICS * bands
                                                          : 2 * MOS_FLOOR_FILTERS;
        if (job->kind == MOS_PROBE_STATISTICS) continue;
        if (job->options.height < MOS_FLOOR_SIDE || job->options.width < MOS_FLOOR_SIDE)
            return mos_fail(MOSAIC_ERR_DATA,
                            "random features look at %d x %d pixels; patches have %lld x %lld",
                            MOS_FLOOR_SIDE, MOS_FLOOR_SIDE, (long long)job->options.width,
                            (long long)job->options.height);
        MOS_TRY(mos_floor_filters_init(&job->filters[m], seed, m, bands, job->threads));
    }
    return MOSAIC_OK;
}

/* Row i of a batch into row out->n; rows without any modality in the model are no rows. */
static mosaic_status add_row(const floor_job *job, mos_dataset *dataset, const mos_batch *batch,
                             int64_t i, mos_probe_rows *out) {
    int64_t pixels = job->options.height * job->options.width;
    float *to = out->features + out->n * out->width;
    mos_sample sample;
    bool any = false;
    for (int64_t m = 0; m < job->options.modalities; m++)
        any = any || batch->present[m][i];
    if (!any) return MOSAIC_OK;
    for (int64_t m = 0; m < job->options.modalities; to += job->width[m], m++) {
        int64_t bands = job->options.modality[m].bands;
        const float *patch = batch->images[m] + i * bands * pixels;
        if (!job->used[m]) continue;
        if (!batch->present[m][i])
            memset(to, 0, (size_t)job->width[m] * sizeof *to);
        else if (job->kind == MOS_PROBE_STATISTICS)
            mos_floor_statistics(patch, bands, pixels, to);
        else
            mos_floor_filters_apply(&job->filters[m], patch, job->options.height,
                                    job->options.width, to);
    }
    MOS_TRY(mos_dataset_sample(dataset, batch->samples[i], &sample));
    memcpy(out->labels + out->n * out->classes, sample.labels, (size_t)out->classes);
    out->samples[out->n++] = batch->samples[i];
    return MOSAIC_OK;
}

static mosaic_status read_batches(const floor_job *job, mos_dataset *dataset, mos_loader *loader,
                                  int64_t count, mos_probe_rows *out) {
    mos_progress bar;
    mos_batch *batch = NULL;
    int64_t seen = 0;
    mosaic_status status = mos_loader_start(loader, 0, 0);
    if (status != MOSAIC_OK) return status;
    mos_progress_begin(&bar, "features", count);
    while ((status = mos_loader_next(loader, &batch)) == MOSAIC_OK && batch != NULL) {
        for (int64_t i = 0; i < batch->valid && status == MOSAIC_OK; i++)
            status = add_row(job, dataset, batch, i, out);
        if (status == MOSAIC_OK) status = mos_stop_check("features", seen, count);
        if (status != MOSAIC_OK) break;
        mos_repairs_add(&out->repairs, &batch->repairs);
        seen += batch->valid;
        mos_progress_update(&bar, seen);
    }
    mos_progress_end(&bar);
    out->repairs.skipped = seen - out->n;
    return status;
}

mosaic_status mos_floor_features_read(mos_session *session, mos_probe_features kind, uint64_t seed,
                                      const int64_t *index, int64_t count, const bool *used,
                                      mos_probe_rows *out) {
    floor_job job = {
        .kind = kind,
        .threads = session->threads < 1 ? 1 : session->threads,
        .options = {
            .batch = BATCH, .views = 1, .kinds = "e", .threads = session->threads, .prefetch = 3}};
    mos_loader *loader = NULL;
    const char *const *names;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_inference_bind(&session->card, session->dataset, &job.options));
    memcpy(job.used, used, (size_t)job.options.modalities * sizeof *used);
    MOS_GOTO(prepare(&job, seed));
    out->classes = mos_dataset_classes(session->dataset, &names);
    for (int64_t m = 0; m < job.options.modalities; m++)
        out->width += job.width[m];
    MOS_GOTO(
        mos_alloc((size_t)(count * out->width), sizeof(float), "probe features", &out->features));
    MOS_GOTO(mos_alloc((size_t)(count * out->classes), 1, "probe labels", &out->labels));
    MOS_GOTO(mos_alloc((size_t)count, sizeof(int64_t), "probe rows", &out->samples));
    MOS_GOTO(mos_loader_create(session->dataset, &job.options, index, count, NULL, &loader));
    MOS_GOTO(read_batches(&job, session->dataset, loader, count, out));
    if (out->n == 0)
        status = mos_fail(MOSAIC_ERR_DATA,
                          "'%s': all %lld samples were skipped: they cannot be read, or they have "
                          "none of the model's modalities",
                          mos_dataset_root(session->dataset), (long long)count);
done:
    mos_loader_destroy(&loader);
    release(&job);
    return status;
}

/* ---- the encoder before training ---- */

static mosaic_status read_seed(const mos_session *session, int64_t *out) {
    mos_text text = {0};
    mosaic_status status = mos_config_get(session->config, "train.seed", &text);
    if (status == MOSAIC_OK && !mos_parse_int(text.data, out))
        status = mos_fail(MOSAIC_ERR_DATA, "'%s': train.seed '%s' is no number",
                          session->model_path, text.data);
    mos_text_release(&text);
    return status;
}

mosaic_status mos_floor_untrain(mos_session *session) {
    char path[4096];
    int64_t seed;
    MOS_TRY(mos_path_join(path, sizeof path, session->run, "model/initial.safetensors"));
    if (mos_path_exists(path)) {
        mos_model_card unused;
        mos_model_destroy(&session->model);
        MOS_TRY(mos_model_file_load(path, session->device, &unused, &session->model));
        mos_model_card_release(&unused);
        mos_log(MOS_LOG_NOTICE, "untrained features: %s", path);
        return MOSAIC_OK;
    }
    MOS_TRY(read_seed(session, &seed));
    mos_model_destroy(&session->model);
    MOS_TRY(
        mos_model_create(session->device, &session->card.spec, (uint64_t)seed, &session->model));
    mos_log(MOS_LOG_NOTICE, "untrained features: weights drawn from the run's seed %lld",
            (long long)seed);
    return MOSAIC_OK;
}
