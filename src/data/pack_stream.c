/* Packing archives that can only be read from beginning to end: BigEarthNet V2 as downloaded
 * (.tar.gz, .tar.zst, parts). The metadata tells which patches are wanted; the files of a patch are
 * kept until all of them have come, which in archives in order is at once. */
#include "data/pack.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/thread.h"
#include "data/bigearthnet_layout.h"
#include "data/data_options.h"
#include "data/pack_sink.h"
#include "data/pack_table.h"
#include "data/patch_files.h"
#include "io/archive_parts.h"
#include "io/raster.h"
#include "io/tar_stream.h"

#include <stdio.h>
#include <string.h>

enum { READY = 32, UNSEEN = 0, WAITING = 1, DONE = 2 };
/* What may wait for the rest of its patch: over a thousand patches. */
static const uint64_t most_waiting_bytes = (uint64_t)256 << 20;

/* A patch some of whose files have come. */
typedef struct stream_patch {
    size_t entry; /* in the wanted names */
    mos_file_bytes bytes[MOS_PATCH_FILES];
    bool has[MOS_PATCH_FILES];
    int count;
    void *blob; /* once made */
    size_t blob_size;
    mosaic_status made;
    char error[512];
} stream_patch;

typedef struct pack_stream {
    mos_dataset *dataset; /* begun, never opened: options, classes and countries */
    const mos_pack_options *options;
    mos_pack_sink *sink;
    mos_pack_worker *workers; /* [threads] */
    int threads;
    mos_patch_files files[MOS_PATCHES_KINDS];
    mos_name_set wanted[MOS_PATCHES_KINDS];
    int64_t side; /* of a 10 m band, 0 until the first patch */
    /* of the archive that is being read */
    int kind;
    uint8_t *state;         /* [wanted] */
    uint32_t *patch_of;     /* [wanted] where WAITING */
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

static mosaic_status find_archives(mos_dataset *dataset, mos_patch_files *files) {
    const mos_data_options *options = &dataset->options;
    const char *const given[] = {options->s1, options->s2, options->reference_maps};
    for (int kind = 0; kind < MOS_PATCHES_KINDS; kind++)
        MOS_TRY(mos_patch_files_find(dataset, given[kind], kind, &files[kind]));
    return MOSAIC_OK;
}

mosaic_status mos_pack_streams(const mos_data_options *data, bool *streams) {
    mos_dataset *dataset;
    mos_patch_files files[MOS_PATCHES_KINDS] = {0};
    *streams = false;
    MOS_TRY(mos_dataset_begin(data, &dataset));
    mosaic_status status = MOSAIC_OK;
    if (dataset->format == &mos_format_bigearthnet_v2) status = find_archives(dataset, files);
    for (int kind = 0; kind < MOS_PATCHES_KINDS; kind++)
        *streams = *streams || files[kind].store == MOS_STORE_STREAM;
    mos_dataset_close(&dataset);
    return status;
}

static mosaic_status key_of(const pack_stream *stream, size_t entry, char key[MOS_PACK_KEY_BYTES]) {
    int size =
        snprintf(key, MOS_PACK_KEY_BYTES, "%s%s", stream->wanted[stream->kind].entries[entry].name,
                 stream->kind == MOS_PATCHES_MAPS ? "_reference_map" : "");
    return size > 0 && size < MOS_PACK_KEY_BYTES
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_DATA, "a patch name is too long");
}

static void file_name(const pack_stream *stream, size_t entry, int file, char out[512]) {
    (void)snprintf(out, 512, "%.250s: %.120s_%s.tif", stream->files[stream->kind].path,
                   stream->wanted[stream->kind].entries[entry].name,
                   stream->files[stream->kind].layout->file[file]);
}

