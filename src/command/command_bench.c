/* mosaic bench: the benchmarks that need no peer program, by name. */
#include "base/error.h"
#include "bench/bench_list.h"
#include "command/command_table.h"
#include "mosaic/command.h"

#include <string.h>

typedef struct bench_command {
    mos_bench_settings settings;
    mos_command_machine machine;
    bool json;
} bench_command;

static const mos_option own_options[] = {
    {.key = "json",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(bench_command, json),
     .fallback = "false",
     .help = "one JSON line instead of a table"},
};
static const mos_option_table own_table = {"bench", own_options, 1};

/* Those that are commands of their own. */
static void add_commands(mos_text *text) {
    mos_text_add(text, "and, as commands with options of their own:\n");
    for (int i = 0; mosaic_command_name(i); i++)
        if (strncmp(mosaic_command_name(i), "bench ", 6) == 0)
            mos_text_add(text, "  %-12s %s\n", mosaic_command_name(i) + 6,
                         mosaic_command_summary(i));
}

/* A misspelt name of one of those. */
static const char *nearest_command(const char *name) {
    const char *names[16];
    size_t count = 0;
    for (int i = 0; mosaic_command_name(i) && count < sizeof names / sizeof *names; i++)
        if (strncmp(mosaic_command_name(i), "bench ", 6) == 0)
            names[count++] = mosaic_command_name(i) + 6;
    return mos_nearest_name(name, names, count);
}

static mosaic_status run_bench(const void *values, const mos_text_list *positional, FILE *out) {
    const bench_command *command = values;
    mos_bench_settings settings = command->settings;
    mosaic_status status = MOSAIC_OK;
    mos_text text = {0};
    settings.threads = mos_command_threads(&command->machine);
    if (positional->count == 0) {
        mos_bench_print_list(&text);
        add_commands(&text);
    } else {
        const char *name = positional->items[0], *near = nearest_command(name);
        status = mos_bench_run_named(name, &settings, command->json, &text);
        if (status == MOSAIC_ERR_USAGE && near && !strstr(mosaic_error(), "did you mean"))
            status = mos_fail(status, "no benchmark '%s'; did you mean 'bench %s'?", name, near);
    }
    mosaic_status printed = mos_command_print(&text, out);
    return status != MOSAIC_OK ? status : printed;
}

const mos_command_row mos_command_bench = {
    .name = "bench",
    .usage = "mosaic bench [NAME] [options]",
    .summary = "measure parts of the program, each against something measured beside it; without "
               "a name: the list",
    .parts = {{&mos_bench_option_table, offsetof(bench_command, settings), NULL},
              {&own_table, 0, NULL},
              {&mos_command_threads_table, offsetof(bench_command, machine), NULL}},
    .size = sizeof(bench_command),
    .positional_most = 1,
    .run = run_bench,
};
