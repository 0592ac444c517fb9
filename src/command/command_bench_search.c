/* mosaic bench search: exact search in embeddings, beside NumPy and FAISS in one run. */
#include "bench/bench_list.h"
#include "bench/scratch.h"
#include "bench/search_bench.h"
#include "command/command_table.h"
#include "deploy/search.h"

typedef struct bench_command {
    mos_command_machine machine;
    int64_t rows, size, queries, count, rounds;
    int type;
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
    COUNT(rows, "480000", 1, 1e9, "rows of the store"),
    COUNT(size, "512", 1, 65536, "numbers of a row"),
    COUNT(queries, "32", 1, 65536, "rows that ask, at once"),
    COUNT(count, "10", 1, MOS_SEARCH_MOST, "answers per query"),
    COUNT(rounds, "5", 3, 100, "rounds; each measures the roof and every way once"),
    {.key = "type",
     .type = MOS_OPTION_CHOICE,
     .offset = AT(type),
     .fallback = "float32",
     .choices = mos_embedding_type_names,
     .help = "how our store keeps its numbers; the peers have float32 and stay out with others"},
    {.key = "folder",
     .type = MOS_OPTION_PATH,
     .offset = AT(folder),
     .help = "where the store is made; by default in memory (/dev/shm), where there is that, else "
             "TMPDIR"},
    {.key = "python",
     .type = MOS_OPTION_TEXT,
     .offset = AT(python),
     .fallback = "/usr/bin/python3",
     .help = "interpreter with numpy, and with faiss for that peer; empty: none"},
    {.key = "peer",
     .type = MOS_OPTION_PATH,
     .offset = AT(peer),
     .fallback = "bench/peers/search_rows.py",
     .help = "the program that serves the peers' timings"},
    {.key = "json",
     .type = MOS_OPTION_BOOL,
     .offset = AT(json),
     .fallback = "false",
     .help = "one JSON line instead of a table"},
};
static const mos_option_table own_table = {"bench", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run_search(const void *values, const mos_text_list *positional, FILE *out) {
    const bench_command *command = values;
    mos_text text = {0};
    mos_bench_report report = {.name = "search"};
    mosaic_status status;
    (void)positional;
    const mos_search_bench_options options = {
        .rows = command->rows,
        .size = command->size,
        .queries = command->queries,
        .count = command->count,
        .rounds = command->rounds,
        .type = command->type,
        .threads = mos_command_threads(&command->machine),
        .folder = mos_bench_scratch_parent(command->folder, true),
        .python = command->type == MOS_EMBED_FLOAT32 ? command->python : NULL,
        .peer = command->peer};
    MOS_GOTO(mos_search_bench(&options, &report));
    mos_bench_print(&report, command->json, &text);
    status = mos_command_print(&text, out);
done:
    mos_text_release(&text);
    const bool unsteady = report.unsteady;
    mos_bench_report_release(&report);
    MOS_TRY(status);
    return unsteady ? mos_bench_unsteady("search") : MOSAIC_OK;
}

const mos_command_row mos_command_bench_search = {
    .name = "bench search",
    .usage = "mosaic bench search [options]",
    .summary = "time an exact search in embeddings against NumPy and FAISS, in one run",
    .parts = {{&own_table, 0, NULL}, {&mos_command_threads_table, AT(machine), NULL}},
    .size = sizeof(bench_command),
    .run = run_search,
};
