/* Linear and k-NN classifiers on frozen features: what methods without a classification loss are
 * judged by. */
#include "evaluate/probe_run.h"
#include "artifact/class_join.h"
#include "base/log.h"
#include "base/memory.h"
#include "evaluate/floor_features.h"
#include "evaluate/inference.h"
#include "evaluate/patch_pictures.h"
#include "evaluate/probe_head.h"
#include "evaluate/probe_record.h"
#include "evaluate/probe_rows.h"
#include "score/knn_probe.h"
#include "score/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const mos_probe_features_names[] = {"encoder", "untrained", "random", "statistics",
                                                NULL};
/* scorer's name in the results: at most 31 characters */
static const char *const floor_words[] = {"", ", untrained encoder", ", random features",
                                          ", band statistics"};

/* A probe on its way. */
typedef struct probe_job {
    const mos_probe_options *options;
    mos_session session;
    bool used[MOS_MAX_MODALITIES];
    mos_probe_rows train, valid, split; /* valid.n 0: there is no validation split */
    mos_linear_probe linear;
    mos_knn_probe knn;
    mos_knn_found found; /* neighbours of the validation rows */
    float *probability;  /* [split, classes] */
    double *threshold;   /* [classes] */
    double global;
    bool tuned;
    mos_probe_record record;
} probe_job;

static void release(probe_job *job) {
    mos_probe_rows_release(&job->train);
    mos_probe_rows_release(&job->valid);
    mos_probe_rows_release(&job->split);
    mos_linear_probe_release(&job->linear);
    mos_knn_probe_release(&job->knn);
    mos_knn_found_release(&job->found);
    mos_probe_record_release(&job->record);
    mos_free(job->probability);
    mos_free(job->threshold);
    mos_session_close(&job->session);
}

/* Bits of the modalities asked for, by name. */
static mosaic_status choose_modalities(probe_job *job) {
    const mos_text_list *names = job->options->modalities;
    const mos_model_spec *spec = &job->session.card.spec;
    const char *known[MOS_MAX_MODALITIES];
    bool all = names == NULL || names->count == 0;
    for (int64_t m = 0; m < spec->modalities; m++) {
        known[m] = spec->modality[m].name;
        job->used[m] = all;
    }
    for (size_t i = 0; !all && i < names->count; i++) {
        int64_t m = 0;
        while (m < spec->modalities && strcmp(known[m], names->items[i]) != 0)
            m++;
        if (m == spec->modalities) {
            const char *near = mos_nearest_name(names->items[i], known, (size_t)spec->modalities);
            return mos_fail(MOSAIC_ERR_USAGE, "--modalities: '%s' has no modality '%s'%s%s%s",
                            job->session.model_path, names->items[i],
                            near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
        job->used[m] = true;
    }
    return MOSAIC_OK;
}

static mosaic_status read_split(probe_job *job, mos_split split, int64_t limit, const uint8_t *keep,
                                mos_probe_rows *out) {
    const mos_probe_options *options = job->options;
    return mos_probe_rows_read(&job->session, split, limit, keep, job->used, options->features,
                               options->seed, out);
}

static mosaic_status read_rows(probe_job *job) {
    const mos_probe_options *options = job->options;
    mos_session *session = &job->session;
    int64_t *index = NULL, count = 0;
    uint8_t *keep = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)mos_dataset_count(session->dataset), 1, "labelled rows", &keep));
    MOS_GOTO(mos_probe_rows_labeled(session, options->fraction, options->seed, keep));
    MOS_GOTO(read_split(job, MOS_SPLIT_TRAIN, 0, keep, &job->train));
    MOS_GOTO(mos_inference_rows(session->dataset, MOS_SPLIT_VALIDATION, 1, &index, &count));
    if (count > 0)
        MOS_GOTO(read_split(job, MOS_SPLIT_VALIDATION, 0, NULL, &job->valid));
    else
        mos_log(MOS_LOG_WARNING, "no validation split: nothing is chosen on it, thresholds are "
                                 "not tuned");
done:
    mos_free(keep);
    mos_free(index);
    return status;
}

/* ---- choosing on validation ---- */

static mosaic_status validation_score(const probe_job *job, const float *probability,
                                      double *score) {
    mos_metrics metrics;
    MOS_TRY(mos_metrics_compute(probability, job->valid.labels, job->valid.n, job->valid.classes,
                                job->threshold, &metrics));
    *score = metrics.macro.average_precision;
    mos_metrics_release(&metrics);
    return MOSAIC_OK;
}

static double largest_first(const double *values, int64_t count, int64_t rank) {
    double at = INFINITY;
    for (int64_t r = 0; r <= rank; r++) {
        double next = -INFINITY;
        for (int64_t i = 0; i < count; i++)
            if (values[i] < at && values[i] > next) next = values[i];
        at = next;
    }
    return at;
}

