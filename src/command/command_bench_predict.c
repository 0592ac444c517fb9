/* mosaic bench predict: a map of a scene, beside inference alone and PyTorch in one run. */
#include "bench/bench_list.h"
#include "bench/predict_bench.h"
#include "bench/scratch.h"
#include "command/bench_options.h"
#include "command/command_table.h"

typedef struct bench_command {
    mos_command_machine machine;
    int64_t size, stride, side, rounds;
    int encoder, precision;
    char *folder, *python, *peer;
    bool json;
} bench_command;

#define COUNT(...) MOS_BENCH_COUNT(bench_command, __VA_ARGS__)
static const mos_option own_options[] = {
    COUNT(side, "1920", 48, 20000, "side of the scene, px of 10 m; rounded up to whole windows"),
    COUNT(size, "120", 24, 480, "side of a window, px, a multiple of 6"),
    COUNT(stride, "60", 1, 480, "px from one window to the next"),
    COUNT(rounds, "3", 3, 100, "rounds; each measures the roof and every way once"),
    MOS_BENCH_CHOICE(bench_command, encoder, "resnet18", mos_encoder_names, "encoder"),
    MOS_BENCH_CHOICE(bench_command, precision, "fp32",
                     mos_precision_choices + MOS_PRECISION_CHOICE_FP32, /* behind "auto" */
                     "numbers that models compute with"),
    MOS_BENCH_FOLDER(bench_command, "where scene, model and maps are made; by default TMPDIR"),
    MOS_BENCH_PYTHON(bench_command, "interpreter with torch and rasterio for the peer"),
    MOS_BENCH_PEER(bench_command, "bench/peers/predict_scene.py",
                   "the program that serves the peer's timings"),
    MOS_BENCH_JSON(bench_command),
};
static const mos_option_table own_table = {"bench", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run_predict(const void *values, const mos_text_list *positional, FILE *out) {
    const bench_command *command = values;
    mos_bench_report report = {.name = "predict"};
    (void)positional;
    if (command->size % 6 != 0 || command->stride > command->size)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--size %lld --stride %lld: wanted a multiple of 6, and no larger stride",
                        (long long)command->size, (long long)command->stride);
    const mos_predict_bench_options options = {
        .encoder = (mos_encoder_kind)command->encoder,
        .size = command->size,
        .stride = command->stride,
        .side = command->side,
        .rounds = command->rounds,
        .precision = command->precision == 0 ? MOS_PRECISION_FP32 : MOS_PRECISION_BF16,
        .threads = mos_command_threads(&command->machine),
        .folder = mos_bench_scratch_parent(command->folder, false),
        .python = command->python,
        .peer = command->peer};
    return mos_command_bench_end(mos_predict_bench(&options, &report), &report, command->json, out);
}

const mos_command_row mos_command_bench_predict = {
    .name = "bench predict",
    .usage = "mosaic bench predict [options]",
    .summary = "time a map of a scene, pixels read to file written, against inference alone and "
               "PyTorch, in one run",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_threads_table, offsetof(bench_command, machine), NULL}},
    .size = sizeof(bench_command),
    .run = run_predict,
};
