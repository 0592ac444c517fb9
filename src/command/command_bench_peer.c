/* mosaic bench step, mosaic bench infer: how fast training and inference are here, beside the roof
 * and a peer. */
#include "base/file.h"
#include "bench/bench_list.h"
#include "bench/infer_bench.h"
#include "bench/step_bench.h"
#include "command/bench_options.h"
#include "command/command_table.h"
#include "model/model.h"
#include "objective/method.h"

typedef struct bench_command {
    mos_command_machine machine;
    int64_t batch, size, views, classes, rounds;
    int encoder;
    char *method, *python, *server, *peer;
    mos_text_list bands, peer_modes;
    bool fp32, bf16, layers, side_by_side, json;
} bench_command;

#define COUNT(...) MOS_BENCH_COUNT(bench_command, __VA_ARGS__)
#define FLAG(...)  MOS_BENCH_FLAG(bench_command, __VA_ARGS__)
#define LIST(...)  MOS_BENCH_LIST(bench_command, __VA_ARGS__)
static const mos_option common_options[] = {
    COUNT(batch, "32", 2, 4096, "samples per view set"),
    COUNT(size, "120", 16, 1024, "side of a patch, px"),
    COUNT(classes, "19", 1, 256, "classes"),
    COUNT(rounds, "5", 3, 100, "rounds; each measures the roof and every mode once"),
    LIST("bands", bands, "2,12", "bands of each modality"),
    MOS_BENCH_CHOICE(bench_command, encoder, "resnet34", mos_encoder_names, "encoder"),
    FLAG(fp32, "true", "measure single precision"),
    FLAG(bf16, "true", "measure bfloat16"),
    MOS_BENCH_PYTHON(bench_command, "interpreter with torch for the peer"),
    MOS_BENCH_SERVER(bench_command),
    MOS_BENCH_PEER(bench_command, NULL,
                   "Python file with build(mode, args); by default one of the project"),
    FLAG(layers, "false", "list the implementation of every layer"),
    MOS_BENCH_JSON(bench_command),
};
static const mos_option_table common_table = {"bench", common_options,
                                              sizeof common_options / sizeof *common_options};

/* What "auto" tries of the peer. */
#define STEP_MODES  "eager-nchw-fp32,eager-cl-fp32,eager-cl-bf16"
#define INFER_MODES "eager-nchw-fp32,frozen-nchw-fp32,frozen-cl-fp32,eager-cl-bf16,frozen-cl-bf16"

static const mos_option step_options[] = {
    COUNT(views, "2", 2, 3, "view sets per modality; 3: with a separate anchor"),
    {.key = "side-by-side",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(bench_command, side_by_side),
     .fallback = "false",
     .help = "each of ours a second time with the encoders side by side (train.encoders)"},
    {.key = "method",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(bench_command, method),
     .fallback = "mosaic-1",
     .help = "method whose step is measured"},
    LIST("peer-modes", peer_modes, "auto",
         "modes of the PyTorch peer: {eager,compile}-{nchw,cl}-{fp32,bf16}; empty: none; "
         "auto: " STEP_MODES ", bf16 where the processor has it"),
};
static const mos_option_table step_table = {"bench step", step_options,
                                            sizeof step_options / sizeof *step_options};

static const mos_option infer_options[] = {
    LIST("peer-modes", peer_modes, "auto",
         "modes of the peer: {eager,frozen,compile}-{nchw,cl}-{fp32,bf16}, "
         "openvino-{fp32,bf16}; empty: none; auto: " INFER_MODES
         ", bf16 where the processor has it"),
};
static const mos_option_table infer_table = {"bench infer", infer_options,
                                             sizeof infer_options / sizeof *infer_options};

static mosaic_status read_bands(const mos_text_list *list, mos_step_setting *setting) {
    if (list->count == 0 || list->count > MOS_MAX_MODALITIES)
        return mos_fail(MOSAIC_ERR_USAGE, "--bands: wanted 1 to %d numbers, got %zu",
                        MOS_MAX_MODALITIES, list->count);
    setting->modalities = (int64_t)list->count;
    for (size_t i = 0; i < list->count; i++)
        if (!mos_parse_int(list->items[i], &setting->bands[i]) || setting->bands[i] < 1 ||
            setting->bands[i] > MOS_MAX_BANDS)
            return mos_fail(MOSAIC_ERR_USAGE, "--bands: wanted a number from 1 to %d, got '%s'",
                            MOS_MAX_BANDS, list->items[i]);
    return MOSAIC_OK;
}

typedef mosaic_status (*bench_function)(const mos_peer_bench_options *options,
                                        mos_bench_report *report);

static mosaic_status run_bench(const bench_command *command, const char *name, const char *modes,
                               const char *peer_module, bench_function bench, FILE *out) {
    mos_text_list peer_modes = {0};
    mos_bench_report report = {.name = name};
    mos_peer_bench_options options = {
        .setting = {.encoder = (mos_encoder_kind)command->encoder,
                    .batch = command->batch,
                    .size = command->size,
                    .views = command->views,
                    .classes = command->classes,
                    .method = command->method},
        .threads = mos_command_threads(&command->machine),
        .rounds = command->rounds,
        .fp32 = command->fp32,
        .bf16 = command->bf16,
        .layers = command->layers,
        .side_by_side = command->side_by_side,
        .python = command->python,
        .peer_server = command->server,
        .peer_module = command->peer ? command->peer : peer_module,
        .peer_modes = &peer_modes,
    };
    mosaic_status status;
    MOS_TRY(read_bands(&command->bands, &options.setting));
    MOS_GOTO(mos_peer_modes(&command->peer_modes, modes, &peer_modes, &options.emulated_left_out));
    MOS_GOTO(bench(&options, &report));
done:
    mos_text_list_release(&peer_modes);
    return mos_command_bench_end(status, &report, command->json, out);
}

static mosaic_status run_step(const void *values, const mos_text_list *positional, FILE *out) {
    (void)positional;
    return run_bench(values, "step", STEP_MODES, NULL, mos_step_bench, out);
}

static mosaic_status run_infer(const void *values, const mos_text_list *positional, FILE *out) {
    (void)positional;
    return run_bench(values, "infer", INFER_MODES, "bench/peers/torch_infer.py", mos_infer_bench,
                     out);
}

const mos_command_row mos_command_bench_step = {
    .name = "bench step",
    .usage = "mosaic bench step [options]",
    .summary = "time a training step on synthetic input against the processor's roof and PyTorch, "
               "in one run",
    .parts = {{&step_table, 0, NULL},
              {&common_table, 0, NULL},
              {&mos_command_threads_table, offsetof(bench_command, machine), NULL}},
    .size = sizeof(bench_command),
    .run = run_step,
};

const mos_command_row mos_command_bench_infer = {
    .name = "bench infer",
    .usage = "mosaic bench infer [options]",
    .summary = "time features and class scores of patches against the processor's roof, PyTorch "
               "and OpenVINO, in one run",
    .parts = {{&infer_table, 0, NULL},
              {&common_table, 0, NULL},
              {&mos_command_threads_table, offsetof(bench_command, machine), NULL}},
    .size = sizeof(bench_command),
    .run = run_infer,
};
