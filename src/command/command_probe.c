/* mosaic probe: how much a trained encoder's features know. */
#include "base/log.h"
#include "command/command_ranks.h"
#include "command/command_table.h"
#include "command/score_lines.h"
#include "command/scoring_options.h"
#include "evaluate/probe_run.h"
#include "train/finetune.h"

enum { KIND_LINEAR, KIND_KNN, KIND_FINETUNE };
static const char *const kinds[] = {"linear", "knn", "finetune", NULL};
static const char *const solvers[] = {"lbfgs", "adamw", NULL};

typedef struct probe_command {
    mos_command_machine machine;
    mos_command_scoring scoring;
    int kind, features;
    mos_text_list modality;
    int64_t seed;
    double fraction;
    /* linear */
    int solver;
    mos_text_list l2, inverse;
    bool refit;
    int64_t iterations, epochs, batch;
    double lr, weight_decay;
    char *write_model;
    /* knn */
    mos_text_list neighbours, temperature;
    /* finetune */
    bool resume, overwrite, freeze_norms;
    double encoder_lr;
    int64_t freeze_stages, max_steps;
} probe_command;

static const mos_option data_options[] = {
    {.key = "kind",
     .letter = 'k',
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(probe_command, kind),
     .fallback = "linear",
     .choices = kinds,
     .help = "what asks the features: a linear classifier or nearest neighbours (both frozen), or "
             "training the whole network on with a new head"},
    {.key = "features",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(probe_command, features),
     .fallback = "encoder",
     .choices = mos_probe_features_names,
     .help = "what is asked: the encoder, or a floor under it that a method has to beat: the "
             "encoder before training, random convolutional features, mean, deviation, minimum and "
             "maximum of every band (linear and knn)"},
    {.key = "modalities",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(probe_command, modality),
     .help = "use the features of these modalities alone; by default all, side by side"},
    {.key = "fraction",
     .type = MOS_OPTION_REAL,
     .offset = offsetof(probe_command, fraction),
     .fallback = "-1",
     .minimum = -1,
     .maximum = 1,
     .help = "share of the training split whose labels are used; -1: the run's own"},
    {.key = "seed",
     .type = MOS_OPTION_INT,
     .offset = offsetof(probe_command, seed),
     .fallback = "0",
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .help = "seed of the labelled fraction, and of the order of rows"},
};
static const mos_option_table data_table = {"probe", data_options,
                                            sizeof data_options / sizeof *data_options};

