#include "io/tar_stream.h"

#include "base/memory.h"
#include "io/file_map.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 256 << 10, BLOCK = 512, SHOWN = 200 };

struct mos_tar {
    struct archive *archive;
    char name[1024]; /* of the first part, or what stands for it */
    mos_text_list parts;
    size_t part;    /* the open one */
    int descriptor; /* -1: none */
    uint64_t total_bytes, taken_bytes;
    unsigned char *buffer;                     /* [READ_BYTES] */
    uint64_t members, member_size, member_end; /* end: in the uncompressed archive, padding too */
    char path[MOS_TAR_MAX_PATH + 1];
    unsigned char *data;
    size_t capacity;
};

/* "<archive>: member '<path>', at byte N of the tar: <words>" */
static mosaic_status fail(const mos_tar *tar, const char *words) {
    char shown[SHOWN];
    return mos_fail(MOSAIC_ERR_DATA, "%s: member '%s', at byte %lld of the tar: %s", tar->name,
                    mos_shown_text(tar->path, strlen(tar->path), shown, sizeof shown),
                    (long long)archive_filter_bytes(tar->archive, 0), words);
}

/* Between members. */
static mosaic_status fail_after(const mos_tar *tar, const char *words) {
    char shown[SHOWN];
    bool first = tar->members == 0;
    return mos_fail(MOSAIC_ERR_DATA, "%s: %s%s%s at byte %lld of the tar: %s", tar->name,
                    first ? "" : "after member '",
                    mos_shown_text(tar->path, strlen(tar->path), shown, sizeof shown),
                    first ? "" : "',", (long long)archive_filter_bytes(tar->archive, 0), words);
}

/* libarchive's own words. */
static const char *words_of(const mos_tar *tar) {
    const char *words = archive_error_string(tar->archive);
    return words == NULL ? "cannot be read" : words;
}

static int next_part(mos_tar *tar) {
    if (tar->descriptor >= 0) close(tar->descriptor);
    tar->descriptor = -1;
    if (tar->part >= tar->parts.count) return 0;
    tar->descriptor = open(tar->parts.items[tar->part], O_RDONLY | O_CLOEXEC);
    return tar->descriptor < 0 ? -1 : 1;
}

static la_ssize_t read_parts(struct archive *archive, void *context, const void **out) {
    mos_tar *tar = context;
    *out = tar->buffer;
    while (tar->part < tar->parts.count) {
        if (tar->descriptor < 0 && next_part(tar) < 0) {
            archive_set_error(archive, errno, "%s: %s", tar->parts.items[tar->part],
                              strerror(errno));
            return ARCHIVE_FATAL;
        }
        ssize_t got = read(tar->descriptor, tar->buffer, READ_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            archive_set_error(archive, errno, "%s: %s", tar->parts.items[tar->part],
                              strerror(errno));
            return ARCHIVE_FATAL;
        }
        tar->taken_bytes += (uint64_t)got;
        if (got > 0) return got;
        close(tar->descriptor);
        tar->descriptor = -1;
        tar->part++;
    }
    return 0;
}

/* Skips bytes that no caller asked for by seeking, as far as the last part certainly holds them. */
static la_int64_t skip_parts(struct archive *archive, void *context, la_int64_t wanted) {
    mos_tar *tar = context;
    (void)archive;
    struct stat info;
    if (tar->parts.count != 1 || tar->descriptor < 0 || fstat(tar->descriptor, &info) != 0)
        return 0;
    off_t at = lseek(tar->descriptor, 0, SEEK_CUR);
    if (at < 0 || at >= info.st_size) return 0;
    int64_t left = info.st_size - at, step = (wanted < left ? wanted : left) / BLOCK * BLOCK;
    if (step <= 0 || lseek(tar->descriptor, (off_t)step, SEEK_CUR) < 0) return 0;
    tar->taken_bytes += (uint64_t)step;
    return step;
}

