/* mosaic export: a trained model in the formats of other programs. */
#include "command/command_table.h"
#include "deploy/export.h"

typedef struct export_command {
    mos_command_machine machine;
    char *out, *name, *python;
    int to, profile;
} export_command;

static const mos_option own_options[] = {
    {.key = "to",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(export_command, to),
     .fallback = "onnx",
     .choices = mos_export_kind_names,
     .help = "safetensors: a folder with a file per modality, torchvision's names; onnx: one file, "
             "normalisation inside; huggingface: a folder with config, weights, card and a PyTorch "
             "program; stac: an item with the machine learning model extension"},
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(export_command, out),
     .help = "file (onnx, stac) or folder to write"},
    {.key = "name",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(export_command, name),
     .help = "what the model is called; by default as its run"},
    {.key = "profile",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(export_command, profile),
     .fallback = "general",
     .choices = mos_export_profile_names,
     .help =
         "who reads the ONNX file; deepness, a plugin of QGIS, wants all bands in one raster and "
         "draws a layer for each class"},
    {.key = "python",
     .type = MOS_OPTION_PATH,
     .offset = offsetof(export_command, python),
     .fallback = "python3",
     .help = "a Python with ONNX Runtime, in which an ONNX file is run and compared before it is "
             "kept; \"\": none"},
};
static const mos_option_table own_table = {"export", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run_export(const void *values, const mos_text_list *positional, FILE *out) {
    const export_command *command = values;
    const mos_export_options options = {.model = positional->items[0],
                                        .out = command->out,
                                        .kind = (mos_export_kind)command->to,
                                        .profile = (mos_export_profile)command->profile,
                                        .name = command->name,
                                        .python = command->python,
                                        .threads = mos_command_threads(&command->machine)};
    mos_text files = {0};
    if (command->out == NULL || command->out[0] == '\0')
        return mos_fail(
            MOSAIC_ERR_USAGE, "export wants --out %s",
            options.kind == MOS_EXPORT_ONNX || options.kind == MOS_EXPORT_STAC ? "FILE" : "FOLDER");
    if (options.profile != MOS_PROFILE_GENERAL && options.kind != MOS_EXPORT_ONNX)
        return mos_fail(MOSAIC_ERR_USAGE, "--profile is for --to onnx, found --to %s",
                        mos_export_kind_names[options.kind]);
    mosaic_status status = mos_export_run(&options, &files);
    if (status == MOSAIC_OK) return mos_command_print(&files, out);
    mos_text_release(&files);
    return status;
}

const mos_command_row mos_command_export = {
    .name = "export",
    .usage = "mosaic export [options] --out PATH MODEL",
    .summary = "write a trained model for PyTorch, ONNX Runtime, Hugging Face or a STAC catalogue",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_threads_table, offsetof(export_command, machine), NULL}},
    .size = sizeof(export_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_export,
};
