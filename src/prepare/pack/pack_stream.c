/* Packing archives that can only be read from beginning to end: BigEarthNet as downloaded (.tar.gz,
 * .tar.zst, parts). V2's metadata tells which patches are wanted; V1's patches tell it themselves
 * (prepare/pack/pack_stream_v1.h); with data.limit a reading of its own does
 * (prepare/pack/pack_stream_limit.h). The files of a patch are kept until all of them have come,
 * which in archives in order is at once. */
#include "prepare/pack/pack.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/thread.h"
#include "data/bigearthnet/bigearthnet_layout.h"
#include "data/bigearthnet/patch_files.h"
#include "data/data_options.h"
#include "data/sample_select.h"
#include "io/archive_parts.h"
#include "io/raster.h"
#include "io/tar_stream.h"
#include "prepare/pack/pack_sink.h"
#include "prepare/pack/pack_stream_limit.h"
#include "prepare/pack/pack_stream_v1.h"
#include "prepare/pack/pack_table.h"

#include <stdio.h>
#include <string.h>

enum { READY = 32, UNSEEN = 0, WAITING = 1, QUEUED = 2, DONE = 3 };
/* What may wait for the rest of its patch: over a thousand patches. */
static const uint64_t most_waiting_bytes = (uint64_t)256 << 20;

/* A patch some of whose files have come. */
typedef struct stream_patch {
    size_t entry; /* in the names */
    mos_file_bytes bytes[MOS_PATCH_FILES];
    bool has[MOS_PATCH_FILES];
    int count;
    void *blob; /* once made */
    size_t blob_size;
    mosaic_status made;
    char error[512];
} stream_patch;

typedef struct pack_stream {
    mos_dataset *dataset; /* begun, never opened: options, classes and countries; when chosen, the
                             samples */
    const mos_pack_options *options;
    mos_pack_sink *sink;
    mos_pack_worker *workers; /* [threads] */
    int threads;
    int kinds;                       /* of patches: V2 has three, V1 two */
    const mos_patch_layout *layouts; /* [kinds] */
    mos_patch_files files[MOS_PATCHES_KINDS];
    /* V2, and when chosen: what is wanted; V1: what has come. Once the table is known, the ones in
     * it are marked as used; before, when chosen, those whose record there is. */
    mos_name_set *names[MOS_PATCHES_KINDS];
    mos_name_set wanted[MOS_PATCHES_KINDS];
    mos_v1_stream v1;
    bool is_v1;
    bool chosen;         /* data.limit: the samples are known before */
    char metadata[4096]; /* V2 */
    int64_t side;        /* of a 10 m band, 0 until the first patch */
    /* of the archive that is being read */
    int kind;
    uint8_t *state;     /* [names] */
    uint32_t *patch_of; /* [names] where WAITING or QUEUED */
    size_t state_room, patch_of_room;
    stream_patch **patches; /* [patch_count] all ever made */
    size_t patch_count, patch_room;
    uint32_t *idle; /* [idle_count] those without a patch */
    size_t idle_count, idle_room;
    uint32_t ready[READY];
    int ready_count;
    uint64_t waiting_bytes;
    char label[64]; /* of the progress line */
    int64_t others, strangers, twice;
    char other[200], stranger[200], again[200];
} pack_stream;

static bool country_wanted(const mos_dataset *dataset, uint16_t country) {
    const mos_text_list *list = &dataset->options.countries;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], dataset->countries[country]) == 0) return true;
    }
    return list->count == 0;
}

