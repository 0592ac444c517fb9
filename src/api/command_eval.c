/* mosaic eval and mosaic probe: how good a trained model is. */
#include "api/command_table.h"
#include "base/memory.h"
#include "deploy/evaluate.h"
#include "eval/patch_pictures.h"

#include <math.h>
#include <string.h>

typedef struct eval_command {
    mos_command_machine machine;
    char *out;
    mos_text_list set;
    int split;
    int64_t limit, pictures;
    bool tune, embeddings, tsne, ablation, lag_repair;
    mos_text_list modalities;
    int64_t ablation_seed;
    /* probe */
    char *modality;
    double l2, fraction;
    int64_t iterations, seed;
} eval_command;

static const mos_option eval_options[] = {
    {.key = "split",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(eval_command, split),
     .fallback = "test",
     .choices = mos_split_names,
     .help = "samples to score"},
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(eval_command, out),
     .help = "folder for the result files; by default eval/SPLIT in the run"},
    {.key = "set",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(eval_command, set),
     .help =
         "KEY=VALUE over the model's configuration, e.g. data.root=/elsewhere; may be repeated"},
    {.key = "limit",
     .type = MOS_OPTION_INT,
     .offset = offsetof(eval_command, limit),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .help = "score at most so many samples, 0: all; results are marked as reduced"},
    {.key = "pictures",
     .type = MOS_OPTION_INT,
     .offset = offsetof(eval_command, pictures),
     .fallback = "8",
     .minimum = 0,
     .maximum = MOS_PICTURED_MOST,
     .source = "chosen",
     .help = "small pictures of so many of the best, worst and most uncertain patches each, and of "
             "examples of confused classes, for the report; 0: none"},
};
static const mos_option_table eval_table = {"eval", eval_options,
                                            sizeof eval_options / sizeof *eval_options};

static const mos_option tune_options[] = {
    {.key = "modalities",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(eval_command, modalities),
     .help = "give the model these alone, as in s1 or s1,s2; samples that lack one are counted and "
             "left out; by default all that a sample has"},
    {.key = "ablation",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(eval_command, ablation),
     .fallback = "false",
     .help = "also score every subset of the modalities, and mismatched partners "
             "(modality_ablation.csv)"},
    {.key = "ablation-seed",
     .type = MOS_OPTION_INT,
     .offset = offsetof(eval_command, ablation_seed),
     .fallback = "0",
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .help = "who is mismatched with whom"},
    {.key = "repair-lag",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(eval_command, lag_repair),
     .fallback = "false",
     .help = "also exchange the radar image for those of the same place from other days "
             "(lag_repair.csv)"},
    {.key = "tune",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(eval_command, tune),
     .fallback = "false",
     .help = "tune thresholds on this data's validation split instead of taking the model's"},
    {.key = "embeddings",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(eval_command, embeddings),
     .fallback = "false",
     .help = "also write the features (embeddings.npy) and how well they cluster (clusters.json)"},
    {.key = "tsne",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(eval_command, tsne),
     .fallback = "false",
     .help = "also write t-SNE maps of the features and latents (tsne.csv, tsne.json)"},
};
static const mos_option_table tune_table = {"eval", tune_options,
                                            sizeof tune_options / sizeof *tune_options};

static const mos_option probe_options[] = {
    {.key = "modality",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(eval_command, modality),
     .help = "use the features of this modality alone; by default all, side by side"},
    {.key = "l2",
     .type = MOS_OPTION_REAL,
     .offset = offsetof(eval_command, l2),
     .fallback = "0.001",
     .minimum = 1e-12,
     .maximum = 1e6,
     .source = "chosen",
     .help = "penalty 0.5 l2 |w|^2 on the mean loss"},
    {.key = "iterations",
     .type = MOS_OPTION_INT,
     .offset = offsetof(eval_command, iterations),
     .fallback = "200",
     .minimum = 1,
     .maximum = 1e6,
     .source = "chosen",
     .help = "L-BFGS iterations at most"},
    {.key = "fraction",
     .type = MOS_OPTION_REAL,
     .offset = offsetof(eval_command, fraction),
     .fallback = "-1",
     .minimum = -1,
     .maximum = 1,
     .help = "share of the training split whose labels are used; -1: the run's own"},
    {.key = "seed",
     .type = MOS_OPTION_INT,
     .offset = offsetof(eval_command, seed),
     .fallback = "0",
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .help = "seed of the labelled fraction"},
};
static const mos_option_table probe_table = {"probe", probe_options,
                                             sizeof probe_options / sizeof *probe_options};

