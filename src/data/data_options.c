#include "data/dataset.h"

#include "base/memory.h"
#include "data/data_options.h"
#include "data/format_options.h"
#include "data/formats.h"

#include <string.h>

const char *const mos_class_choices[] = {"default", "19", "43", "igbp10", "igbp17", NULL};
static const char *const order_choices[] = {"lexicographic", "paper", NULL};
const char *const mos_policy_names[] = {"mask", "fill-mean", "skip", "refuse", NULL};
const char *const mos_constant_names[] = {"keep", "mask", "skip", "refuse", NULL};
static const char *const offset_choices[] = {"auto", "keep", "remove", NULL};
static const char *const scale_choices[] = {"auto", "db", "linear", "amplitude", NULL};
static const char *const fold_choices[] = {"test", "validation", NULL};

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
           "how the data set is stored; auto: recognised by the files at data.root"),
    PATH("root", root,
         "folder of the data set; csv: or the table itself; scene: the scene file, or the folder "
         "that holds scene.yaml"),
    PATH("s1", s1,
         "folder or archive of the Sentinel-1 patches, where it is not at the format's usual place "
         "below data.root"),
    PATH("s2", s2,
         "folder or archive of the Sentinel-2 patches, where it is not at the format's usual place "
         "below data.root"),
    PATH("metadata", metadata,
         "metadata table (parquet, csv or tsv), where it is not below data.root; bigearthnet-v1: "
         "split lists; sen12ms: split lists or label fractions"),
    PATH("reference_maps", reference_maps,
         "folder of the reference maps, where it is not Reference_Maps below data.root; sen12ms: "
         "folder of the lc rasters"),
    LIST("countries", countries, "keep only samples of these countries"),
    OF_MODALITY("bands", bands, "NAMES", "csv: names of a column's bands, as in s2=B02,B03,B04"),
    LIST("class_names", class_names,
         "csv: names of the classes, in the order that labels and model outputs get"),
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
     .help =
         "sen12ms, scene: least share of a patch that a land cover class covers to become a label"},
    CHOICE("class_order", class_order, "lexicographic", order_choices, "inherited (from reBEN)",
           "order of BigEarthNet's classes in files and models; whatever it is, files and models "
           "are joined by class name"),
    PATH("split_file", split_file,
         "file made by `mosaic data split` or `mosaic data import-split`: its split, fold and "
         "labelled columns replace those of the data set; refused unless its ids are exactly those "
         "of the data set"),
    {.key = "data.fold",
     .type = MOS_OPTION_INT,
     .offset = AT(fold),
     .fallback = "-1",
     .minimum = -1,
     .maximum = 1023,
     .help = "fold of data.split_file that is held out; -1: none"},
    CHOICE("fold_as", fold_as, "test", fold_choices, "chosen",
           "what the held-out fold becomes. test: the fold becomes test, the next one validation, "
           "the others train; validation: the fold becomes validation, the others train. Rows in "
           "no fold keep their split"),
    {.key = "data.limit",
     .type = MOS_OPTION_INT,
     .offset = AT(limit),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e12,
     .unit = "samples",
     .help = "use at most this many samples of each split, evenly spaced; 0: all"},
    CHOICE("policy", policy, "mask", mos_policy_names, "chosen",
           "what is done about NaN, infinite and no-data pixels and about missing modalities. "
           "mask: they are left out; fill-mean: such pixels become the mean of the band's valid "
           "pixels in the patch; skip: the sample is skipped; refuse: an error"),
    CHOICE("constant_bands", constant_bands, "keep", mos_constant_names, "chosen",
           "what is done about bands whose valid pixels all have one value, as over calm water or "
           "from a failed sensor. keep: used as they are; mask: left out; skip: the sample is "
           "skipped; refuse: an error. They are counted in every case"),
    CHOICE("boa_offset", boa_offset, "auto", offset_choices, "chosen",
           "what is done about the +1000 of Sentinel-2 products of processing baseline 04.00 and "
           "later. auto: detected and removed; keep: kept; remove: removed always"),
    CHOICE("s1_scale", s1_scale, "auto", scale_choices, "chosen",
           "what the stored Sentinel-1 values are. auto: detected; db: decibels; linear: power; "
           "amplitude: its square root. Power and amplitude are converted to decibels"),
    OF_MODALITY("nodata", nodata, "VALUE",
                "value of a modality's pixels without data, as in s2=65535; it replaces what the "
                "files say. s2=none: every value is a measurement"),
    OF_MODALITY("scale", scale, "SCALE,OFFSET",
                "scale and offset of a modality's stored values, as in s1=0.001,-50; they replace "
                "what the files say"),
    LIST("accept", accept,
         "classes of defects (docs/defects.md) that stop neither training nor any other command, "
         "as in vv-below-vh"),
};

