#include "deploy/embed.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/scene/scene_frame.h"
#include "deploy/embed_rows.h"
#include "deploy/embed_table.h"
#include "deploy/embedding_layer.h"
#include "deploy/embedding_parquet.h"
#include "deploy/embedding_raster.h"
#include "deploy/predict_source.h"
#include "io/raster_map.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const mos_embed_also_names[] = {"parquet", "gpkg", "raster", NULL};

typedef struct job {
    const mos_embed_options *options;
    mos_session session;
    mos_embed_rows rows;
    mos_embedding_about *about;
    mos_reader *reader;
    mos_layer_crs crs; /* of all rows */
    void *room;        /* for a row of the journal */
    char journal[4096];
    mos_text *files;
} job;

static mosaic_status choose_modalities(job *j) {
    const mos_model_spec *spec = &j->session.card.spec;
    const char *wanted = j->options->modality, *names[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < spec->modalities; m++) {
        names[m] = spec->modality[m].name;
        if (wanted != NULL && strcmp(names[m], wanted) != 0) continue;
        j->rows.chosen[j->about->modalities] = m;
        (void)snprintf(j->about->modality[j->about->modalities++], 32, "%s", names[m]);
    }
    if (j->about->modalities > 0) return MOSAIC_OK;
    const char *near = mos_nearest_name(wanted, names, (size_t)spec->modalities);
    return mos_fail(MOSAIC_ERR_USAGE, "the model has no modality '%s'%s%s%s", wanted,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* A patch that lacks everything asked for has no row. */
static mosaic_status check_rows(const job *j) {
    const mos_embed_rows *rows = &j->rows;
    if (rows->with_data == 0) return mos_inference_fail_none(j->session.dataset, rows->asked);
    if (rows->kept == 0)
        return mos_fail(MOSAIC_ERR_DATA, "no patch has modality '%s'", j->options->modality);
    if (rows->kept < rows->with_data)
        mos_log(MOS_LOG_WARNING, "%lld of %lld patches lack '%s' and have no row",
                (long long)(rows->with_data - rows->kept), (long long)rows->with_data,
                j->options->modality);
    return MOSAIC_OK;
}

/* Reads row `at` and what is known of it; record->kept false: it has no row. */
static mosaic_status read_row(job *j, int64_t at, mos_embed_record *record,
                              mos_embed_facts *facts) {
    MOS_TRY(mos_embed_rows_read(&j->rows, at, j->room, record));
    if (!record->kept) return MOSAIC_OK;
    MOS_TRY(mos_embed_facts_find(&j->session, j->reader, j->rows.index[at], record->labels, facts));
    for (int64_t m = 0; m < j->rows.modalities; m++)
        facts->present |= (record->present >> j->rows.chosen[m] & 1) << m;
    return MOSAIC_OK;
}

/* ---- the store, and GeoParquet beside it ---- */

typedef struct store_files {
    mos_embedding_values values;
    mos_embed_table table;
    mos_embedding_parquet *parquet; /* NULL: not asked for */
} store_files;

static mosaic_status open_files(const job *j, store_files *out) {
    const char *folder = j->options->out;
    char path[4096];
    MOS_TRY(mos_embedding_values_begin(folder, j->rows.largest, j->about, &out->values));
    MOS_TRY(mos_embed_table_begin(folder, j->about, &out->table));
    if (!(j->options->also >> MOS_EMBED_PARQUET & 1)) return MOSAIC_OK;
    MOS_TRY(mos_path_join(path, sizeof path, folder, "embeddings.parquet"));
    mos_text_add(j->files, "%s\n", path);
    return mos_embedding_parquet_create(path, j->about, &out->parquet);
}

/* A raster also says that this program wrote it: any may have such a name. */
static mosaic_status goes_with_store(const char *path, const char *name, bool *out) {
    static const char raster[] = "_embeddings.tif";
    const size_t size = strlen(name), tail = sizeof raster - 1;
    char version[64];
    *out = strcmp(name, "embeddings.parquet") == 0 || strcmp(name, "embeddings.gpkg") == 0;
    if (*out || size <= tail || strcmp(name + size - tail, raster) != 0) return MOSAIC_OK;
    MOS_TRY(mos_map_fact(path, "MOSAIC_VERSION", version, sizeof version));
    *out = version[0] != '\0';
    return MOSAIC_OK;
}

/* What an earlier run wrote beside its store would be taken for this one's. */
static mosaic_status remove_former(const char *folder) {
    char path[4096];
    mosaic_status status = MOSAIC_OK;
    DIR *directory = opendir(folder);
    if (directory == NULL) return mos_fail_errno("read", folder);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        bool goes;
        MOS_GOTO(mos_path_join(path, sizeof path, folder, entry->d_name));
        MOS_GOTO(goes_with_store(path, entry->d_name, &goes));
        if (!goes) continue;
        if (unlink(path) != 0) MOS_GOTO(mos_fail_errno("remove", path));
        mos_log(MOS_LOG_NOTICE, "%s: removed, it held the embeddings of an earlier run", path);
    }
done:
    (void)closedir(directory);
    return status;
}

/* The parts of the store get their names one after the other. Without the description, which comes
 * last, no reader takes them for a store. */
static mosaic_status name_files(const job *j, store_files *files) {
    char path[4096];
    MOS_TRY(mos_path_join(path, sizeof path, j->options->out, "embeddings.json"));
    if (unlink(path) != 0 && errno != ENOENT) return mos_fail_errno("replace", path);
    MOS_TRY(remove_former(j->options->out));
    MOS_TRY(mos_embedding_values_commit(&files->values));
    MOS_TRY(mos_embed_table_commit(&files->table));
    MOS_TRY(mos_embedding_about_write(j->options->out, j->about));
    return files->parquet == NULL ? MOSAIC_OK : mos_embedding_parquet_finish(&files->parquet);
}

static mosaic_status write_store(job *j) {
    store_files files = {0};
    mos_embed_facts facts = {0};
    mos_embed_record record;
    mosaic_status status;
    MOS_GOTO(open_files(j, &files));
    for (int64_t i = 0; i < j->rows.asked; i++) {
        MOS_GOTO(read_row(j, i, &record, &facts));
        if (!record.kept) continue;
        MOS_GOTO(mos_embedding_values_add(&files.values, record.values));
        MOS_GOTO(mos_embed_table_add(&files.table, j->about, &facts));
        mos_layer_crs_add(&j->crs, facts.square.crs);
        if (files.parquet != NULL)
            MOS_GOTO(mos_embedding_parquet_add(files.parquet, &facts, files.values.stored));
    }
    status = name_files(j, &files);
done:
    mos_embedding_values_close(&files.values);
    mos_embed_table_close(&files.table);
    mos_embedding_parquet_abandon(&files.parquet);
    mos_embed_facts_release(&facts);
    return status;
}

/* ---- what else is asked for ---- */

/* What the store holds of a row, from the row itself: it depends on the row and the scale alone. */
static mosaic_status write_layer(job *j) {
    const int64_t columns = j->about->modalities * j->about->size;
    mos_embedding_layer *layer = NULL;
    mos_embed_facts facts = {0};
    mos_embed_record record;
    void *stored = NULL;
    double unused = 0;
    char path[4096];
    mosaic_status status;
    MOS_GOTO(mos_path_join(path, sizeof path, j->options->out, "embeddings.gpkg"));
    if (mos_layer_crs_of(&j->crs) == NULL)
        MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s: no patch of '%s' has a known place", path,
                          mos_dataset_root(j->session.dataset)));
    MOS_GOTO(mos_alloc((size_t)columns, sizeof(float), "an embedding", &stored));
    MOS_GOTO(mos_embedding_layer_create(path, mos_layer_crs_of(&j->crs), columns, &layer));
    for (int64_t i = 0; i < j->rows.asked; i++) {
        MOS_GOTO(read_row(j, i, &record, &facts));
        if (!record.kept) continue;
        (void)mos_embedding_encode(j->about, record.values, stored, &unused);
        MOS_GOTO(mos_embedding_layer_add(layer, &facts, j->about, stored));
    }
    MOS_GOTO(mos_embedding_layer_finish(&layer));
    mos_text_add(j->files, "%s\n", path);