/* The penalty of a candidate for so many rows. */
static double penalty_of(const mos_probe_options *options, double value, int64_t rows) {
    return options->inverse ? 1 / (value * (double)rows) : value;
}

/* Once more, on the rows it was fitted on and those it was chosen on. */
static mosaic_status refit_linear(probe_job *job) {
    const mos_probe_rows *train = &job->train, *valid = &job->valid;
    int64_t n = train->n + valid->n, width = train->width, classes = train->classes;
    mos_linear_probe_options linear = job->options->linear;
    double value = mos_probe_record_best(&job->record)->value;
    mos_linear_probe again = {0};
    float *features = NULL;
    int8_t *labels = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)(n * width), sizeof *features, "probe features", &features));
    MOS_GOTO(mos_alloc((size_t)(n * classes), 1, "probe labels", &labels));
    memcpy(features, train->features, (size_t)(train->n * width) * sizeof *features);
    memcpy(features + train->n * width, valid->features,
           (size_t)(valid->n * width) * sizeof *features);
    memcpy(labels, train->labels, (size_t)(train->n * classes));
    memcpy(labels + train->n * classes, valid->labels, (size_t)(valid->n * classes));
    linear.l2 = penalty_of(job->options, value, n);
    MOS_GOTO(mos_linear_probe_fit(features, labels, n, width, classes, &linear, &again));
    mos_linear_probe_release(&job->linear);
    job->linear = again;
    job->record.refit_rows = n;
    job->record.refit_l2 = linear.l2;
    mos_log(MOS_LOG_NOTICE,
            "fitted again on %lld patches: the labelled ones and %lld of validation", (long long)n,
            (long long)valid->n);
done:
    mos_free(features);
    mos_free(labels);
    return status;
}

/* From the strongest penalty down, each from where the one before ended. */
static mosaic_status fit_linear(probe_job *job, float *probability) {
    const mos_probe_options *options = job->options;
    const mos_probe_rows *train = &job->train;
    mos_linear_probe_options linear = options->linear;
    mos_linear_probe before = {0}, now = {0};
    mosaic_status status = MOSAIC_OK;
    int64_t count = job->valid.n > 0 ? options->l2_count : 1;
    double best = -INFINITY, score = NAN;
    for (int64_t c = 0; c < count; c++) {
        double value = options->l2[0];
        if (count > 1) value = largest_first(options->l2, count, c);
        if (!isfinite(value)) break; /* fewer values than listed: some are twice there */
        linear.l2 = penalty_of(options, value, train->n);
        linear.start = before.weight != NULL ? &before : NULL;
        MOS_GOTO(mos_linear_probe_fit(train->features, train->labels, train->n, train->width,
                                      train->classes, &linear, &now));
        if (job->valid.n > 0) {
            mos_linear_probe_predict(&now, job->valid.features, job->valid.n, probability);
            MOS_GOTO(validation_score(job, probability, &score));
        }
        MOS_GOTO(mos_probe_record_add(&job->record, value, linear.l2, 0, 0, score));
        bool better = c == 0 || score > best;
        if (better) {
            best = score;
            mos_linear_probe_release(&job->linear);
            MOS_GOTO(mos_linear_probe_copy(&now, &job->linear));
        }
        mos_linear_probe_release(&before);
        before = now;
        now = (mos_linear_probe){0};
    }
done:
    mos_linear_probe_release(&before);
    mos_linear_probe_release(&now);
    return status;
}

static int64_t most_neighbours(const mos_probe_options *options) {
    int64_t most = 1;
    for (int64_t i = 0; i < options->neighbours_count; i++)
        if (options->neighbours[i] > most) most = options->neighbours[i];
    return most;
}

static mosaic_status fit_knn(probe_job *job, float *probability) {
    const mos_probe_options *options = job->options;
    const mos_probe_rows *train = &job->train, *valid = &job->valid;
    MOS_TRY(mos_knn_probe_fit(train->features, train->labels, train->n, train->width,
                              train->classes, &job->knn));
    if (valid->n == 0)
        return mos_probe_record_add(&job->record, 0, 0, options->neighbours[0],
                                    options->temperature[0], NAN);
    MOS_TRY(mos_knn_probe_search(&job->knn, valid->features, valid->n, most_neighbours(options),
                                 job->session.threads, &job->found));
    for (int64_t k = 0; k < options->neighbours_count; k++)
        for (int64_t t = 0; t < options->temperature_count; t++) {
            double score;
            mos_knn_probe_vote(&job->knn, &job->found, options->neighbours[k],
                               options->temperature[t], probability);
            MOS_TRY(validation_score(job, probability, &score));
            MOS_TRY(mos_probe_record_add(&job->record, 0, 0, options->neighbours[k],
                                         options->temperature[t], score));
        }
    return MOSAIC_OK;
}

