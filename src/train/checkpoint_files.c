/* Names of checkpoints, and which of them stay. `last` and `best` are text files that name one. They
 * are replaced in one piece, so that a kill at any moment leaves the older ones whole. */
#include "train/checkpoint_parts.h"
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

mosaic_status mos_checkpoint_path(const mos_train_run_files *run, int64_t step, char *buffer,
                                  size_t size) {
    char name[64];
    (void)snprintf(name, sizeof name, "checkpoints/step-%lld.safetensors", (long long)step);
    return mos_train_path(run, name, buffer, size);
}

/* Step of "step-123.safetensors", -1 for any other name. */
static int64_t step_of(const char *name) {
    static const char start[] = "step-", end[] = ".safetensors";
    char digits[24];
    size_t size = strlen(name), from = strlen(start), tail = strlen(end);
    int64_t step;
    if (size <= from + tail || size - from - tail >= sizeof digits ||
        strncmp(name, start, from) != 0 || strcmp(name + size - tail, end) != 0)
        return -1;
    memcpy(digits, name + from, size - from - tail);
    digits[size - from - tail] = '\0';
    return mos_parse_int(digits, &step) && step >= 0 ? step : -1;
}

mosaic_status mos_checkpoint_list(const mos_train_run_files *run, int64_t **steps, size_t *count) {
    char path[4096];
    size_t capacity = 0;
    *steps = NULL;
    *count = 0;
    MOS_TRY(mos_train_path(run, "checkpoints", path, sizeof path));
    DIR *folder = opendir(path);
    if (folder == NULL) return MOSAIC_OK;
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int64_t step = step_of(entry->d_name);
        if (step < 0) continue;
        status = mos_grow(steps, &capacity, *count + 1, sizeof **steps, "checkpoints");
        if (status != MOSAIC_OK) break;
        size_t i = (*count)++;
        for (; i > 0 && (*steps)[i - 1] < step; i--)
            (*steps)[i] = (*steps)[i - 1];
        (*steps)[i] = step;
    }
    (void)closedir(folder);
    return status;
}

/* The model file is not counted: it is smaller than a checkpoint and written at the end. */
mosaic_status mos_checkpoint_space(const mos_train_run_files *run,
                                   const mos_train_learner *learner) {
    mos_checkpoint_block blocks[MOS_CHECKPOINT_BLOCKS];
    char path[4096];
    struct statvfs disk;
    double bytes = 0;
    mos_checkpoint_list_blocks(learner, blocks);
    for (int i = 0; i < MOS_CHECKPOINT_BLOCKS; i++) {
        if (blocks[i].device != NULL)
            bytes += (double)blocks[i].count * (double)learner->device->real_bytes;
    }
    MOS_TRY(mos_train_path(run, "checkpoints", path, sizeof path));
    if (statvfs(path, &disk) != 0) return mos_fail_errno("examine", path);
    double free_bytes = (double)disk.f_bavail * (double)disk.f_frsize, mib = 1048576;
    if (free_bytes < 2 * bytes)
        return mos_fail(MOSAIC_ERR_IO,
                        "%s: %.0f MiB are free, and two checkpoints of %.0f MiB are wanted: the "
                        "disk would be full before the first epoch ends",
                        path, free_bytes / mib, bytes / mib);
    mos_log(MOS_LOG_NOTICE, "a checkpoint takes %.0f MiB, %.0f MiB are free", bytes / mib,
            free_bytes / mib);
    return MOSAIC_OK;
}

mosaic_status mos_checkpoint_point(const mos_train_run_files *run, const char *name, int64_t step) {
    char path[4096], text[64];
    MOS_TRY(mos_train_path(run, name, path, sizeof path));
    (void)snprintf(text, sizeof text, "step-%lld.safetensors\n", (long long)step);
    return mos_atomic_write(path, text, strlen(text));
}

mosaic_status mos_checkpoint_prune(const mos_train_run_files *run, int64_t keep, int64_t best) {
    int64_t *steps;
    size_t count;
    mosaic_status status = mos_checkpoint_list(run, &steps, &count);
    for (size_t i = (size_t)keep; i < count && status == MOSAIC_OK; i++) {
        char path[4096];
        if (steps[i] == best) continue;
        status = mos_checkpoint_path(run, steps[i], path, sizeof path);
        if (status == MOSAIC_OK) status = mos_remove_tree(path);
    }
    mos_free(steps);
    return status;
}
