#include "prepare/pack/pack_archive.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/thread.h"
#include "io/archive_parts.h"
#include "io/raster.h"
#include "io/tar_stream.h"
#include "prepare/pack/pack_waiting.h"

#include <stdio.h>

enum { READY = 32, UNSEEN = 0, WAITING = 1, QUEUED = 2, DONE = 3 };
/* What may wait for the rest of its patch: over a thousand patches. */
static const uint64_t most_waiting_bytes = (uint64_t)256 << 20;

/* Members of one sort that were passed over. */
typedef struct odd_members {
    int64_t count;
    char example[200];
} odd_members;

/* An archive that is being read. */
typedef struct pack_archive {
    mos_pack_stream_state *stream;
    int kind;
    const mos_patch_layout *layout;
    const char *path;
    mos_name_set *names;
    uint8_t *state;     /* [names] */
    uint32_t *patch_of; /* [names] number in `waiting` where WAITING or QUEUED */
    size_t state_room, patch_of_room;
    mos_waiting waiting;
    uint32_t ready[READY]; /* complete patches whose records are to be made */
    int ready_count;
    odd_members others, strangers, twice;
} pack_archive;

static bool writing(const pack_archive *archive) {
    return archive->stream->sink.writer != NULL;
}

/* Does this reading tell the source which patches it has? A reading that verifies does not: the
 * source knows them from the reading before. */
static bool learns(const pack_archive *archive) {
    return archive->stream->source.kind->meet != NULL && writing(archive);
}

static mos_v1_need need_of(const pack_archive *archive, size_t entry) {
    const mos_pack_source *source = &archive->stream->source;
    return learns(archive) ? source->kind->need(source, archive->kind, entry) : MOS_V1_NEEDED;
}

static mosaic_status key_of(const pack_archive *archive, size_t entry,
                            char key[MOS_PACK_KEY_BYTES]) {
    return mos_pack_source_key(&archive->stream->source, archive->kind, entry, key);
}

static void file_name(const pack_archive *archive, size_t entry, int file, char out[512]) {
    (void)snprintf(out, 512, "%.250s: %.120s_%s%s", archive->path,
                   archive->names->entries[entry].name,
                   mos_patch_layout_stem(archive->layout, file),
                   mos_patch_layout_ending(archive->layout, file));
}

static void make_ready(void *context, int64_t begin, int64_t end, int thread) {
    pack_archive *archive = context;
    mos_pack_stream_state *stream = archive->stream;
    for (int64_t i = begin; i < end; i++) {
        mos_waiting_patch *patch = archive->waiting.patches[archive->ready[i]];
        mos_patch_bytes files[MOS_PATCH_FILES];
        char names[MOS_PATCH_FILES][512];
        for (int f = 0; f < archive->layout->count; f++) {
            file_name(archive, patch->entry, f, names[f]);
            files[f] = (mos_patch_bytes){names[f], patch->bytes[f].data, patch->bytes[f].size};
        }
        patch->made =
            mos_pack_encode_files(stream->source.dataset, archive->layout, stream->side, files,
                                  &stream->workers[thread], &patch->blob, &patch->blob_size);
        if (patch->made != MOSAIC_OK) mos_error_copy(patch->error, sizeof patch->error);
    }
}

/* The side of the patches: of the first whose 10 m band can be read. */
static mosaic_status find_side(pack_archive *archive) {
    int64_t *side = &archive->stream->side;
    int band = archive->kind == MOS_PATCHES_S2 ? 1 : 0; /* B02, VV, the map */
    for (int i = 0; i < archive->ready_count && *side == 0; i++) {
        const mos_waiting_patch *patch = archive->waiting.patches[archive->ready[i]];
        char name[512];
        mos_raster_info info;
        file_name(archive, patch->entry, band, name);
        if (mos_raster_info_bytes(name, patch->bytes[band].data, patch->bytes[band].size, &info) !=
            MOSAIC_OK)
            continue;
        MOS_TRY(mos_ben_sizes(archive->stream->source.dataset, info.width, name));
        *side = info.width;
    }
    if (*side == 0) *side = 120; /* then each of them fails with its own words */
    return MOSAIC_OK;
}