static void make_ready(void *context, int64_t begin, int64_t end, int thread) {
    pack_stream *stream = context;
    int count = stream->files[stream->kind].layout->count;
    for (int64_t i = begin; i < end; i++) {
        stream_patch *patch = stream->patches[stream->ready[i]];
        mos_patch_bytes files[MOS_PATCH_FILES];
        char names[MOS_PATCH_FILES][512];
        for (int f = 0; f < count; f++) {
            file_name(stream, patch->entry, f, names[f]);
            files[f] = (mos_patch_bytes){names[f], patch->bytes[f].data, patch->bytes[f].size};
        }
        patch->made =
            mos_pack_encode_files(stream->kind, stream->side, files, &stream->workers[thread],
                                  &patch->blob, &patch->blob_size);
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

static mosaic_status release_patch(pack_stream *stream, uint32_t number) {
    stream_patch *patch = stream->patches[number];
    for (int f = 0; f < MOS_PATCH_FILES; f++)
        if (patch->has[f]) stream->waiting_bytes -= patch->bytes[f].size;
    memset(patch->has, 0, sizeof patch->has);
    mos_free(patch->blob);
    patch->blob = NULL;
    patch->count = 0;
    MOS_TRY(mos_grow(&stream->idle, &stream->idle_room, stream->idle_count + 1,
                     sizeof *stream->idle, "patches"));
    stream->idle[stream->idle_count++] = number;
    return MOSAIC_OK;
}

/* Make and hand on what is complete. */
static mosaic_status flush_ready(pack_stream *stream) {
    if (stream->ready_count == 0) return MOSAIC_OK;
    if (stream->side == 0) MOS_TRY(find_side(stream));
    mos_parallel_for(stream->threads, stream->ready_count, make_ready, stream);
    for (int i = 0; i < stream->ready_count; i++) {
        const stream_patch *patch = stream->patches[stream->ready[i]];
        char key[MOS_PACK_KEY_BYTES];
        MOS_TRY(key_of(stream, patch->entry, key));
        MOS_TRY(mos_pack_sink_take(stream->sink, key, patch->made, patch->error, patch->blob,
                                   patch->blob_size));
        stream->state[patch->entry] = DONE;
        MOS_TRY(release_patch(stream, stream->ready[i]));
    }
    stream->ready_count = 0;
    return MOSAIC_OK;
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

static mosaic_status keep_file(pack_stream *stream, mos_tar *tar, const mos_tar_member *member,
                               size_t entry, int file) {
    stream_patch *patch = stream->patches[stream->patch_of[entry]];
    mos_file_bytes *bytes = &patch->bytes[file];
    const void *data;
    if (patch->has[file]) {
        note(&stream->twice, stream->again, member->path);
        return MOSAIC_OK;
    }
    if (stream->waiting_bytes + member->size > most_waiting_bytes)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: member '%s': the files of %zu patches lie too far from each other, "
                        "256 MiB wait for the rest; unpack the archive and pack the tree",
                        stream->files[stream->kind].path, member->path,
                        stream->patch_count - stream->idle_count);
    MOS_TRY(mos_tar_read(tar, &data));
    MOS_TRY(mos_grow(&bytes->data, &bytes->capacity, (size_t)member->size + 1, 1, "a member"));
    memcpy(bytes->data, data, (size_t)member->size);
    bytes->size = (size_t)member->size;
    stream->waiting_bytes += member->size;
    patch->has[file] = true;
    if (++patch->count < stream->files[stream->kind].layout->count) return MOSAIC_OK;
    stream->ready[stream->ready_count++] = stream->patch_of[entry];
    return stream->ready_count < READY ? MOSAIC_OK : flush_ready(stream);
}

static mosaic_status take_member(pack_stream *stream, mos_tar *tar, const mos_tar_member *member) {
    const mos_name_set *wanted = &stream->wanted[stream->kind];
    const char *patch;
    size_t size;
    int file;
    if (!mos_patch_layout_split(stream->files[stream->kind].layout, member->path, &patch, &size,
                                &file)) {
        note(&stream->strangers, stream->stranger, member->path);
        return MOSAIC_OK;
    }
    const mos_name_entry *found = mos_name_set_find(wanted, patch, size);
    if (found == NULL) {
        if (file == 0) note(&stream->others, stream->other, member->path);
        return MOSAIC_OK;
    }
    size_t entry = (size_t)(found - wanted->entries);
    if (stream->state[entry] == DONE) return MOSAIC_OK;
    if (stream->state[entry] == UNSEEN) {
        char key[MOS_PACK_KEY_BYTES];
        bool make;
        MOS_TRY(key_of(stream, entry, key));
        MOS_TRY(mos_pack_sink_wants(stream->sink, key, &make));
        stream->state[entry] = DONE;
        if (!make) return MOSAIC_OK;
        MOS_TRY(new_patch(stream, entry));
    }
    return keep_file(stream, tar, member, entry, file);
}

/* Patches that the archive has in part only: as a tree with a missing file. */
static mosaic_status end_waiting(pack_stream *stream) {
    const mos_name_set *wanted = &stream->wanted[stream->kind];
    for (size_t entry = 0; entry < wanted->count; entry++) {
        if (stream->state[entry] != WAITING) continue;
        const stream_patch *patch = stream->patches[stream->patch_of[entry]];
        char key[MOS_PACK_KEY_BYTES], name[512], error[600];
        int file = 0;
        while (patch->has[file])
            file++;
        file_name(stream, entry, file, name);
        (void)snprintf(error, sizeof error, "%s: not in the archive", name);
        MOS_TRY(key_of(stream, entry, key));
        MOS_TRY(mos_pack_sink_take(stream->sink, key, MOSAIC_ERR_DATA, error, NULL, 0));
        stream->state[entry] = DONE;
        MOS_TRY(release_patch(stream, stream->patch_of[entry]));
    }
    return MOSAIC_OK;
}

static void report_members(const pack_stream *stream) {
    const char *path = stream->files[stream->kind].path;
    if (stream->sink->writer == NULL) return;
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
                   stream->sink->writer != NULL ? "pack" : "verify",
                   stream->files[stream->kind].layout->stem);
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
    stream->ready_count = 0;
    stream->waiting_bytes = 0;
    stream->others = stream->strangers = stream->twice = 0;
}

static mosaic_status read_archive(pack_stream *stream, int kind) {
    mos_text_list parts = {0};
    mos_tar *tar = NULL;
    size_t wanted = stream->wanted[kind].count;
    mosaic_status status;
    stream->kind = kind;
    if (stream->files[kind].store == MOS_STORE_TREE)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: a folder beside compressed archives; unpack all of them or none",
                        stream->files[kind].path);
    MOS_GOTO(mos_archive_parts_find(stream->files[kind].path, &parts));
    MOS_GOTO(mos_tar_open(&parts, &tar));
    MOS_GOTO(mos_alloc(wanted, sizeof *stream->state, "patches", &stream->state));
    MOS_GOTO(mos_alloc(wanted, sizeof *stream->patch_of, "patches", &stream->patch_of));
    MOS_GOTO(read_members(stream, tar));
done:
    end_archive(stream);
    mos_tar_close(&tar);
    mos_text_list_release(&parts);
    return status;
}

