/* mosaic data pack: any data set into the fast store. */
#include "base/log.h"
#include "command/command_ranks.h"
#include "command/command_table.h"
#include "prepare/pack/pack.h"

typedef struct pack_command {
    mos_data_options data;
    mos_command_machine machine;
    int64_t shards;
    bool verify;
} pack_command;

static const mos_option own_options[] = {
    {.key = "shards",
     .type = MOS_OPTION_INT,
     .offset = offsetof(pack_command, shards),
     .fallback = "1",
     .minimum = 1,
     .maximum = 999,
     .help = "spread the records over so many LMDBs, for parallel file systems"},
    {.key = "verify",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(pack_command, verify),
     .fallback = "false",
     .help = "then read source and store again, compare every record, and print the store's hash"},
};
static const mos_option_table own_table = {"data pack", own_options, 2};

/* Archives that can only be streamed are read by one process. */
static mosaic_status pack_stream(const mos_data_options *data, const mos_pack_options *options,
                                 mos_pack_result *result) {
    mos_pack_options alone = *options;
    if (mos_comm_rank(options->comm) > 0) return MOSAIC_OK;
    if (mos_comm_size(options->comm) > 1)
        mos_log(MOS_LOG_NOTICE, "archives are read from beginning to end, by rank 0 alone");
    alone.comm = NULL;
    return mos_pack_stream(data, &alone, result);
}

static mosaic_status pack(const pack_command *command, const mos_text_list *positional,
                          mos_comm *comm, mos_pack_result *result) {
    const mos_text_list source = {.items = positional->items, .count = 1};
    const mos_pack_options options = {.folder = positional->items[1],
                                      .threads = mos_command_rank_threads(&command->machine, comm),
                                      .comm = comm,
                                      .shards = (int)command->shards,
                                      .progress = true,
                                      .verify = command->verify};
    mos_data_options data = command->data; /* its texts stay the command's */
    mos_dataset *dataset = NULL;
    bool streams;
    data.root = positional->items[0];
    MOS_TRY(mos_pack_streams(&data, &streams));
    if (streams) return pack_stream(&data, &options, result);
    MOS_TRY(mos_comm_agree(comm, mos_command_open_data(&command->data, &source, &dataset)));
    mosaic_status status = mos_pack(dataset, &options, result);
    mos_dataset_close(&dataset);
    return status;
}

static mosaic_status pack_and_tell(const void *values, const mos_text_list *positional,
                                   mos_comm *comm, FILE *out) {
    const pack_command *command = values;
    mos_pack_result result;
    mos_text text = {0};
    MOS_TRY(pack(command, positional, comm, &result));
    if (mos_comm_rank(comm) > 0) return MOSAIC_OK;
    mos_text_add(
        &text,
        "samples %lld\nrecords %lld\nalready there %lld\nskipped %lld\nremoved %lld\nbytes %lld\n",
        (long long)result.samples, (long long)result.records, (long long)result.already,
        (long long)result.skipped, (long long)result.removed, (long long)result.bytes);
    if (command->verify)
        mos_text_add(&text, "verified %lld\ncontent %s\n", (long long)result.verified,
                     result.content);
    return mos_command_print(&text, out);
}

static mosaic_status run_pack(const void *values, const mos_text_list *positional, FILE *out) {
    return mos_command_on_ranks(pack_and_tell, true, values, positional, out);
}

const mos_command_row mos_command_data_pack = {
    .name = "data pack",
    .usage = "mosaic data pack [options] SOURCE FOLDER",
    .summary =
        "pack any data set, archives too, into an LMDB of safetensors (rico-hdl's layout) with its "
        "metadata; resumable",
    .parts = {{&own_table, 0, NULL},
              {&mos_data_option_table, offsetof(pack_command, data), "data."},
              {&mos_command_threads_table, offsetof(pack_command, machine), NULL}},
    .size = sizeof(pack_command),
    .positional_least = 2,
    .positional_most = 2,
    .run = run_pack,
    .ranks = true,
};
