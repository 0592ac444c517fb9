#include "data/csv/csv_options.h"

static const char *const nomenclature_choices[] = {"none", "worldcover", NULL};

MOS_FORMAT_OPTIONS_FIT(mos_csv_options);

static const mos_format_option rows[] = {
    {{.key = "data.csv",
      .type = MOS_OPTION_PATH,
      .offset = offsetof(mos_csv_options, csv),
      .help = "patch table of the csv format, where it is neither data.root nor patches.csv below "
              "it"},
     .after = "data.lmdb"},
    {{.key = "data.nomenclature",
      .type = MOS_OPTION_CHOICE,
      .offset = offsetof(mos_csv_options, nomenclature),
      .fallback = "none",
      .choices = nomenclature_choices,
      .help = "csv: what the labels are. worldcover: codes (10, 20 ... 100) or names of ESA "
              "WorldCover, whose 11 classes are the classes; none: class names as they stand"},
     .after = "data.class_names"},
};

const mos_format_options mos_csv_format_options = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .place = "data.csv",
    .exclusive = "data.nomenclature",
};

const mos_csv_options *mos_csv_options_of(const mos_data_options *options) {
    return mos_format_values_of(options, &mos_csv_format_options);
}
