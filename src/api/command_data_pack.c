/* mosaic data pack: any data set into the fast store. */
#include "api/command_table.h"
#include "data/pack.h"

typedef struct pack_command {
    mos_data_options data;
    mos_command_machine machine;
} pack_command;

static mosaic_status run_pack(const void *values, const mos_text_list *positional, FILE *out) {
    const pack_command *command = values;
    const mos_text_list source = {.items = positional->items, .count = 1};
    mos_dataset *dataset = NULL;
    mos_pack_result result;
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_command_open_data(&command->data, &source, &dataset));
    MOS_GOTO(mos_pack(dataset, positional->items[1], mos_command_threads(&command->machine), true,
                      &result));
    mos_text_add(&text,
                 "samples %lld\nrecords %lld\nalready there %lld\nskipped %lld\nbytes %lld\n",
                 (long long)result.samples, (long long)result.records, (long long)result.already,
                 (long long)result.skipped, (long long)result.bytes);
    MOS_GOTO(mos_command_print(&text, out));
done:
    mos_dataset_close(&dataset);
    return status;
}

const mos_command_row mos_command_data_pack = {
    .name = "data pack",
    .usage = "mosaic data pack [options] SOURCE FOLDER",
    .summary = "pack any data set into an LMDB of safetensors (rico-hdl's layout) with its "
               "metadata; resumable",
    .parts = {{&mos_data_option_table, offsetof(pack_command, data), "data."},
              {&mos_command_threads_table, offsetof(pack_command, machine), NULL}},
    .size = sizeof(pack_command),
    .positional_least = 2,
    .positional_most = 2,
    .run = run_pack,
};