static const mos_option frozen_options[] = {
    {.key = "solver",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(probe_command, solver),
     .fallback = "lbfgs",
     .choices = solvers,
     .source = "chosen",
     .help = "linear: how the classifier is fitted"},
    {.key = "l2",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(probe_command, l2),
     .fallback = "0.001,0.0001,0.01,0.1,1",
     .source = "chosen",
     .help = "linear: penalties 0.5 l2 |w|^2 on the mean loss, chosen from on validation"},
    {.key = "C",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(probe_command, inverse),
     .help = "linear: scikit-learn's C to choose from in place of --l2 = 1 / (C rows)"},
    {.key = "refit",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(probe_command, refit),
     .fallback = "false",
     .source = "chosen",
     .help = "linear: fit again on labelled and validation rows with the penalty chosen; "
             "probe.json says so"},
    {.key = "iterations",
     .type = MOS_OPTION_INT,
     .offset = offsetof(probe_command, iterations),
     .fallback = "200",
     .minimum = 1,
     .maximum = 1e6,
     .source = "chosen",
     .help = "linear: L-BFGS iterations at most"},
    {.key = "epochs",
     .type = MOS_OPTION_INT,
     .offset = offsetof(probe_command, epochs),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6,
     .source = "chosen",
     .help = "passes over the labelled rows; 0: 100 of linear's adamw, 20 of finetune"},
    {.key = "batch",
     .type = MOS_OPTION_INT,
     .offset = offsetof(probe_command, batch),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e9,
     .source = "chosen",
     .help = "patches in a step; 0: all rows of linear's adamw, of finetune as the model's"},
    {.key = "lr",
     .type = MOS_OPTION_REAL,
     .offset = offsetof(probe_command, lr),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6,
     .source = "chosen",
     .help = "peak learning rate; 0: 0.01 of linear's adamw, of finetune's head by the batch"},
    {.key = "weight-decay",
     .type = MOS_OPTION_REAL,
     .offset = offsetof(probe_command, weight_decay),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6,
     .source = "chosen",
     .help = "linear: decay of adamw, besides --l2"},
    {.key = "write-model",
     .type = MOS_OPTION_PATH,
     .offset = offsetof(probe_command, write_model),
     .help = "linear: also write a model file with the probe as its head"},
    {.key = "neighbours",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(probe_command, neighbours),
     .fallback = "20,5,10,50,100,200",
     .source = "chosen",
     .help = "knn: numbers of neighbours that vote, chosen from on validation"},
    {.key = "temperature",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(probe_command, temperature),
     .fallback = "0.07,0.02,0.04,0.1,0.2,0.5",
     .source = "chosen",
     .help = "knn: a vote weighs exp(cosine / temperature); chosen from on validation"},
};
static const mos_option finetune_options[] = {
    {.key = "encoder-lr",
     .type = MOS_OPTION_REAL,
     .offset = offsetof(probe_command, encoder_lr),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6,
     .source = "chosen",
     .help = "finetune: peak learning rate of the encoders; 0: a tenth of the head's"},
    {.key = "freeze-stages",
     .type = MOS_OPTION_INT,
     .offset = offsetof(probe_command, freeze_stages),
     .fallback = "0",
     .minimum = 0,
     .maximum = MOS_ENCODER_STAGES,
     .source = "chosen",
     .help = "finetune: the first so many stages stay as they are (1: the stem, 5: all)"},
    {.key = "freeze-norms",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(probe_command, freeze_norms),
     .fallback = "false",
     .source = "chosen",
     .help = "finetune: the encoders' norms keep statistics, scale and shift"},
    {.key = "max-steps",
     .type = MOS_OPTION_INT,
     .offset = offsetof(probe_command, max_steps),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .help = "finetune: stop after so many steps, 0: never; the run is marked as reduced"},
    {.key = "resume",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(probe_command, resume),
     .fallback = "false",
     .help = "finetune: go on with the run at --out"},
    {.key = "overwrite",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(probe_command, overwrite),
     .fallback = "false",
     .help = "finetune: replace the run at --out"},
};
static const mos_option_table finetune_table = {"probe", finetune_options,
                                                sizeof finetune_options / sizeof *finetune_options};

static const mos_option_table frozen_table = {"probe", frozen_options,
                                              sizeof frozen_options / sizeof *frozen_options};

/* A list of numbers from `least` to `most` as doubles; *count of them. */
static mosaic_status read_numbers(const char *name, const mos_text_list *list, double least,
                                  double most, double *out, int64_t *count) {
    if (list->count == 0 || list->count > MOS_PROBE_CANDIDATES)
        return mos_fail(MOSAIC_ERR_USAGE, "--%s wants 1 to %d numbers, found %zu", name,
                        MOS_PROBE_CANDIDATES, list->count);
    for (size_t i = 0; i < list->count; i++)
        if (!mos_parse_double(list->items[i], &out[i]) || !(out[i] >= least && out[i] <= most))
            return mos_fail(MOSAIC_ERR_USAGE, "--%s wants numbers from %g to %g, found '%s'", name,
                            least, most, list->items[i]);
    *count = (int64_t)list->count;
    return MOSAIC_OK;
}

static mosaic_status read_candidates(const probe_command *command, mos_probe_options *out) {
    double neighbours[MOS_PROBE_CANDIDATES];
    out->inverse = command->inverse.count > 0;
    if (out->inverse)
        MOS_TRY(read_numbers("C", &command->inverse, 1e-9, 1e9, out->l2, &out->l2_count));
    else
        MOS_TRY(read_numbers("l2", &command->l2, 0, 1e6, out->l2, &out->l2_count));
    MOS_TRY(read_numbers("temperature", &command->temperature, 1e-4, 1e6, out->temperature,
                         &out->temperature_count));
    MOS_TRY(read_numbers("neighbours", &command->neighbours, 1, 1e6, neighbours,
                         &out->neighbours_count));
    for (int64_t i = 0; i < out->neighbours_count; i++) {
        out->neighbours[i] = (int64_t)neighbours[i];
        if ((double)out->neighbours[i] != neighbours[i])
            return mos_fail(MOSAIC_ERR_USAGE, "--neighbours wants whole numbers, found '%s'",
                            command->neighbours.items[i]);
    }
    return MOSAIC_OK;
}

