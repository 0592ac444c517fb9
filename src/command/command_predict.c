/* mosaic predict: what a trained model says of data without labels. */
#include "command/command_table.h"
#include "deploy/predict.h"

typedef struct predict_command {
    mos_command_machine machine;
    char *out;
    mos_text_list set;
    int64_t limit;
} predict_command;

static const mos_option predict_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(predict_command, out),
     .help = "folder for what is written"},
    {.key = "set",
     .type = MOS_OPTION_LIST,
     .unit = "KEY=VALUE",
     .offset = offsetof(predict_command, set),
     .help = "KEY=VALUE over the configuration, e.g. data.boa_offset=keep; may be repeated"},
    {.key = "limit",
     .type = MOS_OPTION_INT,
     .offset = offsetof(predict_command, limit),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .help = "predict at most so many patches, 0: all"},
};
static const mos_option_table predict_table = {"predict", predict_options,
                                               sizeof predict_options / sizeof *predict_options};

static mosaic_status run_predict(const void *values, const mos_text_list *positional, FILE *out) {
    const predict_command *command = values;
    const mos_predict_options options = {
        .session = {.model = positional->items[0],
                    .set = &command->set,
                    .device = mos_command_devices[command->machine.device],
                    .threads = mos_command_threads(&command->machine)},
        .data = positional->count > 1 ? positional->items[1] : NULL,
        .out = command->out,
        .limit = command->limit};
    mos_predict_summary summary;
    mos_text text = {0};
    MOS_TRY(mos_predict(&options, &summary));
    mos_text_add(&text, "%lld of %lld patches predicted: %s\n", (long long)summary.predicted,
                 (long long)summary.asked, summary.path);
    return mos_command_print(&text, out);
}

const mos_command_row mos_command_predict = {
    .name = "predict",
    .usage = "mosaic predict [options] MODEL [DATA]",
    .summary = "what a trained model says of data without labels: a table of patches",
    .parts = {{&predict_table, 0, NULL},
              {&mos_command_machine_table, offsetof(predict_command, machine), NULL}},
    .size = sizeof(predict_command),
    .positional_least = 1,
    .positional_most = 2,
    .run = run_predict,
};
