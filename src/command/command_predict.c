/* mosaic predict: what a trained model says of data without labels. */
#include "command/command_ranks.h"
#include "command/command_table.h"
#include "command/scene_options.h"
#include "deploy/predict.h"
#include "io/raster_map.h"

#include <string.h>

typedef struct predict_command {
    mos_command_machine machine;
    mos_command_scene scene;
    char *out;
    mos_text_list set, without, layers, creation;
    int64_t limit, stride;
    int grid, blend, type, format;
    bool overwrite, grid_given, blend_given, type_given, format_given;
} predict_command;

#define AT(FIELD) .offset = offsetof(predict_command, FIELD)

static const mos_option predict_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     AT(out),
     .help = "folder for what is written; or one file, *.tif, *.csv or *.gpkg"},
    {.key = "grid",
     .type = MOS_OPTION_CHOICE,
     AT(grid),
     .fallback = "pixel",
     .choices = mos_predict_grids,
     .help = "of a scene: a map on its pixels, or a table with a row for each patch"},
    {.key = "stride",
     .type = MOS_OPTION_INT,
     AT(stride),
     .fallback = "0",
     .minimum = 0,
     .maximum = 4096,
     .unit = "px",
     .help =
         "from one window of a scene to the next; 0: half a window, of --grid patch a whole one"},
    {.key = "blend",
     .type = MOS_OPTION_CHOICE,
     AT(blend),
     .fallback = "hann",
     .choices = mos_blend_names,
     .help =
         "how windows that overlap make a pixel: weights that fade to the edge, or the plain mean"},
};
static const mos_option_table predict_table = {"predict", predict_options,
                                               sizeof predict_options / sizeof *predict_options};

static const mos_option output_options[] = {
    {.key = "layers",
     .type = MOS_OPTION_LIST,
     AT(layers),
     .help =
         "rasters of a map, of probabilities, classes (the most probable one) and quality (valid "
         "fraction, entropy); by default all of them"},
    {.key = "type",
     .type = MOS_OPTION_CHOICE,
     AT(type),
     .fallback = "uint16",
     .choices = mos_map_types,
     .help = "of probabilities: uint16 has scale 0.0001 and no-data 65535, byte 0.01 and 255, "
             "float32 NaN"},
    {.key = "of",
     .type = MOS_OPTION_CHOICE,
     AT(format),
     .fallback = "COG",
     .choices = mos_map_formats,
     .help = "raster format"},
    {.key = "co",
     .type = MOS_OPTION_LIST,
     .unit = "KEY=VALUE",
     AT(creation),
     .help = "creation option of that format, as in COMPRESS=ZSTD; may be repeated"},
    {.key = "overwrite",
     .type = MOS_OPTION_BOOL,
     AT(overwrite),
     .fallback = "false",
     .help = "replace files that exist, and begin anew what was stopped"},
};
static const mos_option_table output_table = {"predict", output_options,
                                              sizeof output_options / sizeof *output_options};

static const mos_option trust_options[] = {
    {.key = "without",
     .type = MOS_OPTION_LIST,
     AT(without),
     .help = "modalities the model is not given, as in s1; said in the files"},
    {.key = "set",
     .type = MOS_OPTION_LIST,
     .unit = "KEY=VALUE",
     AT(set),
     .help = "KEY=VALUE over the configuration, e.g. data.boa_offset=keep; may be repeated"},
    {.key = "limit",
     .type = MOS_OPTION_INT,
     AT(limit),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .help = "predict at most so many patches, 0: all"},
};
static const mos_option_table trust_table = {"predict", trust_options,
                                             sizeof trust_options / sizeof *trust_options};

/* Of what only maps have. */
static const mos_command_given given[] = {{"grid", offsetof(predict_command, grid_given)},
                                          {"blend", offsetof(predict_command, blend_given)},
                                          {"type", offsetof(predict_command, type_given)},
                                          {"of", offsetof(predict_command, format_given)},
                                          {NULL, 0}};

