/* What every kind of export needs: the folder of the run, paths that are listed, files of text. */
#include "deploy/export_internal.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void mos_export_run_folder(const mos_export *job, char *folder, size_t size) {
    static const char place[] = "/model/model.safetensors";
    size_t length = strlen(job->path);
    (void)snprintf(folder, size, "%s", job->path);
    if (length > strlen(place) && strcmp(job->path + length - strlen(place), place) == 0 &&
        length - strlen(place) < size)
        folder[length - strlen(place)] = '\0';
    else
        folder[0] = '\0';
}

static bool is_same_file(const char *path, const char *other) {
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

mosaic_status mos_export_spare(const mos_export *job, const char *path) {
    static const char *const beside[] = {"config.json", "README.md"};
    const char *slash = strrchr(job->path, '/');
    const int folder = slash == NULL ? 0 : (int)(slash - job->path) + 1;
    char other[4200];
    bool own = is_same_file(path, job->path);
    for (size_t i = 0; i < sizeof beside / sizeof *beside && !own; i++) {
        (void)snprintf(other, sizeof other, "%.*s%s", folder, job->path, beside[i]);
        own = is_same_file(path, other);
    }
    if (!own) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "--out: %s is of the model itself: give another name", path);
}

mosaic_status mos_export_place(mos_export *job, const char *name, char *path, size_t size) {
    MOS_TRY(mos_path_join(path, size, job->options->out, name));
    MOS_TRY(mos_export_spare(job, path));
    mos_text_add(job->files, "%s\n", path);
    return MOSAIC_OK;
}

mosaic_status mos_export_text(const char *path, mos_text *text) {
    mosaic_status status = text->failed ? mos_fail_memory(text->size, "a text")
                                        : mos_atomic_write(path, text->data, text->size);
    mos_text_release(text);
    return status;
}