static mosaic_status done_with(pack_archive *archive, uint32_t number) {
    archive->state[archive->waiting.patches[number]->entry] = DONE;
    return mos_waiting_end(&archive->waiting, number);
}

/* A record, or what went wrong, to the sink; the patch is done. */
static mosaic_status hand_on(pack_archive *archive, uint32_t number) {
    mos_pack_source *source = &archive->stream->source;
    const mos_waiting_patch *patch = archive->waiting.patches[number];
    char key[MOS_PACK_KEY_BYTES];
    MOS_TRY(key_of(archive, patch->entry, key));
    MOS_TRY(mos_pack_sink_take(&archive->stream->sink, key, patch->made, patch->error, patch->blob,
                               patch->blob_size));
    if (learns(archive) && patch->made != MOSAIC_OK)
        source->kind->damaged(source, archive->kind, patch->entry);
    if (source->kind->marks_stored && writing(archive) && patch->made == MOSAIC_OK)
        archive->names->entries[patch->entry].used = true;
    return done_with(archive, number);
}

/* Make and hand on what is complete. */
static mosaic_status flush_ready(pack_archive *archive) {
    if (archive->ready_count == 0) return MOSAIC_OK;
    if (archive->stream->side == 0) MOS_TRY(find_side(archive));
    mos_parallel_for(archive->stream->threads, archive->ready_count, make_ready, archive);
    for (int i = 0; i < archive->ready_count; i++)
        MOS_TRY(hand_on(archive, archive->ready[i]));
    archive->ready_count = 0;
    return MOSAIC_OK;
}

static mosaic_status queue_patch(pack_archive *archive, uint32_t number) {
    archive->state[archive->waiting.patches[number]->entry] = QUEUED;
    archive->ready[archive->ready_count++] = number;
    return archive->ready_count < READY ? MOSAIC_OK : flush_ready(archive);
}

static bool complete(const pack_archive *archive, uint32_t number) {
    return archive->waiting.patches[number]->count == archive->layout->count;
}

static void note(odd_members *odd, const char *path) {
    if (odd->count++ == 0) (void)snprintf(odd->example, sizeof odd->example, "%.199s", path);
}

/* Queues a patch whose files are all there and that is known to be needed, and drops one that is
 * known not to be. */
static mosaic_status settle(pack_archive *archive, size_t entry) {
    if (archive->state[entry] != WAITING) return MOSAIC_OK;
    uint32_t number = archive->patch_of[entry];
    mos_v1_need need = need_of(archive, entry);
    if (need == MOS_V1_UNNEEDED) return done_with(archive, number);
    return complete(archive, number) && need == MOS_V1_NEEDED ? queue_patch(archive, number)
                                                              : MOSAIC_OK;
}

/* Where labels lie far behind the bands, patches are made before it is known whether they are
 * needed: mos_pack_stream removes the others at the end. */
static mosaic_status make_room(pack_archive *archive) {
    MOS_TRY(flush_ready(archive));
    for (uint32_t p = 0; p < archive->waiting.count; p++) {
        if (complete(archive, p)) MOS_TRY(queue_patch(archive, p));
    }
    return flush_ready(archive);
}

static mosaic_status keep_file(pack_archive *archive, mos_tar *tar, const mos_tar_member *member,
                               size_t entry, int file) {
    mos_waiting *waiting = &archive->waiting;
    const void *data;
    if (waiting->patches[archive->patch_of[entry]]->has[file]) {
        note(&archive->twice, member->path);
        return MOSAIC_OK;
    }
    if (waiting->bytes + member->size > most_waiting_bytes) MOS_TRY(make_room(archive));
    if (waiting->bytes + member->size > most_waiting_bytes)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: member '%s': the files of %zu patches lie too far from each other, "
                        "256 MiB wait for the rest; unpack the archive and pack the tree",
                        archive->path, member->path, waiting->count - waiting->idle_count);
    MOS_TRY(mos_tar_read(tar, &data));
    MOS_TRY(mos_waiting_keep(waiting, archive->patch_of[entry], file, data, (size_t)member->size));
    return settle(archive, entry);
}

