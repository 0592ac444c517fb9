#include "prepare/check/check.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/thread.h"
#include "data/verdicts.h"
#include "dist/share.h"
#include "prepare/check/check_list.h"
#include "prepare/check/check_ranks.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 }; /* samples between two steps of the progress; says nothing about the result */

typedef struct check_job {
    mos_dataset *dataset;
    mos_check_list *lists; /* [threads + 1]: the last is for what is found at the end */
    mos_reader **readers;  /* [threads] */
    mos_place *ground;     /* [samples] */
    int threads;
    int64_t first; /* of the block in hand */
} check_job;

static void block_body(void *context, int64_t begin, int64_t end, int thread) {
    check_job *job = context;
    for (int64_t i = job->first + begin; i < job->first + end; i++)
        mos_check_sample(&job->lists[thread], job->readers[thread], i, &job->ground[i]);
}

static mosaic_status open_job(check_job *job, const mos_check_options *options) {
    size_t threads = (size_t)job->threads;
    MOS_TRY(mos_alloc(threads + 1, sizeof *job->lists, "check", &job->lists));
    MOS_TRY(mos_alloc(threads, sizeof *job->readers, "check", &job->readers));
    MOS_TRY(mos_alloc((size_t)job->dataset->count, sizeof *job->ground, "places of samples",
                      &job->ground));
    for (size_t t = 0; t <= threads; t++) {
        job->lists[t].dataset = job->dataset;
        job->lists[t].options = options;
        if (t < threads) MOS_TRY(mos_reader_open(job->dataset, &job->readers[t]));
    }
    return MOSAIC_OK;
}

static void close_job(check_job *job) {
    for (int t = 0; job->readers != NULL && t < job->threads; t++)
        mos_reader_close(&job->readers[t]);
    for (int t = 0; job->lists != NULL && t <= job->threads; t++)
        mos_check_list_release(&job->lists[t]);
    mos_free(job->readers);
    mos_free(job->lists);
    mos_free(job->ground);
}

static mosaic_status look_at_samples(check_job *job, const mos_check_options *options) {
    const int64_t rank = mos_comm_rank(options->comm);
    const mos_share own = mos_share_of(job->dataset->count, rank, mos_comm_size(options->comm));
    const int64_t end = own.first + own.count;
    const bool progress = options->progress && rank == 0;
    mosaic_status status = MOSAIC_OK;
    mos_progress line;
    if (progress) mos_progress_begin(&line, "check", own.count);
    for (job->first = own.first; job->first < end && status == MOSAIC_OK; job->first += BLOCK) {
        int64_t block = end - job->first < BLOCK ? end - job->first : BLOCK;
        mos_parallel_for(job->threads, block, block_body, job);
        if (!progress) continue;
        mos_progress_update(&line, job->first + block - own.first);
        if (mos_comm_size(options->comm) < 2)
            status = mos_stop_check("check", line.done, own.count);
    }
    if (progress) mos_progress_end(&line);
    return status;
}

/* ---- what was met while opening ---- */

static int by_text(const void *a, const void *b) {
    const mos_survey_item *left = *(const mos_survey_item *const *)a,
                          *right = *(const mos_survey_item *const *)b;
    int order = left->class - right->class;
    if (order == 0) order = strcmp(left->kind, right->kind);
    if (order == 0) order = strcmp(left->id, right->id);
    if (order == 0) order = strcmp(left->file, right->file);
    return order != 0 ? order : strcmp(left->found, right->found);
}

static void add_item(mos_check_list *list, const mos_survey_item *item, int64_t together) {
    char found[128];
    (void)snprintf(found, sizeof found, "%s: %lld", item->kind, (long long)together);
    bool bare = item->found[0] == '\0';
    /* "wants S1A_..." or "with S1A_...": the partner's name. */
    bool partner = item->class == MOS_CHECK_MISSING_PARTNER && item->modality[0] != '\0' && !bare;
    mos_check_row row = {
        .sample = together > 0 ? -1 : mos_dataset_find(list->dataset, item->id),
        .class = item->class,
        .severity = (uint8_t)mos_check_severity(list->dataset, (mos_check_class)item->class),
        .id = item->id,
        .modality = item->modality,
        .found = together > 0 ? found
                 : partner    ? "nothing"
                 : bare       ? item->kind
                              : item->found,
        .wanted = partner ? strchr(item->found, ' ') : NULL,
        .file = item->file};
    if (row.wanted != NULL) row.wanted++;
    mos_check_add(list, &row);
}

