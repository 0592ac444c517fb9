/* Option rows and the end of a run that the `bench` commands with peers of their own share. Rows are
 * macros, because each command has its own struct: `owner` is that struct, and its member bears the
 * option's name. */
#ifndef MOS_COMMAND_BENCH_OPTIONS_H
#define MOS_COMMAND_BENCH_OPTIONS_H

#include "base/options.h"
#include "bench/bench_report.h"

#include <stdio.h>

#define MOS_BENCH_COUNT(owner, field, value, low, high, text)                                      \
    {                                                                                              \
        .key = #field, .type = MOS_OPTION_INT, .offset = offsetof(owner, field),                   \
        .fallback = value, .minimum = low, .maximum = high, .help = text                           \
    }
#define MOS_BENCH_FLAG(owner, field, value, text)                                                  \
    {                                                                                              \
        .key = #field, .type = MOS_OPTION_BOOL, .offset = offsetof(owner, field),                  \
        .fallback = value, .help = text                                                            \
    }
#define MOS_BENCH_CHOICE(owner, field, value, names, text)                                         \
    {                                                                                              \
        .key = #field, .type = MOS_OPTION_CHOICE, .offset = offsetof(owner, field),                \
        .fallback = value, .choices = names, .help = text                                          \
    }
#define MOS_BENCH_FOLDER(owner, text)                                                              \
    { .key = "folder", .type = MOS_OPTION_PATH, .offset = offsetof(owner, folder), .help = text }
/* The interpreter of the peer; `text` says what it needs. */
#define MOS_BENCH_PYTHON(owner, text)                                                              \
    {                                                                                              \
        .key = "python", .type = MOS_OPTION_TEXT, .offset = offsetof(owner, python),               \
        .fallback = "/usr/bin/python3", .help = text "; empty: none"                               \
    }
/* The program of the peer. */
#define MOS_BENCH_PEER(owner, path, text)                                                          \
    {                                                                                              \
        .key = "peer", .type = MOS_OPTION_PATH, .offset = offsetof(owner, peer), .fallback = path, \
        .help = text                                                                               \
    }
/* The program that runs the peer beside ours, step by step; its path goes to `server`. */
#define MOS_BENCH_SERVER(owner)                                                                    \
    {                                                                                              \
        .key = "peer-server", .type = MOS_OPTION_PATH, .offset = offsetof(owner, server),          \
        .fallback = "bench/peers/serve_step.py",                                                   \
        .help = "the program that serves the peer's timings"                                       \
    }
#define MOS_BENCH_LIST(owner, name, field, value, text)                                            \
    {                                                                                              \
        .key = name, .type = MOS_OPTION_LIST, .offset = offsetof(owner, field), .fallback = value, \
        .help = text                                                                               \
    }
#define MOS_BENCH_JSON(owner)                                                                      \
    MOS_BENCH_FLAG(owner, json, "false", "one JSON line instead of a table")

/* Ends a run: prints the report where `status` is MOSAIC_OK, releases it either way, and returns
 * `status`, what printing failed with, or MOSAIC_ERR_RUNTIME where the roof moved. */
mosaic_status mos_command_bench_end(mosaic_status status, mos_bench_report *report, bool json,
                                    FILE *out);

#endif
