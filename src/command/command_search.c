/* mosaic search: more places like these. */
#include "base/file.h"
#include "command/command_table.h"
#include "deploy/contact_sheet.h"
#include "deploy/embedding_layer.h"
#include "deploy/search.h"
#include "io/csv.h"

typedef struct search_command {
    mos_command_machine machine;
    char *out, *file, *by, *among, *country, *from, *to;
    mos_text_list labels, box, set;
    int64_t count;
    bool sheet, layer;
} search_command;

#define AT(field) offsetof(search_command, field)

static const mos_option own_options[] = {
    {.key = "count",
     .letter = 'k',
     .type = MOS_OPTION_INT,
     .offset = AT(count),
     .fallback = "10",
     .minimum = 1,
     .maximum = MOS_SEARCH_MOST,
     .help = "answers per query"},
    {.key = "file",
     .type = MOS_OPTION_PATH,
     .offset = AT(file),
     .help = "query by the rows of an .npy file in place of ids: whole rows, or those of one "
             "modality with --by"},
    {.key = "by",
     .type = MOS_OPTION_TEXT,
     .offset = AT(by),
     .help = "modality of the query, e.g. s1; by default all, the mean of their cosines"},
    {.key = "among",
     .type = MOS_OPTION_TEXT,
     .offset = AT(among),
     .help = "modality of the answers, e.g. s2: with --by s1 radar asks and optical answers"},
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = AT(out),
     .help = "folder for results.csv; by default the table is printed"},
    {.key = "sheet",
     .type = MOS_OPTION_BOOL,
     .offset = AT(sheet),
     .fallback = "false",
     .help = "also draw queries and answers: sheet.html and sheet.png in --out"},
    {.key = "gpkg",
     .type = MOS_OPTION_BOOL,
     .offset = AT(layer),
     .fallback = "false",
     .help = "also write the answers as polygons for a GIS: results.gpkg in --out"},
    {.key = "set",
     .type = MOS_OPTION_LIST,
     .unit = "KEY=VALUE",
     .offset = AT(set),
     .help = "KEY=VALUE over the model's configuration, where the patches of the sheet are read"},
};
static const mos_option filter_options[] = {
    {.key = "label",
     .type = MOS_OPTION_LIST,
     .offset = AT(labels),
     .help = "answers that carry one of these labels alone"},
    {.key = "country",
     .type = MOS_OPTION_TEXT,
     .offset = AT(country),
     .help = "answers of this country alone, as the data name it"},
    {.key = "from", .type = MOS_OPTION_TEXT, .offset = AT(from), .help = "not before, 2018-05-01"},
    {.key = "to",
     .type = MOS_OPTION_TEXT,
     .offset = AT(to),
     .help = "not after, 2018 or 2018-08-31"},
    {.key = "box",
     .type = MOS_OPTION_LIST,
     .offset = AT(box),
     .help = "west,south,east,north in degrees; answers whose centre lies in it alone"},
};
static const mos_option_table own_table = {"search", own_options,
                                           sizeof own_options / sizeof *own_options};
static const mos_option_table filter_table = {"search", filter_options,
                                              sizeof filter_options / sizeof *filter_options};

static mosaic_status read_box(const mos_text_list *list, mos_search_filter *filter) {
    if (list->count == 0) return MOSAIC_OK;
    filter->boxed = true;
    if (list->count != 4)
        return mos_fail(MOSAIC_ERR_USAGE, "--box wants west,south,east,north, found %zu numbers",
                        list->count);
    for (int i = 0; i < 4; i++)
        if (!mos_parse_double(list->items[i], &filter->box[i]))
            return mos_fail(MOSAIC_ERR_USAGE, "--box wants numbers, found '%s'", list->items[i]);
    if (!(filter->box[1] <= filter->box[3]))
        return mos_fail(MOSAIC_ERR_USAGE, "--box: south %s is above north %s", list->items[1],
                        list->items[3]);
    return MOSAIC_OK;
}

static mosaic_status add_hit(const mos_embedding_store *store, const mos_search_result *found,
                             const char *query, int64_t q, int64_t i, mos_text *csv) {
    const mos_row_hit *hit = &found->hit[q * found->count + i];
    const int64_t columns[] = {store->split,     store->country,  store->date,
                               store->longitude, store->latitude, store->labels};
    char number[40];
    char *const *cells;
    MOS_TRY(mos_embedding_cells(store, hit->row, &cells));
    mos_csv_add_field(csv, query);
    mos_text_add(csv, ",%lld,", (long long)i + 1);
    mos_csv_add_field(csv, cells[store->id]);
    mos_text_add(csv, ",%s", mos_format_double(number, sizeof number, (double)hit->cosine, 7));
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        mos_text_add_bytes(csv, ",", 1);
        mos_csv_add_field(csv, cells[columns[c]]);
    }
    mos_text_add_bytes(csv, "\n", 1);
    return MOSAIC_OK;
}

