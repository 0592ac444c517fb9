/* How a command is declared. Adding one: a file command_<name>.c with its struct, option rows and
 * run function, its row in the extern list below and in the table of command.c; docs and --help
 * follow from the row. */
#ifndef MOS_COMMAND_COMMAND_TABLE_H
#define MOS_COMMAND_COMMAND_TABLE_H

#include "base/options.h"
#include "compute/device.h"
#include "data/dataset.h"
#include "mosaic/command.h"

#include <stdio.h>

/* Options that many commands share, each its own part. */
typedef struct mos_command_machine {
    int64_t threads; /* 0: all */
    int device;      /* index into mos_device_choices */
    int precision;   /* mos_precision_choice, of commands that use a trained model */
} mos_command_machine;
extern const mos_option_table mos_command_threads_table, mos_command_machine_table,
    mos_command_model_table; /* threads; device too; precision too */

/* An option table embedded at an offset of the command's struct; `strip` is a prefix its keys lose
 * ("data."). */
typedef struct mos_command_part {
    const mos_option_table *table;
    size_t offset;
    const char *strip;
} mos_command_part;

/* A choice of which the command asks whether it was made, if only of its default. */
typedef struct mos_command_given {
    const char *key;
    size_t offset; /* of a bool in the struct */
} mos_command_given;

enum { MOS_COMMAND_MAX_PARTS = 5 };

typedef struct mos_command_row {
    const char *name, *usage, *summary;
    mos_command_part parts[MOS_COMMAND_MAX_PARTS]; /* up to the first NULL table */
    const mos_command_given *given;                /* up to the first NULL key; NULL: none */
    size_t size;                                   /* of the struct */
    int positional_least, positional_most;
    bool ranks;   /* several processes do it together; else rank 0 alone, where there are several */
    bool divides; /* makes a split file: that of a configuration is not read */
    /* values: the struct; positional: what stood without dashes; data goes to out */
    mosaic_status (*run)(const void *values, const mos_text_list *positional, FILE *out);
} mos_command_row;

extern const mos_command_row mos_command_data_info, mos_command_data_stats, mos_command_data_pack,
    mos_command_data_split, mos_command_data_import, mos_command_data_check, mos_command_data_synth,
    mos_command_preview, mos_command_train, mos_command_probe, mos_command_eval,
    mos_command_predict, mos_command_report, mos_command_compare, mos_command_sweep,
    mos_command_bench, mos_command_bench_step, mos_command_bench_pack, mos_command_bench_read,
    mos_command_bench_infer, mos_command_bench_search, mos_command_bench_predict,
    mos_command_bench_ranks, mos_command_doctor, mos_command_export, mos_command_import,
    mos_command_embed, mos_command_search, mos_command_protocol_list, mos_command_protocol_show,
    mos_command_protocol_apply, mos_command_init;

/* The i-th row, NULL past the last; and the options of a command, those of all its parts. */
const mos_command_row *mos_command_row_at(int i);
const mos_option_table *mos_command_options(const mosaic_command *command);

/* Open the data set at the positional argument, or at data->root when there is none. */
mosaic_status mos_command_open_data(const mos_data_options *data, const mos_text_list *positional,
                                    mos_dataset **out);
/* machine->threads with 0 replaced by all processors. */
int mos_command_threads(const mos_command_machine *machine);
/* Write a text that was built to `out` and release it. */
mosaic_status mos_command_print(mos_text *text, FILE *out);

#endif