/* In the order of names, so that the order of folders does not show. */
static mosaic_status add_survey(mos_check_list *list, const mos_survey *survey, int64_t *counts) {
    const mos_survey_item **items;
    MOS_TRY(mos_alloc(survey->count, sizeof *items, "defects met while opening", &items));
    for (size_t i = 0; i < survey->count; i++) {
        items[i] = &survey->items[i];
        counts[items[i]->class]++;
    }
    if (survey->count > 0) qsort(items, survey->count, sizeof *items, by_text);
    for (size_t i = 0; i < survey->count;) {
        int64_t same = 1;
        if (mos_check_class_table[items[i]->class].together) {
            while (i + (size_t)same < survey->count &&
                   strcmp(items[i + (size_t)same]->kind, items[i]->kind) == 0)
                same++;
            add_item(list, items[i], same);
        } else {
            add_item(list, items[i], 0);
        }
        i += (size_t)same;
    }
    mos_free(items);
    return MOSAIC_OK;
}

/* What the table alone tells: how many samples could be judged by it. */
static void count_judged(mos_check_list *list) {
    const mos_dataset *dataset = list->dataset;
    static const mos_check_class labels[] = {MOS_CHECK_UNKNOWN_LABEL, MOS_CHECK_LABEL_NAMES,
                                             MOS_CHECK_NO_LABEL};
    for (size_t l = 0; l < sizeof labels / sizeof *labels; l++)
        list->judged[labels[l]] = dataset->class_count > 0 ? dataset->count : 0;
    list->judged[MOS_CHECK_MISSING_PARTNER] = dataset->modality_count > 1 ? dataset->count : 0;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (dataset->storage[m].level[0] != '\0' || dataset->storage[m].level_mixed)
            list->judged[MOS_CHECK_PRODUCT_LEVEL] = dataset->count;
    }
    for (int64_t i = 0; i < dataset->count; i++) {
        bool timed = false;
        for (int64_t m = 0; m < dataset->modality_count; m++)
            timed = timed || dataset->times[i * dataset->modality_count + m] != MOS_TIME_UNKNOWN;
        list->judged[MOS_CHECK_TIME] += timed;
    }
}

/* What the other commands stop at is reported too where no sample of its own tells of it. */
static void add_verdicts(const check_job *job, mos_check_list *list) {
    static const mos_check_place nowhere = {.sample = -1, .modality = -1, .band = -1};
    bool known[MOS_CHECK_CLASSES] = {false};
    for (int t = 0; t <= job->threads; t++) {
        for (size_t r = 0; r < job->lists[t].count; r++)
            known[job->lists[t].rows[r].class] = true;
    }
    for (int c = 0; c < MOS_CHECK_CLASSES; c++) {
        const char *words;
        const char *key = mos_check_class_table[c].key;
        if (known[c] || mos_verdict_count(job->dataset, (mos_check_class)c, &words) == 0) continue;
        mos_check_note(list, (mos_check_class)c, &nowhere, key == NULL ? "" : key, "%s", words);
        list->judged[c]++;
    }
}

/* Modalities that are not there, where the format did not say so while opening. */
static mosaic_status add_missing(mos_check_list *list, const mos_survey *survey) {
    const mos_dataset *dataset = list->dataset;
    mos_name_set told = {0};
    mosaic_status status = MOSAIC_OK;
    for (size_t i = 0; i < survey->count; i++) {
        const mos_survey_item *item = &survey->items[i];
        if (item->class == MOS_CHECK_MISSING_PARTNER && item->id[0] != '\0')
            MOS_GOTO(mos_name_set_add(&told, item->id, strlen(item->id), NULL));
    }
    for (int64_t i = 0; i < dataset->count; i++) {
        const char *id = dataset->ids[i];
        uint32_t present = dataset->present[i];
        if (present == 0 || mos_name_set_find(&told, id, strlen(id)) != NULL) continue;
        for (int64_t m = 0; m < dataset->modality_count; m++) {
            const mos_check_place place = {.sample = i, .modality = m, .band = -1};
            if (!(present >> m & 1))
                mos_check_note(list, MOS_CHECK_MISSING_PARTNER, &place, dataset->modalities[m].name,
                               "nothing");
        }
    }
done:
    mos_name_set_release(&told);
    return status;
}

