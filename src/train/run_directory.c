#include "train/run_directory.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char lock_name[] = ".lock";

/* Every name that a run writes; a star at the end stands for any rest of a name. */
static const char *const run_names[] = {
    "config.yaml",   "provenance.json", "data.json",   "train.log",
    "metrics.jsonl", "metrics.csv",     "timing.csv",  "events.out.tfevents.*",
    "labeled.txt",   "statistics.csv",  "checkpoints", "model",
    "eval",          "report.html",     "replay",      lock_name,
};

static bool matches(const char *pattern, const char *name) {
    size_t size = strlen(pattern);
    if (pattern[size - 1] == '*') return strncmp(pattern, name, size - 1) == 0;
    /* an atomic write that a kill cut off leaves NAME.part-PID-N */
    return strncmp(pattern, name, size) == 0 &&
           (name[size] == '\0' || strncmp(name + size, ".part-", 6) == 0);
}

static bool is_run_name(const char *name) {
    for (size_t i = 0; i < sizeof run_names / sizeof run_names[0]; i++) {
        if (matches(run_names[i], name)) return true;
    }
    return false;
}

typedef struct contents {
    int64_t entries; /* the lock file is not counted */
    bool is_run;     /* there is a file that only a run leaves */
    char foreign[256];
} contents;

static mosaic_status look_into(const char *path, contents *out) {
    *out = (contents){0};
    DIR *folder = opendir(path);
    if (folder == NULL) return mos_fail_errno("open folder", path);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, lock_name) == 0)
            continue;
        out->entries++;
        if (strcmp(name, "config.yaml") == 0 || strcmp(name, "provenance.json") == 0 ||
            strcmp(name, "checkpoints") == 0)
            out->is_run = true;
        if (!is_run_name(name) && out->foreign[0] == '\0')
            (void)snprintf(out->foreign, sizeof out->foreign, "%s", name);
    }
    (void)closedir(folder);
    return MOSAIC_OK;
}

static mosaic_status take_lock(mos_run_directory *run) {
    char path[4096];
    MOS_TRY(mos_run_path(run, lock_name, path, sizeof path));
    run->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (run->lock < 0) return mos_fail_errno("create", path);
    if (flock(run->lock, LOCK_EX | LOCK_NB) == 0) return MOSAIC_OK;
    mosaic_status status =
        errno == EWOULDBLOCK
            ? mos_fail(MOSAIC_ERR_RUNTIME, "another process is writing to run '%s'", run->path)
            : mos_fail_errno("lock", path);
    (void)close(run->lock);
    run->lock = -1;
    return status;
}

static mosaic_status check_contents(mos_run_directory *run, mos_run_mode mode) {
    contents found;
    MOS_TRY(look_into(run->path, &found));
    run->fresh = found.entries == 0;
    if (found.entries == 0) return MOSAIC_OK;
    if (mode == MOS_RUN_NEW)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "run directory '%s' is not empty: give a new one, or --resume to go on, or "
                        "--overwrite to start again",
                        run->path);
    if (mode == MOS_RUN_RESUME && !found.is_run)
        return mos_fail(MOSAIC_ERR_RESUME, "'%s' holds no run to resume (no config.yaml in it)",
                        run->path);
    if (mode == MOS_RUN_OVERWRITE && (!found.is_run || found.foreign[0] != '\0'))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "'%s' does not look like a run and is not overwritten: it has %s%s%s",
                        run->path, found.foreign[0] == '\0' ? "no config.yaml" : "'", found.foreign,
                        found.foreign[0] == '\0' ? "" : "'");
    return MOSAIC_OK;
}

mosaic_status mos_run_directory_open(const char *path, mos_run_mode mode, mos_run_directory *out) {
    *out = (mos_run_directory){.lock = -1};
    if (path == NULL || path[0] == '\0')
        return mos_fail(MOSAIC_ERR_USAGE, "a run directory is wanted (--out RUN)");
    MOS_TRY(mos_path_join(out->path, sizeof out->path, path, ""));
    if (mos_path_exists(path) && !mos_path_is_dir(path))
        return mos_fail(MOSAIC_ERR_USAGE, "run directory '%s' is a file", path);
    out->created = !mos_path_exists(path);
    if (out->created) MOS_TRY(mos_make_dirs(path));
    mosaic_status status = take_lock(out);
    if (status == MOSAIC_OK) status = check_contents(out, mode);
    if (status != MOSAIC_OK) mos_run_directory_close(out);
    return status;
}

mosaic_status mos_run_directory_clear(const mos_run_directory *run) {
    DIR *folder = opendir(run->path);
    if (folder == NULL) return mos_fail_errno("open folder", run->path);
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; status == MOSAIC_OK && (entry = readdir(folder)) != NULL;) {
        char path[4096];
        if (!is_run_name(entry->d_name) || strcmp(entry->d_name, lock_name) == 0) continue;
        status = mos_run_path(run, entry->d_name, path, sizeof path);
        if (status == MOSAIC_OK) status = mos_remove_tree(path);
    }
    (void)closedir(folder);
    return status;
}

/* "step-12.safetensors.part-4711-3" */
static bool is_partial(const char *name) {
    static const char mark[] = ".part-";
    const char *at = strstr(name, mark);
    if (at == NULL) return false;
    at += sizeof mark - 1;
    size_t pid = strspn(at, "0123456789");
    if (pid == 0 || at[pid] != '-') return false;
    size_t number = strspn(at + pid + 1, "0123456789");
    return number > 0 && at[pid + 1 + number] == '\0';
}

static mosaic_status sweep_folder(const char *path, int64_t *files, int64_t *bytes) {
    DIR *folder = opendir(path);
    if (folder == NULL) return errno == ENOENT ? MOSAIC_OK : mos_fail_errno("open folder", path);
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; status == MOSAIC_OK && (entry = readdir(folder)) != NULL;) {
        char file[4096];
        struct stat info;
        if (!is_partial(entry->d_name)) continue;
        status = mos_path_join(file, sizeof file, path, entry->d_name);
        if (status != MOSAIC_OK || lstat(file, &info) != 0 || !S_ISREG(info.st_mode)) continue;
        status = mos_remove_tree(file);
        if (status != MOSAIC_OK) continue;
        ++*files;
        *bytes += (int64_t)info.st_blocks * 512;
    }
    (void)closedir(folder);
    return status;
}

mosaic_status mos_run_directory_sweep(const mos_run_directory *run, int64_t *files,
                                      int64_t *bytes) {
    static const char *const folders[] = {"", "checkpoints", "model"};
    *files = *bytes = 0;
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++) {
        char path[4096];
        MOS_TRY(mos_run_path(run, folders[f], path, sizeof path));
        MOS_TRY(sweep_folder(path, files, bytes));
    }
    return MOSAIC_OK;
}

mosaic_status mos_run_path(const mos_run_directory *run, const char *name, char *buffer,
                           size_t size) {
    return mos_path_join(buffer, size, run->path, name);
}

void mos_run_directory_close(mos_run_directory *run) {
    if (run->lock < 0) return;
    char path[4096];
    contents found;
    /* The lock file is removed while the lock is held: a writer that opened it earlier finds it
     * locked. */
    bool empty = run->created && look_into(run->path, &found) == MOSAIC_OK && found.entries == 0;
    if (empty && mos_run_path(run, lock_name, path, sizeof path) == MOSAIC_OK) {
        (void)unlink(path);
        (void)rmdir(run->path);
    }
    (void)close(run->lock);
    run->lock = -1;
}