static mosaic_status run_frozen(const probe_command *command, const mos_session_options *session,
                                mos_evaluate_summary *summary) {
    mos_probe_options options = {.session = *session,
                                 .kind =
                                     command->kind == KIND_KNN ? MOS_PROBE_KNN : MOS_PROBE_LINEAR,
                                 .features = (mos_probe_features)command->features,
                                 .refit = command->refit,
                                 .split = (mos_split)command->scoring.split,
                                 .out = command->scoring.out,
                                 .limit = command->scoring.limit,
                                 .pictures = command->scoring.pictures,
                                 .modalities = &command->modality,
                                 .fraction = command->fraction,
                                 .seed = (uint64_t)command->seed,
                                 .linear = {.solver = (mos_probe_solver)command->solver,
                                            .iterations = command->iterations,
                                            .epochs = command->epochs > 0 ? command->epochs : 100,
                                            .batch = command->batch,
                                            .lr = command->lr > 0 ? command->lr : 0.01,
                                            .weight_decay = command->weight_decay,
                                            .seed = (uint64_t)command->seed,
                                            .threads = session->threads},
                                 .model_out = command->write_model};
    MOS_TRY(read_candidates(command, &options));
    return mos_probe(&options, summary);
}

static mosaic_status run_finetune(const probe_command *command, const mos_session_options *session,
                                  mos_evaluate_summary *summary) {
    const mos_finetune_options options = {.session = *session,
                                          .run = command->scoring.out,
                                          .resume = command->resume,
                                          .overwrite = command->overwrite,
                                          .split = (mos_split)command->scoring.split,
                                          .limit = command->scoring.limit,
                                          .pictures = command->scoring.pictures,
                                          .modalities = &command->modality,
                                          .fraction = command->fraction,
                                          .seed = (uint64_t)command->seed,
                                          .epochs = command->epochs > 0 ? command->epochs : 20,
                                          .batch = command->batch,
                                          .lr = command->lr,
                                          .encoder_lr = command->encoder_lr,
                                          .freeze_stages = command->freeze_stages,
                                          .freeze_norms = command->freeze_norms,
                                          .max_steps = command->max_steps};
    return mos_finetune(&options, summary);
}

/* Fine-tuning is one process's; the features of the other kinds are shared. */
static mosaic_status probe(const void *values, const mos_text_list *positional, mos_comm *comm,
                           FILE *out) {
    const probe_command *command = values;
    const mos_session_options session = {
        .model = positional->items[0],
        .set = &command->scoring.set,
        .device = mos_device_choices[command->machine.device],
        .threads = mos_command_rank_threads(&command->machine, comm),
        .comm = command->kind == KIND_FINETUNE ? NULL : comm,
        .precision = (mos_precision_choice)command->machine.precision};
    mos_evaluate_summary summary;
    if (command->kind == KIND_FINETUNE &&
        (command->features != MOS_PROBE_ENCODER || command->refit || command->inverse.count > 0))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--kind finetune trains the encoder: --features, --C and --refit are for "
                        "linear and knn");
    if (command->kind == KIND_FINETUNE && mos_comm_rank(comm) > 0) return MOSAIC_OK;
    if (command->kind == KIND_FINETUNE && mos_comm_size(comm) > 1)
        mos_log(MOS_LOG_NOTICE, "fine-tuning is done by rank 0 alone, the others wait");
    if (command->kind == KIND_FINETUNE)
        MOS_TRY(run_finetune(command, &session, &summary));
    else
        MOS_TRY(run_frozen(command, &session, &summary));
    return mos_comm_rank(comm) > 0 ? MOSAIC_OK : mos_print_scores(&summary, out);
}

static mosaic_status run_probe(const void *values, const mos_text_list *positional, FILE *out) {
    return mos_command_on_ranks(probe, true, values, positional, out);
}

const mos_command_row mos_command_probe = {
    .name = "probe",
    .usage = "mosaic probe [options] MODEL",
    .summary = "linear, k-NN or fine-tuning evaluation of a trained encoder",
    .parts = {{&data_table, 0, NULL},
              {&mos_command_scoring_table, offsetof(probe_command, scoring), NULL},
              {&frozen_table, 0, NULL},
              {&finetune_table, 0, NULL},
              {&mos_command_model_table, offsetof(probe_command, machine), NULL}},
    .size = sizeof(probe_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_probe,
    .ranks = true,
};
