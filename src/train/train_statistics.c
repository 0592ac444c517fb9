/* Means and standard deviations of the bands in use: measured once per run and kept beside it, or
 * the published constants. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/statistics.h"
#include "io/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static mosaic_status use_published(mos_model_card *card) {
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        for (int64_t b = 0; b < modality->bands; b++) {
            if (!mos_statistics_reben(modality->name, modality->band_names[b], &card->mean[m][b],
                                      &card->sd[m][b]))
                return mos_fail(MOSAIC_ERR_USAGE,
                                "'data.statistics: reben' has no constants for band '%s' of "
                                "modality '%s': use auto",
                                modality->band_names[b], modality->name);
        }
    }
    return MOSAIC_OK;
}

static mosaic_status take(const mos_train_job *job, const mos_band_statistics *rows, int64_t count,
                          mos_model_card *card) {
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        for (int64_t b = 0; b < modality->bands; b++) {
            const char *band = modality->band_names[b];
            const mos_band_statistics *found = NULL;
            for (int64_t i = 0; i < count && found == NULL; i++) {
                if (strcmp(rows[i].modality, modality->name) == 0 &&
                    strcmp(rows[i].band, band) == 0)
                    found = &rows[i];
            }
            if (found == NULL && job->config->settings.data.statistics == MOS_STATISTICS_MODEL)
                return mos_fail(MOSAIC_ERR_DATA,
                                "'data.statistics: model': the model knows no band '%s' of "
                                "modality '%s'",
                                band, modality->name);
            if (found == NULL || !isfinite(found->mean) || !(found->sd > 0))
                return mos_fail(
                    MOSAIC_ERR_DATA, "band '%s' of modality '%s' %s in the training split", band,
                    modality->name,
                    found == NULL || found->valid == 0 ? "has no valid pixel" : "is constant");
            card->mean[m][b] = found->mean;
            card->sd[m][b] = found->sd;
        }
    }
    return MOSAIC_OK;
}

/* path "": there is no run directory, and nothing is written. */
static mosaic_status save(const char *path, const mos_band_statistics *rows, int64_t count) {
    mos_text text = {0};
    if (path[0] == '\0') return MOSAIC_OK;
    mos_text_add(&text, "modality,band,mean,sd,minimum,maximum,p1,p50,p99,valid,invalid\n");
    for (int64_t i = 0; i < count; i++) {
        const mos_band_statistics *row = &rows[i];
        const double values[] = {row->mean, row->sd,  row->minimum, row->maximum,
                                 row->p1,   row->p50, row->p99};
        mos_text_add(&text, "%s,%s", row->modality, row->band);
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
            mos_text_add(&text, ",");
            mos_text_add_number(&text, values[k]);
        }
        mos_text_add(&text, ",%lld,%lld\n", (long long)row->valid, (long long)row->invalid);
    }
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "band statistics")
                                       : mos_atomic_write(path, text.data, text.size);
    mos_text_release(&text);
    return status;
}

static bool number_at(const mos_csv *csv, size_t row, const char *column, double *out) {
    int64_t c = mos_csv_column(csv, column);
    return c >= 0 && mos_parse_double(csv->cells[row * csv->columns + (size_t)c], out);
}

static mosaic_status load_row(const mos_csv *csv, size_t row, const char *path,
                              mos_band_statistics *out) {
    int64_t modality = mos_csv_column(csv, "modality"), band = mos_csv_column(csv, "band");
    double valid = 0;
    bool fine = modality >= 0 && band >= 0 && number_at(csv, row, "mean", &out->mean) &&
                number_at(csv, row, "sd", &out->sd) && number_at(csv, row, "valid", &valid);
    if (!fine)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s:%u: no statistics of a band: wanted modality, band, "
                        "mean, sd, valid",
                        path, csv->lines[row]);
    out->valid = (int64_t)valid;
    (void)snprintf(out->modality, sizeof out->modality, "%s",
                   csv->cells[row * csv->columns + (size_t)modality]);
    (void)snprintf(out->band, sizeof out->band, "%s",
                   csv->cells[row * csv->columns + (size_t)band]);
    return MOSAIC_OK;
}

