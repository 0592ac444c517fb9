/* A linear classifier on frozen features: what methods without a classification loss are judged by.
 */
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/fraction.h"
#include "deploy/evaluate.h"
#include "eval/inference.h"
#include "eval/linear_probe.h"
#include "eval/metrics.h"
#include "eval/patch_pictures.h"

#include <stdio.h>
#include <string.h>

/* One split's features side by side [n, width] with its labels over the data set's classes. */
typedef struct feature_set {
    int64_t n, width, classes;
    float *features;
    int8_t *labels;   /* [n, classes] */
    int64_t *samples; /* [n] */
    mos_repairs repairs;
} feature_set;

static void release_features(feature_set *set) {
    mos_free(set->features);
    mos_free(set->labels);
    mos_free(set->samples);
    *set = (feature_set){0};
}

/* The probe's classes are the data set's, whether or not the model has a head. */
static mosaic_status copy_features(const mos_inference *from, const mos_dataset *dataset,
                                   int64_t modality, feature_set *out) {
    const char *const *names;
    int64_t parts = modality < 0 ? from->modalities : 1, first = modality < 0 ? 0 : modality;
    *out = (feature_set){.n = from->n,
                         .width = parts * from->features,
                         .classes = mos_dataset_classes(dataset, &names),
                         .repairs = from->repairs};
    MOS_TRY(
        mos_alloc((size_t)(out->n * out->width), sizeof(float), "probe features", &out->features));
    MOS_TRY(mos_alloc((size_t)(out->n * out->classes), 1, "probe labels", &out->labels));
    MOS_TRY(mos_alloc((size_t)out->n, sizeof(int64_t), "probe rows", &out->samples));
    for (int64_t i = 0; i < out->n; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(dataset, from->samples[i], &sample));
        memcpy(out->labels + i * out->classes, sample.labels, (size_t)out->classes);
        out->samples[i] = from->samples[i];
        for (int64_t p = 0; p < parts; p++)
            memcpy(out->features + i * out->width + p * from->features,
                   from->feature[first + p] + i * from->features,
                   (size_t)from->features * sizeof(float));
    }
    return MOSAIC_OK;
}

/* keep: NULL or [data set], rows to use. */
static mosaic_status extract(mos_session *session, mos_split split, int64_t limit,
                             const uint8_t *keep, int64_t modality, feature_set *out) {
    int64_t *index = NULL, count = 0, kept = 0;
    mos_inference inference = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_inference_rows(session->dataset, split, keep ? 0 : limit, &index, &count));
    for (int64_t i = 0; i < count; i++)
        if (!keep || keep[index[i]]) index[kept++] = index[i];
    if (kept == 0) {
        status = mos_fail(MOSAIC_ERR_DATA, "'%s' has no labelled samples in split '%s'",
                          mos_dataset_root(session->dataset), mos_split_names[split]);
        goto done;
    }
    MOS_GOTO(mos_inference_run(session->model, &session->card, session->dataset, index, kept, false,
                               session->threads, true, &inference));
    MOS_GOTO(copy_features(&inference, session->dataset, modality, out));
done:
    mos_free(index);
    mos_inference_release(&inference);
    return status;
}

/* The labelled training rows: the fraction asked for, else those saved with the run, else the
 * configuration's. */
static mosaic_status choose_labeled(const mos_session *session, const mos_probe_options *options,
                                    uint8_t *keep) {
    char saved[4096];
    mos_text fraction = {0}, seed = {0};
    double share = options->fraction;
    int64_t number = (int64_t)options->seed;
    if (share < 0) {
        MOS_TRY(mos_path_join(saved, sizeof saved, session->run, "labeled.txt"));
        if (mos_path_exists(saved)) return mos_fraction_load(session->dataset, saved, keep);
        mosaic_status status = mos_config_get(session->config, "data.labeled.fraction", &fraction);
        if (status == MOSAIC_OK)
            status = mos_config_get(session->config, "data.labeled.seed", &seed);
        if (status == MOSAIC_OK &&
            (!mos_parse_double(fraction.data, &share) || !mos_parse_int(seed.data, &number)))
            status = mos_fail(MOSAIC_ERR_DATA, "'%s': labelled fraction '%s' is not a number",
                              session->model_path, fraction.data);
        mos_text_release(&fraction);
        mos_text_release(&seed);
        MOS_TRY(status);
    }
    return mos_fraction_choose(session->dataset, MOS_SPLIT_TRAIN, share, (uint64_t)number, keep);
}

static mosaic_status fit(mos_session *session, const mos_probe_options *options,
                         mos_linear_probe *probe, int64_t *rows) {
    feature_set train = {0};
    uint8_t *keep = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)mos_dataset_count(session->dataset), 1, "labelled rows", &keep));
    MOS_GOTO(choose_labeled(session, options, keep));
    MOS_GOTO(extract(session, MOS_SPLIT_TRAIN, 0, keep, options->modality, &train));
    MOS_GOTO(mos_linear_probe_fit(train.features, train.labels, train.n, train.width, train.classes,
                                  options->l2, options->iterations, session->threads, probe));
    *rows = train.n;
