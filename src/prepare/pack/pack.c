#include "prepare/pack/pack.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/thread.h"
#include "data/data_options.h"
#include "prepare/pack/pack_record.h"
#include "prepare/pack/pack_sink.h"
#include "prepare/pack/pack_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32, AGREE = 16 };

/* Records of one block: made by threads, taken in order by one. */
typedef struct pack_job {
    const mos_pack_plan *plan;
    int64_t records; /* per sample: the modalities and the reference map */
    int64_t first;
    bool *wanted;             /* [BLOCK, records] */
    void **blobs;             /* [BLOCK, records] */
    size_t *sizes;            /* [BLOCK, records] */
    mosaic_status *status;    /* [BLOCK, records] */
    char (*errors)[512];      /* [BLOCK, records] */
    mos_pack_worker *workers; /* [threads] */
    int threads;
} pack_job;

static mosaic_status open_job(pack_job *job) {
    size_t cells = BLOCK * (size_t)job->records;
    MOS_TRY(mos_alloc(cells, sizeof *job->wanted, "pack", &job->wanted));
    MOS_TRY(mos_alloc(cells, sizeof *job->blobs, "pack", &job->blobs));
    MOS_TRY(mos_alloc(cells, sizeof *job->sizes, "pack", &job->sizes));
    MOS_TRY(mos_alloc(cells, sizeof *job->status, "pack", &job->status));
    MOS_TRY(mos_alloc(cells, sizeof *job->errors, "pack", &job->errors));
    MOS_TRY(mos_alloc((size_t)job->threads, sizeof *job->workers, "pack", &job->workers));
    for (int t = 0; t < job->threads; t++)
        MOS_TRY(mos_reader_open(job->plan->dataset, &job->workers[t].reader));
    return MOSAIC_OK;
}

static void close_job(pack_job *job) {
    for (int t = 0; job->workers != NULL && t < job->threads; t++)
        mos_pack_worker_release(&job->workers[t]);
    for (int64_t c = 0; job->blobs != NULL && c < BLOCK * job->records; c++)
        mos_free(job->blobs[c]);
    mos_free(job->workers);
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
            job->status[cell] = mos_pack_encode(job->plan, &job->workers[thread], job->first + i, r,
                                                &job->blobs[cell], &job->sizes[cell]);
            if (job->status[cell] != MOSAIC_OK)
                mos_error_copy(job->errors[cell], sizeof job->errors[cell]);
        }
    }
}

/* Which records of the block have to be made: those that exist at the source and that the sink
 * wants. */
static mosaic_status plan_block(pack_job *job, int64_t block, mos_pack_sink *sink) {
    for (int64_t cell = 0; cell < block * job->records; cell++) {
        char key[MOS_PACK_KEY_BYTES];
        job->wanted[cell] = false;
        MOS_TRY(
            mos_pack_key(job->plan, job->first + cell / job->records, cell % job->records, key));
        if (key[0] != '\0') MOS_TRY(mos_pack_sink_wants(sink, key, &job->wanted[cell]));
    }
    return MOSAIC_OK;
}

static mosaic_status take_block(pack_job *job, int64_t block, mos_pack_sink *sink) {
    for (int64_t cell = 0; cell < block * job->records; cell++) {
        if (!job->wanted[cell]) continue;
        char key[MOS_PACK_KEY_BYTES];
        MOS_TRY(
            mos_pack_key(job->plan, job->first + cell / job->records, cell % job->records, key));
        MOS_TRY(mos_pack_sink_take(sink, key, job->status[cell], job->errors[cell],
                                   job->blobs[cell], job->sizes[cell]));
        mos_free(job->blobs[cell]);
        job->blobs[cell] = NULL;
        job->status[cell] = MOSAIC_OK;
    }
    return MOSAIC_OK;
}

