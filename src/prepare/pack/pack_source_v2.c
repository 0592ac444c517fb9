/* BigEarthNet V2: its metadata tells which patches are wanted, and joined with what was packed, as
 * that of any store is, it is the table. */
#include "prepare/pack/pack_source.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/bigearthnet/bigearthnet_options.h"
#include "data/data_options.h"

#include <stdio.h>
#include <string.h>

static bool country_wanted(const mos_dataset *dataset, uint16_t country) {
    const mos_text_list *list = &dataset->options.countries;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], dataset->countries[country]) == 0) return true;
    }
    return list->count == 0;
}

/* The names of rows; their hash tells one source from another. */
static mosaic_status want_rows(mos_pack_source *source, const char *path, mos_text *mark) {
    mos_name_set *wanted = source->wanted;
    mos_metadata metadata;
    MOS_TRY(mos_metadata_read(source->dataset, path, &metadata));
    mosaic_status status = MOSAIC_OK;
    for (int64_t r = 0; r < metadata.rows; r++) {
        const mos_metadata_row *row = &metadata.row[r];
        mos_text_add_bytes(mark, row->id, row->id_size);
        mos_text_add_bytes(mark, &row->split, 1);
        mos_text_add_bytes(mark, metadata.labels + r * metadata.class_count,
                           (size_t)metadata.class_count);
        if (!country_wanted(source->dataset, row->country)) continue;
        mos_text_add_bytes(mark, "+", 1);
        MOS_GOTO(mos_name_set_add(&wanted[MOS_PATCHES_S2], row->id, row->id_size, NULL));
        MOS_GOTO(mos_name_set_add(&wanted[MOS_PATCHES_MAPS], row->id, row->id_size, NULL));
        if (row->s1 != NULL)
            MOS_GOTO(mos_name_set_add(&wanted[MOS_PATCHES_S1], row->s1, row->s1_size, NULL));
    }
done:
    mos_metadata_release(&metadata);
    return status;
}

static mosaic_status read_metadata(mos_pack_source *source, mos_text *mark) {
    const mos_dataset *dataset = source->dataset;
    char snow[4096];
    MOS_TRY(
        mos_ben_metadata_path(dataset, dataset->root, source->metadata, sizeof source->metadata));
    MOS_TRY(want_rows(source, source->metadata, mark));
    if (!mos_ben_options_of(&dataset->options)->include_snow_cloud) return MOSAIC_OK;
    MOS_TRY(mos_ben_snow_path(dataset, source->metadata, snow, sizeof snow));
    return want_rows(source, snow, mark);
}

static mosaic_status open(mos_pack_source *source, bool progress) {
    mos_text mark = {0};
    mosaic_status status;
    (void)progress;
    for (int kind = 0; kind < source->kinds; kind++)
        source->names[kind] = &source->wanted[kind];
    MOS_GOTO(read_metadata(source, &mark));
    MOS_GOTO(mos_pack_source_mark(source, &mark));
done:
    mos_text_release(&mark);
    return status;
}

static mosaic_status set_text(char **field, const char *text) {
    mos_free(*field);
    *field = NULL;
    return text == NULL ? MOSAIC_OK : mos_copy_text(text, field);
}

/* To its default. */
static mosaic_status unset(mos_data_options *options, const char *key) {
    const mos_option *option = mos_options_find(&mos_data_option_table, key);
    return mos_options_set(&mos_data_option_table, options, key,
                           option->fallback == NULL ? "" : option->fallback, false, "pack");
}

static int lmdb_format(void) {
    int f = 1;
    while (strcmp(mos_format_names[f], mos_format_bigearthnet_v2_lmdb.name) != 0)
        f++;
    return f;
}

/* The options of the store in `folder`. Release in every case. */
static mosaic_status store_options(const mos_pack_source *source, const char *folder,
                                   mos_data_options *out) {
    MOS_TRY(mos_data_options_copy(&source->dataset->options, out));
    out->format = lmdb_format();
    MOS_TRY(set_text(&out->root, folder));
    MOS_TRY(set_text(&out->s1, NULL));
    MOS_TRY(set_text(&out->s2, NULL));
    return unset(out, "data.lmdb");
}

static mosaic_status write_table(mos_pack_source *source, const char *folder, int64_t *samples) {
    mos_data_options options = {0};
    mos_dataset *packed = NULL;
    mosaic_status status;
    MOS_GOTO(store_options(source, folder, &options));
    MOS_GOTO(set_text(&options.metadata, source->metadata));
    MOS_GOTO(mos_dataset_open(&options, &packed));
    MOS_GOTO(mos_pack_source_table(source, packed, folder, samples));
done:
    mos_dataset_close(&packed);
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

mosaic_status mos_pack_probe_v2(const mos_pack_source *source, const char *folder) {
    mos_data_options options = {0};
    mos_dataset *packed = NULL;
    char path[4096];
    mosaic_status status;
    MOS_GOTO(store_options(source, folder, &options));
    options.limit = 0;
    options.fold = -1;
    mos_text_list_release(&options.countries);
    MOS_GOTO(set_text(&options.metadata, NULL));
    MOS_GOTO(unset(&options, "data.include_snow_cloud"));
    MOS_GOTO(unset(&options, "data.snow_metadata"));
    MOS_GOTO(set_text(&options.split_file, NULL));
    status = mos_dataset_open(&options, &packed);
    if (status == MOSAIC_OK) goto done;
    if (mos_path_join(path, sizeof path, folder, "metadata.csv") == MOSAIC_OK)
        (void)remove(path); /* a store without its table is not used by mistake */
done:
    mos_dataset_close(&packed);
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

const mos_pack_source_kind mos_pack_source_v2 = {
    .open = open, .write_table = write_table, .names_all_rows = true};
