#include "prepare/pack/pack_source.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/data_options.h"
#include "prepare/pack/pack.h"
#include "prepare/pack/pack_table.h"

#include <stdio.h>
#include <string.h>

/* How many kinds of patches the format has in archives, and their layouts. */
static int kinds_of(const mos_dataset *dataset, const mos_patch_layout **layouts) {
    *layouts = mos_patch_layouts;
    if (dataset->format == &mos_format_bigearthnet_v2) return MOS_PATCHES_KINDS;
    if (dataset->format != &mos_format_bigearthnet_v1) return 0;
    *layouts = mos_patch_layouts_v1;
    return MOS_BEN_MODALITIES;
}

static mosaic_status find_archives(mos_dataset *dataset, mos_patch_files *files) {
    const mos_data_options *options = &dataset->options;
    const char *const given[] = {options->s1, options->s2, options->reference_maps};
    const mos_patch_layout *layouts;
    int kinds = kinds_of(dataset, &layouts);
    for (int kind = 0; kind < kinds; kind++)
        MOS_TRY(mos_patch_files_find(dataset, given[kind], &layouts[kind], &files[kind]));
    return MOSAIC_OK;
}

static mosaic_status refuse_folders(const mos_patch_files *files, int kinds) {
    for (int kind = 0; kind < kinds; kind++) {
        if (files[kind].store == MOS_STORE_TREE)
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: a folder beside compressed archives; unpack all of them or none",
                            files[kind].path);
    }
    return MOSAIC_OK;
}

mosaic_status mos_pack_streams(const mos_data_options *data, bool *streams) {
    mos_dataset *dataset;
    mos_patch_files files[MOS_PATCHES_KINDS] = {0};
    *streams = false;
    MOS_TRY(mos_dataset_begin(data, &dataset));
    mosaic_status status = find_archives(dataset, files);
    for (int kind = 0; kind < MOS_PATCHES_KINDS; kind++)
        *streams = *streams || files[kind].store == MOS_STORE_STREAM;
    mos_dataset_close(&dataset);
    return status;
}

mosaic_status mos_pack_source_open(const mos_data_options *data, bool progress,
                                   mos_pack_source *out) {
    *out = (mos_pack_source){0};
    MOS_TRY(mos_dataset_begin(data, &out->dataset));
    out->kinds = kinds_of(out->dataset, &out->layouts);
    bool v1 = out->layouts == mos_patch_layouts_v1;
    /* V1: the optical patches first, to know which places there are */
    for (int i = 0; i < out->kinds; i++)
        out->order[i] = v1 ? out->kinds - 1 - i : i;
    MOS_TRY(find_archives(out->dataset, out->files));
    MOS_TRY(refuse_folders(out->files, out->kinds));
    MOS_TRY(mos_ben_modalities(out->dataset));
    out->kind = v1 ? &mos_pack_source_v1 : &mos_pack_source_v2;
    if (out->dataset->options.limit > 0) out->kind = &mos_pack_source_limit;
    return out->kind->open(out, progress);
}

void mos_pack_source_release(mos_pack_source *source) {
    mos_v1_stream_release(&source->v1);
    for (int kind = 0; kind < MOS_PATCHES_KINDS; kind++) {
        mos_name_set_release(&source->wanted[kind]);
        mos_patch_files_release(&source->files[kind]);
    }
    mos_dataset_close(&source->dataset);
}

mosaic_status mos_pack_source_key(const mos_pack_source *source, int kind, size_t entry,
                                  char key[MOS_PACK_KEY_BYTES]) {
    int size = snprintf(key, MOS_PACK_KEY_BYTES, "%s%s", source->names[kind]->entries[entry].name,
                        kind == MOS_PATCHES_MAPS ? "_reference_map" : "");
    return size > 0 && size < MOS_PACK_KEY_BYTES
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_DATA, "a patch name is too long");
}

mosaic_status mos_pack_source_mark(mos_pack_source *source, const mos_text *mark) {
    if (mark->failed) return mos_fail_memory(mark->size, "names of patches");
    mos_sha256(mark->data == NULL ? "" : mark->data, mark->size, source->fingerprint);
    return MOSAIC_OK;
}

/* Of the names those whose record is one of the table's. */
static mosaic_status mark_used(const mos_pack_source *source, const mos_pack_plan *plan) {
    for (int kind = 0; kind < source->kinds; kind++) {
        for (size_t i = 0; i < source->names[kind]->count; i++)
            source->names[kind]->entries[i].used = false;
    }
    for (int64_t i = 0; i < mos_dataset_count(plan->dataset); i++) {
        for (int kind = 0; kind < source->kinds; kind++) {
            char key[MOS_PACK_KEY_BYTES];
            const char *name = plan->dataset->ids[i]; /* a map has the name of its place */
            if (kind < MOS_PATCHES_MAPS) MOS_TRY(mos_pack_key(plan, i, kind, key));
            if (kind < MOS_PATCHES_MAPS) name = key;
            mos_name_entry *entry = mos_name_set_find(source->names[kind], name, strlen(name));
            if (entry != NULL) entry->used = true;
        }
    }
    return MOSAIC_OK;
}

mosaic_status mos_pack_source_table(mos_pack_source *source, mos_dataset *dataset,
                                    const char *folder, int64_t *samples) {
    mos_pack_plan plan = {0};
    mosaic_status status;
    MOS_GOTO(mos_pack_plan_make(dataset, &plan));
    MOS_GOTO(mos_pack_table_write(&plan, NULL, folder));
    MOS_GOTO(mark_used(source, &plan));
    *samples = mos_dataset_count(dataset);
done:
    mos_pack_plan_release(&plan);
    return status;
}
