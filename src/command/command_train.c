/* mosaic train: one configuration to one trained model in a run directory. */
#include "base/file.h"
#include "base/log.h"
#include "command/command_ranks.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct train_command {
    mos_command_machine machine;
    char *out, *init_from, *init_pattern, *stage;
    mos_text_list set, init_bands;
    bool resume, overwrite, fail_on_collapse, dry_run, save_initial;
    int64_t max_steps;
    char *memory;
} train_command;

static const mos_option own_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(train_command, out),
     .help = "run directory: new or empty unless --resume or --overwrite"},
    {.key = "set",
     .type = MOS_OPTION_LIST,
     .unit = "KEY=VALUE",
     .offset = offsetof(train_command, set),
     .help = "KEY=VALUE over the file's, e.g. train.epochs=20; may be repeated"},
    {.key = "resume",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(train_command, resume),
     .fallback = "false",
     .help = "go on where an interrupted run stopped, bit for bit"},
    {.key = "overwrite",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(train_command, overwrite),
     .fallback = "false",
     .help = "replace an earlier run in the run directory"},
    {.key = "fail-on-collapse",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(train_command, fail_on_collapse),
     .fallback = "false",
     .help = "stop with exit code 4 when the embedding collapses"},
    {.key = "init-from",
     .type = MOS_OPTION_PATH,
     .offset = offsetof(train_command, init_from),
     .help = "start from the weights of this model or torchvision file"},
    {.key = "init-pattern",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(train_command, init_pattern),
     .help = "load only tensors whose names match, e.g. 'backbones.*'; without it every tensor "
             "must fit"},
    {.key = "init-bands",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(train_command, init_bands),
     .help = "bands of the input channels of another program's stem, in its order, as in "
             "s2=B04,B03,B02"},
    {.key = "memory",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(train_command, memory),
     .help = "budget such as 20G or 800M: the quickest way of training that fits is chosen "
             "(train.memory)"},
    {.key = "stage",
     .type = MOS_OPTION_PATH,
     .offset = offsetof(train_command, stage),
     .help =
         "first copy the folder data.root, or the files that a table names, to this folder of the "
         "machine's own disk, verified, and read the copy; what is there already is not copied "
         "again"},
    {.key = "max-steps",
     .type = MOS_OPTION_INT,
     .offset = offsetof(train_command, max_steps),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .help =
         "stop after so many steps and mark the run as reduced; 0: no limit, all steps are done "
         "(--dry-run does none)"},
    {.key = "dry-run",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(train_command, dry_run),
     .fallback = "false",
     .help = "open everything, load one batch, print plan and memory; no step, nothing written"},
    {.key = "save-initial",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(train_command, save_initial),
     .fallback = "false",
     .help = "also write the model before the first step, RUN/model/initial.safetensors"},
};
static const mos_option_table own_table = {"train", own_options,
                                           sizeof own_options / sizeof *own_options};

/* "20G" as the setting train.memory=20. */
static mosaic_status add_budget(const char *text, mos_text_list *set) {
    char digits[32], assignment[64], number[32];
    double value;
    size_t size = strlen(text);
    double unit = size == 0 ? 0 : text[size - 1] == 'G' ? 1 : text[size - 1] == 'M' ? 1e-3 : 0;
    if (unit > 0 && size < sizeof digits) {
        memcpy(digits, text, size - 1);
        digits[size - 1] = '\0';
        if (mos_parse_double(digits, &value) && value > 0 && value * unit < 1e6) {
            (void)snprintf(assignment, sizeof assignment, "train.memory=%s",
                           mos_format_double(number, sizeof number, value * unit, 6));
            return mos_text_list_add(set, assignment);
        }
    }
    return mos_fail(MOSAIC_ERR_USAGE, "--memory: wanted a size such as 20G or 800M, got '%s'",
                    text);
}

/* A dry run's folder of its own: the one that --out names is not touched. */
static mosaic_status make_scratch(char *path, size_t size) {
    const char *parent = getenv("TMPDIR");
    MOS_TRY(mos_path_join(path, size, parent != NULL ? parent : "/tmp", "mosaic-dry-XXXXXX"));
    return mkdtemp(path) != NULL ? MOSAIC_OK : mos_fail_errno("make", path);
}

