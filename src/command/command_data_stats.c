/* mosaic data stats: band statistics as a table. */
#include "base/log.h"
#include "base/memory.h"
#include "command/command_ranks.h"
#include "command/command_table.h"
#include "data/statistics.h"

typedef struct stats_command {
    mos_data_options data;
    mos_command_machine machine;
    int split;
    int64_t samples;
} stats_command;

/* mos_split's, then all of them, and what follows from the data. */
static const char *const splits[] = {"train", "validation", "test", "none", "all", "auto", NULL};
enum { SPLIT_ALL = MOS_SPLIT_COUNT, SPLIT_AUTO };
static const mos_option own_options[] = {
    {.key = "split",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(stats_command, split),
     .fallback = "auto",
     .choices = splits,
     .help = "samples to use; auto: train, or all of a data set without splits"},
    {.key = "samples",
     .type = MOS_OPTION_INT,
     .offset = offsetof(stats_command, samples),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e12,
     .help = "at most so many, evenly chosen; 0: all"},
};
static const mos_option_table own_table = {"data stats", own_options, 2};

static void add_row(mos_text *text, const mos_band_statistics *row) {
    const double values[] = {row->mean, row->sd,  row->minimum, row->p1,
                             row->p50,  row->p99, row->maximum};
    mos_text_add(text, "%s,%s", row->modality, row->band);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        mos_text_add_bytes(text, ",", 1);
        mos_text_add_number(text, values[i]);
    }
    mos_text_add(text, ",%lld,%lld\n", (long long)row->valid, (long long)row->invalid);
}

/* A scene or a table that nobody divided yet is no mistake; a data set without training samples is.
 */
static mosaic_status choose_split(const mos_dataset *dataset, int wanted, mos_split *out) {
    int64_t count = mos_dataset_count(dataset);
    *out = (mos_split)wanted;
    if (wanted != SPLIT_AUTO) return MOSAIC_OK;
    *out = MOS_SPLIT_TRAIN;
    for (int64_t i = 0; i < count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(dataset, i, &sample));
        if (sample.split != MOS_SPLIT_NONE) return MOSAIC_OK;
    }
    *out = (mos_split)SPLIT_ALL;
    mos_log(MOS_LOG_NOTICE, "%s: no sample has a split: statistics of all %lld samples",
            mos_dataset_root(dataset), (long long)count);
    return MOSAIC_OK;
}

static mosaic_status compute(const void *values, const mos_text_list *positional, mos_comm *comm,
                             FILE *out) {
    const stats_command *command = values;
    mos_dataset *dataset = NULL;
    mos_band_statistics *rows = NULL;
    int64_t count = 0;
    mos_split split;
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_comm_agree(comm, mos_command_open_data(&command->data, positional, &dataset)));
    MOS_GOTO(choose_split(dataset, command->split, &split));
    MOS_GOTO(mos_statistics_compute(comm, dataset, split, command->samples,
                                    mos_command_rank_threads(&command->machine, comm), true, &rows,
                                    &count));
    if (mos_comm_rank(comm) > 0) goto done;
    mos_text_add(&text,
                 "modality,band,mean,sd,minimum,p1,p50,p99,maximum,valid_pixels,invalid_pixels\n");
    for (int64_t i = 0; i < count; i++)
        add_row(&text, &rows[i]);
    MOS_GOTO(mos_command_print(&text, out));
done:
    mos_free(rows);
    mos_dataset_close(&dataset);
    return status;
}

static mosaic_status run_stats(const void *values, const mos_text_list *positional, FILE *out) {
    return mos_command_on_ranks(compute, true, values, positional, out);
}

const mos_command_row mos_command_data_stats = {
    .name = "data stats",
    .usage = "mosaic data stats [options] ROOT",
    .summary = "mean, deviation and percentiles of every band, as CSV",
    .parts = {{&own_table, 0, NULL},
              {&mos_data_option_table, offsetof(stats_command, data), "data."},
              {&mos_command_threads_table, offsetof(stats_command, machine), NULL}},
    .size = sizeof(stats_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_stats,
    .ranks = true,
};
