/* mosaic protocol list, show, apply: the field's evaluation protocols. */
#include "command/command_table.h"
#include "command/divide.h"
#include "study/protocol.h"

typedef struct protocol_command {
    mos_data_options data;
    char *list[MOS_PROTOCOL_LISTS];
    mos_divide_target target;
    bool reduced;
} protocol_command;

typedef struct no_options {
    char unused;
} no_options;

#define LIST(name, k)                                                                              \
    {                                                                                              \
        .key = name, .type = MOS_OPTION_PATH,                                                      \
        .offset = offsetof(protocol_command, list) + (k) * sizeof(char *), .unit = "FILE",         \
        .help = "ids of the " name " list, one a line, of a protocol whose lists are not shipped"  \
    }
static const mos_option own_options[] = {
    LIST("train", MOS_PROTOCOL_TRAIN),
    LIST("validation", MOS_PROTOCOL_VALIDATION),
    LIST("test", MOS_PROTOCOL_TEST),
    {.key = "reduced",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(protocol_command, reduced),
     .fallback = "false",
     .help = "apply a rule to a data set of another size; the file says that it is reduced"},
};
static const mos_option_table own_table = {"protocol apply", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run_list(const void *values, const mos_text_list *positional, FILE *out) {
    mos_text text = {0};
    (void)values;
    (void)positional;
    for (const mos_protocol *p = mos_protocols; p->name != NULL; p++) {
        mos_text_add(&text, "%-20s %s: ", p->name, p->data);
        if (p->labeled >= 0) mos_text_add(&text, "%lld labelled of ", (long long)p->labeled);
        mos_text_add(&text, "%lld training, scored on ", (long long)p->count[0]);
        mos_text_add(&text, "%s (%s)\n", p->scored, p->average);
    }
    return mos_command_print(&text, out);
}

static mosaic_status run_show(const void *values, const mos_text_list *positional, FILE *out) {
    const mos_protocol *protocol;
    mos_text text = {0};
    (void)values;
    MOS_TRY(mos_protocol_find(positional->items[0], &protocol));
    mos_protocol_describe(protocol, &text);
    return mos_command_print(&text, out);
}

typedef struct protocol_run {
    const mos_protocol *protocol;
    mos_protocol_lists lists;
    char labeled_sha256[65];
} protocol_run;

static mosaic_status make(void *context, mos_dataset *dataset, mos_split_columns **columns) {
    protocol_run *run = context;
    return mos_protocol_apply(run->protocol, dataset, &run->lists, columns, run->labeled_sha256);
}

static void describe(void *context, const mos_dataset *dataset, const mos_split_columns *columns,
                     mos_text *out) {
    const protocol_run *run = context;
    const mos_protocol *protocol = run->protocol;
    const bool reduced = run->lists.reduced;
    (void)dataset;
    int64_t counts[MOS_SPLIT_COUNT + 1] = {0}, labeled = 0;
    for (int64_t i = 0; i < columns->count; i++) {
        counts[columns->split[i]]++;
        labeled += columns->split[i] == MOS_SPLIT_TRAIN &&
                   (columns->fraction_count == 0 || columns->labeled[i] == 0);
    }
    mos_text_add(out, "protocol %s%s: %lld training (%lld labelled), %lld validation, %lld test\n",
                 protocol->name, reduced ? ", reduced" : "", (long long)counts[MOS_SPLIT_TRAIN],
                 (long long)labeled, (long long)counts[MOS_SPLIT_VALIDATION],
                 (long long)counts[MOS_SPLIT_TEST]);
    mos_text_add(out, "labelled ids, sorted: sha256 %s%s\n", run->labeled_sha256,
                 reduced || protocol->labeled_sha256 != NULL
                     ? ""
                     : " (none is published to hold it against)");
    if (protocol->note != NULL) mos_text_add(out, "note: %s\n", protocol->note);
    mos_text_add(out, "score %s on %s\n", protocol->average, protocol->scored);
    mos_text_add(out, "written to %s, sha256 %s\n", columns->path, columns->sha256);
    if (columns->fraction_count > 0)
        mos_text_add(out, "use: --set data.split_file=%s --set data.labeled.fraction=%g\n",
                     columns->path, columns->fraction[0]);
    else
        mos_text_add(out, "use: --set data.split_file=%s\n", columns->path);
}

static mosaic_status run_apply(const void *values, const mos_text_list *positional, FILE *out) {
    const protocol_command *command = values;
    protocol_run run = {.lists = {.reduced = command->reduced}};
    for (int k = 0; k < MOS_PROTOCOL_LISTS; k++)
        run.lists.path[k] = command->list[k];
    MOS_TRY(mos_protocol_find(positional->items[0], &run.protocol));
    return mos_divide(&command->data, positional->items[1], positional->items[2], &command->target,
                      &(mos_divide_steps){make, describe}, &run, out);
}

const mos_command_row mos_command_protocol_list = {
    .name = "protocol list",
    .usage = "mosaic protocol list",
    .summary = "the field's evaluation protocols: which samples train, which are scored",
    .size = sizeof(no_options),
    .run = run_list,
};
const mos_command_row mos_command_protocol_show = {
    .name = "protocol show",
    .usage = "mosaic protocol show NAME",
    .summary = "one protocol: rule, counts, average, traps, source, and a hash of it all",
    .size = sizeof(no_options),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_show,
};
const mos_command_row mos_command_protocol_apply = {
    .name = "protocol apply",
    .usage = "mosaic protocol apply [options] NAME ROOT FILE",
    .summary = "a split file of a protocol for a data set; another list than the protocol's is "
               "refused",
    .parts = {{&own_table, 0, NULL},
              {&mos_divide_target_table, offsetof(protocol_command, target), NULL},
              {&mos_data_option_table, offsetof(protocol_command, data), "data."}},
    .size = sizeof(protocol_command),
    .positional_least = 3,
    .positional_most = 3,
    .run = run_apply,
};