/* One file has one layer: the first, unless another is asked for. */
static mosaic_status parse_layers(const predict_command *command, uint32_t *out) {
    size_t size = command->out == NULL ? 0 : strlen(command->out);
    bool file = size > 4 && strcmp(command->out + size - 4, ".tif") == 0;
    *out = file ? 1u << MOS_LAYER_PROBABILITIES : (1u << MOS_LAYERS) - 1;
    if (command->layers.count > 0) *out = 0;
    for (size_t i = 0; i < command->layers.count; i++) {
        const char *name = command->layers.items[i];
        int layer = MOS_LAYERS;
        while (--layer >= 0 && strcmp(mos_map_layers[layer], name) != 0)
            ;
        if (layer < 0)
            return mos_fail(MOSAIC_ERR_USAGE,
                            "--layers: no layer '%s', wanted probabilities, classes or quality",
                            name);
        *out |= 1u << layer;
    }
    return MOSAIC_OK;
}

/* What was asked for and only a map has, if only by its default: a table would be no answer to it. */
static const char *map_option(const predict_command *command) {
    return command->format_given                                       ? "--of"
           : command->creation.count > 0                               ? "--co"
           : command->type_given                                       ? "--type"
           : command->blend_given                                      ? "--blend"
           : command->layers.count > 0                                 ? "--layers"
           : command->grid_given && command->grid == MOS_PREDICT_PIXEL ? "--grid pixel"
                                                                       : NULL;
}

static mosaic_status print_summary(const mos_predict_summary *summary, FILE *out) {
    mos_text text = {0};
    mos_text_add(&text, "%lld of %lld patches predicted\n", (long long)summary->predicted,
                 (long long)summary->asked);
    for (size_t i = 0; i < summary->files.count; i++)
        mos_text_add(&text, "%s\n", summary->files.items[i]);
    return mos_command_print(&text, out);
}

static mosaic_status predict(const void *values, const mos_text_list *positional, mos_comm *comm,
                             FILE *out) {
    const predict_command *command = values;
    mos_predict_options options = {
        .session = {.model = positional->items[0],
                    .set = &command->set,
                    .device = mos_device_choices[command->machine.device],
                    .threads = mos_command_rank_threads(&command->machine, comm),
                    .comm = comm,
                    .precision = (mos_precision_choice)command->machine.precision},
        .data = positional->count > 1 ? positional->items[1] : NULL,
        .out = command->out,
        .limit = command->limit,
        .grid = (mos_predict_grid)command->grid,
        .stride = command->stride,
        .without = &command->without,
        .map = {.blend = (mos_blend_kind)command->blend,
                .type = (mos_map_type)command->type,
                .format = mos_map_formats[command->format],
                .creation = &command->creation},
        .map_option = map_option(command),
        .overwrite = command->overwrite};
    mos_predict_summary summary;
    mos_command_scene_fill(&command->scene, &options);
    MOS_TRY(parse_layers(command, &options.map.layers));
    MOS_TRY(mos_predict(&options, &summary));
    mosaic_status status = mos_comm_rank(comm) > 0 ? MOSAIC_OK : print_summary(&summary, out);
    mos_text_list_release(&summary.files);
    return status;
}

static mosaic_status run_predict(const void *values, const mos_text_list *positional, FILE *out) {
    return mos_command_on_ranks(predict, true, values, positional, out);
}

const mos_command_row mos_command_predict = {
    .name = "predict",
    .usage = "mosaic predict [options] MODEL [DATA]",
    .summary = "what a trained model says of data without labels: a table of patches, a map of a "
               "scene",
    .parts = {{&predict_table, 0, NULL},
              {&mos_command_scene_table, offsetof(predict_command, scene), NULL},
              {&output_table, 0, NULL},
              {&trust_table, 0, NULL},
              {&mos_command_model_table, offsetof(predict_command, machine), NULL}},
    .given = given,
    .size = sizeof(predict_command),
    .ranks = true,
    .positional_least = 1,
    .positional_most = 2,
    .run = run_predict,
};