/* The names of rows; their hash tells one source from another. */
static mosaic_status want_rows(pack_stream *stream, const char *path, mos_text *mark) {
    mos_metadata metadata;
    MOS_TRY(mos_metadata_read(stream->dataset, path, &metadata));
    mosaic_status status = MOSAIC_OK;
    for (int64_t r = 0; r < metadata.rows; r++) {
        const mos_metadata_row *row = &metadata.row[r];
        mos_text_add_bytes(mark, row->id, row->id_size);
        mos_text_add_bytes(mark, &row->split, 1);
        mos_text_add_bytes(mark, metadata.labels + r * metadata.class_count,
                           (size_t)metadata.class_count);
        if (!country_wanted(stream->dataset, row->country)) continue;
        mos_text_add_bytes(mark, "+", 1);
        MOS_GOTO(mos_name_set_add(&stream->wanted[MOS_PATCHES_S2], row->id, row->id_size, NULL));
        MOS_GOTO(mos_name_set_add(&stream->wanted[MOS_PATCHES_MAPS], row->id, row->id_size, NULL));
        if (row->s1 != NULL)
            MOS_GOTO(
                mos_name_set_add(&stream->wanted[MOS_PATCHES_S1], row->s1, row->s1_size, NULL));
    }
done:
    mos_metadata_release(&metadata);
    return status;
}

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

static bool writing(const pack_stream *stream) {
    return stream->sink->writer != NULL;
}

/* V1's patches tell what they are while they come. */
static bool learns(const pack_stream *stream) {
    return stream->is_v1 && !stream->chosen && writing(stream);
}

static const mos_patch_layout *layout_of(const pack_stream *stream) {
    return &stream->layouts[stream->kind];
}

static mosaic_status key_of(const pack_stream *stream, int kind, size_t entry,
                            char key[MOS_PACK_KEY_BYTES]) {
    int size = snprintf(key, MOS_PACK_KEY_BYTES, "%s%s", stream->names[kind]->entries[entry].name,
                        kind == MOS_PATCHES_MAPS ? "_reference_map" : "");
    return size > 0 && size < MOS_PACK_KEY_BYTES
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_DATA, "a patch name is too long");
}

static void file_name(const pack_stream *stream, size_t entry, int file, char out[512]) {
    (void)snprintf(out, 512, "%.250s: %.120s_%s%s", stream->files[stream->kind].path,
                   stream->names[stream->kind]->entries[entry].name,
                   mos_patch_layout_stem(layout_of(stream), file),
                   mos_patch_layout_ending(layout_of(stream), file));
}

static void make_ready(void *context, int64_t begin, int64_t end, int thread) {
    pack_stream *stream = context;
    const mos_patch_layout *layout = layout_of(stream);
    for (int64_t i = begin; i < end; i++) {
        stream_patch *patch = stream->patches[stream->ready[i]];
        mos_patch_bytes files[MOS_PATCH_FILES];
        char names[MOS_PATCH_FILES][512];
        for (int f = 0; f < layout->count; f++) {
            file_name(stream, patch->entry, f, names[f]);
            files[f] = (mos_patch_bytes){names[f], patch->bytes[f].data, patch->bytes[f].size};
        }
        patch->made =
            mos_pack_encode_files(stream->dataset, layout, stream->side, files,
                                  &stream->workers[thread], &patch->blob, &patch->blob_size);
        if (patch->made != MOSAIC_OK) mos_error_copy(patch->error, sizeof patch->error);
    }
}

/* The side of the patches: of the first whose 10 m band can be read. */
static mosaic_status find_side(pack_stream *stream) {
    int band = stream->kind == MOS_PATCHES_S2 ? 1 : 0; /* B02, VV, the map */
    for (int i = 0; i < stream->ready_count && stream->side == 0; i++) {
        const stream_patch *patch = stream->patches[stream->ready[i]];
        char name[512];
        mos_raster_info info;
        file_name(stream, patch->entry, band, name);
        if (mos_raster_info_bytes(name, patch->bytes[band].data, patch->bytes[band].size, &info) !=
            MOSAIC_OK)
            continue;
        mos_dataset *dataset = stream->dataset;
        MOS_TRY(mos_ben_sizes(dataset, info.width, name));
        stream->side = info.width;
    }
    if (stream->side == 0) stream->side = 120; /* then each of them fails with its own words */
    return MOSAIC_OK;
}

