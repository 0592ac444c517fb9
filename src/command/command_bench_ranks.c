/* mosaic bench ranks: a step that ranks share, beside one rank and PyTorch's DDP; and a model of more. */
#include "base/thread.h"
#include "bench/ranks_bench.h"
#include "command/bench_options.h"
#include "command/command_ranks.h"

typedef struct bench_command {
    mos_command_machine machine;
    int64_t batch, size, rounds, cores, node_ranks, thread_percent, latency, rows;
    int encoder;
    char *python, *server, *peer;
    mos_text_list peer_modes;
    bool bf16, model, json;
} bench_command;

#define COUNT(...) MOS_BENCH_COUNT(bench_command, __VA_ARGS__)
/* An option whose name has a hyphen. */
#define MODEL(name, field, value, high, text)                                                      \
    {                                                                                              \
        .key = name, .type = MOS_OPTION_INT, .offset = offsetof(bench_command, field),             \
        .fallback = value, .minimum = 1, .maximum = high, .help = "model: " text                   \
    }
static const mos_option own_options[] = {
    COUNT(batch, "32", 2, 65536, "samples per view set, of all ranks together"),
    COUNT(size, "120", 16, 1024, "side of a patch, px"),
    COUNT(rounds, "5", 3, 100, "rounds; each measures the roof and every way once"),
    MOS_BENCH_CHOICE(bench_command, encoder, "resnet34", mos_encoder_names, "encoder"),
    MOS_BENCH_FLAG(bench_command, bf16, "false", "compute in bf16 (the peer does in fp32)"),
    MOS_BENCH_FLAG(bench_command, model, "true", "also work out what more ranks would take"),
    COUNT(cores, "32", 1, 4096, "model: cores of a rank"),
    MODEL("thread-percent", thread_percent, "80", 100,
          "share of the cores' time that threads keep"),
    MODEL("node-ranks", node_ranks, "2", 1024, "ranks of a node, which share its link"),
    COUNT(latency, "5", 0, 100000, "model: microseconds of a message"),
    COUNT(rows, "32", 1, 65536, "model: samples of a batch for each rank"),
    MOS_BENCH_PYTHON(bench_command, "interpreter with torch for the peer"),
    MOS_BENCH_SERVER(bench_command),
    MOS_BENCH_PEER(
        bench_command, "bench/peers/torch_ddp.py",
        "Python file with build(mode, args), which starts a process for each of --threads"),
    MOS_BENCH_LIST(bench_command, "peer-modes", peer_modes, "eager-nchw-fp32,eager-cl-fp32",
                   "modes of the peer: eager-{nchw,cl}-fp32, and -MB behind it for DDP's buckets"),
    MOS_BENCH_JSON(bench_command),
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
                 .fp32 = !command->bf16,
                 .bf16 = command->bf16,
                 .python = command->python,
                 .peer_server = command->server,
                 .peer_module = command->peer,
                 .peer_modes = &command->peer_modes},
        .comm = comm,
        .processors = mos_cpu_count(),
        .model = command->model,
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
    .usage = "mosaic bench ranks [options]",
    .summary = "time a training step that ranks share (begin them by mpirun -n N --bind-to none) "
               "against one rank and PyTorch's DDP, in one run, and work out what more ranks "
               "would take",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_threads_table, offsetof(bench_command, machine), NULL}},
    .size = sizeof(bench_command),
    .ranks = true,
    .run = run_ranks,
};
