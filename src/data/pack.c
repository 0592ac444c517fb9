#include "data/pack.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "data/data_options.h"
#include "data/pack_record.h"
#include "data/pack_table.h"
#include "io/lmdb_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 };

/* Records of one block: made by threads, written in order by one. */
typedef struct pack_job {
    const mos_pack_plan *plan;
    int64_t records; /* per sample: the modalities and the reference map */
    int64_t first;
    bool *wanted;          /* [BLOCK, records] */
    void **blobs;          /* [BLOCK, records] */
    size_t *sizes;         /* [BLOCK, records] */
    mosaic_status *status; /* [BLOCK, records] */
    char (*errors)[512];   /* [BLOCK, records] */
    mos_reader **readers;  /* [threads] */
    int threads;
} pack_job;

static mosaic_status open_job(pack_job *job) {
    size_t cells = BLOCK * (size_t)job->records;
    MOS_TRY(mos_alloc(cells, sizeof *job->wanted, "pack", &job->wanted));
    MOS_TRY(mos_alloc(cells, sizeof *job->blobs, "pack", &job->blobs));
    MOS_TRY(mos_alloc(cells, sizeof *job->sizes, "pack", &job->sizes));
    MOS_TRY(mos_alloc(cells, sizeof *job->status, "pack", &job->status));
    MOS_TRY(mos_alloc(cells, sizeof *job->errors, "pack", &job->errors));
    MOS_TRY(mos_alloc((size_t)job->threads, sizeof *job->readers, "pack", &job->readers));
    for (int t = 0; t < job->threads; t++)
        MOS_TRY(mos_reader_open(job->plan->dataset, &job->readers[t]));
    return MOSAIC_OK;
}

static void close_job(pack_job *job) {
    for (int t = 0; job->readers != NULL && t < job->threads; t++)
        mos_reader_close(&job->readers[t]);
    for (int64_t c = 0; job->blobs != NULL && c < BLOCK * job->records; c++)
        mos_free(job->blobs[c]);
    mos_free(job->readers);
    mos_free(job->errors);
    mos_free(job->status);
    mos_free(job->sizes);
    mos_free(job->blobs);
    mos_free(job->wanted);
}

static void encode_block(void *context, int64_t begin, int64_t end, int thread) {
    pack_job *job = context;
    for (int64_t i = begin; i < end; i++) {
        for (int64_t r = 0; r < job->records; r++) {
            int64_t cell = i * job->records + r;
            if (!job->wanted[cell]) continue;
            job->status[cell] = mos_pack_encode(job->plan, job->readers[thread], job->first + i, r,
                                                &job->blobs[cell], &job->sizes[cell]);
            if (job->status[cell] != MOSAIC_OK)
                mos_error_copy(job->errors[cell], sizeof job->errors[cell]);
        }
    }
}

/* Which records of the block have to be made: those that exist at the source and are not in the
 * store yet. */
static mosaic_status plan_block(pack_job *job, int64_t block, mos_lmdb_writer *writer,
                                mos_pack_result *out) {
    for (int64_t i = 0; i < block; i++) {
        for (int64_t r = 0; r < job->records; r++) {
            bool *wanted = &job->wanted[i * job->records + r];
            char key[MOS_PACK_KEY_BYTES];
            int has = 0;
            *wanted = false;
            MOS_TRY(mos_pack_key(job->plan, job->first + i, r, key));
            if (key[0] == '\0') continue;
            MOS_TRY(mos_lmdb_writer_has(writer, key, &has));
            *wanted = !has;
            out->already += has != 0;
        }
    }
    return MOSAIC_OK;
}

static mosaic_status write_block(pack_job *job, int64_t block, mos_lmdb_writer *writer,
                                 mos_pack_result *out) {
    bool skip = job->plan->dataset->options.policy == MOS_POLICY_SKIP;
    for (int64_t cell = 0; cell < block * job->records; cell++) {
        if (!job->wanted[cell]) continue;
        if (job->status[cell] != MOSAIC_OK) {
            mos_error_restore(job->errors[cell]);
            if (!skip || job->status[cell] != MOSAIC_ERR_DATA) return job->status[cell];
            mos_log(MOS_LOG_WARNING, "left out: %s", job->errors[cell]);
            out->skipped++;
            job->status[cell] = MOSAIC_OK;
            continue;
        }
        char key[MOS_PACK_KEY_BYTES];
        MOS_TRY(
            mos_pack_key(job->plan, job->first + cell / job->records, cell % job->records, key));
        MOS_TRY(mos_lmdb_put(writer, key, job->blobs[cell], job->sizes[cell]));
        out->records++;
        out->bytes += (int64_t)job->sizes[cell];
        mos_free(job->blobs[cell]);
        job->blobs[cell] = NULL;
    }
    return MOSAIC_OK;
}