done:
    mos_free(keep);
    release_features(&train);
    return status;
}

/* Probabilities of one split: mos_free(*probability). */
static mosaic_status score(mos_session *session, const mos_probe_options *options, mos_split split,
                           const mos_linear_probe *probe, feature_set *set, float **probability) {
    MOS_TRY(extract(session, split, options->evaluate.limit, NULL, options->modality, set));
    MOS_TRY(mos_alloc((size_t)(set->n * set->classes), sizeof(float), "probe probabilities",
                      probability));
    mos_linear_probe_predict(probe, set->features, set->n, *probability);
    return MOSAIC_OK;
}

static mosaic_status tune(mos_session *session, const mos_probe_options *options,
                          const mos_linear_probe *probe, double *threshold, double *global,
                          bool *tuned) {
    int64_t *index = NULL, count = 0;
    MOS_TRY(mos_inference_rows(session->dataset, MOS_SPLIT_VALIDATION, 1, &index, &count));
    mos_free(index);
    *tuned = count > 0;
    if (count == 0) {
        mos_log(MOS_LOG_WARNING, "no validation split: thresholds are not tuned");
        return MOSAIC_OK;
    }
    feature_set set = {0};
    float *probability = NULL;
    mosaic_status status = score(session, options, MOS_SPLIT_VALIDATION, probe, &set, &probability);
    if (status == MOSAIC_OK)
        status = mos_threshold_tune(probability, set.labels, set.n, set.classes, threshold, global);
    mos_free(probability);
    release_features(&set);
    return status;
}

static mosaic_status write_results(const mos_session *session, const mos_probe_options *options,
                                   const feature_set *set, const float *probability,
                                   const double *threshold, double global,
                                   mos_evaluate_summary *out) {
    char name[64], (*names)[128] = NULL;
    const char *const *classes;
    (void)mos_dataset_classes(session->dataset, &classes);
    MOS_TRY(mos_alloc((size_t)set->classes, sizeof *names, "class names", &names));
    for (int64_t j = 0; j < set->classes; j++)
        (void)snprintf(names[j], sizeof names[j], "%s", classes[j]);
    (void)snprintf(name, sizeof name, "%s-probe", mos_split_names[options->evaluate.split]);
    out->samples = set->n;
    out->reduced = session->card.reduced || options->evaluate.limit > 0;
    const mos_result_set results = {.dataset = session->dataset,
                                    .split = mos_split_names[options->evaluate.split],
                                    .scorer = "linear probe",
                                    .model = session->model_path,
                                    .method = session->card.method,
                                    .reduced = out->reduced,
                                    .n = set->n,
                                    .classes = set->classes,
                                    .class_names = (const char(*)[128])names,
                                    .samples = set->samples,
                                    .labels = set->labels,
                                    .probability = probability,
                                    .tuned = out->tuned,
                                    .threshold = threshold,
                                    .global_threshold = global,
                                    .policy =
                                        mos_policy_names[mos_dataset_policy(session->dataset)],
                                    .repairs = set->repairs,
                                    .threads = session->threads};
    mosaic_status status = MOSAIC_OK;
    if (options->evaluate.out)
        (void)snprintf(out->folder, sizeof out->folder, "%s", options->evaluate.out);
    else
        status = mos_session_folder(session, name, out->folder, sizeof out->folder);
    if (status == MOSAIC_OK) status = mos_results_write(&results, out->folder, &out->scores);
    if (status == MOSAIC_OK)
        status = mos_patch_pictures_write(&results, session->dataset, out->folder,
                                          options->evaluate.pictures);
    mos_free(names);
    return status;
}

mosaic_status mos_probe(const mos_probe_options *options, mos_evaluate_summary *out) {
    mos_session session = {0};
    mos_linear_probe probe = {0};
    feature_set set = {0};
    float *probability = NULL;
    double *threshold = NULL, global = 0.5;
    int64_t rows = 0;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_evaluate_summary){0};
    MOS_GOTO(mos_session_open(&options->evaluate.session, &session));
    if (options->modality >= session.card.spec.modalities) {
        status = mos_fail(MOSAIC_ERR_USAGE, "the model has %lld modalities, no number %lld",
                          (long long)session.card.spec.modalities, (long long)options->modality);
        goto done;
    }
    MOS_GOTO(fit(&session, options, &probe, &rows));
    mos_log(MOS_LOG_NOTICE, "linear probe fitted on %lld labelled patches, %lld features",
            (long long)rows, (long long)probe.features);
    MOS_GOTO(mos_alloc((size_t)probe.classes, sizeof *threshold, "thresholds", &threshold));
    MOS_GOTO(tune(&session, options, &probe, threshold, &global, &out->tuned));
    MOS_GOTO(score(&session, options, options->evaluate.split, &probe, &set, &probability));
    MOS_GOTO(write_results(&session, options, &set, probability, threshold, global, out));
done:
    mos_free(threshold);
    mos_free(probability);
    release_features(&set);
    mos_linear_probe_release(&probe);
    mos_session_close(&session);
    return status;
}
