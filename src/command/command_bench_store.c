/* mosaic bench pack, mosaic bench read: the fast store against GDAL on the tree. */
#include "bench/scratch.h"
#include "bench/store_bench.h"
#include "command/bench_options.h"
#include "command/command_table.h"

typedef struct bench_command {
    mos_command_machine machine;
    int64_t patches, size, rounds;
    char *folder;
    bool json;
} bench_command;

#define COUNT(...) MOS_BENCH_COUNT(bench_command, __VA_ARGS__)
static const mos_option own_options[] = {
    COUNT(patches, "200", 1, 100000, "pairs of patches in the procedural tree"),
    {.key = "size",
     .type = MOS_OPTION_INT,
     .offset = offsetof(bench_command, size),
     .fallback = "120",
     .minimum = 12,
     .maximum = 1200,
     .unit = "px",
     .help = "side of a 10 m band, a multiple of 6"},
    COUNT(rounds, "5", 1, 100, "rounds; each measures every way once"),
    MOS_BENCH_FOLDER(
        bench_command,
        "where tree and store are made; by default in memory (/dev/shm), where there is that, "
        "else TMPDIR"),
    MOS_BENCH_JSON(bench_command),
};
static const mos_option_table own_table = {"bench", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run(const bench_command *command,
                         mosaic_status (*bench)(const mos_store_bench_options *, mos_text *),
                         FILE *out) {
    mos_text text = {0};
    const mos_store_bench_options options = {.patches = command->patches,
                                             .size = command->size,
                                             .rounds = command->rounds,
                                             .threads = mos_command_threads(&command->machine),
                                             .folder =
                                                 mos_bench_scratch_parent(command->folder, true),
                                             .json = command->json};
    mosaic_status status = bench(&options, &text);
    if (status == MOSAIC_OK) return mos_command_print(&text, out);
    mos_text_release(&text);
    return status;
}

static mosaic_status run_pack(const void *values, const mos_text_list *positional, FILE *out) {
    (void)positional;
    return run(values, mos_pack_bench, out);
}

static mosaic_status run_read(const void *values, const mos_text_list *positional, FILE *out) {
    (void)positional;
    return run(values, mos_read_bench, out);
}

const mos_command_row mos_command_bench_pack = {
    .name = "bench pack",
    .usage = "mosaic bench pack [options]",
    .summary = "time data pack on a procedural tree against opening every band with GDAL",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_threads_table, offsetof(bench_command, machine), NULL}},
    .size = sizeof(bench_command),
    .run = run_pack,
};

const mos_command_row mos_command_bench_read = {
    .name = "bench read",
    .usage = "mosaic bench read [options]",
    .summary = "time reading a pack back against opening every band of the tree with GDAL",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_threads_table, offsetof(bench_command, machine), NULL}},
    .size = sizeof(bench_command),
    .run = run_read,
};
