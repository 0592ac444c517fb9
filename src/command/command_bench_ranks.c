/* mosaic bench ranks: a step that ranks share, beside one rank and PyTorch's DDP; and a model of more. */
#include "base/thread.h"
#include "bench/ranks_bench.h"
#include "command/command_ranks.h"

typedef struct bench_command {
    mos_command_machine machine;
    int64_t batch, size, rounds, cores, node_ranks, thread_percent, latency, rows;
    int encoder;
    char *python, *server, *peer;
    mos_text_list peer_modes;
    bool json;
} bench_command;

#define AT(field) offsetof(bench_command, field)
#define COUNT(name, field, value, low, high, text)                                                 \
    {                                                                                              \
        .key = name, .type = MOS_OPTION_INT, .offset = AT(field), .fallback = value,               \
        .minimum = low, .maximum = high, .help = text                                              \
    }
static const mos_option own_options[] = {
    COUNT("batch", batch, "32", 2, 65536, "samples per view set, of all ranks together"),
    COUNT("size", size, "120", 16, 1024, "side of a patch, px"),
    COUNT("rounds", rounds, "5", 3, 100, "rounds; each measures the roof and every way once"),
    {.key = "encoder",
     .type = MOS_OPTION_CHOICE,
     .offset = AT(encoder),
     .fallback = "resnet34",
     .choices = mos_encoder_names,
     .help = "encoder"},
    COUNT("cores", cores, "32", 1, 4096, "model: cores of a rank"),
    COUNT("thread-percent", thread_percent, "80", 1, 100,
          "model: share of the cores' time that threads keep"),
    COUNT("node-ranks", node_ranks, "2", 1, 1024, "model: ranks of a node, which share its link"),
    COUNT("latency", latency, "5", 0, 100000, "model: microseconds of a message"),
    COUNT("rows", rows, "32", 1, 65536, "model: samples of a batch for each rank"),
    {.key = "python",
     .type = MOS_OPTION_TEXT,
     .offset = AT(python),
     .fallback = "/usr/bin/python3",
     .help = "interpreter with torch for the peer; empty: none"},
    {.key = "peer-server",
     .type = MOS_OPTION_PATH,
     .offset = AT(server),
     .fallback = "bench/peers/serve_step.py",
     .help = "the program that serves the peer's timings"},
    {.key = "peer",
     .type = MOS_OPTION_PATH,
     .offset = AT(peer),
     .fallback = "bench/peers/torch_ddp.py",
     .help = "Python file with build(mode, args), which starts a process for each of --threads"},
    {.key = "peer-modes",
     .type = MOS_OPTION_LIST,
     .offset = AT(peer_modes),
     .fallback = "eager-nchw-fp32,eager-cl-fp32",
     .help = "modes of the peer: eager-{nchw,cl}-fp32, and -MB behind it for DDP's buckets"},
    {.key = "json",
     .type = MOS_OPTION_BOOL,
     .offset = AT(json),
     .fallback = "false",
     .help = "one JSON line instead of a table"},
};
static const mos_option_table own_table = {"bench", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status measure(const void *values, const mos_text_list *positional, mos_comm *comm,
                             FILE *out) {
    const bench_command *command = values;
    mos_text text = {0};
    mos_bench_report report = {.name = "ranks"};
    mos_ranks_bench_options options = {
        .peer = {.setting = mos_step_setting_standard((mos_encoder_kind)command->encoder, 2,
                                                      command->batch, command->size),
                 .threads = command->machine.threads > 0 ? (int)command->machine.threads : 1,
                 .rounds = command->rounds,
                 .fp32 = true,
                 .python = command->python,
                 .peer_server = command->server,
                 .peer_module = command->peer,
                 .peer_modes = &command->peer_modes},
        .comm = comm,
        .processors = mos_cpu_count(),
        .cores = command->cores,
        .node_ranks = command->node_ranks,
        .thread_percent = command->thread_percent,
        .latency_us = command->latency,
        .rows = command->rows};
    (void)positional;
    mosaic_status status = mos_ranks_bench(&options, &report);
    if (status == MOSAIC_OK && mos_comm_rank(comm) == 0) {
        mos_bench_print(&report, command->json, &text);
        status = mos_command_print(&text, out);
        if (status == MOSAIC_OK && report.unsteady) status = mos_bench_unsteady("ranks");
    }
    mos_bench_report_release(&report);
    return status;
}

static mosaic_status run_ranks(const void *values, const mos_text_list *positional, FILE *out) {
    return mos_command_on_ranks(measure, true, values, positional, out);
}

const mos_command_row mos_command_bench_ranks = {
    .name = "bench ranks",
    .usage = "mpirun -n N --bind-to none mosaic bench ranks [options]",
    .summary = "time a training step that ranks share against one rank and PyTorch's DDP, in one "
               "run, and work out what more ranks would take",
    .parts = {{&own_table, 0, NULL}, {&mos_command_threads_table, AT(machine), NULL}},
    .size = sizeof(bench_command),
    .ranks = true,
    .run = run_ranks,
};