static mosaic_status done_with(pack_stream *stream, uint32_t number) {
    stream_patch *patch = stream->patches[number];
    for (int f = 0; f < MOS_PATCH_FILES; f++)
        if (patch->has[f]) stream->waiting_bytes -= patch->bytes[f].size;
    memset(patch->has, 0, sizeof patch->has);
    mos_free(patch->blob);
    patch->blob = NULL;
    patch->count = 0;
    stream->state[patch->entry] = DONE;
    MOS_TRY(mos_grow(&stream->idle, &stream->idle_room, stream->idle_count + 1,
                     sizeof *stream->idle, "patches"));
    stream->idle[stream->idle_count++] = number;
    return MOSAIC_OK;
}

/* A record, or what went wrong, to the sink; the patch is done. */
static mosaic_status hand_on(pack_stream *stream, uint32_t number) {
    const stream_patch *patch = stream->patches[number];
    char key[MOS_PACK_KEY_BYTES];
    MOS_TRY(key_of(stream, stream->kind, patch->entry, key));
    MOS_TRY(mos_pack_sink_take(stream->sink, key, patch->made, patch->error, patch->blob,
                               patch->blob_size));
    if (learns(stream) && patch->made != MOSAIC_OK)
        stream->v1.patches[stream->kind].notes[patch->entry].damaged = true;
    if (stream->chosen && writing(stream) && patch->made == MOSAIC_OK)
        stream->names[stream->kind]->entries[patch->entry].used = true;
    return done_with(stream, number);
}

/* Make and hand on what is complete. */
static mosaic_status flush_ready(pack_stream *stream) {
    if (stream->ready_count == 0) return MOSAIC_OK;
    if (stream->side == 0) MOS_TRY(find_side(stream));
    mos_parallel_for(stream->threads, stream->ready_count, make_ready, stream);
    for (int i = 0; i < stream->ready_count; i++)
        MOS_TRY(hand_on(stream, stream->ready[i]));
    stream->ready_count = 0;
    return MOSAIC_OK;
}

static mosaic_status queue_patch(pack_stream *stream, uint32_t number) {
    stream->state[stream->patches[number]->entry] = QUEUED;
    stream->ready[stream->ready_count++] = number;
    return stream->ready_count < READY ? MOSAIC_OK : flush_ready(stream);
}

static mosaic_status new_patch(pack_stream *stream, size_t entry) {
    uint32_t number;
    if (stream->idle_count > 0) {
        number = stream->idle[--stream->idle_count];
    } else {
        MOS_TRY(mos_grow(&stream->patches, &stream->patch_room, stream->patch_count + 1,
                         sizeof(stream_patch *), "patches"));
        MOS_TRY(
            mos_alloc(1, sizeof(stream_patch), "a patch", &stream->patches[stream->patch_count]));
        number = (uint32_t)stream->patch_count++;
    }
    stream->patches[number]->entry = entry;
    stream->patch_of[entry] = number;
    stream->state[entry] = WAITING;
    return MOSAIC_OK;
}

static void note(int64_t *count, char example[200], const char *text) {
    if ((*count)++ == 0) (void)snprintf(example, 200, "%.199s", text);
}

/* Made when its bands are there and it is known to be wanted; of no use as soon as it is known not
 * to be. */
static mosaic_status settle(pack_stream *stream, size_t entry) {
    if (stream->state[entry] != WAITING) return MOSAIC_OK;
    uint32_t number = stream->patch_of[entry];
    mos_v1_need need =
        learns(stream) ? mos_v1_stream_need(&stream->v1, stream->kind, entry) : MOS_V1_NEEDED;
    if (need == MOS_V1_UNNEEDED) return done_with(stream, number);
    bool complete = stream->patches[number]->count == layout_of(stream)->count;
    return complete && need == MOS_V1_NEEDED ? queue_patch(stream, number) : MOSAIC_OK;
}

/* Where labels lie far behind the bands, patches are made before it is known whether they are
 * wanted: what is not goes at the end. */
