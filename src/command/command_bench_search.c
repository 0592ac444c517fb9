/* mosaic bench search: exact search in embeddings, beside NumPy and FAISS in one run. */
#include "bench/bench_list.h"
#include "bench/scratch.h"
#include "bench/search_bench.h"
#include "command/bench_options.h"
#include "command/command_table.h"
#include "deploy/search.h"

typedef struct bench_command {
    mos_command_machine machine;
    int64_t rows, size, queries, count, rounds;
    int type;
    char *folder, *python, *peer;
    bool json;
} bench_command;

#define COUNT(...) MOS_BENCH_COUNT(bench_command, __VA_ARGS__)
static const mos_option own_options[] = {
    COUNT(rows, "480000", 1, 1e9, "rows of the store"),
    COUNT(size, "512", 1, 65536, "numbers of a row"),
    COUNT(queries, "32", 1, 65536, "rows that ask, at once"),
    COUNT(count, "10", 1, MOS_SEARCH_MOST, "answers per query"),
    COUNT(rounds, "5", 3, 100, "rounds; each measures the roof and every way once"),
    MOS_BENCH_CHOICE(
        bench_command, type, "float32", mos_embedding_type_names,
        "how our store keeps its numbers; the peers have float32 and stay out with others"),
    MOS_BENCH_FOLDER(
        bench_command,
        "where the store is made; by default in memory (/dev/shm), where there is that, else "
        "TMPDIR"),
    MOS_BENCH_PYTHON(bench_command, "interpreter with numpy, and with faiss for that peer"),
    MOS_BENCH_PEER(bench_command, "bench/peers/search_rows.py",
                   "the program that serves the peers' timings"),
    MOS_BENCH_JSON(bench_command),
};
static const mos_option_table own_table = {"bench", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run_search(const void *values, const mos_text_list *positional, FILE *out) {
    const bench_command *command = values;
    mos_bench_report report = {.name = "search"};
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
    return mos_command_bench_end(mos_search_bench(&options, &report), &report, command->json, out);
}

const mos_command_row mos_command_bench_search = {
    .name = "bench search",
    .usage = "mosaic bench search [options]",
    .summary = "time an exact search in embeddings against NumPy and FAISS, in one run",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_threads_table, offsetof(bench_command, machine), NULL}},
    .size = sizeof(bench_command),
    .run = run_search,
};
