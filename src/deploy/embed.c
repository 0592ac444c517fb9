#include "deploy/embed.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/sample_place.h"
#include "deploy/predict_source.h"
#include "evaluate/inference.h"
#include "io/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct job {
    const mos_embed_options *options;
    mos_session session;
    mos_inference rows;
    int64_t chosen[MOS_MAX_MODALITIES]; /* modalities of the model, in the order of the columns */
    int64_t *kept, count;               /* rows that have one of them */
    mos_embedding_about *about;
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

static mosaic_status write_values(job *j) {
    mos_embedding_about *about = j->about;
    const int64_t d = about->size, wide = d * about->modalities;
    float *values = NULL;
    MOS_TRY(mos_alloc((size_t)(j->count * wide), sizeof *values, "embeddings", &values));
    for (int64_t i = 0; i < j->count; i++)
        for (int64_t m = 0; m < about->modalities; m++) {
            const float *from = about->kind == MOS_EMBED_LATENTS ? j->rows.z[j->chosen[m]]
                                                                 : j->rows.feature[j->chosen[m]];
            memcpy(values + i * wide + m * d, from + j->kept[i] * d, (size_t)d * sizeof *values);
        }
    about->rows = j->count;
    mosaic_status status = mos_embedding_values_write(j->options->out, values, about);
    mos_free(values);
    return status;
}

/* ---- embeddings.csv ---- */

static void add_date(const mos_sample *sample, mos_text *out) {
    for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++) {
        struct tm utc;
        char text[32];
        const time_t seconds = (time_t)sample->time_s[m];
        if (!(sample->present >> m & 1) || sample->time_s[m] == INT64_MIN) continue;
        if (gmtime_r(&seconds, &utc) == NULL ||
            strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
            continue;
        mos_text_add(out, "%s", text);
        return;
    }
}

static void add_degrees(mos_text *out, double radians) {
    char number[40];
    mos_text_add_bytes(out, ",", 1);
    if (isfinite(radians))
        mos_text_add(out, "%s", mos_format_double(number, sizeof number, radians * 180 / M_PI, 9));
}

static void add_labels(const job *j, int64_t row, mos_text *out) {
    const int64_t classes = j->rows.classes;
    mos_text names = {0};
    for (int64_t l = 0; l < classes; l++)
        if (j->rows.labels[row * classes + l] == 1)
            mos_text_add(&names, "%s%s", names.size > 0 ? ";" : "", j->session.card.class_names[l]);
    mos_text_add_bytes(out, ",", 1);
    mos_csv_add_field(out, names.data == NULL ? "" : names.data);
    if (names.failed) out->failed = true;
    mos_text_release(&names);
}

static mosaic_status add_row(const job *j, mos_reader *reader, int64_t row, mos_text *out) {
    const int64_t index = j->rows.samples[row];
    mos_sample sample;
    mos_place place;
    MOS_TRY(mos_dataset_sample(j->session.dataset, index, &sample));
    mos_place_find(reader, index, &place);
    mos_csv_add_field(out, sample.id);
    mos_text_add(out, ",%s,", mos_split_names[sample.split]);
    mos_csv_add_field(out, sample.country);
    mos_text_add_bytes(out, ",", 1);
    add_date(&sample, out);
    add_degrees(out, place.known ? place.longitude : NAN);
    add_degrees(out, place.known ? place.latitude : NAN);
    add_labels(j, row, out);
    for (int64_t m = 0; m < j->about->modalities; m++)
        mos_text_add(out, ",%d", j->rows.present[j->chosen[m]][row] != 0);
    mos_text_add_bytes(out, "\n", 1);
    return MOSAIC_OK;
}

static mosaic_status write_table(const job *j) {
    char path[4096];
    mos_text out = {0};
    mos_reader *reader = NULL;
    mosaic_status status = MOSAIC_OK;
    mos_text_add(&out, "id,split,country,date,longitude,latitude,labels");
    for (int64_t m = 0; m < j->about->modalities; m++)
        mos_text_add(&out, ",has:%s", j->about->modality[m]);
    mos_text_add_bytes(&out, "\n", 1);
    MOS_GOTO(mos_reader_open(j->session.dataset, &reader));
    for (int64_t i = 0; i < j->count; i++)
        MOS_GOTO(add_row(j, reader, j->kept[i], &out));
    if (out.failed) MOS_GOTO(mos_fail_memory(out.size, "a table"));
    MOS_GOTO(mos_path_join(path, sizeof path, j->options->out, "embeddings.csv"));
    MOS_GOTO(mos_atomic_write(path, out.data, out.size));
done:
    mos_reader_close(&reader);
    mos_text_release(&out);
    return status;
}

/* Where model and data are, from whatever folder a search is started. */
static mosaic_status find_whole(const char *path, char *out, size_t size) {
    char *whole = realpath(path, NULL);
    if (whole == NULL) return mos_fail_errno("find", path);
    (void)snprintf(out, size, "%s", whole);
    free(whole);
    return MOSAIC_OK;
}

mosaic_status mos_embed_run(const mos_embed_options *options, mos_embedding_about *about) {
    const mos_predict_options source = {.session = options->session, .data = options->data};
    job j = {.options = options, .about = about};
    int64_t *index = NULL, count = 0;
    mosaic_status status;
    *about = (mos_embedding_about){.kind = options->kind, .type = options->type};
    if (options->out == NULL) return mos_fail(MOSAIC_ERR_USAGE, "embed wants --out FOLDER");
    MOS_GOTO(mos_predict_open(&source, &j.session));
    MOS_GOTO(choose_modalities(&j));
    MOS_GOTO(find_whole(j.session.model_path, about->model, sizeof about->model));
    if (options->data != NULL) MOS_GOTO(find_whole(options->data, about->data, sizeof about->data));
    MOS_GOTO(mos_sha256_file(about->model, about->model_sha256));
    MOS_GOTO(mos_inference_rows(j.session.dataset, options->split, options->limit, &index, &count));
    MOS_GOTO(mos_inference_run(j.session.model, &j.session.card, j.session.dataset, index, count,
                               options->kind == MOS_EMBED_LATENTS, j.session.threads, true,
                               &j.rows));
    about->size = options->kind == MOS_EMBED_LATENTS ? j.rows.latent : j.rows.features;
    MOS_GOTO(keep_rows(&j));
    MOS_GOTO(mos_make_dirs(options->out));
    MOS_GOTO(write_values(&j));
    MOS_GOTO(write_table(&j));
    MOS_GOTO(mos_embedding_about_write(options->out, about));
done:
    mos_free(index);
    mos_free(j.kept);
    mos_inference_release(&j.rows);
    mos_session_close(&j.session);
    return status;
}