static mosaic_status make_room(pack_stream *stream) {
    MOS_TRY(flush_ready(stream));
    for (uint32_t p = 0; p < stream->patch_count; p++) {
        if (stream->patches[p]->count == layout_of(stream)->count) MOS_TRY(queue_patch(stream, p));
    }
    return flush_ready(stream);
}

static mosaic_status keep_file(pack_stream *stream, mos_tar *tar, const mos_tar_member *member,
                               size_t entry, int file) {
    const void *data;
    if (stream->patches[stream->patch_of[entry]]->has[file]) {
        note(&stream->twice, stream->again, member->path);
        return MOSAIC_OK;
    }
    if (stream->waiting_bytes + member->size > most_waiting_bytes) MOS_TRY(make_room(stream));
    if (stream->waiting_bytes + member->size > most_waiting_bytes)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: member '%s': the files of %zu patches lie too far from each other, "
                        "256 MiB wait for the rest; unpack the archive and pack the tree",
                        stream->files[stream->kind].path, member->path,
                        stream->patch_count - stream->idle_count);
    stream_patch *patch = stream->patches[stream->patch_of[entry]];
    mos_file_bytes *bytes = &patch->bytes[file];
    MOS_TRY(mos_tar_read(tar, &data));
    MOS_TRY(mos_grow(&bytes->data, &bytes->capacity, (size_t)member->size + 1, 1, "a member"));
    memcpy(bytes->data, data, (size_t)member->size);
    bytes->size = (size_t)member->size;
    stream->waiting_bytes += member->size;
    patch->has[file] = true;
    patch->count++;
    return settle(stream, entry);
}

/* V1's JSON: what it tells is kept, also where the record is there already. */
static mosaic_status take_labels(pack_stream *stream, mos_tar *tar, const mos_tar_member *member,
                                 size_t entry) {
    if (!learns(stream)) return MOSAIC_OK;
    mos_v1_note *labels = &stream->v1.patches[stream->kind].notes[entry];
    const void *data;
    char name[512];
    if (labels->read) {
        note(&stream->twice, stream->again, member->path);
        return MOSAIC_OK;
    }
    if (mos_v1_stream_need(&stream->v1, stream->kind, entry) == MOS_V1_UNNEEDED) return MOSAIC_OK;
    file_name(stream, entry, layout_of(stream)->count, name);
    MOS_TRY(mos_tar_read(tar, &data));
    MOS_TRY(mos_v1_note_take(labels, data, (size_t)member->size, name));
    return settle(stream, entry);
}

/* The first GeoTIFF of a patch: has its record to be made? */
static mosaic_status begin_patch(pack_stream *stream, size_t entry) {
    char key[MOS_PACK_KEY_BYTES];
    bool make;
    stream->state[entry] = DONE;
    if (!writing(stream)) {
        if (!stream->names[stream->kind]->entries[entry].used) return MOSAIC_OK;
    } else if (learns(stream) &&
               mos_v1_stream_need(&stream->v1, stream->kind, entry) == MOS_V1_UNNEEDED) {
        return MOSAIC_OK;
    }
    MOS_TRY(key_of(stream, stream->kind, entry, key));
    MOS_TRY(mos_pack_sink_wants(stream->sink, key, &make));
    if (stream->chosen && !make) stream->names[stream->kind]->entries[entry].used = true;
    return make ? new_patch(stream, entry) : MOSAIC_OK;
}

static mosaic_status reserve_names(pack_stream *stream) {
    size_t count = stream->names[stream->kind]->count;
    MOS_TRY(mos_grow(&stream->state, &stream->state_room, count, sizeof *stream->state, "patches"));
    MOS_TRY(mos_grow(&stream->patch_of, &stream->patch_of_room, count, sizeof *stream->patch_of,
                     "patches"));
    return stream->is_v1 && !stream->chosen
               ? mos_v1_patches_reserve(&stream->v1.patches[stream->kind])
               : MOSAIC_OK;
}