/* Fits, chooses and tunes; probability: room for the validation rows. */
static mosaic_status fit(probe_job *job) {
    float *probability = NULL;
    const mos_probe_rows *valid = &job->valid;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)job->train.classes, sizeof *job->threshold, "thresholds",
                       &job->threshold));
    for (int64_t j = 0; j < job->train.classes; j++)
        job->threshold[j] = 0.5;
    MOS_GOTO(mos_alloc((size_t)(valid->n * job->train.classes + 1), sizeof *probability,
                       "probe probabilities", &probability));
    if (job->options->kind == MOS_PROBE_KNN)
        MOS_GOTO(fit_knn(job, probability));
    else
        MOS_GOTO(fit_linear(job, probability));
    const mos_probe_candidate *best = mos_probe_record_best(&job->record);
    mos_log(MOS_LOG_NOTICE, "%s probe on %lld labelled patches, %lld features",
            job->options->kind == MOS_PROBE_KNN ? "k-NN" : "linear", (long long)job->train.n,
            (long long)job->train.width);
    if (valid->n == 0) goto done;
    if (job->options->kind == MOS_PROBE_KNN)
        mos_knn_probe_vote(&job->knn, &job->found, best->neighbours, best->temperature,
                           probability);
    else
        mos_linear_probe_predict(&job->linear, valid->features, valid->n, probability);
    MOS_GOTO(mos_threshold_tune(probability, valid->labels, valid->n, valid->classes,
                                job->threshold, &job->global));
    job->tuned = true;
    if (job->options->refit) MOS_GOTO(refit_linear(job));
done:
    mos_free(probability);
    return status;
}

/* ---- the split's scores ---- */

static mosaic_status score(probe_job *job) {
    const mos_probe_options *options = job->options;
    const mos_probe_candidate *best = mos_probe_record_best(&job->record);
    mos_probe_rows *rows = &job->split;
    mos_knn_found found = {0};
    MOS_TRY(read_split(job, options->split, options->limit, NULL, rows));
    if (mos_comm_rank(job->session.comm) > 0) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)(rows->n * rows->classes), sizeof(float), "probe probabilities",
                      &job->probability));
    if (options->kind == MOS_PROBE_LINEAR) {
        mos_linear_probe_predict(&job->linear, rows->features, rows->n, job->probability);
        return MOSAIC_OK;
    }
    MOS_TRY(mos_knn_probe_search(&job->knn, rows->features, rows->n, best->neighbours,
                                 job->session.threads, &found));
    mos_knn_probe_vote(&job->knn, &found, best->neighbours, best->temperature, job->probability);
    mos_knn_found_release(&found);
    return MOSAIC_OK;
}

/* "test-probe", "test-knn", "test-knn-s1", "test-probe-random" */
static mosaic_status choose_folder(const probe_job *job, char *buffer, size_t size) {
    const mos_probe_options *options = job->options;
    const mos_model_spec *spec = &job->session.card.spec;
    mos_text name = {0};
    bool all = true;
    if (options->out)
        return snprintf(buffer, size, "%s", options->out) < (int)size
                   ? MOSAIC_OK
                   : mos_fail(MOSAIC_ERR_USAGE, "--out: path too long");
    mos_text_add(&name, "%s-%s", mos_split_names[options->split],
                 options->kind == MOS_PROBE_KNN ? "knn" : "probe");
    for (int64_t m = 0; m < spec->modalities; m++)
        all = all && job->used[m];
    for (int64_t m = 0; m < spec->modalities && !all; m++)
        if (job->used[m]) mos_text_add(&name, "-%s", spec->modality[m].name);
    if (options->features != MOS_PROBE_ENCODER)
        mos_text_add(&name, "-%s", mos_probe_features_names[options->features]);
    mosaic_status status = name.failed ? mos_fail_memory(name.size, "a path")
                                       : mos_session_folder(&job->session, name.data, buffer, size);
    mos_text_release(&name);
    return status;
}

