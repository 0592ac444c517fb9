/* mosaic import: a ResNet of another program as a model file. */
#include "command/command_table.h"
#include "deploy/import.h"

typedef struct import_command {
    char *out, *id, *modality;
    int layout, release;
    mos_text_list bands, mean, sd, classes;
    int64_t size;
    bool stem_pool;
} import_command;

#define AT(field) offsetof(import_command, field)

static const mos_option own_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = AT(out),
     .help = "model file to write"},
    {.key = "layout",
     .type = MOS_OPTION_CHOICE,
     .offset = AT(layout),
     .fallback = "torchvision",
     .choices = mos_import_layout_names,
     .help = "torchvision: a state_dict, of timm too, under any prefix; reben: "
             "BIFOLD-BigEarthNetv2-0/resnet50-{s1,s2,all}"},
    {.key = "release",
     .type = MOS_OPTION_CHOICE,
     .offset = AT(release),
     .fallback = "from-id",
     .choices = mos_import_release_names,
     .help = "reben: which release, on which the order of the bands depends"},
    {.key = "id",
     .type = MOS_OPTION_TEXT,
     .offset = AT(id),
     .help = "reben: the model's name on the hub, which names the release; by default the file's "
             "path"},
    {.key = "modality",
     .type = MOS_OPTION_TEXT,
     .offset = AT(modality),
     .help = "what the sensor is called, e.g. s2"},
    {.key = "bands",
     .type = MOS_OPTION_LIST,
     .offset = AT(bands),
     .help = "torchvision: band names in the order of the channels"},
    {.key = "mean",
     .type = MOS_OPTION_LIST,
     .offset = AT(mean),
     .help = "torchvision: what is subtracted from every band"},
    {.key = "sd",
     .type = MOS_OPTION_LIST,
     .offset = AT(sd),
     .help = "torchvision: what every band is divided by then"},
    {.key = "classes",
     .type = MOS_OPTION_LIST,
     .offset = AT(classes),
     .help = "torchvision: names of fc's outputs; without them fc is left out"},
    {.key = "size",
     .type = MOS_OPTION_INT,
     .offset = AT(size),
     .fallback = "120",
     .minimum = 8,
     .maximum = 4096,
     .help = "pixels of a patch's side"},
    {.key = "stem-pool",
     .type = MOS_OPTION_BOOL,
     .offset = AT(stem_pool),
     .fallback = "true",
     .help = "the network has no max-pool behind its first layer"},
};
static const mos_option_table own_table = {"import", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run_import(const void *values, const mos_text_list *positional, FILE *out) {
    const import_command *command = values;
    const mos_import_options options = {.file = positional->items[0],
                                        .out = command->out,
                                        .layout = (mos_import_layout)command->layout,
                                        .release = command->release,
                                        .id = command->id,
                                        .modality = command->modality,
                                        .bands = &command->bands,
                                        .mean = &command->mean,
                                        .sd = &command->sd,
                                        .classes = &command->classes,
                                        .size = command->size,
                                        .stem_pool = command->stem_pool};
    mos_text report = {0};
    if (command->out == NULL || command->out[0] == '\0')
        return mos_fail(MOSAIC_ERR_USAGE, "import wants --out FILE");
    mosaic_status status = mos_import_run(&options, &report);
    if (status == MOSAIC_OK) return mos_command_print(&report, out);
    mos_text_release(&report);
    return status;
}

const mos_command_row mos_command_import = {
    .name = "import",
    .usage = "mosaic import [options] --out MODEL FILE",
    .summary = "make a model file of a ResNet of torchvision, timm or reBEN",
    .parts = {{&own_table, 0, NULL}},
    .size = sizeof(import_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_import,
};