done:
    mos_embedding_layer_abandon(&layer);
    mos_embed_facts_release(&facts);
    mos_free(stored);
    return status;
}

static mosaic_status write_all(job *j) {
    const uint32_t also = j->options->also;
    MOS_TRY(mos_alloc(1, mos_embed_rows_room(&j->rows), "a row", &j->room));
    MOS_TRY(mos_reader_open(j->session.dataset, &j->reader));
    MOS_TRY(write_store(j));
    if (also >> MOS_EMBED_RASTER & 1)
        MOS_TRY(mos_embedding_raster_write(j->options->out, &j->session, j->about, &j->rows,
                                           j->options->source.stride, j->files));
    return also >> MOS_EMBED_GPKG & 1 ? write_layer(j) : MOSAIC_OK;
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

/* What a contact sheet opens the data with. */
static mosaic_status keep_settings(job *j) {
    mos_text_list settings = {0};
    mos_text text = {0};
    mosaic_status status;
    MOS_GOTO(mos_predict_settings(&j->session, &settings));
    for (size_t i = 0; i < settings.count; i++) {
        if (strchr(settings.items[i], '\n') != NULL) goto done;
        mos_text_add(&text, "%s\n", settings.items[i]);
    }
    if (!text.failed && text.size > 0 && text.size < sizeof j->about->settings)
        memcpy(j->about->settings, text.data, text.size + 1);
done:
    mos_text_release(&text);
    mos_text_list_release(&settings);
    return status;
}

/* What the rows of the journal depend on. */
static mosaic_status make_key(const job *j, char key[65]) {
    mos_text text = {0};
    MOS_TRY(mos_predict_key(&j->options->source, &j->session, key));
    mos_text_add(&text, "%s %s", key, mos_embedding_kind_names[j->about->kind]);
    for (int64_t m = 0; m < j->about->modalities; m++)
        mos_text_add(&text, " %s", j->about->modality[m]);
    if (!text.failed) mos_sha256(text.data, text.size, key);
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "a key") : MOSAIC_OK;
    mos_text_release(&text);
    return status;
}

