/* BigEarthNet v1.0: patches tell what they are while they come, and are joined at the end as a
 * tree's are. */
#include "prepare/pack/pack_source.h"

#include "base/text.h"
#include "data/data_options.h"
#include "data/sample_select.h"

static mosaic_status open(mos_pack_source *source, bool progress) {
    const mos_text_list *countries = &source->dataset->options.countries;
    mos_text mark = {0};
    mosaic_status status;
    (void)progress;
    for (int kind = 0; kind < source->kinds; kind++)
        source->names[kind] = &source->v1.patches[kind].names;
    if (countries->count > 0) /* refused now, not after hours */
        MOS_GOTO(mos_fail(MOSAIC_ERR_USAGE,
                          "%s: data.countries: '%s' does not occur, BigEarthNet v1.0 names none",
                          source->dataset->root, countries->items[0]));
    MOS_GOTO(mos_v1_stream_open(source->dataset, source->files, &mark, &source->v1));
    MOS_GOTO(mos_pack_source_mark(source, &mark));
done:
    mos_text_release(&mark);
    return status;
}

static mosaic_status meet(mos_pack_source *source, int kind, const char *name, size_t size) {
    MOS_TRY(mos_name_set_add(source->names[kind], name, size, NULL));
    return mos_v1_patches_reserve(&source->v1.patches[kind]);
}

static mos_v1_need need(const mos_pack_source *source, int kind, size_t entry) {
    return mos_v1_stream_need(&source->v1, kind, entry);
}

static bool has_labels(const mos_pack_source *source, int kind, size_t entry) {
    return source->v1.patches[kind].notes[entry].read;
}

static mosaic_status take_labels(mos_pack_source *source, int kind, size_t entry, const void *data,
                                 size_t size, const char *file) {
    return mos_v1_note_take(&source->v1.patches[kind].notes[entry], data, size, file);
}

static void damaged(mos_pack_source *source, int kind, size_t entry) {
    source->v1.patches[kind].notes[entry].damaged = true;
}

static mosaic_status write_table(mos_pack_source *source, const char *folder, int64_t *samples) {
    MOS_TRY(mos_v1_join(source->dataset, &source->v1.lists, source->v1.patches));
    MOS_TRY(mos_dataset_select(source->dataset));
    mos_dataset_log_defects(source->dataset);
    return mos_pack_source_table(source, source->dataset, folder, samples);
}

const mos_pack_source_kind mos_pack_source_v1 = {.open = open,
                                                 .write_table = write_table,
                                                 .meet = meet,
                                                 .need = need,
                                                 .has_labels = has_labels,
                                                 .take_labels = take_labels,
                                                 .damaged = damaged};
