#include "command/bench_options.h"

#include "command/command_table.h"

mosaic_status mos_command_bench_end(mosaic_status status, mos_bench_report *report, bool json,
                                    FILE *out) {
    const char *name = report->name;
    const bool unsteady = report->unsteady;
    if (status == MOSAIC_OK) {
        mos_text text = {0};
        mos_bench_print(report, json, &text);
        status = mos_command_print(&text, out);
    }
    mos_bench_report_release(report);
    MOS_TRY(status);
    return unsteady ? mos_bench_unsteady(name) : MOSAIC_OK;
}
