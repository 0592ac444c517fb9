/* data.json of a run: what its data set holds, as counted when training began (data/summary.h). */
#ifndef MOS_REPORT_RUN_DATA_H
#define MOS_REPORT_RUN_DATA_H

#include "base/error.h"

#include <stdint.h>

enum {
    MOS_REPORT_SPLITS = 4, /* train, validation, test, none */
    MOS_REPORT_COUNTS = 64 /* countries, bins of a histogram: what is beyond is summed up */
};

typedef struct mos_report_count {
    char name[64];
    int64_t split[MOS_REPORT_SPLITS], all;
} mos_report_count;

typedef struct mos_report_data {
    int64_t samples, complete; /* complete: with every modality */
    int64_t split[MOS_REPORT_SPLITS], labelled[MOS_REPORT_SPLITS];
    struct mos_report_data_class {
        char name[128];
        int64_t positives[MOS_REPORT_SPLITS], all;
    } * classes; /* [class_count], owned */
    int64_t class_count;
    int64_t *together; /* [class_count, class_count] patches that have both; owned */
    mos_report_count country[MOS_REPORT_COUNTS], season[8], lag[16];
    int countries, seasons, lags;
} mos_report_data;

/* Text of a data.json; where: the run, for messages. */
mosaic_status mos_run_data_parse(const char *text, const char *where, mos_report_data *out);
void mos_run_data_release(mos_report_data *data);

#endif
