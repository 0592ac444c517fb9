/* mosaic sweep: many runs of one configuration, and the tables that compare them. */
#include "command/command_table.h"
#include "command/sweep_estimate.h"
#include "dist/launch.h"
#include "study/ready_sweeps.h"
#include "study/sweep.h"

#include <string.h>

typedef struct sweep_command {
    mos_command_machine machine;
    char *out, *config, *data, *published, *reference, *program;
    mos_text_list set, grid, variants, fractions, seeds;
    int64_t jobs, index, count;
    bool dry_run, collect, show, floors;
} sweep_command;

#define FIELD(name) .offset = offsetof(sweep_command, name)
static const mos_option choice_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     FIELD(out),
     .help = "folder of the sweep; given again, it goes on where it was"},
    {.key = "config",
     .type = MOS_OPTION_PATH,
     FIELD(config),
     .help = "base configuration instead of the sweep's own (and its data instead of procedural)"},
    {.key = "data",
     .type = MOS_OPTION_PATH,
     FIELD(data),
     .help = "data set of all runs (data.root) instead of the sweep's own, e.g. an archive for "
             "'paper'"},
    {.key = "set",
     .type = MOS_OPTION_LIST,
     .unit = "KEY=VALUE",
     FIELD(set),
     .help = "KEY=VALUE over the base, e.g. train.epochs=20 or synth.patches=800; may be repeated"},
    {.key = "grid",
     .type = MOS_OPTION_LIST,
     FIELD(grid),
     .help = "KEY=[A, B]: one more axis, or other values for one of the sweep; may be repeated"},
    {.key = "variants",
     .type = MOS_OPTION_LIST,
     FIELD(variants),
     .help = "only these variants, by name"},
    {.key = "fractions",
     .type = MOS_OPTION_LIST,
     FIELD(fractions),
     .help = "labelled fractions instead of the sweep's, e.g. 0.01,0.1"},
    {.key = "seeds",
     .type = MOS_OPTION_LIST,
     FIELD(seeds),
     .help = "seeds of weights and of the labelled choice instead of the sweep's, e.g. 0,1,2"},
    {.key = "reference",
     .type = MOS_OPTION_TEXT,
     FIELD(reference),
     .help = "setting or variant the others are compared with"},
    {.key = "floors",
     .type = MOS_OPTION_BOOL,
     FIELD(floors),
     .fallback = "false",
     .help = "also probe features that were never trained (random, statistics, untrained), once a "
             "fraction and seed, and say what is below them"},
};
static const mos_option_table choice_table = {"sweep", choice_options,
                                              sizeof choice_options / sizeof *choice_options};

static const mos_option work_options[] = {
    {.key = "jobs",
     .letter = 'j',
     .type = MOS_OPTION_INT,
     FIELD(jobs),
     .fallback = "1",
     .minimum = 1,
     .maximum = 1024,
     .help = "runs at a time; the threads are divided among them"},
    {.key = "index",
     .type = MOS_OPTION_INT,
     FIELD(index),
     .fallback = "-1",
     .minimum = -1,
     .maximum = 1e6,
     .help = "do only part INDEX (from 0) of --count parts, without tables; -1: all, or as "
             "SLURM_ARRAY_TASK_ID says"},
    {.key = "count",
     .type = MOS_OPTION_INT,
     FIELD(count),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6,
     .help = "number of parts; 0: SLURM_ARRAY_TASK_COUNT, or one part a run"},
    {.key = "collect",
     .type = MOS_OPTION_BOOL,
     FIELD(collect),
     .fallback = "false",
     .help = "train nothing, make the tables of what is there"},
    {.key = "dry-run",
     .type = MOS_OPTION_BOOL,
     FIELD(dry_run),
     .fallback = "false",
     .help =
         "list the runs and how far they are, how long the rest takes here by steps measured now, "
         "and how much disk; train nothing"},
    {.key = "show",
     .type = MOS_OPTION_BOOL,
     FIELD(show),
     .fallback = "false",
     .help = "print the file of a ready-made sweep, to start one's own from"},
    {.key = "published",
     .type = MOS_OPTION_PATH,
     FIELD(published),
     .help = "CSV file of published figures for the page, besides those that the program knows: "
             "columns data, method, modalities, labels, scored, source and scores by name"},
    {.key = "program",
     .type = MOS_OPTION_PATH,
     FIELD(program),
     .help = "the mosaic program that does the runs; by default this very one"},
};
static const mos_option_table work_table = {"sweep", work_options,
                                            sizeof work_options / sizeof *work_options};