/* V1's JSON: the source learns from it, also where the record is there already. */
static mosaic_status take_labels(pack_archive *archive, mos_tar *tar, const mos_tar_member *member,
                                 size_t entry) {
    mos_pack_source *source = &archive->stream->source;
    const void *data;
    char name[512];
    if (!learns(archive)) return MOSAIC_OK;
    if (source->kind->has_labels(source, archive->kind, entry)) {
        note(&archive->twice, member->path);
        return MOSAIC_OK;
    }
    if (need_of(archive, entry) == MOS_V1_UNNEEDED) return MOSAIC_OK;
    file_name(archive, entry, archive->layout->count, name);
    MOS_TRY(mos_tar_read(tar, &data));
    MOS_TRY(
        source->kind->take_labels(source, archive->kind, entry, data, (size_t)member->size, name));
    return settle(archive, entry);
}

/* The first GeoTIFF of a patch: has its record to be made? */
static mosaic_status begin_patch(pack_archive *archive, size_t entry) {
    char key[MOS_PACK_KEY_BYTES];
    bool make;
    archive->state[entry] = DONE;
    if (!writing(archive) && !archive->names->entries[entry].used) return MOSAIC_OK;
    if (need_of(archive, entry) == MOS_V1_UNNEEDED) return MOSAIC_OK;
    MOS_TRY(key_of(archive, entry, key));
    MOS_TRY(mos_pack_sink_wants(&archive->stream->sink, key, &make));
    if (!make && archive->stream->source.kind->marks_stored)
        archive->names->entries[entry].used = true;
    if (!make) return MOSAIC_OK;
    MOS_TRY(mos_waiting_begin(&archive->waiting, entry, &archive->patch_of[entry]));
    archive->state[entry] = WAITING;
    return MOSAIC_OK;
}

static mosaic_status reserve_names(pack_archive *archive) {
    size_t count = archive->names->count;
    MOS_TRY(
        mos_grow(&archive->state, &archive->state_room, count, sizeof *archive->state, "patches"));
    return mos_grow(&archive->patch_of, &archive->patch_of_room, count, sizeof *archive->patch_of,
                    "patches");
}

static mosaic_status take_member(pack_archive *archive, mos_tar *tar,
                                 const mos_tar_member *member) {
    mos_pack_source *source = &archive->stream->source;
    mos_name_set *names = archive->names;
    const char *patch;
    size_t size;
    int file;
    if (!mos_patch_layout_split(archive->layout, member->path, &patch, &size, &file)) {
        note(&archive->strangers, member->path);
        return MOSAIC_OK;
    }
    if (learns(archive)) {
        MOS_TRY(source->kind->meet(source, archive->kind, patch, size));
        MOS_TRY(reserve_names(archive));
    }
    const mos_name_entry *found = mos_name_set_find(names, patch, size);
    if (found == NULL) {
        if (file == 0 && source->kind->names_all_rows) note(&archive->others, member->path);
        return MOSAIC_OK;
    }
    size_t entry = (size_t)(found - names->entries);
    if (file == archive->layout->count) return take_labels(archive, tar, member, entry);
    if (archive->state[entry] == UNSEEN) MOS_TRY(begin_patch(archive, entry));
    return archive->state[entry] == DONE ? MOSAIC_OK : keep_file(archive, tar, member, entry, file);
}

/* Patches that the archive has in part only: as a tree with a missing file. Without its JSON a V1
 * patch of S1 belongs to no place. */
