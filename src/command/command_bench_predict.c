/* mosaic bench predict: a map of a scene, beside inference alone and PyTorch in one run. */
#include "bench/bench_list.h"
#include "bench/predict_bench.h"
#include "bench/scratch.h"
#include "command/command_table.h"

typedef struct bench_command {
    mos_command_machine machine;
    int64_t size, stride, side, rounds;
    int encoder;
    char *folder, *python, *peer;
    bool json;
} bench_command;

#define AT(field) offsetof(bench_command, field)
#define COUNT(field, value, low, high, text)                                                       \
    {                                                                                              \
        .key = #field, .type = MOS_OPTION_INT, .offset = AT(field), .fallback = value,             \
        .minimum = low, .maximum = high, .help = text                                              \
    }
static const mos_option own_options[] = {
    COUNT(side, "1920", 48, 20000, "side of the scene, px of 10 m; rounded up to whole windows"),
    COUNT(size, "120", 24, 480, "side of a window, px, a multiple of 6"),
    COUNT(stride, "60", 1, 480, "px from one window to the next"),
    COUNT(rounds, "3", 3, 100, "rounds; each measures the roof and every way once"),
    {.key = "encoder",
     .type = MOS_OPTION_CHOICE,
     .offset = AT(encoder),
     .fallback = "resnet18",
     .choices = mos_encoder_names,
     .help = "encoder"},
    {.key = "folder",
     .type = MOS_OPTION_PATH,
     .offset = AT(folder),
     .help = "where scene, model and maps are made; by default TMPDIR"},
    {.key = "python",
     .type = MOS_OPTION_TEXT,
     .offset = AT(python),
     .fallback = "/usr/bin/python3",
     .help = "interpreter with torch and rasterio for the peer; empty: none"},
    {.key = "peer",
     .type = MOS_OPTION_PATH,
     .offset = AT(peer),
     .fallback = "bench/peers/predict_scene.py",
     .help = "the program that serves the peer's timings"},
    {.key = "json",
     .type = MOS_OPTION_BOOL,
     .offset = AT(json),
     .fallback = "false",
     .help = "one JSON line instead of a table"},
};
static const mos_option_table own_table = {"bench", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run_predict(const void *values, const mos_text_list *positional, FILE *out) {
    const bench_command *command = values;
    mos_text text = {0};
    mos_bench_report report = {.name = "predict"};
    mosaic_status status;
    (void)positional;
    if (command->size % 6 != 0 || command->stride > command->size)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--size %lld --stride %lld: wanted a multiple of 6, and no larger stride",
                        (long long)command->size, (long long)command->stride);
    const mos_predict_bench_options options = {.encoder = (mos_encoder_kind)command->encoder,
                                               .size = command->size,
                                               .stride = command->stride,
                                               .side = command->side,
                                               .rounds = command->rounds,
                                               .threads = mos_command_threads(&command->machine),
                                               .folder =
                                                   mos_bench_scratch_parent(command->folder, false),
                                               .python = command->python,
                                               .peer = command->peer};
    MOS_GOTO(mos_predict_bench(&options, &report));
    mos_bench_print(&report, command->json, &text);
    status = mos_command_print(&text, out);
done:
    mos_text_release(&text);
    const bool unsteady = report.unsteady;
    mos_bench_report_release(&report);
    MOS_TRY(status);
    return unsteady ? mos_bench_unsteady("predict") : MOSAIC_OK;
}

const mos_command_row mos_command_bench_predict = {
    .name = "bench predict",
    .usage = "mosaic bench predict [options]",
    .summary = "time a map of a scene, pixels read to file written, against inference alone and "
               "PyTorch, in one run",
    .parts = {{&own_table, 0, NULL}, {&mos_command_threads_table, AT(machine), NULL}},
    .size = sizeof(bench_command),
    .run = run_predict,
};
