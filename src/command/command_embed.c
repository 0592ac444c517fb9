/* mosaic embed: a data set as rows of numbers. */
#include "command/command_ranks.h"
#include "command/command_table.h"
#include "command/scene_options.h"
#include "deploy/embed.h"

#include <string.h>

typedef struct embed_command {
    mos_command_machine machine;
    mos_command_scene scene;
    char *out, *modality;
    mos_text_list set, also;
    int kind, type, split;
    int64_t limit, stride;
    bool overwrite;
} embed_command;

static const char *const splits[] = {"all", "train", "validation", "test", "none", NULL};

static const mos_option own_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(embed_command, out),
     .help = "folder for embeddings.npy, embeddings.csv and embeddings.json"},
    {.key = "space",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(embed_command, kind),
     .fallback = "latents",
     .choices = mos_embedding_kind_names,
     .help = "latents: unit rows that modalities share, for searching across them; features: what "
             "the encoders give, for probes and clusters"},
    {.key = "modality",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(embed_command, modality),
     .help = "this one alone; by default all side by side, zeros where one is absent"},
    {.key = "type",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(embed_command, type),
     .fallback = "float32",
     .choices = mos_embedding_type_names,
     .help = "how numbers are stored; scale and error of the smaller ones are stated"},
    {.key = "also",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(embed_command, also),
     .help = "beside that: parquet (GeoParquet 1.1 with Major TOM's columns), gpkg (a polygon per "
             "patch), raster (of scenes: a Cloud-Optimized GeoTIFF whose pixels are vectors)"},
    {.key = "split",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(embed_command, split),
     .fallback = "all",
     .choices = splits,
     .help = "samples to embed"},
    {.key = "set",
     .type = MOS_OPTION_LIST,
     .unit = "KEY=VALUE",
     .offset = offsetof(embed_command, set),
     .help = "KEY=VALUE over the configuration; may be repeated"},
    {.key = "limit",
     .type = MOS_OPTION_INT,
     .offset = offsetof(embed_command, limit),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .help = "embed at most so many patches, 0: all"},
    {.key = "stride",
     .type = MOS_OPTION_INT,
     .offset = offsetof(embed_command, stride),
     .fallback = "0",
     .minimum = 0,
     .maximum = 4096,
     .unit = "px",
     .help =
         "of a scene, from one window to the next, and the side of a raster's pixel; 0: a whole "
         "window"},
    {.key = "overwrite",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(embed_command, overwrite),
     .fallback = "false",
     .help = "begin anew what was stopped"},
};
static const mos_option_table own_table = {"embed", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status read_also(const mos_text_list *list, uint32_t *out) {
    *out = 0;
    for (size_t i = 0; i < list->count; i++) {
        int kind = 0;
        while (kind < MOS_EMBED_ALSO && strcmp(mos_embed_also_names[kind], list->items[i]) != 0)
            kind++;
        if (kind == MOS_EMBED_ALSO)
            return mos_fail(MOSAIC_ERR_USAGE, "--also: no '%s', wanted parquet, gpkg or raster",
                            list->items[i]);
        *out |= 1u << kind;
    }
    return MOSAIC_OK;
}

static mosaic_status embed(const void *values, const mos_text_list *positional, mos_comm *comm,
                           FILE *out) {
    const embed_command *command = values;
    mos_embed_options options = {
        .source = {.session = {.model = positional->items[0],
                               .set = &command->set,
                               .device = mos_device_choices[command->machine.device],
                               .threads = mos_command_rank_threads(&command->machine, comm),
                               .comm = comm},
                   .data = positional->count > 1 ? positional->items[1] : NULL,
                   .limit = command->limit,
                   .grid = MOS_PREDICT_PATCH,
                   .stride = command->stride,
                   .labels = true,
                   .overwrite = command->overwrite},
        .out = command->out,
        .kind = (mos_embedding_kind)command->kind,
        .type = (mos_embedding_type)command->type,
        .modality = command->modality,
        .split = command->split == 0 ? MOS_SPLIT_COUNT : (mos_split)(command->split - 1)};
    mos_embedding_about about;
    mos_text text = {0}, files = {0};
    mos_command_scene_fill(&command->scene, &options.source);
    MOS_TRY(read_also(&command->also, &options.also));
    mosaic_status status = mos_embed_run(&options, &about, &files);
    if (status != MOSAIC_OK || files.failed) {
        mos_text_release(&files);
        return status != MOSAIC_OK ? status : mos_fail_memory(0, "a list of files");
    }
    if (mos_comm_rank(comm) > 0) return MOSAIC_OK; /* rank 0 tells */
    mos_text_add(&text, "rows %lld\ncolumns %lld\nspace %s\ntype %s\n", (long long)about.rows,
                 (long long)(about.modalities * about.size), mos_embedding_kind_names[about.kind],
                 mos_embedding_type_names[about.type]);
    if (about.type != MOS_EMBED_FLOAT32) {
        mos_text_add(&text, "scale ");
        mos_text_add_number(&text, about.scale);
        mos_text_add(&text, "\nlargest error %.3g\nrms error %.3g\n", about.largest_error,
                     about.rms_error);
    }
    if (files.size > 0) mos_text_add_bytes(&text, files.data, files.size);
    mos_text_release(&files);
    return mos_command_print(&text, out);
}

static mosaic_status run_embed(const void *values, const mos_text_list *positional, FILE *out) {
    return mos_command_on_ranks(embed, true, values, positional, out);
}

const mos_command_row mos_command_embed = {
    .name = "embed",
    .usage = "mosaic embed [options] --out FOLDER MODEL [DATA]",
    .summary = "features or latents of every patch of a data set or window of a scene, to search "
               "and learn from",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_scene_table, offsetof(embed_command, scene), NULL},
              {&mos_command_machine_table, offsetof(embed_command, machine), NULL}},
    .size = sizeof(embed_command),
    .ranks = true,
    .positional_least = 1,
    .positional_most = 2,
    .run = run_embed,
};