static mosaic_status read_archives(pack_stream *stream) {
    for (int kind = 0; kind < MOS_PATCHES_KINDS; kind++) {
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

/* What was packed, joined with the metadata as any store is: its table is the pack's. */
static mosaic_status write_table(const pack_stream *stream, const char *metadata,
                                 int64_t *samples) {
    mos_data_options options = {0};
    mos_dataset *packed = NULL;
    mos_pack_plan plan = {0};
    mosaic_status status;
    MOS_GOTO(mos_data_options_copy(&stream->dataset->options, &options));
    options.format = lmdb_format();
    MOS_GOTO(set_text(&options.root, stream->options->folder));
    MOS_GOTO(set_text(&options.s1, NULL));
    MOS_GOTO(set_text(&options.s2, NULL));
    MOS_GOTO(set_text(&options.lmdb, NULL));
    MOS_GOTO(set_text(&options.metadata, metadata));
    MOS_GOTO(mos_dataset_open(&options, &packed));
    MOS_GOTO(mos_pack_plan_make(packed, &plan));
    MOS_GOTO(mos_pack_table_write(&plan, stream->options->folder));
    *samples = mos_dataset_count(packed);
done:
    mos_pack_plan_release(&plan);
    mos_dataset_close(&packed);
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

static mosaic_status begin_stream(pack_stream *stream, char *metadata, size_t metadata_size) {
    mos_dataset *dataset = stream->dataset;
    mos_text mark = {0};
    char fingerprint[65], snow[4096];
    mosaic_status status;
    if (dataset->options.limit > 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: data.limit wants to know the patches before they "
                        "are read; compressed archives are packed whole",
                        dataset->root);
    MOS_GOTO(find_archives(dataset, stream->files));
    MOS_GOTO(mos_ben_modalities(dataset));
    MOS_GOTO(mos_ben_metadata_path(dataset, dataset->root, metadata, metadata_size));
    MOS_GOTO(want_rows(stream, metadata, &mark));
    if (dataset->options.include_snow_cloud) {
        MOS_GOTO(mos_ben_snow_path(dataset, metadata, snow, sizeof snow));
        MOS_GOTO(want_rows(stream, snow, &mark));
    }
    if (mark.failed) MOS_GOTO(mos_fail_memory(mark.size, "names of patches"));
    mos_sha256(mark.data == NULL ? "" : mark.data, mark.size, fingerprint);
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
    char metadata[4096];
    mosaic_status status;
    MOS_GOTO(mos_dataset_begin(data, &stream.dataset));
    MOS_GOTO(begin_stream(&stream, metadata, sizeof metadata));
    MOS_GOTO(mos_pack_sink_write(options, &sink));
    MOS_GOTO(read_archives(&stream));
    MOS_GOTO(mos_pack_sink_close(&sink, MOSAIC_OK));
    MOS_GOTO(write_table(&stream, metadata, &out->samples));
    if (!options->verify) goto done;
    MOS_GOTO(mos_pack_sink_verify(options, &sink));
    MOS_GOTO(read_archives(&stream));
    MOS_GOTO(mos_pack_content(options, out->content));
done:
    status = mos_pack_sink_close(&sink, status);
    for (int t = 0; stream.workers != NULL && t < stream.threads; t++)
        mos_pack_worker_release(&stream.workers[t]);
    mos_free(stream.workers);
    for (int kind = 0; kind < MOS_PATCHES_KINDS; kind++) {
        mos_name_set_release(&stream.wanted[kind]);
        mos_patch_files_release(&stream.files[kind]);
    }
    mos_dataset_close(&stream.dataset);
    return status;
}
