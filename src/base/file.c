#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool mos_path_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

bool mos_path_is_dir(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static mosaic_status read_open(FILE *file, const char *path, size_t limit, char **data,
                               size_t *size) {
    struct stat info;
    if (fstat(fileno(file), &info) != 0) return mos_fail_errno("examine", path);
    if (S_ISDIR(info.st_mode))
        return mos_fail(MOSAIC_ERR_IO, "cannot read %s: it is a folder", path);
    /* The size is a first guess: pipes and files of /proc say 0, and a file can grow meanwhile. */
    size_t capacity = 0, used = 0, guess = info.st_size > 0 ? (size_t)info.st_size : 4096;
    if (guess > limit) guess = limit;
    char *bytes = NULL;
    mosaic_status status = mos_grow(&bytes, &capacity, guess + 1, 1, path);
    while (status == MOSAIC_OK) {
        size_t got = fread(bytes + used, 1, capacity - used, file);
        used += got;
        if (used > limit)
            status =
                mos_fail(MOSAIC_ERR_DATA, "%s: larger than the limit of %zu bytes", path, limit);
        else if (ferror(file))
            status = mos_fail_errno("read", path);
        else if (used < capacity)
            break;
        else
            status = mos_grow(&bytes, &capacity, capacity + 1, 1, path);
    }
    if (status != MOSAIC_OK) {
        mos_free(bytes);
        return status;
    }
    bytes[used] = '\0';
    *data = bytes;
    *size = used;
    return MOSAIC_OK;
}

mosaic_status mos_file_read(const char *path, size_t limit, char **data, size_t *size) {
    *data = NULL;
    *size = 0;
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return mos_fail_errno("open", path);
    mosaic_status status = read_open(file, path, limit, data, size);
    (void)fclose(file);
    return status;
}

static mosaic_status copy_path(char *buffer, size_t size, const char *path) {
    size_t length = strlen(path);
    if (length >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "path too long: %zu characters, at most %zu: %.80s...",
                        length, size - 1, path);
    memcpy(buffer, path, length + 1);
    return MOSAIC_OK;
}

static mosaic_status make_dir(const char *path) {
    if (mkdir(path, 0777) == 0) return MOSAIC_OK;
    if (errno == EEXIST) {
        if (mos_path_is_dir(path)) return MOSAIC_OK;
        errno = ENOTDIR;
    }
    return mos_fail_errno("create folder", path);
}

mosaic_status mos_make_dirs(const char *path) {
    char partial[4096];
    MOS_TRY(copy_path(partial, sizeof partial, path));
    if (mos_path_is_dir(path)) return MOSAIC_OK;
    for (char *slash = strchr(partial + (partial[0] == '/'), '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!mos_path_is_dir(partial)) MOS_TRY(make_dir(partial));
        *slash = '/';
    }
    return mos_path_is_dir(partial) ? MOSAIC_OK : make_dir(partial);
}

mosaic_status mos_path_join(char *buffer, size_t size, const char *folder, const char *name) {
    size_t used = strlen(folder);
    bool slash = used > 0 && folder[used - 1] != '/' && name[0] != '\0';
    size_t wanted = used + slash + strlen(name) + 1;
    if (wanted > size)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "path too long: %zu characters, at most %zu: %.80s.../%.80s", wanted - 1,
                        size == 0 ? 0 : size - 1, folder, name);
    memmove(buffer, folder, used);
    if (slash) buffer[used++] = '/';
    memcpy(buffer + used, name, strlen(name) + 1);
    return MOSAIC_OK;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info;
    (void)kind;
    (void)walk;
    if (remove(path) == 0 || errno == ENOENT) return 0;
    (void)mos_fail_errno("remove", path);
    return 1;
}

mosaic_status mos_remove_tree(const char *path) {
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? MOSAIC_OK : mos_fail_errno("remove", path);
    int answer = nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (answer == 1) return MOSAIC_ERR_IO;
    return answer == 0 || errno == ENOENT ? MOSAIC_OK : mos_fail_errno("remove", path);
}

mosaic_status mos_atomic_open(mos_atomic_file *file, const char *path) {
    static atomic_uint counter;
    file->stream = NULL;
    file->path[0] = file->temporary[0] = '\0';
    MOS_TRY(copy_path(file->path, sizeof file->path, path));
    char suffix[48];
    (void)snprintf(suffix, sizeof suffix, ".part-%ld-%u", (long)getpid(),
                   atomic_fetch_add(&counter, 1));
    size_t length = strlen(path), extra = strlen(suffix) + 1;
    if (length + extra > sizeof file->temporary)
        return mos_fail(MOSAIC_ERR_USAGE, "path too long: %zu characters: %.80s...", length, path);
    memcpy(file->temporary, path, length);
    memcpy(file->temporary + length, suffix, extra);
    file->stream = fopen(file->temporary, "wbxe");
    if (file->stream != NULL) return MOSAIC_OK;
    mosaic_status status = mos_fail_errno("create", file->temporary);
    file->temporary[0] = '\0';
    return status;
}

/* A rename is only sure to outlast a power cut once its folder is on disk. */
static mosaic_status sync_folder(const char *path) {
    char folder[4096] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        size_t length = slash == path ? 1 : (size_t)(slash - path);
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return mos_fail_errno("open folder", folder);
    /* Some file systems have no fsync for folders and say so with EINVAL. */
    mosaic_status status = MOSAIC_OK;
    if (fsync(descriptor) != 0 && errno != EINVAL) status = mos_fail_errno("sync folder", folder);
    (void)close(descriptor);
    return status;
}

mosaic_status mos_atomic_commit(mos_atomic_file *file) {
    if (file->stream == NULL)
        return mos_fail(MOSAIC_ERR_RUNTIME, "cannot commit %s: it is not open", file->path);
    FILE *stream = file->stream;
    file->stream = NULL;
    mosaic_status status = MOSAIC_OK;
    if (ferror(stream)) /* errno of the failed write is gone; a full disk is the usual cause */
        status = mos_fail(MOSAIC_ERR_IO, "cannot write %s: a write failed (is the disk full?)",
                          file->path);
    else if (fflush(stream) != 0 || fsync(fileno(stream)) != 0)
        status = mos_fail_errno("write", file->path);
    if (fclose(stream) != 0 && status == MOSAIC_OK) status = mos_fail_errno("close", file->path);
    if (status == MOSAIC_OK && rename(file->temporary, file->path) != 0)
        status = mos_fail_errno("replace", file->path);
    if (status != MOSAIC_OK) (void)unlink(file->temporary);
    file->temporary[0] = '\0';
    return status == MOSAIC_OK ? sync_folder(file->path) : status;
}

void mos_atomic_abort(mos_atomic_file *file) {
    if (file->stream == NULL) return;
    (void)fclose(file->stream);
    file->stream = NULL;
    (void)unlink(file->temporary);
    file->temporary[0] = '\0';
}

mosaic_status mos_atomic_write(const char *path, const void *data, size_t size) {
    mos_atomic_file file;
    MOS_TRY(mos_atomic_open(&file, path));
    if (size > 0 && fwrite(data, 1, size, file.stream) != size) {
        mosaic_status status = mos_fail_errno("write", path);
        mos_atomic_abort(&file);
        return status;
    }
    return mos_atomic_commit(&file);
}
