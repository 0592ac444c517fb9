#include "prepare/pack/pack_stream_v1.h"

#include "data/bigearthnet/bigearthnet_options.h"
#include "data/data_options.h"
#include "data/names/patch_name_v1.h"
#include "io/archive_parts.h"
#include "io/tar_stream.h"

#include <string.h>

/* The archives' names may change between two calls, their sizes do not. */
static mosaic_status mark_archive(const mos_patch_files *files, mos_text *mark) {
    mos_text_list parts = {0};
    mos_tar *tar = NULL;
    mosaic_status status = MOSAIC_OK;
    if (files->store != MOS_STORE_STREAM && files->store != MOS_STORE_TAR) return MOSAIC_OK;
    MOS_GOTO(mos_archive_parts_find(files->path, &parts));
    MOS_GOTO(mos_tar_open(&parts, &tar));
    mos_text_add(mark, "%s %llu\n", files->layout->archive,
                 (unsigned long long)mos_tar_total_bytes(tar));
done:
    mos_tar_close(&tar);
    mos_text_list_release(&parts);
    return status;
}

static void mark_lists(const mos_v1_lists *lists, mos_text *mark) {
    for (size_t i = 0; i < lists->names.count; i++)
        mos_text_add(mark, "%s %d %s\n", lists->names.entries[i].name, lists->listed[i].split,
                     lists->listed[i].s1 == NULL ? "" : lists->listed[i].s1);
    for (size_t i = 0; i < lists->snowy.count; i++)
        mos_text_add(mark, "snow %s\n", lists->snowy.entries[i].name);
}

mosaic_status mos_v1_stream_open(mos_dataset *dataset, const mos_patch_files *files, mos_text *mark,
                                 mos_v1_stream *out) {
    *out = (mos_v1_stream){.snow_too = mos_ben_options_of(&dataset->options)->include_snow_cloud};
    MOS_TRY(mos_v1_lists_read(dataset, &out->lists));
    mark_lists(&out->lists, mark);
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        out->patches[m].files = &files[m];
        MOS_TRY(mark_archive(&files[m], mark));
    }
    return MOSAIC_OK;
}

void mos_v1_stream_release(mos_v1_stream *stream) {
    for (int m = 0; m < MOS_BEN_MODALITIES; m++)
        mos_v1_patches_release(&stream->patches[m]);
    mos_v1_lists_release(&stream->lists);
}

mos_v1_need mos_v1_stream_need(const mos_v1_stream *stream, int modality, size_t entry) {
    const mos_name_entry *name = &stream->patches[modality].names.entries[entry];
    const mos_v1_note *note = &stream->patches[modality].notes[entry];
    mos_patch_name parsed;
    if (modality == MOS_BEN_S2)
        return mos_v1_lists_choose(&stream->lists, stream->snow_too, name->name, name->size)
                   ? MOS_V1_NEEDED
                   : MOS_V1_UNNEEDED;
    if (mos_name_set_find(&stream->lists.partners, name->name, name->size) != NULL)
        return MOS_V1_NEEDED;
    if (mos_v1_lists_pair_all(&stream->lists)) return MOS_V1_UNNEEDED;
    if (!note->read) return MOS_V1_OPEN;
    size_t size = strlen(note->text);
    bool pair = note->status == MOSAIC_OK &&
                mos_patch_name_parse_s2_v1(note->text, size, &parsed) &&
                mos_v1_lists_choose(&stream->lists, stream->snow_too, note->text, size);
    return pair ? MOS_V1_NEEDED : MOS_V1_UNNEEDED;
}