static mosaic_status add_hits(const mos_embedding_store *store, const mos_search_result *found,
                              int64_t q, mos_text *csv) {
    mos_text query = {0};
    mosaic_status status;
    MOS_GOTO(mos_search_query_name(store, found, q, &query));
    for (int64_t i = 0; i < found->found[q]; i++)
        MOS_GOTO(add_hit(store, found, query.data, q, i, csv));
done:
    mos_text_release(&query);
    return status;
}

static mosaic_status write_layer(const search_command *command, const mos_embedding_store *store,
                                 const mos_search_result *found) {
    char path[4096];
    bool written;
    MOS_TRY(mos_path_join(path, sizeof path, command->out, "results.gpkg"));
    MOS_TRY(mos_search_layer_write(store, found, path, &written));
    if (written) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "%s: no answer has a known place%s", path,
                    store->crs < 0 ? "; the store was made before places were kept: embed again"
                                   : "");
}

static mosaic_status give(const search_command *command, const mos_search_options *options,
                          const mos_embedding_store *store, const mos_search_result *found,
                          FILE *out) {
    const mos_session_options session = {.set = &command->set,
                                         .device = mos_device_choices[command->machine.device],
                                         .threads = options->threads};
    char path[4096];
    mos_text csv = {0};
    mosaic_status status = MOSAIC_OK;
    mos_text_add(&csv, "query,rank,id,cosine,split,country,date,longitude,latitude,labels\n");
    for (int64_t q = 0; q < found->queries; q++)
        MOS_GOTO(add_hits(store, found, q, &csv));
    if (command->out == NULL) return mos_command_print(&csv, out);
    if (csv.failed) MOS_GOTO(mos_fail_memory(csv.size, "a table"));
    MOS_GOTO(mos_make_dirs(command->out));
    MOS_GOTO(mos_path_join(path, sizeof path, command->out, "results.csv"));
    MOS_GOTO(mos_atomic_write(path, csv.data, csv.size));
    if (command->layer) MOS_GOTO(write_layer(command, store, found));
    if (command->sheet)
        MOS_GOTO(mos_contact_sheet_write(command->out, &session, options, store, found));
    mos_text_release(&csv);
    mos_text_add(&csv, "%lld rows searched: %s\n", (long long)found->candidates, path);
    return mos_command_print(&csv, out);
done:
    mos_text_release(&csv);
    return status;
}

static mosaic_status run_search(const void *values, const mos_text_list *positional, FILE *out) {
    const search_command *command = values;
    const mos_text_list ids = {.items = positional->items + 1, .count = positional->count - 1};
    mos_search_options options = {.store = positional->items[0],
                                  .ids = &ids,
                                  .file = command->file,
                                  .by = command->by,
                                  .among = command->among,
                                  .filter = {.labels = &command->labels,
                                             .country = command->country,
                                             .from = command->from,
                                             .to = command->to},
                                  .count = command->count,
                                  .threads = mos_command_threads(&command->machine)};
    mos_embedding_store store;
    mos_search_result found;
    if ((command->sheet || command->layer) && command->out == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "--%s wants --out FOLDER",
                        command->sheet ? "sheet" : "gpkg");
    MOS_TRY(read_box(&command->box, &options.filter));
    MOS_TRY(mos_embedding_store_open(options.store, &store));
    mosaic_status status = mos_search_run(&options, &store, &found);
    if (status == MOSAIC_OK) {
        status = give(command, &options, &store, &found, out);
        mos_search_release(&found);
    }
    mos_embedding_store_close(&store);
    return status;
}

const mos_command_row mos_command_search = {
    .name = "search",
    .usage = "mosaic search [options] STORE [ID...]",
    .summary = "find the patches most like others, across modalities too, in a folder of mosaic "
               "embed",
    .parts = {{&own_table, 0, NULL},
              {&filter_table, 0, NULL},
              {&mos_command_machine_table, offsetof(search_command, machine), NULL}},
    .size = sizeof(search_command),
    .positional_least = 1,
    .positional_most = 65,
    .run = run_search,
};