static mosaic_status measure_parts(mos_tar *tar) {
    for (size_t p = 0; p < tar->parts.count; p++) {
        struct stat info;
        if (stat(tar->parts.items[p], &info) != 0)
            return mos_fail_errno("open", tar->parts.items[p]);
        if (!S_ISREG(info.st_mode))
            return mos_fail(MOSAIC_ERR_IO, "%s: not a regular file", tar->parts.items[p]);
        tar->total_bytes += (uint64_t)info.st_size;
    }
    return MOSAIC_OK;
}

static mosaic_status make(const char *name, mos_tar **out) {
    mos_tar *tar;
    MOS_TRY(mos_alloc(1, sizeof *tar, "archive", &tar));
    *out = tar;
    tar->descriptor = -1;
    (void)snprintf(tar->name, sizeof tar->name, "%s", name);
    tar->archive = archive_read_new();
    if (tar->archive == NULL) return mos_fail_memory(1, "archive");
    /* Few formats, and zeros that are not the end only where another archive follows: what lies
     * behind the end mark is looked at instead of being ignored. */
    if (archive_read_support_format_tar(tar->archive) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(tar->archive) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(tar->archive) != ARCHIVE_OK ||
        archive_read_set_option(tar->archive, "tar", "read_concatenated_archives", "1") !=
            ARCHIVE_OK)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED, "%s: libarchive without gzip, zstd or tar", name);
    return MOSAIC_OK;
}

static mosaic_status open_file(const mos_text_list *parts, mos_tar *tar) {
    for (size_t p = 0; p < parts->count; p++)
        MOS_TRY(mos_text_list_add(&tar->parts, parts->items[p]));
    MOS_TRY(measure_parts(tar));
    MOS_TRY(mos_alloc(READ_BYTES, 1, "archive", &tar->buffer));
    archive_read_set_read_callback(tar->archive, read_parts);
    archive_read_set_skip_callback(tar->archive, skip_parts);
    archive_read_set_callback_data(tar->archive, tar);
    return archive_read_open1(tar->archive) == ARCHIVE_OK ? MOSAIC_OK
                                                          : fail_after(tar, words_of(tar));
}

mosaic_status mos_tar_open(const mos_text_list *parts, mos_tar **out) {
    mos_tar *tar = NULL;
    *out = NULL;
    if (parts->count == 0) return mos_fail(MOSAIC_ERR_USAGE, "no archive named");
    mosaic_status status = make(parts->items[0], &tar);
    if (status == MOSAIC_OK) status = open_file(parts, tar);
    if (status == MOSAIC_OK)
        *out = tar;
    else
        mos_tar_close(&tar);
    return status;
}

mosaic_status mos_tar_open_memory(const char *what, const void *data, size_t size, mos_tar **out) {
    mos_tar *tar = NULL;
    *out = NULL;
    mosaic_status status = make(what, &tar);
    if (status == MOSAIC_OK) {
        tar->total_bytes = size;
        if (archive_read_open_memory(tar->archive, data, size) != ARCHIVE_OK)
            status = fail_after(tar, words_of(tar));
    }
    if (status == MOSAIC_OK)
        *out = tar;
    else
        mos_tar_close(&tar);
    return status;
}

void mos_tar_close(mos_tar **pointer) {
    mos_tar *tar = *pointer;
    if (tar == NULL) return;
    if (tar->archive != NULL) archive_read_free(tar->archive);
    if (tar->descriptor >= 0) close(tar->descriptor);
    mos_text_list_release(&tar->parts);
    mos_free(tar->buffer);
    mos_free(tar->data);
    mos_free(tar);
    *pointer = NULL;
}

/* Into tar->path, without a leading "./". */
static mosaic_status take_path(mos_tar *tar, const char *path) {
    if (path == NULL) return fail_after(tar, "a name that cannot be read");
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    size_t size = strnlen(path, MOS_TAR_MAX_PATH + 1);
    if (size == 0 || size > MOS_TAR_MAX_PATH)
        return fail_after(tar, "a name of no or over 511 bytes");
    memcpy(tar->path, path, size + 1);
    int depth = 0;
    for (const char *at = tar->path;; at++) {
        size_t part = strcspn(at, "/");
        if (part == 0 && at[0] == '/') return fail(tar, "an absolute name, or one with '//'");
        if (part == 2 && memcmp(at, "..", 2) == 0) return fail(tar, "a name with '..'");
        if (++depth > MOS_TAR_MAX_DEPTH) return fail(tar, "folders more than 8 deep");
        at += part;
        if (at[0] == '\0' || at[1] == '\0') break; /* folders end with a slash */
    }
    for (const char *at = tar->path; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return fail(tar, "a name with control characters");
    }
    return MOSAIC_OK;
}

