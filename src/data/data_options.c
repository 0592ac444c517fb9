#include "data/dataset.h"

#include "base/memory.h"
#include "data/data_options.h"

const char *const mos_class_choices[] = {"default", "19", "43", "igbp10", "igbp17", NULL};
static const char *const nomenclature_choices[] = {"none", "worldcover", NULL};
static const char *const order_choices[] = {"lexicographic", "paper", NULL};
const char *const mos_policy_names[] = {"mask", "fill-mean", "skip", "refuse", NULL};
const char *const mos_constant_names[] = {"keep", "mask", "skip", "refuse", NULL};
static const char *const offset_choices[] = {"auto", "keep", "remove", NULL};
static const char *const scale_choices[] = {"auto", "db", "linear", "amplitude", NULL};
static const char *const fold_choices[] = {"test", "validation", NULL};
static const char *const row_choices[] = {"drop", "keep", NULL};

#define AT(field) offsetof(mos_data_options, field)
#define CHOICE(KEY, FIELD, FALLBACK, CHOICES, SOURCE, HELP)                                        \
    {                                                                                              \
        .key = "data." KEY, .type = MOS_OPTION_CHOICE, .offset = AT(FIELD), .fallback = FALLBACK,  \
        .choices = CHOICES, .source = SOURCE, .help = HELP                                         \
    }
#define PATH(KEY, FIELD, HELP)                                                                     \
    { .key = "data." KEY, .type = MOS_OPTION_PATH, .offset = AT(FIELD), .help = HELP }
#define LIST(KEY, FIELD, HELP)                                                                     \
    { .key = "data." KEY, .type = MOS_OPTION_LIST, .offset = AT(FIELD), .help = HELP }
#define OF_MODALITY(KEY, FIELD, ITEM, HELP)                                                        \
    {                                                                                              \
        .key = "data." KEY, .type = MOS_OPTION_LIST, .offset = AT(FIELD),                          \
        .unit = "MODALITY=" ITEM, .help = HELP                                                     \
    }