static mosaic_status write_records(pack_job *job, mos_lmdb_writer *writer, bool progress,
                                   mos_pack_result *out) {
    int64_t count = mos_dataset_count(job->plan->dataset);
    mos_progress line;
    mosaic_status status = MOSAIC_OK;
    if (progress) mos_progress_begin(&line, "pack", count);
    for (job->first = 0; job->first < count; job->first += BLOCK) {
        int64_t block = count - job->first < BLOCK ? count - job->first : BLOCK;
        MOS_GOTO(plan_block(job, block, writer, out));
        mos_parallel_for(job->threads, block, encode_block, job);
        MOS_GOTO(write_block(job, block, writer, out));
        out->samples += block;
        if (progress) mos_progress_update(&line, job->first + block);
    }
done:
    if (progress) mos_progress_end(&line);
    return status;
}

/* A store that was begun from another data set is not continued: the marker holds the fingerprint
 * of the source. */
static mosaic_status check_marker(const mos_dataset *dataset, const char *folder) {
    char path[4096], fingerprint[65], *text = NULL;
    size_t size;
    mos_dataset_fingerprint(dataset, fingerprint);
    MOS_TRY(mos_path_join(path, sizeof path, folder, "source.sha256"));
    if (!mos_path_exists(path)) {
        char store[4096];
        MOS_TRY(mos_path_join(store, sizeof store, folder, "data.mdb"));
        if (mos_path_exists(store))
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: a store that this command did not begin; choose a new folder",
                            folder);
        return mos_atomic_write(path, fingerprint, 64);
    }
    MOS_TRY(mos_file_read(path, 4096, &text, &size));
    bool same = size >= 64 && memcmp(text, fingerprint, 64) == 0;
    mos_free(text);
    if (same) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE,
                    "%s: begun from another data set, or with other data options; choose a new "
                    "folder",
                    folder);
}

/* Names the sample whose record took the key first. */
static mosaic_status fail_collision(const mos_pack_plan *plan, int64_t sample, const char *key) {
    const mos_dataset *dataset = plan->dataset;
    int64_t first = -1;
    char other[MOS_PACK_KEY_BYTES] = "";
    while (strcmp(key, other) != 0) {
        first++;
        for (int64_t r = 0; r < plan->records && strcmp(key, other) != 0; r++)
            MOS_TRY(mos_pack_key(plan, first, r, other));
    }
    if (first == sample)
        return mos_fail(MOSAIC_ERR_DATA, "%s: two records of sample '%s' have the key '%s'",
                        dataset->root, dataset->ids[sample], key);
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: records of sample '%s' and of '%s' have the same key '%s'", dataset->root,
                    dataset->ids[sample], dataset->ids[first], key);
}

/* One record would silently stand for two: "a" with modality "b_c", and "a_b" with "c". */
static mosaic_status check_keys(const mos_pack_plan *plan) {
    mos_name_set keys = {0};
    mosaic_status status = MOSAIC_OK;
    for (int64_t i = 0; i < mos_dataset_count(plan->dataset); i++) {
        for (int64_t r = 0; r < plan->records; r++) {
            char key[MOS_PACK_KEY_BYTES];
            bool added = true;
            MOS_GOTO(mos_pack_key(plan, i, r, key));
            if (key[0] != '\0') MOS_GOTO(mos_name_set_add(&keys, key, strlen(key), &added));
            if (!added) MOS_GOTO(fail_collision(plan, i, key));
        }
    }
done:
    mos_name_set_release(&keys);
    return status;
}

mosaic_status mos_pack(mos_dataset *dataset, const char *folder, int threads, bool progress,
                       mos_pack_result *out) {
    *out = (mos_pack_result){0};
    mos_pack_plan plan;
    mos_lmdb_writer *writer = NULL;
    pack_job job = {.plan = &plan, .threads = threads < 1 ? 1 : threads};
    mosaic_status status;
    MOS_GOTO(mos_pack_plan_make(dataset, &plan));
    job.records = plan.records;
    MOS_GOTO(check_keys(&plan));
    MOS_GOTO(mos_make_dirs(folder));
    MOS_GOTO(check_marker(dataset, folder));
    MOS_GOTO(open_job(&job));
    MOS_GOTO(mos_lmdb_writer_open(folder, &writer));
    MOS_GOTO(write_records(&job, writer, progress, out));
    MOS_GOTO(mos_lmdb_writer_close(&writer));
    MOS_GOTO(mos_pack_table_write(&plan, folder));
done:
    if (writer != NULL) {
        /* What was put so far stays, for the next try; the first error is the one to report. */
        char text[1024];
        mos_error_copy(text, sizeof text);
        if (mos_lmdb_writer_close(&writer) != MOSAIC_OK)
            mos_log(MOS_LOG_WARNING, "%s", mosaic_error());
        mos_error_restore(text);
    }
    close_job(&job);
    return status;
}