/* ---- one table out of all lists ---- */

static int by_place(const void *a, const void *b) {
    const mos_check_row *left = a, *right = b;
    if (left->sample != right->sample) return left->sample < right->sample ? -1 : 1;
    int order = left->class - right->class;
    if (order == 0) order = strcmp(left->id, right->id);
    if (order == 0) order = strcmp(left->modality, right->modality);
    if (order == 0) order = strcmp(left->band, right->band);
    if (order == 0) order = strcmp(left->file, right->file);
    return order != 0 ? order : strcmp(left->found, right->found);
}

static mosaic_status gather(check_job *job, const int64_t *opened, mos_check *out) {
    size_t total = 0;
    for (int t = 0; t <= job->threads; t++) {
        const mos_check_list *list = &job->lists[t];
        if (list->status != MOSAIC_OK) {
            mos_error_restore(list->error);
            return list->status;
        }
        total += list->count;
    }
    MOS_TRY(mos_alloc(total, sizeof *out->rows, "rows of a check", &out->rows));
    for (int t = 0; t <= job->threads; t++) {
        const mos_check_list *list = &job->lists[t];
        for (size_t r = 0; r < list->count; r++) {
            mos_check_row row = list->rows[r];
            const char **const texts[] = {&row.id,    &row.modality, &row.band,
                                          &row.found, &row.wanted,   &row.file};
            for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
                if (**texts[k] == '\0')
                    *texts[k] = "";
                else
                    MOS_TRY(mos_text_pool_add(&out->pool, *texts[k], strlen(*texts[k]), texts[k]));
            }
            out->rows[out->count++] = row;
            bool together = mos_check_class_table[row.class].together;
            out->found[row.class] = together ? opened[row.class] : out->found[row.class] + 1;
            out->errors += row.severity == MOS_SEVERITY_ERROR;
            out->warnings += row.severity == MOS_SEVERITY_WARNING;
        }
        for (int c = 0; c < MOS_CHECK_CLASSES; c++)
            out->judged[c] += list->judged[c];
        out->opened += list->opened;
    }
    if (total > 0) qsort(out->rows, total, sizeof *out->rows, by_place);
    return MOSAIC_OK;
}

mosaic_status mos_check_run(mos_dataset *dataset, const mos_survey *survey,
                            const mos_check_options *options, mos_check *out) {
    check_job job = {.dataset = dataset, .threads = options->threads < 1 ? 1 : options->threads};
    int64_t opened[MOS_CHECK_CLASSES] = {0};
    mosaic_status status;
    *out = (mos_check){
        .dataset = dataset, .samples = dataset->count, .reduced_from = dataset->count_before_limit};
    memcpy(out->wanted, options->wanted, sizeof out->wanted);
    MOS_GOTO(open_job(&job, options));
    MOS_GOTO(look_at_samples(&job, options));
    MOS_GOTO(mos_check_collect(options->comm, job.lists, job.threads, job.ground));
    if (mos_comm_rank(options->comm) > 0) goto done; /* rank 0 has what all found */
    mos_check_list *last = &job.lists[job.threads];
    MOS_GOTO(add_survey(last, survey, opened));
    count_judged(last);
    add_verdicts(&job, last);
    MOS_GOTO(add_missing(last, survey));
    MOS_GOTO(mos_check_leakage(last, job.ground));
    MOS_GOTO(gather(&job, opened, out));
done:
    close_job(&job);
    if (status != MOSAIC_OK) mos_check_release(out);
    return status;
}

void mos_check_release(mos_check *check) {
    mos_free(check->rows);
    mos_text_pool_release(&check->pool);
    *check = (mos_check){0};
}
