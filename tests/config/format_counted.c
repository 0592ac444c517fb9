/* A format of the test's own: as many patches of one value as its option says, in no file at all. */
#include "base/memory.h"
#include "data/data_options.h"
#include "data/sample_table.h"

#include <stdio.h>
#include <string.h>

typedef struct counted_options {
    int64_t patches;
    mos_text_list words;
    char *place;
} counted_options;

MOS_FORMAT_OPTIONS_FIT(counted_options);

static const mos_format_option rows[] = {
    {{.key = "data.counted_patches",
      .type = MOS_OPTION_INT,
      .offset = offsetof(counted_options, patches),
      .fallback = "3",
      .minimum = 1,
      .maximum = 9,
      .unit = "patches",
      .help = "counted: how many patches there are"},
     .after = "data.limit"},
    {{.key = "data.counted_words",
      .type = MOS_OPTION_LIST,
      .offset = offsetof(counted_options, words),
      .help = "counted: words that nobody reads"},
     .after = NULL},
    {{.key = "data.counted_at",
      .type = MOS_OPTION_PATH,
      .offset = offsetof(counted_options, place),
      .help = "counted: what names the set"},
     .after = "data.counted_patches"},
};

static const mos_format_options options = {.rows = rows,
                                           .count = sizeof rows / sizeof *rows,
                                           .place = "data.counted_at",
                                           .exclusive = "data.counted_patches"};

static const char *const vh_alone[] = {"VH", NULL};
static const mos_default_bands default_bands[] = {{"s1", vh_alone}, {NULL, NULL}};

static mosaic_status open_counted(mos_dataset *dataset) {
    const counted_options *own = mos_format_values_of(&dataset->options, &options);
    static const char *const names[] = {"VV", "VH"}, *const sources[] = {"nowhere"};
    static const int64_t times[] = {MOS_TIME_UNKNOWN};
    static const int8_t labels[] = {1};
    mos_modality *modality;
    MOS_TRY(mos_dataset_add_modality(dataset, "s1", 1, &modality));
    modality->band_count = 2;
    for (int b = 0; b < 2; b++) {
        snprintf(modality->bands[b].name, sizeof modality->bands[b].name, "%s", names[b]);
        dataset->storage[0].dtype[b] = MOS_F32;
        dataset->storage[0].width[b] = dataset->storage[0].height[b] = 2;
    }
    mos_dataset_classify(dataset);
    MOS_TRY(mos_text_pool_add(&dataset->pool, "one", 3, &dataset->classes[0]));
    dataset->class_count = 1;
    MOS_TRY(mos_dataset_reserve(dataset, own->patches));
    for (int64_t i = 0; i < own->patches; i++) {
        char id[] = {'p', (char)('0' + i), '\0'};
        mos_sample_row row = {
            .id = id, .id_size = 2, .labels = labels, .times = times, .sources = sources};
        MOS_TRY(mos_dataset_add(dataset, &row));
    }
    return MOSAIC_OK;
}

static bool recognise(const char *root) {
    (void)root;
    return false;
}

static mosaic_status open_reader(mos_dataset *dataset, void **state) {
    (void)dataset;
    *state = NULL;
    return MOSAIC_OK;
}

static void close_reader(void *state) {
    (void)state;
}

static mosaic_status read_counted(mos_dataset *dataset, void *state, int64_t sample,
                                  int64_t modality, const int *bands, int64_t count,
                                  mos_raw_band *out) {
    static const float values[2][4] = {{-9.25F, -10.5F, -11.75F, -12.25F},
                                       {-16.25F, -17.5F, -18.75F, -19.25F}};
    (void)dataset, (void)state, (void)sample, (void)modality;
    for (int64_t i = 0; i < count; i++)
        out[i] =
            (mos_raw_band){.dtype = MOS_F32, .width = 2, .height = 2, .data = values[bands[i]]};
    return MOSAIC_OK;
}

const mos_format mos_format_counted = {
    .name = "counted",
    .summary = "the test's own",
    .classes = 1u << MOS_CLASSES_DEFAULT,
    .bands = default_bands,
    .options = &options,
    .open = open_counted,
    .recognise = recognise,
    .reader_open = open_reader,
    .reader_close = close_reader,
    .read = read_counted,
};
