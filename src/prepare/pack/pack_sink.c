#include "prepare/pack/pack_sink.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/thread.h"

#include <stdlib.h>
#include <string.h>

mosaic_status mos_pack_begin(const char *folder, const char fingerprint[65]) {
    char path[4096], *text = NULL;
    size_t size;
    MOS_TRY(mos_make_dirs(folder));
    MOS_TRY(mos_path_join(path, sizeof path, folder, "source.sha256"));
    if (!mos_path_exists(path)) {
        if (mos_store_exists(folder))
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

static void take_part(const mos_pack_options *options, mos_pack_sink *sink) {
    sink->shards = options->shards < 1 ? 1 : options->shards;
    sink->part = (mos_store_part){mos_comm_rank(options->comm), mos_comm_size(options->comm)};
}

mosaic_status mos_pack_sink_write(const mos_pack_options *options, mos_pack_sink *sink) {
    take_part(options, sink);
    return mos_store_writer_open(options->folder, sink->shards, &sink->part, &sink->writer);
}

mosaic_status mos_pack_sink_verify(const mos_pack_options *options, mos_pack_sink *sink) {
    take_part(options, sink);
    MOS_TRY(mos_store_open(options->folder, &sink->store));
    return mos_store_reader_open(sink->store, &sink->reader);
}

mosaic_status mos_pack_sink_wants(mos_pack_sink *sink, const char *key, bool *wanted) {
    int has = 0;
    *wanted = mos_store_part_has(&sink->part, sink->shards, key);
    if (!*wanted) return MOSAIC_OK;
    if (sink->writer == NULL) return MOSAIC_OK;
    MOS_TRY(mos_store_writer_has(sink->writer, key, &has));
    *wanted = !has;
    sink->result->already += has != 0;
    return MOSAIC_OK;
}

static mosaic_status compare(mos_pack_sink *sink, const char *key, const void *blob, size_t size) {
    const void *stored;
    size_t stored_size;
    MOS_TRY(mos_store_get(sink->reader, key, &stored, &stored_size));
    if (stored == NULL) return mos_fail(MOSAIC_ERR_DATA, "record '%s' is not in the store", key);
    if (stored_size != size || memcmp(stored, blob, size) != 0)
        return mos_fail(MOSAIC_ERR_DATA, "record '%s' differs from its source", key);
    sink->result->verified++;
    return MOSAIC_OK;
}

mosaic_status mos_pack_sink_take(mos_pack_sink *sink, const char *key, mosaic_status made,
                                 const char *error, const void *blob, size_t size) {
    bool writing = sink->writer != NULL;
    if (made != MOSAIC_OK) {
        mos_error_restore(error);
        if (!sink->skip || made != MOSAIC_ERR_DATA) return made;
        if (writing) mos_log(MOS_LOG_WARNING, "left out: %s", error);
        sink->result->skipped += writing;
        return MOSAIC_OK;
    }
    if (!writing) return compare(sink, key, blob, size);
    MOS_TRY(mos_store_put(sink->writer, key, blob, size));
    sink->result->records++;
    sink->result->bytes += (int64_t)size;
    return MOSAIC_OK;
}

mosaic_status mos_pack_sink_remove(mos_pack_sink *sink, const char *key) {
    int had;
    MOS_TRY(mos_store_delete(sink->writer, key, &had));
    sink->result->removed += had;
    return MOSAIC_OK;
}

mosaic_status mos_pack_sink_close(mos_pack_sink *sink, mosaic_status status) {
    char text[1024];
    mos_error_copy(text, sizeof text);
    mos_store_reader_close(&sink->reader);
    mos_store_close(&sink->store);
    /* What was put so far stays, for the next try; the first error is the one to report. */
    mosaic_status closed = mos_store_writer_close(&sink->writer);
    if (status == MOSAIC_OK) return closed;
    if (closed != MOSAIC_OK) mos_log(MOS_LOG_WARNING, "%s", mosaic_error());
    mos_error_restore(text);
    return status;
}

typedef struct content_job {
    mos_store *store;
    char **keys; /* [count], in order */
    size_t count, capacity;
    char (*hashes)[65];    /* [count] */
    mosaic_status *status; /* [threads] */
    char (*errors)[512];   /* [threads] */
} content_job;

static mosaic_status add_key(void *context, const char *key, size_t size) {
    content_job *job = context;
    MOS_TRY(mos_grow(&job->keys, &job->capacity, job->count + 1, sizeof *job->keys, "keys"));
    MOS_TRY(mos_alloc(size + 1, 1, "a key", &job->keys[job->count]));
    memcpy(job->keys[job->count++], key, size);
    return MOSAIC_OK;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static mosaic_status hash_range(content_job *job, int64_t begin, int64_t end) {
    mos_store_reader *reader;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_store_reader_open(job->store, &reader));
    for (int64_t i = begin; i < end && status == MOSAIC_OK; i++) {
        const void *data;
        size_t size;
        status = mos_store_get(reader, job->keys[i], &data, &size);
        if (status == MOSAIC_OK && data == NULL)
            status = mos_fail(MOSAIC_ERR_DATA, "record '%s' has gone", job->keys[i]);
        if (status == MOSAIC_OK) mos_sha256(data, size, job->hashes[i]);
    }
    mos_store_reader_close(&reader);
    return status;
}

static void hash_part(void *context, int64_t begin, int64_t end, int thread) {
    content_job *job = context;
    job->status[thread] = hash_range(job, begin, end);
    if (job->status[thread] != MOSAIC_OK)
        mos_error_copy(job->errors[thread], sizeof job->errors[thread]);
}

static mosaic_status hash_all(content_job *job, int threads, char content[65]) {
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    mos_parallel_for(threads, (int64_t)job->count, hash_part, job);
    for (int t = 0; t < threads && status == MOSAIC_OK; t++) {
        status = job->status[t];
        if (status != MOSAIC_OK) mos_error_restore(job->errors[t]);
    }
    for (size_t i = 0; i < job->count && status == MOSAIC_OK; i++)
        mos_text_add(&text, "%s %s\n", job->hashes[i], job->keys[i]);
    if (status == MOSAIC_OK && text.failed) status = mos_fail_memory(text.size, "hashes");
    if (status == MOSAIC_OK) mos_sha256(text.data == NULL ? "" : text.data, text.size, content);
    mos_text_release(&text);
    return status;
}

mosaic_status mos_pack_content(const mos_pack_options *options, char content[65]) {
    content_job job = {0};
    mos_store_reader *reader = NULL;
    int threads = options->threads < 1 ? 1 : options->threads;
    mosaic_status status;
    MOS_GOTO(mos_store_open(options->folder, &job.store));
    MOS_GOTO(mos_store_reader_open(job.store, &reader));
    MOS_GOTO(mos_store_each_key(reader, add_key, &job));
    if (job.count > 1) qsort(job.keys, job.count, sizeof *job.keys, by_text);
    MOS_GOTO(mos_alloc(job.count, sizeof *job.hashes, "hashes", &job.hashes));
    MOS_GOTO(mos_alloc((size_t)threads, sizeof *job.status, "hashes", &job.status));
    MOS_GOTO(mos_alloc((size_t)threads, sizeof *job.errors, "hashes", &job.errors));
    MOS_GOTO(hash_all(&job, threads, content));
done:
    for (size_t i = 0; i < job.count; i++)
        mos_free(job.keys[i]);
    mos_free(job.keys);
    mos_free(job.hashes);
    mos_free(job.status);
    mos_free(job.errors);
    mos_store_reader_close(&reader);
    mos_store_close(&job.store);
    return status;
}
