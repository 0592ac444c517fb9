#include "data/bigearthnet/patch_files.h"

#include "base/file.h"
#include "base/text.h"
#include "data/bigearthnet/bigearthnet_options.h"
#include "data/data_options.h"
#include "io/archive_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && memcmp(text + n - m, end, m) == 0;
}

mosaic_status mos_patch_files_find(const mos_dataset *dataset, const char *given,
                                   const mos_patch_layout *layout, mos_patch_files *out) {
    char stem[4096];
    memset(out, 0, sizeof *out);
    out->layout = layout;
    out->descriptor = -1;
    if (given != NULL) {
        MOS_TRY(mos_dataset_path(dataset, given, "", out->path, sizeof out->path));
        if (mos_path_is_dir(out->path))
            out->store = MOS_STORE_TREE;
        else if (ends_with(out->path, ".tar") && mos_path_exists(out->path))
            out->store = MOS_STORE_TAR;
        else
            out->store = mos_archive_has_name(out->path) ? MOS_STORE_STREAM : MOS_STORE_TREE;
        return MOSAIC_OK;
    }
    MOS_TRY(mos_path_join(stem, sizeof stem, dataset->root, layout->folder));
    if (mos_path_is_dir(stem)) {
        memcpy(out->path, stem, sizeof stem);
        out->store = MOS_STORE_TREE;
        return MOSAIC_OK;
    }
    MOS_TRY(mos_path_join(stem, sizeof stem, dataset->root, layout->archive));
    MOS_TRY(mos_archive_find(stem, out->path, sizeof out->path));
    if (out->path[0] != '\0')
        out->store = ends_with(out->path, ".tar") ? MOS_STORE_TAR : MOS_STORE_STREAM;
    return MOSAIC_OK;
}

static void note_members(mos_dataset *dataset, const mos_patch_files *files) {
    const mos_tar_index *index = &files->index;
    for (int64_t i = 0; i < index->strangers; i++)
        mos_dataset_defect(dataset, "member that is no file of a patch", "%s: %s", files->path,
                           index->stranger);
    for (int64_t i = 0; i < index->twice; i++)
        mos_dataset_defect(dataset, "member twice in the archive, first taken", "%s: %s",
                           files->path, index->again);
}

static void add_argument(mos_text *command, const char *option, const char *value) {
    if (value != NULL) mos_text_add(command, " %s '%s'", option, value);
}

/* With the very command that does it. */
static mosaic_status refuse_stream(const mos_dataset *dataset, const mos_patch_files *files) {
    const mos_data_options *options = &dataset->options;
    const mos_ben_options *own = mos_ben_options_of(options);
    mos_text command = {0};
    add_argument(&command, "mosaic data pack", dataset->root);
    add_argument(&command, "--s1", options->s1);
    add_argument(&command, "--s2", options->s2);
    add_argument(&command, "--reference-maps", options->reference_maps);
    add_argument(&command, "--metadata", options->metadata);
    add_argument(&command, "--snow-metadata", own->snow_metadata);
    if (own->include_snow_cloud) mos_text_add(&command, " --include-snow-cloud");
    if (options->format > 0)
        mos_text_add(&command, " --format %s", mos_format_names[options->format]);
    if (options->classes != MOS_CLASSES_DEFAULT)
        mos_text_add(&command, " --classes %s", mos_class_choices[options->classes]);
    mosaic_status status =
        command.failed
            ? mos_fail_memory(command.size, "a command")
            : mos_fail(MOSAIC_ERR_USAGE,
                       "%s: compressed or in parts, so it can only be read in one go; pack it "
                       "first:%s FOLDER, then use FOLDER",
                       files->path, command.data);
    mos_text_release(&command);
    return status;
}

mosaic_status mos_patch_files_open(mos_dataset *dataset, mos_patch_files *files) {
    if (files->store == MOS_STORE_STREAM) return refuse_stream(dataset, files);
    if (files->store != MOS_STORE_TAR) return MOSAIC_OK;
    files->descriptor = open(files->path, O_RDONLY | O_CLOEXEC);
    if (files->descriptor < 0) return mos_fail_errno("open", files->path);
    MOS_TRY(
        mos_tar_index_open(files->path, files->layout, MOS_TAR_INDEX_KEEP_BYTES, &files->index));
    note_members(dataset, files);
    return MOSAIC_OK;
}

void mos_patch_files_release(mos_patch_files *files) {
    if (files->layout != NULL && files->descriptor >= 0) close(files->descriptor);
    mos_tar_index_release(&files->index);
    memset(files, 0, sizeof *files);
}

/* As the layout says, below the folder or, for messages, the archive. */
static mosaic_status file_path(const mos_patch_files *files, const char *patch, int file, char *out,
                               size_t size) {
    mos_patch_name parsed;
    if (!files->layout->parse(patch, strlen(patch), &parsed))
        return mos_fail(MOSAIC_ERR_DATA, "'%s' is not a patch name", patch);
    int group = files->layout->grouped ? (int)parsed.folder_size : 0;
    int written = snprintf(out, size, "%s%s%.*s/%s/%s_%s%s", files->path, group > 0 ? "/" : "",
                           group, patch, patch, patch, mos_patch_layout_stem(files->layout, file),
                           mos_patch_layout_ending(files->layout, file));
    if (written < 0 || (size_t)written >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: path is too long", files->path);
    return MOSAIC_OK;
}

/* -1: not in the tar */
static int64_t cell_of(const mos_patch_files *files, const char *patch, int file) {
    int64_t row = mos_tar_index_find(&files->index, patch, strlen(patch));
    int64_t cell = row * (int64_t)files->index.files + file;
    return row < 0 || files->index.offsets[cell] == 0 ? -1 : cell;
}

bool mos_patch_files_has(const mos_patch_files *files, const char *patch, int file) {
    char path[4096];
    if (files->store == MOS_STORE_TAR) return cell_of(files, patch, file) >= 0;
    return files->store == MOS_STORE_TREE &&
           file_path(files, patch, file, path, sizeof path) == MOSAIC_OK && mos_path_exists(path);
}

mosaic_status mos_patch_files_read(const mos_patch_files *files, const char *patch, int file,
                                   mos_file_bytes *bytes, char *name, size_t name_size) {
    MOS_TRY(file_path(files, patch, file, name, name_size));
    if (files->store == MOS_STORE_TREE) return mos_file_bytes_read(name, bytes);
    int64_t cell = files->store == MOS_STORE_TAR ? cell_of(files, patch, file) : -1;
    if (cell < 0) return mos_fail(MOSAIC_ERR_DATA, "%s: not in the archive", name);
    return mos_file_bytes_read_at(files->descriptor, files->index.offsets[cell],
                                  files->index.sizes[cell], name, bytes);
}
