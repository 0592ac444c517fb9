#include "data/bigearthnet/tar_index.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "io/safetensors.h"
#include "io/tar_stream.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What a kept index must agree on to be used. */
typedef struct archive_mark {
    uint64_t bytes;
    char text[128]; /* size, time and layout */
} archive_mark;

static mosaic_status mark_archive(const char *path, const mos_patch_layout *layout,
                                  archive_mark *out) {
    struct stat info;
    if (stat(path, &info) != 0) return mos_fail_errno("open", path);
    out->bytes = (uint64_t)info.st_size;
    (void)snprintf(out->text, sizeof out->text, "1 %s %lld %lld.%09ld", layout->archive,
                   (long long)info.st_size, (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    return MOSAIC_OK;
}

static mosaic_status add_member(mos_tar_index *index, const mos_patch_layout *layout,
                                const mos_tar_member *member) {
    const char *patch;
    size_t size;
    int file;
    if (!mos_patch_layout_split(layout, member->path, &patch, &size, &file)) {
        if (index->strangers++ == 0)
            (void)snprintf(index->stranger, sizeof index->stranger, "%.159s", member->path);
        return MOSAIC_OK;
    }
    MOS_TRY(mos_name_set_add(&index->names, patch, size, NULL));
    size_t row = (size_t)mos_tar_index_find(index, patch, size);
    size_t wanted = index->names.count * index->files, cell = row * index->files + (size_t)file;
    MOS_TRY(mos_grow(&index->offsets, &index->offset_room, wanted, sizeof *index->offsets,
                     "index of an archive"));
    MOS_TRY(mos_grow(&index->sizes, &index->size_room, wanted, sizeof *index->sizes,
                     "index of an archive"));
    if (index->offsets[cell] !=
        0) { /* a tree would hold the last of two members of one name; which one is meant nobody can tell */
        if (index->twice++ == 0)
            (void)snprintf(index->again, sizeof index->again, "%.159s", member->path);
        return MOSAIC_OK;
    }
    index->offsets[cell] = member->offset;
    index->sizes[cell] = (uint32_t)member->size; /* at most 64 MiB */
    return MOSAIC_OK;
}

static mosaic_status build(const char *path, const mos_patch_layout *layout, bool progress,
                           mos_tar_index *out) {
    mos_text_list parts = {0};
    mos_tar *tar = NULL;
    mos_tar_member member;
    mos_progress line;
    bool found = true;
    mosaic_status status;
    if (progress) mos_progress_begin(&line, "index of the archive", 1);
    MOS_GOTO(mos_text_list_add(&parts, path));
    MOS_GOTO(mos_tar_open(&parts, &tar));
    if (!mos_tar_is_plain(tar)) {
        status = mos_fail(MOSAIC_ERR_DATA, "%s: named as a plain tar, but it is compressed", path);
        goto done;
    }
    line.total = (int64_t)mos_tar_total_bytes(tar);
    while (found) {
        MOS_GOTO(mos_tar_next(tar, &member, &found));
        if (found) MOS_GOTO(add_member(out, layout, &member));
        if (!progress) continue;
        mos_progress_update(&line, (int64_t)mos_tar_taken_bytes(tar));
        if (found) MOS_GOTO(mos_stop_check(line.label, line.done, line.total));
    }
done:
    if (progress) mos_progress_end(&line);
    mos_tar_close(&tar);
    mos_text_list_release(&parts);
    return status;
}

/* Names one after the other with a line feed behind each. */
static mosaic_status save(const mos_tar_index *index, const char *path, const archive_mark *mark) {
    mos_text names = {0}, strangers = {0}, twice = {0};
    for (size_t i = 0; i < index->names.count; i++)
        mos_text_add(&names, "%s\n", index->names.entries[i].name);
    mos_text_add(&strangers, "%lld %s", (long long)index->strangers, index->stranger);
    mos_text_add(&twice, "%lld %s", (long long)index->twice, index->again);
    mosaic_status status = names.failed || strangers.failed || twice.failed
                               ? mos_fail_memory(names.size, "index of an archive")
                               : MOSAIC_OK;
    int64_t rows = (int64_t)index->names.count, files = (int64_t)index->files;
    const mos_tensor_source tensors[] = {
        {.name = "offsets",
         .dtype = MOS_U64,
         .rank = 2,
         .shape = {rows, files},
         .data = index->offsets},
        {.name = "sizes",
         .dtype = MOS_U32,
         .rank = 2,
         .shape = {rows, files},
         .data = index->sizes},
        {.name = "names",
         .dtype = MOS_U8,
         .rank = 1,
         .shape = {(int64_t)names.size},
         .data = names.data},
    };
    const char *metadata[] = {"archive",      mark->text, "strangers",
                              strangers.data, "twice",    twice.data};
    if (status == MOSAIC_OK) status = mos_safetensors_write(path, tensors, 3, metadata, 3);
    mos_text_release(&names);
    mos_text_release(&strangers);
    mos_text_release(&twice);
    return status;
}

static void take_note(const char *text, int64_t *count, char example[160]) {
    char number[24] = "";
    const char *space = text == NULL ? NULL : strchr(text, ' ');
    if (space == NULL || space - text >= (int)sizeof number) return;
    memcpy(number, text, (size_t)(space - text));
    if (mos_parse_int(number, count)) (void)snprintf(example, 160, "%.159s", space + 1);
}

static bool has_shape(const mos_tensor_view *tensor, mos_dtype dtype, size_t rows, size_t files) {
    return tensor != NULL && tensor->dtype == dtype && tensor->rank == 2 &&
           tensor->shape[0] == (int64_t)rows && tensor->shape[1] == (int64_t)files;
}

/* Every place must lie in the archive and every name be one: the file is no more trusted than the
 * archive. *good is false for an index of something else. */
static mosaic_status take_tensors(const mos_safetensors *file, const mos_patch_layout *layout,
                                  uint64_t archive_bytes, mos_tar_index *out, bool *good) {
    const mos_tensor_view *names = mos_safetensors_find(file, "names"),
                          *offsets = mos_safetensors_find(file, "offsets"),
                          *sizes = mos_safetensors_find(file, "sizes");
    *good = false;
    if (names == NULL || names->dtype != MOS_U8) return MOSAIC_OK;
    const char *at = names->data, *end = at + names->bytes;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        mos_patch_name parsed;
        bool added = false;
        if (stop == NULL || !layout->parse(at, (size_t)(stop - at), &parsed)) return MOSAIC_OK;
        MOS_TRY(mos_name_set_add(&out->names, at, (size_t)(stop - at), &added));
        if (!added) return MOSAIC_OK;
        at = stop + 1;
    }
    size_t cells = out->names.count * out->files;
    if (!has_shape(offsets, MOS_U64, out->names.count, out->files) ||
        !has_shape(sizes, MOS_U32, out->names.count, out->files))
        return MOSAIC_OK;
    MOS_TRY(mos_alloc(cells, sizeof *out->offsets, "index of an archive", &out->offsets));
    MOS_TRY(mos_alloc(cells, sizeof *out->sizes, "index of an archive", &out->sizes));
    if (cells > 0) memcpy(out->offsets, offsets->data, cells * sizeof *out->offsets);
    if (cells > 0) memcpy(out->sizes, sizes->data, cells * sizeof *out->sizes);
    for (size_t c = 0; c < cells; c++) {
        if (out->offsets[c] > archive_bytes || out->sizes[c] > archive_bytes - out->offsets[c] ||
            out->sizes[c] > mos_tar_max_member_bytes)
            return MOSAIC_OK;
    }
    take_note(mos_safetensors_metadata(file, "strangers"), &out->strangers, out->stranger);
    take_note(mos_safetensors_metadata(file, "twice"), &out->twice, out->again);
    *good = true;
    return MOSAIC_OK;
}

static mosaic_status load(const char *path, const mos_patch_layout *layout,
                          const archive_mark *mark, mos_tar_index *out, bool *good) {
    struct stat info;
    mos_safetensors file = {0};
    *good = false;
    if (stat(path, &info) != 0) return MOSAIC_OK;
    mosaic_status status = mos_safetensors_open(path, &file);
    if (status == MOSAIC_ERR_DATA) return MOSAIC_OK; /* damaged: made anew */
    const char *text = status == MOSAIC_OK ? mos_safetensors_metadata(&file, "archive") : NULL;
    if (text != NULL && strcmp(text, mark->text) == 0)
        status = take_tensors(&file, layout, mark->bytes, out, good);
    mos_safetensors_release(&file);
    if (status == MOSAIC_OK && !*good) {
        mos_tar_index_release(out);
        out->files = (size_t)mos_patch_layout_files(layout);
    }
    return status;
}

mosaic_status mos_tar_index_open(const char *path, const mos_patch_layout *layout,
                                 uint64_t keep_bytes, mos_tar_index *out) {
    archive_mark mark;
    char kept[4096];
    bool good = false;
    *out = (mos_tar_index){.files = (size_t)mos_patch_layout_files(layout)};
    mosaic_status status;
    MOS_GOTO(mark_archive(path, layout, &mark));
    int length = snprintf(kept, sizeof kept, "%s.index", path);
    bool keep = mark.bytes >= keep_bytes && length > 0 && (size_t)length < sizeof kept;
    if (keep) MOS_GOTO(load(kept, layout, &mark, out, &good));
    if (good) return MOSAIC_OK;
    MOS_GOTO(build(path, layout, keep, out));
    if (keep && save(out, kept, &mark) != MOSAIC_OK)
        mos_log(MOS_LOG_NOTICE, "the index is not kept: %s", mosaic_error());
done:
    if (status != MOSAIC_OK) mos_tar_index_release(out);
    return status;
}

void mos_tar_index_release(mos_tar_index *index) {
    mos_name_set_release(&index->names);
    mos_free(index->offsets);
    mos_free(index->sizes);
    *index = (mos_tar_index){0};
}

int64_t mos_tar_index_find(const mos_tar_index *index, const char *patch, size_t size) {
    const mos_name_entry *entry = mos_name_set_find(&index->names, patch, size);
    return entry == NULL ? -1 : entry - index->names.entries;
}
