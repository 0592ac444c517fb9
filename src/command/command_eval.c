/* mosaic eval: how good a trained model is. */
#include "command/command_ranks.h"
#include "command/command_table.h"
#include "command/score_lines.h"
#include "command/scoring_options.h"

typedef struct eval_command {
    mos_command_machine machine;
    mos_command_scoring scoring;
    char *by;
    bool tune, embeddings, tsne, ablation, lag_repair;
    mos_text_list modalities;
    int64_t ablation_seed;
} eval_command;

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
    {.key = "by",
     .type = MOS_OPTION_PATH,
     .offset = offsetof(eval_command, by),
     .help = "table of a column id and others, such as the cloud cover: score the samples of each "
             "value too (groups.csv, which has countries and seasons without it)"},
    {.key = "tune",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(eval_command, tune),
     .fallback = "false",
     .help = "tune thresholds on this data's validation split instead of taking the model's"},
    {.key = "embeddings",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(eval_command, embeddings),
     .fallback = "false",
     .help = "also write the features (embeddings.npy), how well they cluster (clusters.json) and "
             "how classes lie between modalities (class_alignment.csv)"},
    {.key = "tsne",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(eval_command, tsne),
     .fallback = "false",
     .help = "also write t-SNE maps of the features and latents (tsne.csv, tsne.json)"},
};
static const mos_option_table tune_table = {"eval", tune_options,
                                            sizeof tune_options / sizeof *tune_options};

static mos_evaluate_options evaluate_options(const eval_command *command,
                                             const mos_text_list *positional, mos_comm *comm) {
    return (mos_evaluate_options){
        .session = {.model = positional->items[0],
                    .set = &command->scoring.set,
                    .device = mos_device_choices[command->machine.device],
                    .threads = mos_command_rank_threads(&command->machine, comm),
                    .comm = comm,
                    .precision = (mos_precision_choice)command->machine.precision},
        .out = command->scoring.out,
        .split = (mos_split)command->scoring.split,
        .limit = command->scoring.limit,
        .pictures = command->scoring.pictures,
        .tune = command->tune,
        .by = command->by,
        .modalities = &command->modalities,
        .ablation = command->ablation,
        .lag_repair = command->lag_repair,
        .seed = (uint64_t)command->ablation_seed,
        .embeddings = command->embeddings,
        .tsne = command->tsne};
}

static mosaic_status evaluate(const void *values, const mos_text_list *positional, mos_comm *comm,
                              FILE *out) {
    const mos_evaluate_options options = evaluate_options(values, positional, comm);
    mos_evaluate_summary summary;
    MOS_TRY(mos_evaluate(&options, &summary));
    return mos_comm_rank(comm) > 0 ? MOSAIC_OK : mos_print_scores(&summary, out);
}

static mosaic_status run_eval(const void *values, const mos_text_list *positional, FILE *out) {
    return mos_command_on_ranks(evaluate, true, values, positional, out);
}

const mos_command_row mos_command_eval = {
    .name = "eval",
    .usage = "mosaic eval [options] MODEL",
    .summary =
        "score a trained model on a split: metrics, intervals, predictions, confused classes",
    .parts = {{&mos_command_scoring_table, offsetof(eval_command, scoring), NULL},
              {&tune_table, 0, NULL},
              {&mos_command_model_table, offsetof(eval_command, machine), NULL}},
    .size = sizeof(eval_command),
    .ranks = true,
    .positional_least = 1,
    .positional_most = 1,
    .run = run_eval,
};