/* A resumed run reads back what it measured at its start: the same numbers to the last bit. */
static mosaic_status load(const char *path, mos_band_statistics **rows, int64_t *count) {
    mos_csv csv = {0};
    MOS_TRY(mos_csv_read(path, ',', &csv));
    *count = (int64_t)csv.rows;
    mosaic_status status = mos_alloc(csv.rows, sizeof **rows, "band statistics", rows);
    for (size_t i = 0; i < csv.rows && status == MOSAIC_OK; i++)
        status = load_row(&csv, i, path, &(*rows)[i]);
    mos_csv_release(&csv);
    return status;
}

/* Those that the starting model was trained with: its encoders expect pixels scaled by them. */
static mosaic_status of_model(const mos_train_job *job, mos_band_statistics **rows,
                              int64_t *count) {
    const char *path = job->options->init_from;
    mos_model_card *card = NULL;
    mosaic_status status;
    if (path == NULL)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "'data.statistics: model' wants a model to start from (--init-from)");
    MOS_TRY(mos_alloc(1, sizeof *card, "a model card", &card));
    MOS_GOTO(mos_model_file_card(path, card));
    for (int64_t m = 0; m < card->spec.modalities; m++)
        *count += card->spec.modality[m].bands;
    MOS_GOTO(mos_alloc((size_t)*count, sizeof **rows, "band statistics", rows));
    mos_band_statistics *row = *rows;
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        for (int64_t b = 0; b < modality->bands; b++, row++) {
            *row = (mos_band_statistics){.mean = card->mean[m][b],
                                         .sd = card->sd[m][b],
                                         .minimum = NAN,
                                         .maximum = NAN,
                                         .p1 = NAN,
                                         .p50 = NAN,
                                         .p99 = NAN};
            (void)snprintf(row->modality, sizeof row->modality, "%s", modality->name);
            (void)snprintf(row->band, sizeof row->band, "%s", modality->band_names[b]);
        }
    }
done:
    mos_model_card_release(card);
    mos_free(card);
    return status;
}

/* From a file or a model: rank 0 alone. */
static mosaic_status read_statistics(const mos_train_job *job, const char *path, bool load_them,
                                     mos_band_statistics **rows, int64_t *count) {
    if (load_them) return load(path, rows, count);
    MOS_TRY(of_model(job, rows, count));
    return save(path, *rows, *count);
}

mosaic_status mos_train_statistics(const mos_train_job *job, const mos_train_run_files *run,
                                   const mos_train_data *data, int threads, mos_model_card *card) {
    const mos_settings_data *settings = &job->config->settings.data;
    mos_comm *comm = job->options->comm;
    const bool writes = mos_train_writes(job);
    if (settings->statistics == MOS_STATISTICS_REBEN) return use_published(card);
    mos_band_statistics *rows = NULL;
    int64_t count = 0, loads;
    char path[4096] = "";
    mosaic_status status = MOSAIC_OK;
    if (run->directory.path[0] != '\0')
        MOS_GOTO(mos_train_path(run, "statistics.csv", path, sizeof path));
    MOS_GOTO(mos_comm_most(comm, writes && job->options->resume && mos_path_exists(path), &loads));
    if (loads == 0 && settings->statistics != MOS_STATISTICS_MODEL)
        MOS_GOTO(mos_statistics_compute(comm, data->set, MOS_SPLIT_TRAIN,
                                        settings->statistics_limit, threads, true, &rows, &count));
    if (!writes) goto done; /* rank 0 tells */
    if (rows == NULL)
        MOS_GOTO(read_statistics(job, path, loads != 0, &rows, &count));
    else
        MOS_GOTO(save(path, rows, count));
    status = take(job, rows, count, card);
done:
    mos_free(rows);
    return status;
}
