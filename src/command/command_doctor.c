/* mosaic doctor: versions, processor, devices, and a self-test. */
#include "base/isa.h"
#include "base/log.h"
#include "base/thread.h"
#include "bench/fma_roof.h"
#include "bench/self_test.h"
#include "command/command_table.h"
#include "dist/comm_module.h"
#include "dist/launch.h"
#include "io/raster.h"

#include <string.h>

/* The whole command ends within ten seconds, however busy the machine is: loading the program
 * before and a last step behind this have what is left. */
#define SELF_TEST_NS INT64_C(6000000000)

typedef struct doctor_command {
    mos_command_machine machine;
} doctor_command;

/* The processor as Linux names it, or "unknown". */
static void add_processor(mos_text *out) {
    char line[512] = "";
    FILE *file = fopen("/proc/cpuinfo", "r");
    const char *model = NULL;
    while (file && !model && fgets(line, sizeof line, file))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':'))
            model = strchr(line, ':') + 2;
    if (file) (void)fclose(file);
    line[strcspn(line, "\n")] = 0;
    mos_text_add(out, "%-24s %s, %d usable\n", "processor", model ? model : "unknown",
                 mos_cpu_count());
}

/* What the processor has, and what is used of it. */
static void add_instructions(mos_text *out) {
    mos_text_add(out, "%-24s %s used%s; this processor has %s%s\n", "instruction set",
                 mos_isa_name(mos_isa_used()),
                 mos_isa_is_capped() ? " (capped by MOSAIC_ISA or --isa)" : "",
                 mos_isa_name(mos_isa_of_processor()), mos_isa_tiles() ? " and amx" : "");
}

/* How this very process was started, and which MPI could be used: loaded, not initialised. */
static void add_ranks(mos_text *out) {
    const mos_launch launch = mos_launch_detect();
    mos_text_add(out, "%-24s ", "ranks");
    if (launch.by == NULL)
        mos_text_add(out, "started alone");
    else
        mos_text_add(out, "rank %lld of %lld, started by %s", (long long)launch.rank,
                     (long long)launch.size, launch.by);
    for (size_t i = 0; mos_comm_modules[i] != NULL; i++) {
        const mos_comm_table *table;
        const bool found = mos_comm_module_load(mos_comm_modules[i], &table) == MOSAIC_OK;
        mos_text_add(out, "; %s: %s", mos_comm_modules[i], found ? table->library() : "not there");
    }
    mos_text_add(out, "\n");
}

/* A machine without it trains from packed stores and reads no raster. */
static void add_gdal(mos_text *out) {
    const char *version;
    if (mos_raster_version(&version) == MOSAIC_OK)
        mos_text_add(out, "%-24s %s\n", "GDAL", version);
    else
        mos_text_add(out, "%-24s not there: %s\n", "GDAL", mosaic_error());
}

static mosaic_status run_doctor(const void *values, const mos_text_list *positional, FILE *out) {
    const doctor_command *command = values;
    const int64_t begin = mos_now_ns();
    int threads = mos_command_threads(&command->machine);
    mos_text text = {0};
    (void)positional;
    mos_text_add(&text, "%-24s %s\n", "mosaic", mosaic_version());
    add_gdal(&text);
    add_processor(&text);
    add_instructions(&text);
    add_ranks(&text);
    mos_roof roof = mos_roof_measure(threads, 100);
    mos_text_add(&text, "%-24s fp32 %.0f, bf16 %.0f GFLOP/s on %d threads\n", "FMA roof",
                 roof.fp32_gflops, roof.bf16_gflops, threads);
    mosaic_status status = mos_self_test(threads, begin + SELF_TEST_NS, &text);
    mosaic_status printed = mos_command_print(&text, out);
    return status != MOSAIC_OK ? status : printed;
}

const mos_command_row mos_command_doctor = {
    .name = "doctor",
    .usage = "mosaic doctor [options]",
    .summary = "versions, processor, devices, and a self-test of a few seconds",
    .parts = {{&mos_command_threads_table, offsetof(doctor_command, machine), NULL}},
    .size = sizeof(doctor_command),
    .ranks = true, /* each speaks for its own machine */
    .run = run_doctor,
};