static mosaic_status show_ready(const char *name, FILE *out) {
    const mos_ready_sweep *sweep = mos_ready_sweep_find(name);
    mos_text text = {0};
    if (sweep == NULL) {
        for (sweep = mos_ready_sweeps; sweep->name != NULL; sweep++)
            mos_text_add(&text, "%s%s (%s)", text.size == 0 ? "" : ", ", sweep->name,
                         sweep->summary);
        mosaic_status status = mos_fail(MOSAIC_ERR_USAGE, "no ready-made sweep '%s'; there are: %s",
                                        name, text.failed ? "" : text.data);
        mos_text_release(&text);
        return status;
    }
    mos_text_add(&text, "# %s\n%s", sweep->summary, sweep->text);
    return mos_command_print(&text, out);
}

static mosaic_status list_runs(const mos_sweep_options *options, FILE *out) {
    mos_sweep_plan *plan = NULL;
    mos_text text = {0};
    mosaic_status status;
    MOS_GOTO(mos_sweep_open_plan(options, &plan));
    for (int64_t r = 0; r < plan->runs; r++) {
        const mos_sweep_run *run = &plan->run[r];
        mos_sweep_record record;
        MOS_GOTO(mos_sweep_record_read(options->out, run->twin < 0 ? run : &plan->run[run->twin],
                                       &record));
        mos_text_add(&text, "%-9s %.8s %s", mos_sweep_state_names[record.state], run->hash,
                     run->name);
        if (run->twin >= 0) mos_text_add(&text, " (the same as %s)", plan->run[run->twin].name);
        mos_text_add(&text, "\n");
    }
    mos_text_add(&text, "%lld runs, %lld to train\n", (long long)plan->runs,
                 (long long)plan->unique);
    MOS_GOTO(mos_sweep_estimate(options, plan, &text));
    status = mos_command_print(&text, out);
done:
    mos_text_release(&text);
    mos_sweep_plan_destroy(&plan);
    return status;
}

static mosaic_status run_sweep(const void *values, const mos_text_list *positional, FILE *out) {
    const sweep_command *command = values;
    const mos_sweep_options options = {.source = positional->items[0],
                                       .out = command->out,
                                       .choices = {.config = command->config,
                                                   .data = command->data,
                                                   .set = &command->set,
                                                   .grid = &command->grid,
                                                   .variants = &command->variants,
                                                   .fractions = &command->fractions,
                                                   .seeds = &command->seeds,
                                                   .reference = command->reference,
                                                   .floors = command->floors},
                                       .program = command->program,
                                       .without = mos_launch_variables(),
                                       .published = command->published,
                                       .device = mos_device_choices[command->machine.device],
                                       .jobs = (int)command->jobs,
                                       .threads = mos_command_threads(&command->machine),
                                       .index = command->index,
                                       .count = command->count,
                                       .collect = command->collect};
    mos_sweep_tally tally;
    mos_text text = {0};
    if (command->show) return show_ready(positional->items[0], out);
    if (!command->out) return mos_fail(MOSAIC_ERR_USAGE, "--out: a folder for the sweep is needed");
    if (command->dry_run) return list_runs(&options, out);
    mosaic_status status = mos_sweep(&options, &tally);
    mos_text_add(&text, "runs %lld\ncomplete %lld\nfailed %lld\nwritten to %s\n",
                 (long long)tally.runs, (long long)tally.complete, (long long)tally.failed,
                 command->out);
    if (status == MOSAIC_OK || tally.failed > 0) {
        char detail[4096];
        mos_error_copy(detail, sizeof detail);
        MOS_TRY(mos_command_print(&text, out));
        mos_error_restore(detail);
    }
    mos_text_release(&text);
    return status;
}

const mos_command_row mos_command_sweep = {
    .name = "sweep",
    .usage = "mosaic sweep [options] --out FOLDER NAME|SWEEP.yaml|CONFIG.yaml",
    .summary = "many runs over variants, grids, labelled fractions and seeds, and their tables "
               "(ready-made: ablation, methods, tau, positives, fusion, low-label, paper)",
    .parts = {{&choice_table, 0, NULL},
              {&work_table, 0, NULL},
              {&mos_command_machine_table, offsetof(sweep_command, machine), NULL}},
    .size = sizeof(sweep_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_sweep,
};