/* Ranks agree on how it goes every AGREE blocks; one that has failed waits for that. */
static mosaic_status pass_records(pack_job *job, mos_comm *comm, mos_pack_sink *sink,
                                  bool progress) {
    const int64_t count = mos_dataset_count(job->plan->dataset);
    const int64_t step = mos_comm_size(comm) < 2 ? BLOCK : AGREE * BLOCK;
    mos_progress line;
    mosaic_status status = MOSAIC_OK;
    progress = progress && mos_comm_rank(comm) == 0;
    if (progress) mos_progress_begin(&line, sink->writer != NULL ? "pack" : "verify", count);
    for (int64_t first = 0; first < count && status == MOSAIC_OK; first += step) {
        const int64_t end = count - first < step ? count : first + step;
        for (job->first = first; job->first < end && status == MOSAIC_OK; job->first += BLOCK) {
            const int64_t block = end - job->first < BLOCK ? end - job->first : BLOCK;
            status = plan_block(job, block, sink);
            if (status != MOSAIC_OK) break;
            mos_parallel_for(job->threads, block, encode_block, job);
            status = take_block(job, block, sink);
            if (!progress || status != MOSAIC_OK) continue;
            mos_progress_update(&line, job->first + block);
            status = mos_stop_check(line.label, job->first + block, count);
        }
        status = mos_comm_agree(comm, status);
    }
    if (progress) mos_progress_end(&line);
    return status;
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

/* Rank 0 begins the folder and its shards; the others then find them. */
static mosaic_status begin_store(const mos_dataset *dataset, const mos_pack_options *options,
                                 mos_pack_sink *sink) {
    const bool leads = mos_comm_rank(options->comm) == 0;
    char fingerprint[65];
    mosaic_status status = MOSAIC_OK;
    mos_dataset_fingerprint(dataset, fingerprint);
    if (leads) status = mos_pack_begin(options->folder, fingerprint);
    if (leads && status == MOSAIC_OK) status = mos_pack_sink_write(options, sink);
    MOS_TRY(mos_comm_agree(options->comm, status));
    if (leads && mos_comm_size(options->comm) > sink->shards)
        mos_log(MOS_LOG_NOTICE, "%d shard%s for %lld ranks: each is written by one (--shards)",
                sink->shards, sink->shards == 1 ? "" : "s",
                (long long)mos_comm_size(options->comm));
    return mos_comm_agree(options->comm, leads ? MOSAIC_OK : mos_pack_sink_write(options, sink));
}

static mosaic_status verify_store(pack_job *job, const mos_pack_options *options,
                                  mos_pack_sink *sink, mos_pack_result *out) {
    MOS_TRY(mos_comm_agree(options->comm, mos_pack_sink_verify(options, sink)));
    MOS_TRY(pass_records(job, options->comm, sink, options->progress));
    return mos_comm_agree(options->comm, mos_comm_rank(options->comm) > 0
                                             ? MOSAIC_OK
                                             : mos_pack_content(options, out->content));
}

/* What all ranks did: whole numbers below 2^53. */
static mosaic_status join_results(mos_comm *comm, mos_pack_result *out) {
    int64_t *const counts[] = {&out->records, &out->skipped, &out->already, &out->bytes,
                               &out->verified};
    enum { COUNTS = sizeof counts / sizeof *counts };
    double values[COUNTS];
    for (int i = 0; i < COUNTS; i++)
        values[i] = (double)*counts[i];
    MOS_TRY(mos_comm_sum_f64(comm, values, COUNTS));
    for (int i = 0; i < COUNTS; i++)
        *counts[i] = (int64_t)values[i];
    return MOSAIC_OK;
}

mosaic_status mos_pack(mos_dataset *dataset, const mos_pack_options *options,
                       mos_pack_result *out) {
    mos_comm *comm = options->comm;
    *out = (mos_pack_result){.samples = mos_dataset_count(dataset)};
    mos_pack_plan plan = {0};
    mos_pack_sink sink = {.skip = dataset->options.policy == MOS_POLICY_SKIP, .result = out};
    pack_job job = {.plan = &plan, .threads = options->threads < 1 ? 1 : options->threads};
    mosaic_status status;
    if (out->samples == 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s: no sample with a file: nothing to pack",
                        mos_dataset_root(dataset));
    MOS_GOTO(mos_pack_plan_make(dataset, &plan));
    job.records = plan.records;
    MOS_GOTO(check_keys(&plan));
    MOS_GOTO(mos_comm_agree(comm, open_job(&job)));
    MOS_GOTO(begin_store(dataset, options, &sink));
    MOS_GOTO(pass_records(&job, comm, &sink, options->progress));
    MOS_GOTO(mos_comm_agree(comm, mos_pack_sink_close(&sink, MOSAIC_OK)));
    MOS_GOTO(mos_comm_agree(
        comm, mos_comm_rank(comm) > 0
                  ? MOSAIC_OK
                  : mos_pack_table_write(&plan, job.workers[0].reader, options->folder)));
    if (options->verify) MOS_GOTO(verify_store(&job, options, &sink, out));
    status = join_results(comm, out);
done:
    status = mos_pack_sink_close(&sink, status);
    close_job(&job);
    mos_pack_plan_release(&plan);
    return status;
}
