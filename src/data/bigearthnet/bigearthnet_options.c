#include "data/bigearthnet/bigearthnet_options.h"

static const char *const row_choices[] = {"drop", "keep", NULL};

MOS_FORMAT_OPTIONS_FIT(mos_ben_options);

static const mos_format_option rows[] = {
    {{.key = "data.snow_metadata",
      .type = MOS_OPTION_PATH,
      .offset = offsetof(mos_ben_options, snow_metadata),
      .help = "metadata table of the patches with snow, cloud or shadow, where it is not beside "
              "data.metadata"},
     .after = "data.metadata"},
    {{.key = "data.lmdb",
      .type = MOS_OPTION_PATH,
      .offset = offsetof(mos_ben_options, lmdb),
      .help = "folder that holds data.mdb, where it is not data.root"},
     .after = "data.snow_metadata"},
    {{.key = "data.include_snow_cloud",
      .type = MOS_OPTION_BOOL,
      .offset = offsetof(mos_ben_options, include_snow_cloud),
      .fallback = "false",
      .source = "inherited (from reBEN)",
      .help = "also use the patches with seasonal snow, cloud or shadow"},
     .after = "data.reference_maps"},
    {{.key = "data.rows_without_files",
      .type = MOS_OPTION_CHOICE,
      .offset = offsetof(mos_ben_options, rows_without_files),
      .fallback = "drop",
      .choices = row_choices,
      .source = "chosen",
      .help = "metadata rows of which nothing is stored: drop (they are counted), or keep as "
              "samples"},
     .after = "data.class_names"},
};

const mos_format_options mos_ben_format_options = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .place = "data.lmdb",
};

const mos_ben_options *mos_ben_options_of(const mos_data_options *options) {
    return mos_format_values_of(options, &mos_ben_format_options);
}