static mosaic_status end_waiting(pack_archive *archive) {
    for (size_t entry = 0; entry < archive->names->count; entry++) {
        bool labels_alone = learns(archive) && archive->state[entry] == UNSEEN;
        if (labels_alone) MOS_TRY(begin_patch(archive, entry));
        if (archive->state[entry] != WAITING) continue;
        uint32_t number = archive->patch_of[entry];
        mos_waiting_patch *patch = archive->waiting.patches[number];
        char name[512];
        int file = 0;
        while (file < archive->layout->count && patch->has[file])
            file++;
        if (need_of(archive, entry) != MOS_V1_NEEDED) {
            MOS_TRY(done_with(archive, number));
            continue;
        }
        file_name(archive, entry, file, name);
        (void)snprintf(patch->error, sizeof patch->error, "%.480s: not in the archive", name);
        patch->made = MOSAIC_ERR_DATA;
        MOS_TRY(hand_on(archive, number));
    }
    return MOSAIC_OK;
}

static void report_members(const pack_archive *archive) {
    const char *path = archive->path;
    if (!writing(archive)) return;
    if (archive->others.count > 0)
        mos_log(MOS_LOG_WARNING, "%s: %lld x patch in no row of the metadata: left out, as in %s",
                path, (long long)archive->others.count, archive->others.example);
    if (archive->strangers.count > 0)
        mos_log(MOS_LOG_WARNING, "%s: %lld x member that is no file of a patch, as in %s", path,
                (long long)archive->strangers.count, archive->strangers.example);
    if (archive->twice.count > 0)
        mos_log(MOS_LOG_WARNING, "%s: %lld x member twice in the archive, first taken, as in %s",
                path, (long long)archive->twice.count, archive->twice.example);
}

static mosaic_status read_members(pack_archive *archive, mos_tar *tar) {
    mos_tar_member member;
    mos_progress line;
    char label[64];
    bool found = true, progress = archive->stream->progress;
    mosaic_status status;
    (void)snprintf(label, sizeof label, "%s %s", writing(archive) ? "pack" : "verify",
                   archive->layout->archive);
    if (progress) mos_progress_begin(&line, label, (int64_t)mos_tar_total_bytes(tar));
    while (found) {
        MOS_GOTO(mos_tar_next(tar, &member, &found));
        if (found) MOS_GOTO(take_member(archive, tar, &member));
        if (!progress) continue;
        mos_progress_update(&line, (int64_t)mos_tar_taken_bytes(tar));
        if (found) MOS_GOTO(mos_stop_check(label, line.done, line.total));
    }
    MOS_GOTO(flush_ready(archive));
    MOS_GOTO(end_waiting(archive));
    report_members(archive);
done:
    if (progress) mos_progress_end(&line);
    return status;
}

static mosaic_status read_archive(mos_pack_stream_state *stream, int kind) {
    pack_archive archive = {.stream = stream,
                            .kind = kind,
                            .layout = &stream->source.layouts[kind],
                            .path = stream->source.files[kind].path,
                            .names = stream->source.names[kind]};
    mos_text_list parts = {0};
    mos_tar *tar = NULL;
    mosaic_status status;
    MOS_GOTO(mos_archive_parts_find(archive.path, &parts));
    MOS_GOTO(mos_tar_open(&parts, &tar));
    MOS_GOTO(reserve_names(&archive));
    MOS_GOTO(read_members(&archive, tar));
done:
    mos_waiting_release(&archive.waiting);
    mos_free(archive.state);
    mos_free(archive.patch_of);
    mos_tar_close(&tar);
    mos_text_list_release(&parts);
    return status;
}

mosaic_status mos_pack_archives_read(mos_pack_stream_state *stream) {
    const mos_pack_source *source = &stream->source;
    for (int i = 0; i < source->kinds; i++) {
        int kind = source->order[i];
        if (source->files[kind].store != MOS_STORE_NONE) MOS_TRY(read_archive(stream, kind));
    }
    return MOSAIC_OK;
}