static mosaic_status check_entry(mos_tar *tar, struct archive_entry *entry, bool *file) {
    *file = false;
    if (++tar->members > MOS_TAR_MAX_MEMBERS) return fail_after(tar, "more than 33554432 members");
    const char *path = archive_entry_pathname(entry);
    if (path == NULL) path = archive_entry_pathname_utf8(entry);
    int64_t size = archive_entry_size(entry);
    if (archive_entry_hardlink(entry) != NULL || archive_entry_filetype(entry) == AE_IFLNK) {
        MOS_TRY(take_path(tar, path));
        return fail(tar, "a link; only files and folders are taken");
    }
    mode_t type = archive_entry_filetype(entry);
    bool top = path != NULL && (strcmp(path, "./") == 0 || strcmp(path, ".") == 0);
    if (type == AE_IFDIR && top) return MOSAIC_OK;
    MOS_TRY(take_path(tar, path));
    if (type == AE_IFDIR) return MOSAIC_OK;
    if (type != AE_IFREG) return fail(tar, "neither a file nor a folder");
    if (size < 0 || (uint64_t)size > mos_tar_max_member_bytes)
        return fail(tar, "larger than 64 MiB");
    if (archive_entry_sparse_count(entry) > 0) return fail(tar, "a sparse file");
    *file = true;
    return MOSAIC_OK;
}

mosaic_status mos_tar_next(mos_tar *tar, mos_tar_member *out, bool *found) {
    *found = false;
    for (;;) {
        struct archive_entry *entry;
        int answer = archive_read_next_header(tar->archive, &entry);
        int64_t at = archive_filter_bytes(tar->archive, 0);
        if (answer == ARCHIVE_EOF) {
            if (at < 0 || (uint64_t)at <= tar->member_end || tar->members == 0)
                return fail_after(tar, "ends without the mark of its end; it was cut off");
            return MOSAIC_OK;
        }
        if (answer != ARCHIVE_OK && answer != ARCHIVE_WARN) return fail_after(tar, words_of(tar));
        bool file;
        MOS_TRY(check_entry(tar, entry, &file));
        uint64_t size = file ? (uint64_t)archive_entry_size(entry) : 0;
        tar->member_size = size;
        tar->member_end = (uint64_t)at + (size + BLOCK - 1) / BLOCK * BLOCK;
        if (!file) continue;
        *out = (mos_tar_member){.path = tar->path, .size = size, .offset = (uint64_t)at};
        *found = true;
        return MOSAIC_OK;
    }
}

mosaic_status mos_tar_read(mos_tar *tar, const void **data) {
    *data = NULL;
    MOS_TRY(mos_grow(&tar->data, &tar->capacity, tar->member_size + 1, 1, "member of an archive"));
    uint64_t used = 0;
    while (used < tar->member_size) {
        la_ssize_t got = archive_read_data(tar->archive, tar->data + used, tar->member_size - used);
        if (got < 0) return fail(tar, words_of(tar));
        if (got == 0) return fail(tar, "fewer bytes than its size says");
        used += (uint64_t)got;
    }
    *data = tar->data;
    return MOSAIC_OK;
}

bool mos_tar_is_plain(const mos_tar *tar) {
    return tar->parts.count <= 1 && archive_filter_code(tar->archive, 0) == ARCHIVE_FILTER_NONE;
}

uint64_t mos_tar_total_bytes(const mos_tar *tar) {
    return tar->total_bytes;
}

uint64_t mos_tar_taken_bytes(const mos_tar *tar) {
    return tar->taken_bytes;
}