static mosaic_status write_results(probe_job *job, mos_evaluate_summary *out) {
    const mos_probe_options *options = job->options;
    const mos_session *session = &job->session;
    const mos_probe_rows *set = &job->split;
    char(*names)[128] = NULL, scorer[64];
    const char *const *classes;
    (void)mos_dataset_classes(session->dataset, &classes);
    MOS_TRY(mos_alloc((size_t)set->classes, sizeof *names, "class names", &names));
    for (int64_t j = 0; j < set->classes; j++)
        (void)snprintf(names[j], sizeof names[j], "%s", classes[j]);
    (void)snprintf(scorer, sizeof scorer, "%s%s",
                   options->kind == MOS_PROBE_KNN ? "k-NN probe" : "linear probe",
                   floor_words[options->features]);
    out->samples = set->n;
    out->tuned = job->tuned;
    out->reduced = session->card.reduced || options->limit > 0;
    int policy = mos_dataset_policy(session->dataset);
    int constant = mos_dataset_constant_bands(session->dataset);
    const mos_result_set results = {.dataset = session->dataset,
                                    .split = mos_split_names[options->split],
                                    .scorer = scorer,
                                    .model = session->model_path,
                                    .method = session->card.method,
                                    .arithmetic = mos_precision_names[session->device->precision],
                                    .reduced = out->reduced,
                                    .n = set->n,
                                    .classes = set->classes,
                                    .class_names = (const char(*)[128])names,
                                    .samples = set->samples,
                                    .labels = set->labels,
                                    .probability = job->probability,
                                    .tuned = job->tuned,
                                    .threshold = job->threshold,
                                    .global_threshold = job->global,
                                    .policy = mos_policy_names[policy],
                                    .constant_bands = mos_constant_names[constant],
                                    .repairs = set->repairs,
                                    .threads = session->threads};
    mosaic_status status = choose_folder(job, out->folder, sizeof out->folder);
    if (status == MOSAIC_OK) status = mos_results_write(&results, out->folder, &out->scores);
    if (status == MOSAIC_OK)
        status =
            mos_patch_pictures_write(&results, session->dataset, out->folder, options->pictures);
    if (status == MOSAIC_OK)
        status =
            mos_probe_record_write(&job->record, options, session, job->used, job->train.n,
                                   job->tuned ? job->threshold : NULL, job->global, out->folder);
    mos_free(names);
    return status;
}

/* The model with this probe in place of its head, thresholds and all. */
static mosaic_status write_model(probe_job *job) {
    mos_session *session = &job->session;
    mos_model_card *card = &session->card;
    const char *const *found, *wanted[MOS_MAX_CLASSES];
    int64_t row[MOS_MAX_CLASSES], classes = card->spec.classes;
    if (!job->options->model_out) return MOSAIC_OK;
    if (job->options->kind != MOS_PROBE_LINEAR || card->spec.fusion != MOS_FUSION_CONCAT)
        return mos_fail(MOSAIC_ERR_USAGE, "--write-model wants a linear probe of a model whose "
                                          "fusion is concat");
    for (int64_t j = 0; j < classes; j++)
        wanted[j] = card->class_names[j];
    int64_t known = mos_dataset_classes(session->dataset, &found);
    MOS_TRY(mos_names_join_exactly(wanted, classes, "classes of the model", found, known,
                                   "classes of the data", row));
    MOS_TRY(mos_probe_head_put(session->model, &job->linear, job->used, row));
    card->probe_head = true;
    card->has_thresholds = job->tuned;
    card->threshold_precision = session->device->precision;
    card->global_threshold = job->global;
    for (int64_t j = 0; j < classes; j++)
        card->threshold[j] = job->threshold[row[j]];
    MOS_TRY(mos_model_file_write(job->options->model_out, session->model, card));
    mos_log(MOS_LOG_NOTICE, "model written to %s", job->options->model_out);
    return MOSAIC_OK;
}

static mosaic_status check_options(const mos_probe_options *options) {
    bool encoder = options->features == MOS_PROBE_ENCODER;
    if (options->model_out != NULL && !encoder && options->features != MOS_PROBE_UNTRAINED)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--write-model wants features of an encoder, found --features %s",
                        mos_probe_features_names[options->features]);
    if (options->refit && options->kind != MOS_PROBE_LINEAR)
        return mos_fail(MOSAIC_ERR_USAGE, "--refit wants a linear probe");
    return MOSAIC_OK;
}

mosaic_status mos_probe(const mos_probe_options *options, mos_evaluate_summary *out) {
    probe_job job = {.options = options, .global = 0.5};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_evaluate_summary){0};
    MOS_GOTO(check_options(options));
    MOS_GOTO(mos_session_open(&options->session, &job.session));
    MOS_GOTO(choose_modalities(&job));
    if (options->features == MOS_PROBE_UNTRAINED) MOS_GOTO(mos_floor_untrain(&job.session));
    MOS_GOTO(read_rows(&job));
    const bool leads = mos_comm_rank(job.session.comm) == 0; /* it has all rows */
    MOS_GOTO(mos_comm_agree(job.session.comm, leads ? fit(&job) : MOSAIC_OK));
    MOS_GOTO(score(&job));
    if (!leads) goto done;
    MOS_GOTO(write_results(&job, out));
    MOS_GOTO(write_model(&job));
done:
    release(&job);
    return status;
}
