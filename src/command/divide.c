#include "command/divide.h"

#include "base/error.h"
#include "base/file.h"
#include "command/command_table.h"

static const mos_option target_options[] = {
    {.key = "overwrite",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(mos_divide_target, overwrite),
     .fallback = "false",
     .help = "replace FILE"},
};
const mos_option_table mos_divide_target_table = {"target", target_options, 1};

/* Whether the file may be written is asked before the data set is opened, which can take long. */
static mosaic_status open_for(const mos_data_options *data, char *root, const char *path,
                              bool overwrite, mos_dataset **out) {
    mos_data_options options = *data;
    if (mos_path_exists(path) && !overwrite)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: exists; --overwrite replaces it", path);
    options.root = root;
    return mos_dataset_open(&options, out);
}

mosaic_status mos_divide(const mos_data_options *data, char *root, const char *path,
                         const mos_divide_target *target, const mos_divide_steps *steps,
                         void *context, FILE *out) {
    mos_dataset *dataset = NULL;
    mos_split_columns *columns = NULL;
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(open_for(data, root, path, target->overwrite, &dataset));
    MOS_GOTO(steps->make(context, dataset, &columns));
    MOS_GOTO(mos_split_file_write(dataset, columns, path));
    steps->describe(context, dataset, columns, &text);
    MOS_GOTO(mos_command_print(&text, out));
done:
    mos_text_release(&text);
    mos_split_columns_destroy(&columns);
    mos_dataset_close(&dataset);
    return status;
}

void mos_divide_describe_file(const mos_split_columns *columns, mos_text *text) {
    mos_text_add(text, "written to %s\nsha256 %s\n", columns->path, columns->sha256);
}
