/* data.limit on archives that can only be streamed. Which samples there are is known only when all
 * names have passed (V1: and the labels), so the archives are read once for that alone, before they
 * are read for their pixels. */
#include "prepare/pack/pack_source.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "data/sample_select.h"
#include "io/archive_parts.h"
#include "io/tar_stream.h"

#include <stdio.h>
#include <string.h>

typedef struct name_pass {
    mos_dataset *dataset;
    const mos_patch_files *files;           /* [MOS_BEN_MODALITIES] */
    mos_name_set names[MOS_BEN_MODALITIES]; /* V2 */
    mos_v1_stream v1;
    bool is_v1, progress;
} name_pass;

/* V1's JSON tells labels and partner. */
static mosaic_status take_note(name_pass *pass, int modality, mos_tar *tar,
                               const mos_tar_member *member, size_t entry) {
    mos_v1_note *note = &pass->v1.patches[modality].notes[entry];
    const void *data;
    char name[512];
    if (note->read || mos_v1_stream_need(&pass->v1, modality, entry) == MOS_V1_UNNEEDED)
        return MOSAIC_OK;
    (void)snprintf(name, sizeof name, "%.250s: %.250s", pass->files[modality].path, member->path);
    MOS_TRY(mos_tar_read(tar, &data));
    return mos_v1_note_take(note, data, (size_t)member->size, name);
}

static mosaic_status take_name(name_pass *pass, int modality, mos_tar *tar,
                               const mos_tar_member *member) {
    const mos_patch_layout *layout = pass->files[modality].layout;
    mos_name_set *names = pass->is_v1 ? &pass->v1.patches[modality].names : &pass->names[modality];
    const char *patch;
    size_t size;
    int file;
    if (!mos_patch_layout_split(layout, member->path, &patch, &size, &file)) return MOSAIC_OK;
    MOS_TRY(mos_name_set_add(names, patch, size, NULL));
    if (!pass->is_v1) return MOSAIC_OK;
    MOS_TRY(mos_v1_patches_reserve(&pass->v1.patches[modality]));
    const mos_name_entry *entry = mos_name_set_find(names, patch, size);
    return file < layout->count
               ? MOSAIC_OK
               : take_note(pass, modality, tar, member, (size_t)(entry - names->entries));
}

static mosaic_status list_archive(name_pass *pass, int modality) {
    const mos_patch_files *files = &pass->files[modality];
    mos_text_list parts = {0};
    mos_tar *tar = NULL;
    mos_tar_member member;
    mos_progress line;
    char label[64];
    bool found = true, drawn = false;
    mosaic_status status;
    MOS_GOTO(mos_archive_parts_find(files->path, &parts));
    MOS_GOTO(mos_tar_open(&parts, &tar));
    (void)snprintf(label, sizeof label, "list %s", files->layout->archive);
    drawn = pass->progress;
    if (drawn) mos_progress_begin(&line, label, (int64_t)mos_tar_total_bytes(tar));
    while (found) {
        MOS_GOTO(mos_tar_next(tar, &member, &found));
        if (found) MOS_GOTO(take_name(pass, modality, tar, &member));
        if (!drawn) continue;
        mos_progress_update(&line, (int64_t)mos_tar_taken_bytes(tar));
        if (found) MOS_GOTO(mos_stop_check(label, line.done, line.total));
    }
done:
    if (drawn) mos_progress_end(&line);
    mos_tar_close(&tar);
    mos_text_list_release(&parts);
    return status;
}

static mosaic_status join_v2(name_pass *pass) {
    mos_dataset *dataset = pass->dataset;
    mos_metadata metadata = {0};
    char path[4096];
    mosaic_status status;
    MOS_GOTO(mos_ben_metadata_path(dataset, dataset->root, path, sizeof path));
    MOS_GOTO(mos_metadata_read(dataset, path, &metadata));
    MOS_GOTO(
        mos_ben_join(dataset, &metadata, path, &pass->names[MOS_BEN_S1], &pass->names[MOS_BEN_S2]));
done:
    mos_metadata_release(&metadata);
    return status;
}

