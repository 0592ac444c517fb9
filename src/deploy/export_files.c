/* What every kind of export needs: the folder of the run, paths that are listed, files of text. */
#include "deploy/export_internal.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

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

mosaic_status mos_export_place(mos_export *job, const char *name, char *path, size_t size) {
    MOS_TRY(mos_path_join(path, size, job->options->out, name));
    mos_text_add(job->files, "%s\n", path);
    return MOSAIC_OK;
}

mosaic_status mos_export_text(const char *path, mos_text *text) {
    mosaic_status status = text->failed ? mos_fail_memory(text->size, "a text")
                                        : mos_atomic_write(path, text->data, text->size);
    mos_text_release(text);
    return status;
}