/* ---- the options of formats among them ---- */

enum { OWN_COUNT = sizeof data_options / sizeof *data_options, MOST = OWN_COUNT + 40 };

static mos_option merged[MOST];
mos_option_table mos_data_option_table = {.name = "data", .options = merged};

/* Formats of one folder have one block, that of the first of them. -1: not registered. */
static int block_of(const mos_format_options *own) {
    for (int f = 0; mos_formats[f] != NULL; f++)
        if (mos_formats[f]->options == own) return f;
    return -1;
}

static void insert(const mos_format_option *row, int block) {
    size_t count = mos_data_option_table.count, at = 0;
    if (count == MOST) return; /* format_options_test counts them */
    while (at < count && (row->after == NULL || strcmp(merged[at].key, row->after) != 0))
        at++;
    if (at < count) at++;
    memmove(&merged[at + 1], &merged[at], (count - at) * sizeof *merged);
    merged[at] = row->option;
    merged[at].offset += offsetof(mos_data_options, own) + (size_t)block * MOS_FORMAT_OPTION_BYTES;
    mos_data_option_table.count++;
}

/* Before main(), because commands have the table's address in rows of constants, and so that no
 * thread meets it half done. */
__attribute__((constructor)) static void merge(void) {
    memcpy(merged, data_options, sizeof data_options);
    mos_data_option_table.count = OWN_COUNT;
    for (int f = 0; mos_formats[f] != NULL; f++) {
        const mos_format_options *own = mos_formats[f]->options;
        for (size_t i = 0; own != NULL && block_of(own) == f && i < own->count; i++)
            insert(&own->rows[i], f);
    }
}

const void *mos_format_values_of(const mos_data_options *options, const mos_format_options *own) {
    return &options->own[block_of(own)];
}

/* The text of a path that may be NULL. */
static const char *path_of(const mos_data_options *options, const char *key) {
    const mos_option *option = mos_options_find(&mos_data_option_table, key);
    return *(char *const *)(const void *)((const char *)options + option->offset);
}

int mos_data_place_format(const mos_data_options *options) {
    int found = 0;
    for (int f = 0; mos_formats[f] != NULL; f++) {
        const mos_format_options *own = mos_formats[f]->options;
        if (own == NULL || own->place == NULL || block_of(own) != f) continue;
        if (path_of(options, own->place) != NULL) found = f + 1;
    }
    return found;
}

const char *mos_data_place(const mos_data_options *options) {
    const char *place = options->root;
    for (int f = 0; place == NULL && mos_formats[f] != NULL; f++) {
        const mos_format_options *own = mos_formats[f]->options;
        if (own != NULL && own->place != NULL) place = path_of(options, own->place);
    }
    if (place == NULL) place = options->s2;
    return place == NULL ? options->s1 : place;
}

mosaic_status mos_data_option_is_set(const mos_data_options *options, const char *key, bool *set) {
    const mos_option *option = mos_options_find(&mos_data_option_table, key);
    mos_text text = {0};
    mos_options_get(&mos_data_option_table, options, option, &text);
    const char *value = text.data == NULL ? "" : text.data;
    *set = strcmp(value, option->fallback == NULL ? "" : option->fallback) != 0;
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "an option") : MOSAIC_OK;
    mos_text_release(&text);
    return status;
}

/* ---- a copy ---- */

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
        const mos_option *option = &merged[i];
        void *target = (char *)to + option->offset;
        if (option->type == MOS_OPTION_LIST) *(mos_text_list *)target = (mos_text_list){0};
        if (option->type == MOS_OPTION_TEXT || option->type == MOS_OPTION_PATH)
            *(char **)target = NULL;
    }
    for (size_t i = 0; i < mos_data_option_table.count; i++)
        MOS_TRY(copy_one(&merged[i], from, to));
    return MOSAIC_OK;
}