static const mos_option data_options[] = {
    CHOICE("format", format, "auto", mos_format_names, NULL,
           "how the data set is stored; auto: guessed from what is at root"),
    PATH(
        "root", root,
        "folder of the data set (csv: the table itself is fine; scene: the scene file, or a folder "
        "with scene.yaml)"),
    PATH("s1", s1, "folder or archive of S1 patches, when it is not the format's own below root"),
    PATH("s2", s2, "folder or archive of S2 patches, when it is not the format's own below root"),
    PATH("metadata", metadata,
         "metadata table (parquet, csv or tsv), when it is not below root; bigearthnet-v1: split "
         "lists; "
         "sen12ms: split lists or label fractions"),
    PATH("snow_metadata", snow_metadata,
         "metadata of the patches with snow, cloud or shadow, when it is not beside metadata"),
    PATH("lmdb", lmdb, "folder of data.mdb, when it is not root"),
    PATH("csv", csv, "table of the csv format, when it is not root or patches.csv below root"),
    PATH("reference_maps", reference_maps,
         "folder of reference maps, when it is not Reference_Maps below root; sen12ms: folder of "
         "lc"),
    {.key = "data.include_snow_cloud",
     .type = MOS_OPTION_BOOL,
     .offset = AT(include_snow_cloud),
     .fallback = "false",
     .source = "inherited (from reBEN)",
     .help = "also use the patches with seasonal snow, cloud or shadow"},
    LIST("countries", countries, "keep only samples of these countries"),
    OF_MODALITY("bands", bands, "NAMES", "csv: names of a column's bands, as in s2=B02,B03,B04"),
    LIST("class_names", class_names, "csv: the classes, in the order wanted"),
    CHOICE(
        "nomenclature", nomenclature, "none", nomenclature_choices, NULL,
        "csv: worldcover: labels are codes (10, 20 ... 100) or names of ESA WorldCover, and its 11 "
        "classes are the classes; none: labels are names as they stand"),
    CHOICE("rows_without_files", rows_without_files, "drop", row_choices, "chosen",
           "metadata rows of which nothing is stored: dropped and counted, or kept as samples"),
    CHOICE(
        "classes", classes, "default", mos_class_choices, NULL,
        "class nomenclature, where the format has several: 19 or 43 of bigearthnet-v1, igbp10 or "
        "igbp17 of sen12ms; default: the first of them"),
    {.key = "data.label_threshold",
     .type = MOS_OPTION_REAL,
     .offset = AT(label_threshold),
     .fallback = "0.1",
     .minimum = 1e-6,
     .maximum = 1,
     .source = "inherited (from SEN12MS)",
     .help = "sen12ms, scene: share of a patch that a land cover class needs to be a label"},
    CHOICE("class_order", class_order, "lexicographic", order_choices, "inherited (from reBEN)",
           "order of BigEarthNet's classes in files and models; joining is always by name"),
    PATH("split_file", split_file,
         "file made by `mosaic data split` or `mosaic data import-split`: its split, fold and "
         "labelled columns take the place of "
         "the data set's own; refused unless its ids are exactly those of the data set"),
    {.key = "data.fold",
     .type = MOS_OPTION_INT,
     .offset = AT(fold),
     .fallback = "-1",
     .minimum = -1,
     .maximum = 1023,
     .help = "fold of split_file that is held out, -1: none"},
    CHOICE("fold_as", fold_as, "test", fold_choices, "chosen",
           "test: the fold becomes test, the next one validation, the others train; validation: "
           "the fold becomes validation, the others train; rows outside the folds stay"),
    {.key = "data.limit",
     .type = MOS_OPTION_INT,
     .offset = AT(limit),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e12,
     .unit = "samples",
     .help = "use at most so many samples of each split, evenly spaced; 0: all"},
    CHOICE("policy", policy, "mask", mos_policy_names, "chosen",
           "NaN, Inf, no-data and missing modalities: left out, filled with the mean, the sample "
           "skipped, or an error"),
    CHOICE("constant_bands", constant_bands, "keep", mos_constant_names, "chosen",
           "bands whose valid pixels all have one value, as water may and a failed sensor does: "
           "used as they are, left out, the sample skipped, or an error; counted in every case"),
    CHOICE("boa_offset", boa_offset, "auto", offset_choices, "chosen",
           "the +1000 of Sentinel-2 baseline 04.00 and later: detected and removed, kept, or "
           "removed always"),
    CHOICE(
        "s1_scale", s1_scale, "auto", scale_choices, "chosen",
        "S1 values: detected, decibels, or linear power or its root, amplitude, to be converted to "
        "decibels"),
    OF_MODALITY(
        "nodata", nodata, "VALUE",
        "value of a modality's pixels without data, as in s2=65535, in place of what its files "
        "say; s2=none: every value is a measurement"),
    OF_MODALITY(
        "scale", scale, "SCALE,OFFSET",
        "scale and offset of a modality's stored values, as in s1=0.001,-50, in place of what its "
        "files say"),
    LIST("grid", grid,
         "scene: KEY=VALUE over the grid of the scene file, as in stride=60; also mask and "
         "mask_values of every scene"),
    LIST("accept", accept,
         "classes of defects (docs/defects.md) that shall stop neither training nor anything else, "
         "as in vv-below-vh"),
};
const mos_option_table mos_data_option_table = {
    .name = "data", .options = data_options, .count = sizeof data_options / sizeof data_options[0]};

static mosaic_status copy_one(const mos_option *option, const mos_data_options *from,
                              mos_data_options *to) {
    const char *source = (const char *)from + option->offset;
    char *target = (char *)to + option->offset;
    if (option->type == MOS_OPTION_TEXT || option->type == MOS_OPTION_PATH) {
        const char *text = *(char *const *)(const void *)source;
        if (text == NULL) return MOSAIC_OK;
        return mos_copy_text(text, (char **)(void *)target);
    }
    if (option->type != MOS_OPTION_LIST) return MOSAIC_OK;
    const mos_text_list *list = (const mos_text_list *)(const void *)source;
    for (size_t i = 0; i < list->count; i++)
        MOS_TRY(mos_text_list_add((mos_text_list *)(void *)target, list->items[i]));
    return MOSAIC_OK;
}

mosaic_status mos_data_options_copy(const mos_data_options *from, mos_data_options *to) {
    *to = *from;
    for (size_t i = 0; i < mos_data_option_table.count; i++) {
        const mos_option *option = &data_options[i];
        void *target = (char *)to + option->offset;
        if (option->type == MOS_OPTION_LIST) *(mos_text_list *)target = (mos_text_list){0};
        if (option->type == MOS_OPTION_TEXT || option->type == MOS_OPTION_PATH)
            *(char **)target = NULL;
    }
    for (size_t i = 0; i < mos_data_option_table.count; i++)
        MOS_TRY(copy_one(&data_options[i], from, to));
    return MOSAIC_OK;
}