static mosaic_status take_member(pack_stream *stream, mos_tar *tar, const mos_tar_member *member) {
    mos_name_set *names = stream->names[stream->kind];
    const mos_patch_layout *layout = layout_of(stream);
    const char *patch;
    size_t size;
    int file;
    if (!mos_patch_layout_split(layout, member->path, &patch, &size, &file)) {
        note(&stream->strangers, stream->stranger, member->path);
        return MOSAIC_OK;
    }
    if (learns(stream)) {
        MOS_TRY(mos_name_set_add(names, patch, size, NULL));
        MOS_TRY(reserve_names(stream));
    }
    const mos_name_entry *found = mos_name_set_find(names, patch, size);
    if (found == NULL) {
        if (file == 0 && !stream->chosen) note(&stream->others, stream->other, member->path);
        return MOSAIC_OK;
    }
    size_t entry = (size_t)(found - names->entries);
    if (file == layout->count) return take_labels(stream, tar, member, entry);
    if (stream->state[entry] == UNSEEN) MOS_TRY(begin_patch(stream, entry));
    return stream->state[entry] == DONE ? MOSAIC_OK : keep_file(stream, tar, member, entry, file);
}

/* Patches that the archive has in part only: as a tree with a missing file. Without its JSON a V1
 * patch of S1 belongs to no place. */
static mosaic_status end_waiting(pack_stream *stream) {
    for (size_t entry = 0; entry < stream->names[stream->kind]->count; entry++) {
        bool labels_alone = learns(stream) && stream->state[entry] == UNSEEN;
        if (labels_alone) MOS_TRY(begin_patch(stream, entry));
        if (stream->state[entry] != WAITING) continue;
        uint32_t number = stream->patch_of[entry];
        stream_patch *patch = stream->patches[number];
        char name[512];
        int file = 0;
        while (file < layout_of(stream)->count && patch->has[file])
            file++;
        if (learns(stream) &&
            mos_v1_stream_need(&stream->v1, stream->kind, entry) != MOS_V1_NEEDED) {
            MOS_TRY(done_with(stream, number));
            continue;
        }
        file_name(stream, entry, file, name);
        (void)snprintf(patch->error, sizeof patch->error, "%.480s: not in the archive", name);
        patch->made = MOSAIC_ERR_DATA;
        MOS_TRY(hand_on(stream, number));
    }
    return MOSAIC_OK;
}

static void report_members(const pack_stream *stream) {
    const char *path = stream->files[stream->kind].path;
    if (!writing(stream)) return;
    if (stream->others > 0)
        mos_log(MOS_LOG_WARNING, "%s: %lld x patch in no row of the metadata: left out, as in %s",
                path, (long long)stream->others, stream->other);
    if (stream->strangers > 0)
        mos_log(MOS_LOG_WARNING, "%s: %lld x member that is no file of a patch, as in %s", path,
                (long long)stream->strangers, stream->stranger);
    if (stream->twice > 0)
        mos_log(MOS_LOG_WARNING, "%s: %lld x member twice in the archive, first taken, as in %s",
                path, (long long)stream->twice, stream->again);
}

static mosaic_status read_members(pack_stream *stream, mos_tar *tar) {
    mos_tar_member member;
    mos_progress line;
    bool found = true, progress = stream->options->progress;
    mosaic_status status;
    (void)snprintf(stream->label, sizeof stream->label, "%s %s",
                   writing(stream) ? "pack" : "verify", layout_of(stream)->archive);
    if (progress) mos_progress_begin(&line, stream->label, (int64_t)mos_tar_total_bytes(tar));
    while (found) {
        MOS_GOTO(mos_tar_next(tar, &member, &found));
        if (found) MOS_GOTO(take_member(stream, tar, &member));
        if (progress) mos_progress_update(&line, (int64_t)mos_tar_taken_bytes(tar));
    }
    MOS_GOTO(flush_ready(stream));
    MOS_GOTO(end_waiting(stream));
    report_members(stream);
done:
    if (progress) mos_progress_end(&line);
    return status;
}