static mosaic_status prepare(job *j) {
    const mos_predict_options *source = &j->options->source;
    mos_embedding_about *about = j->about;
    MOS_TRY(check_raster(j));
    MOS_TRY(choose_modalities(j));
    MOS_TRY(find_whole(j->session.model_path, about->model, sizeof about->model));
    if (source->data != NULL) MOS_TRY(find_whole(source->data, about->data, sizeof about->data));
    MOS_TRY(keep_settings(j));
    MOS_TRY(mos_sha256_file(about->model, about->model_sha256));
    memcpy(j->session.model_sha256, about->model_sha256, sizeof about->model_sha256);
    about->size = about->kind == MOS_EMBED_LATENTS ? j->session.card.spec.latent
                                                   : mos_model_feature_size(j->session.model);
    j->rows.kind = about->kind;
    j->rows.size = about->size;
    j->rows.modalities = about->modalities;
    j->rows.classes = j->session.card.spec.classes;
    return mos_path_join(j->journal, sizeof j->journal, j->options->out, "embeddings.part");
}

static mosaic_status embed(job *j) {
    const mos_predict_options *source = &j->options->source;
    const bool first = mos_comm_rank(j->session.comm) == 0;
    int64_t *index = NULL;
    char key[65] = "";
    mosaic_status status;
    MOS_GOTO(mos_inference_rows(j->session.dataset, j->options->split, source->limit, &index,
                                &j->rows.asked));
    j->rows.index = index;
    if (j->rows.asked == 0)
        MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "no samples to embed in '%s'",
                          mos_dataset_root(j->session.dataset)));
    mos_inference_warn_classes(&j->session.card, j->session.dataset);
    if (first) MOS_GOTO(mos_make_dirs(j->options->out));
    if (first) MOS_GOTO(make_key(j, key));
    MOS_GOTO(mos_embed_rows_run(&j->session, j->journal, key, source->overwrite, &j->rows));
    if (!first) goto done;                /* rank 0 writes */
    mos_model_destroy(&j->session.model); /* frees memory for the files */
    MOS_GOTO(check_rows(j));
    j->about->rows = j->rows.kept;
    MOS_GOTO(write_all(j));
    (void)unlink(j->journal); /* all files are written */
done:
    mos_reader_close(&j->reader);
    mos_row_journal_close(&j->rows.journal);
    mos_free(j->room);
    mos_free(index);
    return status;
}

mosaic_status mos_embed_run(const mos_embed_options *options, mos_embedding_about *about,
                            mos_text *files) {
    job *j;
    mosaic_status status;
    *about = (mos_embedding_about){.kind = options->kind, .type = options->type};
    if (options->out == NULL) return mos_fail(MOSAIC_ERR_USAGE, "embed wants --out FOLDER");
    MOS_TRY(mos_alloc(1, sizeof *j, "embeddings", &j));
    j->options = options;
    j->about = about;
    j->files = files;
    MOS_GOTO(mos_predict_open(&options->source, &j->session));
    MOS_GOTO(prepare(j));
    status = embed(j);
done:
    mos_session_close(&j->session);
    mos_free(j);
    return status;
}