static void add_score(mos_text *text, const char *name, double value) {
    if (!isnan(value)) mos_text_add(text, "%-18s %.4f\n", name, value);
}

static mosaic_status print_summary(const mos_evaluate_summary *summary, FILE *out) {
    mos_text text = {0};
    const mos_result_summary *s = &summary->scores;
    mos_text_add(&text, "%-18s %lld\n", "samples", (long long)summary->samples);
    if (summary->lacking > 0)
        mos_text_add(&text, "%-18s %lld\n", "lack modalities", (long long)summary->lacking);
    add_score(&text, "F1 macro", s->macro_f1);
    add_score(&text, "F1 micro", s->micro_f1);
    add_score(&text, "precision macro", s->macro_precision);
    add_score(&text, "precision micro", s->micro_precision);
    add_score(&text, "AP macro", s->macro_ap);
    add_score(&text, "AP micro", s->micro_ap);
    add_score(&text, "Hamming loss", s->hamming_loss);
    add_score(&text, "F1 macro, tuned", s->tuned_macro_f1);
    add_score(&text, "F1 micro, tuned", s->tuned_micro_f1);
    add_score(&text, "Hamming, tuned", s->tuned_hamming_loss);
    mos_text_add(&text, "%-18s %s\n", "written to", summary->folder);
    if (summary->reduced)
        mos_text_add(&text, "reduced: fewer samples or steps than the whole; not final scores\n");
    return mos_command_print(&text, out);
}

static mos_evaluate_options evaluate_options(const eval_command *command,
                                             const mos_text_list *positional) {
    return (mos_evaluate_options){
        .session = {.model = positional->items[0],
                    .set = &command->set,
                    .device = mos_command_devices[command->machine.device],
                    .threads = mos_command_threads(&command->machine)},
        .out = command->out,
        .split = (mos_split)command->split,
        .limit = command->limit,
        .pictures = command->pictures,
        .tune = command->tune,
        .modalities = &command->modalities,
        .ablation = command->ablation,
        .lag_repair = command->lag_repair,
        .seed = (uint64_t)command->ablation_seed,
        .embeddings = command->embeddings,
        .tsne = command->tsne};
}

static mosaic_status run_eval(const void *values, const mos_text_list *positional, FILE *out) {
    const mos_evaluate_options options = evaluate_options(values, positional);
    mos_evaluate_summary summary;
    MOS_TRY(mos_evaluate(&options, &summary));
    return print_summary(&summary, out);
}

/* The modality's index in the model, by its name. */
static mosaic_status find_modality(const eval_command *command, const char *model, int64_t *out) {
    *out = -1;
    if (!command->modality) return MOSAIC_OK;
    mos_model_card card;
    MOS_TRY(mos_model_file_card(model, &card));
    for (int64_t m = 0; m < card.spec.modalities; m++)
        if (strcmp(card.spec.modality[m].name, command->modality) == 0) *out = m;
    mos_model_card_release(&card);
    return *out >= 0 ? MOSAIC_OK
                     : mos_fail(MOSAIC_ERR_USAGE, "--modality: '%s' has no modality '%s'", model,
                                command->modality);
}

static mosaic_status run_probe(const void *values, const mos_text_list *positional, FILE *out) {
    const eval_command *command = values;
    mos_probe_options options = {.evaluate = evaluate_options(command, positional),
                                 .l2 = command->l2,
                                 .iterations = command->iterations,
                                 .fraction = command->fraction,
                                 .seed = (uint64_t)command->seed};
    mos_evaluate_summary summary;
    MOS_TRY(find_modality(command, positional->items[0], &options.modality));
    MOS_TRY(mos_probe(&options, &summary));
    return print_summary(&summary, out);
}

const mos_command_row mos_command_eval = {
    .name = "eval",
    .usage = "mosaic eval [options] MODEL",
    .summary =
        "score a trained model on a split: metrics, intervals, predictions, confused classes",
    .parts = {{&eval_table, 0, NULL},
              {&tune_table, 0, NULL},
              {&mos_command_machine_table, offsetof(eval_command, machine), NULL}},
    .size = sizeof(eval_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_eval,
};

const mos_command_row mos_command_probe = {
    .name = "probe",
    .usage = "mosaic probe [options] MODEL",
    .summary = "fit and score a linear classifier on a trained model's frozen features",
    .parts = {{&eval_table, 0, NULL},
              {&probe_table, 0, NULL},
              {&mos_command_machine_table, offsetof(eval_command, machine), NULL}},
    .size = sizeof(eval_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_probe,
};