static void end_archive(pack_stream *stream) {
    for (size_t p = 0; p < stream->patch_count; p++) {
        for (int f = 0; f < MOS_PATCH_FILES; f++)
            mos_file_bytes_release(&stream->patches[p]->bytes[f]);
        mos_free(stream->patches[p]->blob);
        mos_free(stream->patches[p]);
    }
    mos_free(stream->patches);
    mos_free(stream->state);
    mos_free(stream->patch_of);
    mos_free(stream->idle);
    stream->patches = NULL;
    stream->state = NULL;
    stream->patch_of = stream->idle = NULL;
    stream->patch_count = stream->patch_room = stream->idle_count = stream->idle_room = 0;
    stream->state_room = stream->patch_of_room = 0;
    stream->ready_count = 0;
    stream->waiting_bytes = 0;
    stream->others = stream->strangers = stream->twice = 0;
}

static mosaic_status read_archive(pack_stream *stream, int kind) {
    mos_text_list parts = {0};
    mos_tar *tar = NULL;
    mosaic_status status;
    stream->kind = kind;
    MOS_GOTO(mos_archive_parts_find(stream->files[kind].path, &parts));
    MOS_GOTO(mos_tar_open(&parts, &tar));
    MOS_GOTO(reserve_names(stream));
    MOS_GOTO(read_members(stream, tar));
done:
    end_archive(stream);
    mos_tar_close(&tar);
    mos_text_list_release(&parts);
    return status;
}

/* V1: the optical patches first, to know which places there are. */
static mosaic_status read_archives(pack_stream *stream) {
    for (int i = 0; i < stream->kinds; i++) {
        int kind = stream->is_v1 ? stream->kinds - 1 - i : i;
        if (stream->files[kind].store != MOS_STORE_NONE) MOS_TRY(read_archive(stream, kind));
    }
    return MOSAIC_OK;
}

static mosaic_status set_text(char **field, const char *text) {
    mos_free(*field);
    *field = NULL;
    return text == NULL ? MOSAIC_OK : mos_copy_text(text, field);
}

static int lmdb_format(void) {
    int f = 1;
    while (strcmp(mos_format_names[f], mos_format_bigearthnet_v2_lmdb.name) != 0)
        f++;
    return f;
}

/* Of the names those whose record is one of the table's. */
static mosaic_status mark_used(const pack_stream *stream, const mos_pack_plan *plan) {
    for (int kind = 0; kind < stream->kinds; kind++) {
        for (size_t i = 0; i < stream->names[kind]->count; i++)
            stream->names[kind]->entries[i].used = false;
    }
    for (int64_t i = 0; i < mos_dataset_count(plan->dataset); i++) {
        for (int kind = 0; kind < stream->kinds; kind++) {
            char key[MOS_PACK_KEY_BYTES];
            const char *name = plan->dataset->ids[i]; /* a map has the name of its place */
            if (kind < MOS_PATCHES_MAPS) MOS_TRY(mos_pack_key(plan, i, kind, key));
            if (kind < MOS_PATCHES_MAPS) name = key;
            mos_name_entry *entry = mos_name_set_find(stream->names[kind], name, strlen(name));
            if (entry != NULL) entry->used = true;
        }
    }
    return MOSAIC_OK;
}

static mosaic_status write_table_of(pack_stream *stream, mos_dataset *dataset, int64_t *samples) {
    mos_pack_plan plan = {0};
    mosaic_status status;
    MOS_GOTO(mos_pack_plan_make(dataset, &plan));
    MOS_GOTO(mos_pack_table_write(&plan, NULL, stream->options->folder));
    MOS_GOTO(mark_used(stream, &plan));
    *samples = mos_dataset_count(dataset);
done:
    mos_pack_plan_release(&plan);
    return status;
}

