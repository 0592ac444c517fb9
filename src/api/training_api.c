/* include/mosaic/training.h, made of src/train. */
#include "mosaic/training.h"

#include "api/metrics_handle.h"
#include "api/option_pairs.h"
#include "api/struct_size.h"
#include "base/memory.h"
#include "base/want.h"
#include "train/training.h"

#include <stdatomic.h>
#include <string.h>

_Static_assert((int)MOS_TERM_COUNT <= (int)MOSAIC_MOST_TERMS,
               "mosaic_step has room for every term");

typedef struct training_pairs {
    char *config, *config_text, *out, *init_from, *init_pattern, *device;
    bool resume, overwrite, fail_on_collapse;
    int64_t threads, max_steps;
} training_pairs;

struct mosaic_training {
    training_pairs pairs;
    mos_text_list set;
    mos_training *training;
    mos_train_summary summary;
    mos_term terms[MOS_TERM_COUNT]; /* of the run's loss */
    int64_t term_count;
};

/* One training at a time: the log that a run writes to is the process's. */
static atomic_flag is_open = ATOMIC_FLAG_INIT;

#define TEXT(name, field)                                                                          \
    { .key = (name), .type = MOS_OPTION_TEXT, .offset = offsetof(training_pairs, field) }
#define SWITCH(name, field)                                                                        \
    {                                                                                              \
        .key = (name), .type = MOS_OPTION_BOOL, .offset = offsetof(training_pairs, field),         \
        .fallback = "false"                                                                        \
    }
#define NUMBER(name, field, most)                                                                  \
    {                                                                                              \
        .key = (name), .type = MOS_OPTION_INT, .offset = offsetof(training_pairs, field),          \
        .fallback = "0", .minimum = 0, .maximum = (most)                                           \
    }
static const mos_option own_options[] = {
    TEXT("config", config),
    TEXT("config_text", config_text),
    TEXT("out", out),
    TEXT("init-from", init_from),
    TEXT("init-pattern", init_pattern),
    TEXT("device", device),
    SWITCH("resume", resume),
    SWITCH("overwrite", overwrite),
    SWITCH("fail-on-collapse", fail_on_collapse),
    NUMBER("threads", threads, 4096),
    NUMBER("max-steps", max_steps, 1e15),
};
static const mos_option_table own_table = {"training", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status open_run(mosaic_training *training) {
    const training_pairs *pairs = &training->pairs;
    const bool given = pairs->config != NULL || pairs->config_text != NULL;
    if (pairs->out == NULL)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "mosaic_training_open: 'out', a run directory, is needed");
    const mos_train_options options = {.config = pairs->config != NULL ? pairs->config : "options",
                                       .config_text = given ? pairs->config_text : "{}",
                                       .out = pairs->out,
                                       .set = &training->set,
                                       .resume = pairs->resume,
                                       .overwrite = pairs->overwrite,
                                       .fail_on_collapse = pairs->fail_on_collapse,
                                       .init_from = pairs->init_from,
                                       .init_pattern = pairs->init_pattern,
                                       .device = pairs->device != NULL ? pairs->device : "auto",
                                       .threads = (int)pairs->threads,
                                       .max_steps = pairs->max_steps};
    MOS_TRY(mos_training_open(&options, &training->training));
    for (int k = 0; k < MOS_TERM_COUNT; k++)
        if (mos_training_uses(training->training, (mos_term)k))
            training->terms[training->term_count++] = (mos_term)k;
    return MOSAIC_OK;
}

static void release(mosaic_training *training) {
    mos_training_close(&training->training);
    mos_options_release(&own_table, &training->pairs);
    mos_text_list_release(&training->set);
    mos_free(training);
    atomic_flag_clear(&is_open);
}

mosaic_status mosaic_training_open(const char *const *options, mosaic_training **out) {
    mosaic_training *training = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_WANT(out);
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *training, "training handle", &training));
    if (atomic_flag_test_and_set(&is_open)) {
        mos_free(training);
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "another training is open in this process: close it first");
    }
    MOS_GOTO(mos_options_init(&own_table, &training->pairs));
    MOS_GOTO(mos_pairs_take(options, &own_table, &training->pairs, &training->set,
                            "mosaic_training_open"));
    MOS_GOTO(open_run(training));
    *out = training;
    return MOSAIC_OK;
done:
    release(training);
    return status;
}

void mosaic_training_close(mosaic_training **training) {
    mosaic_training *t = training == NULL ? NULL : *training;
    if (t == NULL) return;
    *training = NULL;
    release(t);
}

const char *mosaic_training_term(const mosaic_training *training, int64_t i) {
    return training != NULL && i >= 0 && i < training->term_count
               ? mos_terms[training->terms[i]]->name
               : NULL;
}

mosaic_status mosaic_training_step(mosaic_training *training, mosaic_step *out) {
    mos_training_step_result result;
    MOS_WANT(training);
    MOS_WANT(out);
    MOS_TRY(mos_check_struct_size("mosaic_step", out->struct_size, sizeof *out));
    MOS_TRY(mos_training_step(training->training, &result));
    mosaic_step step = {.struct_size = out->struct_size,
                        .step = result.step,
                        .steps = result.steps,
                        .epoch = result.epoch,
                        .epochs = result.epochs,
                        .done = result.done,
                        .epoch_ended = result.epoch_ended,
                        .over = result.over,
                        .score_is_loss = result.score_is_loss,
                        .loss = result.losses.total,
                        .gradient_norm = result.gradient_norm,
                        .score = result.score};
    for (int64_t i = 0; i < training->term_count; i++)
        step.term[i] = result.losses.term[training->terms[i]];
    memcpy(out, &step, sizeof step);
    return MOSAIC_OK;
}

mosaic_status mosaic_training_validate(mosaic_training *training, mosaic_metrics *out) {
    mos_metrics metrics = {0};
    MOS_WANT(training);
    MOS_WANT(out);
    MOS_TRY(mos_check_struct_size("mosaic_metrics", out->struct_size, sizeof *out));
    MOS_TRY(mos_training_validate(training->training, &metrics));
    *out = mos_metrics_public(&metrics, out->struct_size);
    mos_metrics_release(&metrics);
    return MOSAIC_OK;
}

mosaic_status mosaic_training_checkpoint(mosaic_training *training) {
    MOS_WANT(training);
    return mos_training_checkpoint(training->training);
}

mosaic_status mosaic_training_finish(mosaic_training *training, const char **model) {
    MOS_WANT(training);
    MOS_TRY(mos_training_finish(training->training, &training->summary));
    if (model != NULL) *model = training->summary.model;
    return MOSAIC_OK;
}