/* The names of what the samples' records are made of. */
static mosaic_status want_records(mos_dataset *dataset, mos_name_set *wanted) {
    mos_pack_plan plan = {0};
    mosaic_status status;
    MOS_GOTO(mos_pack_plan_make(dataset, &plan));
    for (int64_t i = 0; i < dataset->count; i++) {
        const char *id = dataset->ids[i]; /* a map has the name of its place */
        for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
            char key[MOS_PACK_KEY_BYTES];
            MOS_GOTO(mos_pack_key(&plan, i, m, key));
            if (key[0] != '\0') MOS_GOTO(mos_name_set_add(&wanted[m], key, strlen(key), NULL));
        }
        MOS_GOTO(mos_name_set_add(&wanted[MOS_PATCHES_MAPS], id, strlen(id), NULL));
    }
done:
    mos_pack_plan_release(&plan);
    return status;
}

/* Names of `wanted` that are not marked as used have no record, since data.policy left them out:
 * their samples go, as without data.limit. */
static mosaic_status drop_damaged(mos_dataset *dataset, const mos_name_set *wanted) {
    mos_pack_plan plan = {0};
    uint8_t *keep = NULL;
    mosaic_status status;
    MOS_GOTO(mos_alloc((size_t)dataset->count, 1, "samples", &keep));
    MOS_GOTO(mos_pack_plan_make(dataset, &plan));
    for (int64_t i = 0; i < dataset->count; i++) {
        keep[i] = 1;
        for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
            char key[MOS_PACK_KEY_BYTES];
            MOS_GOTO(mos_pack_key(&plan, i, m, key));
            const mos_name_entry *entry =
                key[0] == '\0' ? NULL : mos_name_set_find(&wanted[m], key, strlen(key));
            if (entry != NULL && !entry->used) keep[i] = 0;
        }
    }
    mos_dataset_keep(dataset, keep);
done:
    mos_pack_plan_release(&plan);
    mos_free(keep);
    return status;
}

/* Fills the data set with the samples that data.limit picks from the unpacked tree, the same rows in
 * the same order, and `wanted` with the names of their patches. */
static mosaic_status choose(mos_pack_source *source, bool progress) {
    mos_dataset *dataset = source->dataset;
    name_pass pass = {.dataset = dataset,
                      .files = source->files,
                      .is_v1 = dataset->format == &mos_format_bigearthnet_v1,
                      .progress = progress};
    mos_text mark = {0};
    mosaic_status status = MOSAIC_OK;
    if (pass.is_v1) MOS_GOTO(mos_v1_stream_open(dataset, source->files, &mark, &pass.v1));
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        if (source->files[m].store != MOS_STORE_NONE) MOS_GOTO(list_archive(&pass, m));
    }
    MOS_GOTO(pass.is_v1 ? mos_v1_join(dataset, &pass.v1.lists, pass.v1.patches) : join_v2(&pass));
    MOS_GOTO(mos_dataset_select(dataset));
    mos_dataset_log_defects(dataset);
    MOS_GOTO(want_records(dataset, source->wanted));
done:
    mos_text_release(&mark);
    mos_v1_stream_release(&pass.v1);
    for (int m = 0; m < MOS_BEN_MODALITIES; m++)
        mos_name_set_release(&pass.names[m]);
    return status;
}

static mosaic_status open(mos_pack_source *source, bool progress) {
    for (int kind = 0; kind < source->kinds; kind++)
        source->names[kind] = &source->wanted[kind];
    MOS_TRY(choose(source, progress));
    mos_dataset_fingerprint(source->dataset, source->fingerprint); /* as packed from the tree */
    return MOSAIC_OK;
}

static mosaic_status write_table(mos_pack_source *source, const char *folder, int64_t *samples) {
    MOS_TRY(drop_damaged(source->dataset, source->wanted));
    MOS_TRY(mos_pack_source_table(source, source->dataset, folder, samples));
    if (source->dataset->format == &mos_format_bigearthnet_v1) return MOSAIC_OK;
    return mos_pack_probe_v2(source, folder);
}

const mos_pack_source_kind mos_pack_source_limit = {
    .open = open, .write_table = write_table, .marks_stored = true};