/* V2: what was packed, joined with the metadata as any store is: its table is the pack's. */
static mosaic_status write_v2_table(pack_stream *stream, int64_t *samples) {
    mos_data_options options = {0};
    mos_dataset *packed = NULL;
    mosaic_status status;
    MOS_GOTO(mos_data_options_copy(&stream->dataset->options, &options));
    options.format = lmdb_format();
    MOS_GOTO(set_text(&options.root, stream->options->folder));
    MOS_GOTO(set_text(&options.s1, NULL));
    MOS_GOTO(set_text(&options.s2, NULL));
    MOS_GOTO(set_text(&options.lmdb, NULL));
    MOS_GOTO(set_text(&options.metadata, stream->metadata));
    MOS_GOTO(mos_dataset_open(&options, &packed));
    MOS_GOTO(write_table_of(stream, packed, samples));
done:
    mos_dataset_close(&packed);
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

/* V1: what has come, joined as a tree's patches are. */
static mosaic_status write_v1_table(pack_stream *stream, int64_t *samples) {
    MOS_TRY(mos_v1_join(stream->dataset, &stream->v1.lists, stream->v1.patches));
    MOS_TRY(mos_dataset_select(stream->dataset));
    mos_dataset_log_defects(stream->dataset);
    return write_table_of(stream, stream->dataset, samples);
}

/* The store as its users will open it: scale and order of S1 are judged here, as those of a tree.
 */
static mosaic_status probe_v2(const pack_stream *stream) {
    mos_data_options options = {0};
    mos_dataset *packed = NULL;
    char path[4096];
    mosaic_status status;
    MOS_GOTO(mos_data_options_copy(&stream->dataset->options, &options));
    options.format = lmdb_format();
    options.limit = 0;
    options.fold = -1;
    options.include_snow_cloud = false;
    mos_text_list_release(&options.countries);
    MOS_GOTO(set_text(&options.root, stream->options->folder));
    MOS_GOTO(set_text(&options.s1, NULL));
    MOS_GOTO(set_text(&options.s2, NULL));
    MOS_GOTO(set_text(&options.lmdb, NULL));
    MOS_GOTO(set_text(&options.metadata, NULL));
    MOS_GOTO(set_text(&options.snow_metadata, NULL));
    MOS_GOTO(set_text(&options.split_file, NULL));
    status = mos_dataset_open(&options, &packed);
    if (status == MOSAIC_OK) goto done;
    if (mos_path_join(path, sizeof path, stream->options->folder, "metadata.csv") == MOSAIC_OK)
        (void)remove(path); /* a store without its table is not used by mistake */
done:
    mos_dataset_close(&packed);
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

static mosaic_status write_chosen_table(pack_stream *stream, int64_t *samples) {
    MOS_TRY(mos_stream_drop_damaged(stream->dataset, stream->wanted));
    MOS_TRY(write_table_of(stream, stream->dataset, samples));
    return stream->is_v1 ? MOSAIC_OK : probe_v2(stream);
}

/* Patches were packed as they came; now it is known which of them are of a sample. */
static mosaic_status remove_others(pack_stream *stream) {
    size_t others = 0;
    for (int kind = 0; kind < stream->kinds; kind++) {
        const mos_name_set *names = stream->names[kind];
        for (size_t i = 0; i < names->count; i++) {
            char key[MOS_PACK_KEY_BYTES];
            if (names->entries[i].used) continue;
            if (others++ == 0) MOS_TRY(mos_pack_sink_write(stream->options, stream->sink));
            MOS_TRY(key_of(stream, kind, i, key));
            MOS_TRY(mos_pack_sink_remove(stream->sink, key));
        }
    }
    return mos_pack_sink_close(stream->sink, MOSAIC_OK);
}

/* V2: the rows are the names that are wanted. */
static mosaic_status read_metadata(pack_stream *stream, mos_text *mark) {
    const mos_dataset *dataset = stream->dataset;
    char snow[4096];
    for (int kind = 0; kind < stream->kinds; kind++)
        stream->names[kind] = &stream->wanted[kind];
    MOS_TRY(
        mos_ben_metadata_path(dataset, dataset->root, stream->metadata, sizeof stream->metadata));
    MOS_TRY(want_rows(stream, stream->metadata, mark));
    if (!dataset->options.include_snow_cloud) return MOSAIC_OK;
    MOS_TRY(mos_ben_snow_path(dataset, stream->metadata, snow, sizeof snow));
    return want_rows(stream, snow, mark);
}

static mosaic_status read_lists(pack_stream *stream, mos_text *mark) {
    for (int kind = 0; kind < stream->kinds; kind++)
        stream->names[kind] = &stream->v1.patches[kind].names;
    const mos_text_list *countries = &stream->dataset->options.countries;
    if (countries->count > 0) /* said now, not after hours */
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: data.countries: '%s' does not occur, BigEarthNet v1.0 names none",
                        stream->dataset->root, countries->items[0]);
    return mos_v1_stream_open(stream->dataset, stream->files, mark, &stream->v1);
}

static mosaic_status begin_stream(pack_stream *stream) {
    mos_dataset *dataset = stream->dataset;
    mos_text mark = {0};
    char fingerprint[65];
    mosaic_status status;
    stream->kinds = kinds_of(dataset, &stream->layouts);
    stream->is_v1 = stream->layouts == mos_patch_layouts_v1;
    stream->chosen = dataset->options.limit > 0;
    MOS_GOTO(find_archives(dataset, stream->files));
    MOS_GOTO(refuse_folders(stream->files, stream->kinds));
    MOS_GOTO(mos_ben_modalities(dataset));
    if (stream->chosen) {
        for (int kind = 0; kind < stream->kinds; kind++)
            stream->names[kind] = &stream->wanted[kind];
        MOS_GOTO(
            mos_stream_choose(dataset, stream->files, stream->options->progress, stream->wanted));
        mos_dataset_fingerprint(dataset, fingerprint); /* as packed from the tree */
    } else {
        MOS_GOTO(stream->is_v1 ? read_lists(stream, &mark) : read_metadata(stream, &mark));
        if (mark.failed) MOS_GOTO(mos_fail_memory(mark.size, "names of patches"));
        mos_sha256(mark.data == NULL ? "" : mark.data, mark.size, fingerprint);
    }
    MOS_GOTO(mos_pack_begin(stream->options->folder, fingerprint));
    MOS_GOTO(mos_alloc((size_t)stream->threads, sizeof *stream->workers, "pack", &stream->workers));
done:
    mos_text_release(&mark);
    return status;
}

mosaic_status mos_pack_stream(const mos_data_options *data, const mos_pack_options *options,
                              mos_pack_result *out) {
    *out = (mos_pack_result){0};
    mos_pack_sink sink = {.skip = data->policy == MOS_POLICY_SKIP, .result = out};
    pack_stream stream = {
        .options = options, .sink = &sink, .threads = options->threads < 1 ? 1 : options->threads};
    mosaic_status status;
    MOS_GOTO(mos_dataset_begin(data, &stream.dataset));
    MOS_GOTO(begin_stream(&stream));
    MOS_GOTO(mos_pack_sink_write(options, &sink));
    MOS_GOTO(read_archives(&stream));
    MOS_GOTO(mos_pack_sink_close(&sink, MOSAIC_OK));
    MOS_GOTO(stream.chosen  ? write_chosen_table(&stream, &out->samples)
             : stream.is_v1 ? write_v1_table(&stream, &out->samples)
                            : write_v2_table(&stream, &out->samples));
    MOS_GOTO(remove_others(&stream));
    if (!options->verify) goto done;
    MOS_GOTO(mos_pack_sink_verify(options, &sink));
    MOS_GOTO(read_archives(&stream));
    MOS_GOTO(mos_pack_content(options, out->content));
done:
    status = mos_pack_sink_close(&sink, status);
    for (int t = 0; stream.workers != NULL && t < stream.threads; t++)
        mos_pack_worker_release(&stream.workers[t]);
    mos_free(stream.workers);
    mos_v1_stream_release(&stream.v1);
    for (int kind = 0; kind < MOS_PATCHES_KINDS; kind++) {
        mos_name_set_release(&stream.wanted[kind]);
        mos_patch_files_release(&stream.files[kind]);
    }
    mos_dataset_close(&stream.dataset);
    return status;
}
