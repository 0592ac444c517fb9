#include "deploy/embed.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/scene/scene_frame.h"
#include "deploy/embed_table.h"
#include "deploy/embedding_layer.h"
#include "deploy/embedding_parquet.h"
#include "deploy/embedding_raster.h"
#include "deploy/predict_source.h"
#include "evaluate/inference_ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const mos_embed_also_names[] = {"parquet", "gpkg", "raster", NULL};

typedef struct job {
    const mos_embed_options *options;
    mos_session session;
    mos_inference rows;
    int64_t chosen[MOS_MAX_MODALITIES]; /* modalities of the model, in the order of the columns */
    int64_t *kept, count;               /* rows that have one of them */
    mos_embedding_about *about;
    float *values; /* [count, modalities * size] */
    mos_text *files;
} job;

static mosaic_status choose_modalities(job *j) {
    const mos_model_spec *spec = &j->session.card.spec;
    const char *wanted = j->options->modality, *names[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < spec->modalities; m++) {
        names[m] = spec->modality[m].name;
        if (wanted != NULL && strcmp(names[m], wanted) != 0) continue;
        j->chosen[j->about->modalities] = m;
        (void)snprintf(j->about->modality[j->about->modalities++], 32, "%s", names[m]);
    }
    if (j->about->modalities > 0) return MOSAIC_OK;
    const char *near = mos_nearest_name(wanted, names, (size_t)spec->modalities);
    return mos_fail(MOSAIC_ERR_USAGE, "the model has no modality '%s'%s%s%s", wanted,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* A patch that lacks everything asked for has no row. */
static mosaic_status keep_rows(job *j) {
    MOS_TRY(mos_alloc((size_t)j->rows.n, sizeof *j->kept, "rows", &j->kept));
    for (int64_t i = 0; i < j->rows.n; i++) {
        bool any = false;
        for (int64_t m = 0; m < j->about->modalities; m++)
            any = any || j->rows.present[j->chosen[m]][i];
        if (any) j->kept[j->count++] = i;
    }
    if (j->count == 0)
        return mos_fail(MOSAIC_ERR_DATA, "no patch has modality '%s'", j->options->modality);
    if (j->count < j->rows.n)
        mos_log(MOS_LOG_WARNING, "%lld of %lld patches lack '%s' and have no row",
                (long long)(j->rows.n - j->count), (long long)j->rows.n, j->options->modality);
    return MOSAIC_OK;
}

static mosaic_status gather_values(job *j) {
    mos_embedding_about *about = j->about;
    const int64_t d = about->size, wide = d * about->modalities;
    MOS_TRY(mos_alloc((size_t)(j->count * wide), sizeof *j->values, "embeddings", &j->values));
    for (int64_t i = 0; i < j->count; i++)
        for (int64_t m = 0; m < about->modalities; m++) {
            const float *from = about->kind == MOS_EMBED_LATENTS ? j->rows.z[j->chosen[m]]
                                                                 : j->rows.feature[j->chosen[m]];
            memcpy(j->values + i * wide + m * d, from + j->kept[i] * d,
                   (size_t)d * sizeof *j->values);
        }
    about->rows = j->count;
    return MOSAIC_OK;
}

/* ---- what else is asked for ---- */

static mosaic_status add_parquet(const job *j, const mos_embedding_store *store) {
    char path[4096];
    MOS_TRY(mos_path_join(path, sizeof path, j->options->out, "embeddings.parquet"));
    MOS_TRY(mos_embedding_parquet_write(store, path));
    mos_text_add(j->files, "%s\n", path);
    return MOSAIC_OK;
}

static mosaic_status add_layer(const job *j, const mos_embedding_store *store) {
    char path[4096];
    bool written;
    MOS_TRY(mos_path_join(path, sizeof path, j->options->out, "embeddings.gpkg"));
    MOS_TRY(mos_embedding_layer_write(store, path, &written));
    if (!written)
        return mos_fail(MOSAIC_ERR_DATA, "%s: no patch of '%s' has a known place", path,
                        mos_dataset_root(j->session.dataset));
    mos_text_add(j->files, "%s\n", path);
    return MOSAIC_OK;
}

static mosaic_status add_others(const job *j, const mos_embed_rows *rows) {
    const uint32_t also = j->options->also;
    mos_embedding_store store = {0};
    mosaic_status status = MOSAIC_OK;
    if (also >> MOS_EMBED_RASTER & 1)
        MOS_TRY(mos_embedding_raster_write(j->options->out, &j->session, j->about, rows, j->values,
                                           j->options->source.stride, j->files));
    if ((also & ~(1u << MOS_EMBED_RASTER)) == 0) return MOSAIC_OK;
    MOS_TRY(mos_embedding_store_open(j->options->out, &store));
    if (also >> MOS_EMBED_PARQUET & 1) MOS_GOTO(add_parquet(j, &store));
    if (also >> MOS_EMBED_GPKG & 1) MOS_GOTO(add_layer(j, &store));
done:
    mos_embedding_store_close(&store);
    return status;
}

/* Refuses a raster of data that are no scenes, before minutes of computing. */
static mosaic_status check_raster(const job *j) {
    if (!(j->options->also >> MOS_EMBED_RASTER & 1) || mos_scene_frames(j->session.dataset) > 0)
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "--also raster is for scenes, and '%s' is %s",
                    mos_dataset_root(j->session.dataset), mos_dataset_format(j->session.dataset));
}

/* Absolute paths of model and data, so that a search may be started in any folder. */
static mosaic_status find_whole(const char *path, char *out, size_t size) {
    char *whole = realpath(path, NULL);
    if (whole == NULL) return mos_fail_errno("find", path);
    (void)snprintf(out, size, "%s", whole);
    free(whole);
    return MOSAIC_OK;
}

mosaic_status mos_embed_run(const mos_embed_options *options, mos_embedding_about *about,
                            mos_text *files) {
    const mos_predict_options *source = &options->source;
    job j = {.options = options, .about = about, .files = files};
    int64_t *index = NULL, count = 0;
    mosaic_status status;
    *about = (mos_embedding_about){.kind = options->kind, .type = options->type};
    if (options->out == NULL) return mos_fail(MOSAIC_ERR_USAGE, "embed wants --out FOLDER");
    MOS_GOTO(mos_predict_open(source, &j.session));
    MOS_GOTO(check_raster(&j));
    MOS_GOTO(choose_modalities(&j));
    MOS_GOTO(find_whole(j.session.model_path, about->model, sizeof about->model));
    if (source->data != NULL) MOS_GOTO(find_whole(source->data, about->data, sizeof about->data));
    MOS_GOTO(mos_sha256_file(about->model, about->model_sha256));
    MOS_GOTO(mos_inference_rows(j.session.dataset, options->split, source->limit, &index, &count));
    MOS_GOTO(mos_inference_run_ranks(
        j.session.comm, j.session.model, &j.session.card, j.session.dataset, index, count,
        options->kind == MOS_EMBED_LATENTS, j.session.threads, true, &j.rows));
    if (mos_comm_rank(j.session.comm) > 0) goto done; /* rank 0 has all rows */
    about->size = options->kind == MOS_EMBED_LATENTS ? j.rows.latent : j.rows.features;
    MOS_GOTO(keep_rows(&j));
    MOS_GOTO(mos_make_dirs(options->out));
    MOS_GOTO(gather_values(&j));
    const mos_embed_rows rows = {&j.rows, j.kept, j.chosen, j.count};
    MOS_GOTO(mos_embedding_values_write(options->out, j.values, about));
    MOS_GOTO(mos_embed_table_write(options->out, &j.session, about, &rows));
    MOS_GOTO(mos_embedding_about_write(options->out, about));
    MOS_GOTO(add_others(&j, &rows));
done:
    mos_free(index);
    mos_free(j.kept);
    mos_free(j.values);
    mos_inference_release(&j.rows);
    mos_session_close(&j.session);
    return status;
}
