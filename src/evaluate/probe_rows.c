#include "evaluate/probe_rows.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/fraction.h"
#include "evaluate/floor_features.h"
#include "evaluate/inference_ranks.h"

#include <string.h>

void mos_probe_rows_release(mos_probe_rows *rows) {
    mos_free(rows->features);
    mos_free(rows->labels);
    mos_free(rows->samples);
    *rows = (mos_probe_rows){0};
}

/* A probe's classes are the data set's, whether or not the model has a head. */
static mosaic_status copy_features(const mos_inference *from, const mos_dataset *dataset,
                                   const bool *used, mos_probe_rows *out) {
    const char *const *names;
    int64_t parts = 0, size = from->features;
    for (int64_t m = 0; m < from->modalities; m++)
        parts += used[m];
    *out = (mos_probe_rows){.n = from->n,
                            .width = parts * size,
                            .classes = mos_dataset_classes(dataset, &names),

                            .repairs = from->repairs};
    MOS_TRY(
        mos_alloc((size_t)(out->n * out->width), sizeof(float), "probe features", &out->features));
    MOS_TRY(mos_alloc((size_t)(out->n * out->classes), 1, "probe labels", &out->labels));
    MOS_TRY(mos_alloc((size_t)out->n, sizeof(int64_t), "probe rows", &out->samples));
    for (int64_t i = 0; i < out->n; i++) {
        mos_sample sample;
        float *to = out->features + i * out->width;
        MOS_TRY(mos_dataset_sample(dataset, from->samples[i], &sample));
        memcpy(out->labels + i * out->classes, sample.labels, (size_t)out->classes);
        out->samples[i] = from->samples[i];
        for (int64_t m = 0; m < from->modalities; m++) {
            if (!used[m]) continue;
            memcpy(to, from->feature[m] + i * size, (size_t)size * sizeof *to);
            to += size;
        }
    }
    return MOSAIC_OK;
}

mosaic_status mos_probe_rows_read(mos_session *session, mos_split split, int64_t limit,
                                  const uint8_t *keep, const bool *used,
                                  mos_probe_features features, uint64_t seed, mos_probe_rows *out) {
    int64_t *index = NULL, count = 0, kept = 0;
    mos_inference inference = {0};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_probe_rows){0};
    MOS_GOTO(mos_inference_rows(session->dataset, split, keep ? 0 : limit, &index, &count));
    for (int64_t i = 0; i < count; i++)
        if (!keep || keep[index[i]]) index[kept++] = index[i];
    if (kept == 0) {
        status = mos_fail(MOSAIC_ERR_DATA, "'%s' has no %ssamples in split '%s'",
                          mos_dataset_root(session->dataset), keep ? "labelled " : "",
                          mos_split_names[split]);
        goto done;
    }
    if (features == MOS_PROBE_RANDOM || features == MOS_PROBE_STATISTICS) {
        if (mos_comm_rank(session->comm) > 0) goto done;
        MOS_GOTO(mos_floor_features_read(session, features, seed, index, kept, used, out));
        goto done;
    }
    MOS_GOTO(mos_inference_run_ranks(session->comm, session->model, &session->card,
                                     session->dataset, index, kept, false, session->threads, true,
                                     &inference));
    if (mos_comm_rank(session->comm) == 0)
        status = copy_features(&inference, session->dataset, used, out);
    status = mos_comm_agree(session->comm, status);
done:
    mos_free(index);
    mos_inference_release(&inference);
    if (status != MOSAIC_OK) mos_probe_rows_release(out);
    return status;
}

mosaic_status mos_probe_rows_labeled(const mos_session *session, double fraction, uint64_t seed,
                                     uint8_t *keep) {
    char saved[4096];
    mos_text share_text = {0}, seed_text = {0};
    double share = fraction;
    int64_t number = (int64_t)seed;
    if (share < 0) {
        MOS_TRY(mos_path_join(saved, sizeof saved, session->run, "labeled.txt"));
        if (mos_path_exists(saved)) return mos_fraction_load(session->dataset, saved, keep);
        mosaic_status status =
            mos_config_get(session->config, "data.labeled.fraction", &share_text);
        if (status == MOSAIC_OK)
            status = mos_config_get(session->config, "data.labeled.seed", &seed_text);
        if (status == MOSAIC_OK &&
            (!mos_parse_double(share_text.data, &share) || !mos_parse_int(seed_text.data, &number)))
            status = mos_fail(MOSAIC_ERR_DATA, "'%s': labelled fraction '%s' is not a number",
                              session->model_path, share_text.data);
        mos_text_release(&share_text);
        mos_text_release(&seed_text);
        MOS_TRY(status);
    }
    return mos_fraction_choose(session->dataset, MOS_SPLIT_TRAIN, share, (uint64_t)number, keep);
}