/* Whatever the run said stays the message. */
static void drop_scratch(const char *path) {
    char detail[4096];
    mos_error_copy(detail, sizeof detail);
    if (path[0] != '\0') (void)!mos_remove_tree(path);
    mos_error_restore(detail);
}

static mosaic_status train(const void *values, const mos_text_list *positional, mos_comm *comm,
                           FILE *out) {
    const train_command *command = values;
    mos_train_summary summary;
    mos_text text = {0};
    if (!command->out && !command->dry_run)
        return mos_fail(MOSAIC_ERR_USAGE, "--out: a run directory is needed");
    mos_text_list set = {0};
    char scratch[4096] = "";
    mosaic_status status = MOSAIC_OK;
    for (size_t i = 0; status == MOSAIC_OK && i < command->set.count; i++)
        status = mos_text_list_add(&set, command->set.items[i]);
    if (status == MOSAIC_OK && command->memory != NULL) status = add_budget(command->memory, &set);
    const mos_train_options options = {.config = positional->count ? positional->items[0] : NULL,
                                       .out = command->dry_run ? scratch : command->out,
                                       .set = &set,
                                       .resume = command->resume,
                                       .overwrite = command->overwrite,
                                       .fail_on_collapse = command->fail_on_collapse,
                                       .init_from = command->init_from,
                                       .init_pattern = command->init_pattern,
                                       .init_bands = &command->init_bands,
                                       .device = mos_device_choices[command->machine.device],
                                       .threads = mos_command_rank_threads(&command->machine, comm),
                                       .comm = comm,
                                       .stage = command->stage,
                                       .max_steps = command->max_steps,
                                       .save_initial = command->save_initial,
                                       .plan = command->dry_run ? &text : NULL};
    if (status == MOSAIC_OK && command->dry_run) status = make_scratch(scratch, sizeof scratch);
    if (status == MOSAIC_OK) status = mos_train_run(&options, &summary);
    mos_text_list_release(&set);
    if (command->dry_run) drop_scratch(scratch);
    if (status != MOSAIC_OK) mos_text_release(&text);
    MOS_TRY(status);
    if (mos_comm_rank(comm) > 0) return MOSAIC_OK; /* rank 0 tells */
    if (command->dry_run) return mos_command_print(&text, out);
    mos_text_add(&text, "model %s\nepochs %lld\nsteps %lld\n", summary.model,
                 (long long)summary.epochs, (long long)summary.steps);
    if (isfinite(summary.best_score)) {
        mos_text_add(&text, "best epoch %lld\n%s ", (long long)summary.best_epoch,
                     summary.score_is_loss ? "lowest mean training loss"
                                           : "best validation macro AP");
        mos_text_add(&text, "%.4f",
                     summary.score_is_loss ? -summary.best_score : summary.best_score);
    } else {
        mos_text_add(&text, "best epoch none: %s",
                     summary.epochs > 0 ? "no class has known positives and known negatives in "
                                          "validation, so no macro AP could choose one; the last "
                                          "epoch is the model"
                                        : "no epoch was finished");
    }
    mos_text_add(&text, "\nseconds %.1f\nsamples per second %.1f\n", summary.seconds,
                 summary.samples_per_second);
    if (summary.reduced)
        mos_text_add(&text, "reduced run: fewer steps or patches than configured\n");
    return mos_command_print(&text, out);
}

static mosaic_status run_train(const void *values, const mos_text_list *positional, FILE *out) {
    return mos_command_on_ranks(train, false, values, positional, out);
}

const mos_command_row mos_command_train = {
    .name = "train",
    .usage = "mosaic train [options] --out RUN CONFIG",
    .summary = "train a model as a configuration file says",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_machine_table, offsetof(train_command, machine), NULL}},
    .size = sizeof(train_command),
    .ranks = true,
    .positional_least = 1,
    .positional_most = 1,
    .run = run_train,
};
