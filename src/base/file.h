/* Files: whole reads with a limit, atomic writes (temporary file, fsync, rename, fsync of the
 * folder). */
#ifndef MOS_BASE_FILE_H
#define MOS_BASE_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Read a whole file of at most `limit` bytes; a NUL follows the data. mos_free(*data). */
mosaic_status mos_file_read(const char *path, size_t limit, char **data,
                            size_t *size) MOSAIC_CHECKED;
bool mos_path_exists(const char *path);
bool mos_path_is_dir(const char *path);
/* mkdir -p. */
mosaic_status mos_make_dirs(const char *path) MOSAIC_CHECKED;
/* Join into a caller's buffer; fails when it does not fit. */
mosaic_status mos_path_join(char *buffer, size_t size, const char *folder,
                            const char *name) MOSAIC_CHECKED;
/* Remove a file or a whole tree; missing is fine. */
mosaic_status mos_remove_tree(const char *path) MOSAIC_CHECKED;

/* An atomic write: nothing at `path` changes until commit; abort (or a crash) leaves the old file.
 */
typedef struct mos_atomic_file {
    FILE *stream; /* write here */
    char path[4096], temporary[4096];
} mos_atomic_file;
mosaic_status mos_atomic_open(mos_atomic_file *file, const char *path) MOSAIC_CHECKED;
/* Flush, fsync, rename over path, fsync the folder. On failure the temporary file is removed. */
mosaic_status mos_atomic_commit(mos_atomic_file *file) MOSAIC_CHECKED;
void mos_atomic_abort(mos_atomic_file *file); /* takes an empty, committed or aborted one */
/* The three above for one block of memory. */
mosaic_status mos_atomic_write(const char *path, const void *data, size_t size) MOSAIC_CHECKED;

/* SHA-256 of memory and of a file, as 64 hex digits and NUL. */
void mos_sha256(const void *data, size_t size, char hex[65]);
mosaic_status mos_sha256_file(const char *path, char hex[65]) MOSAIC_CHECKED;
/* The same of bytes that come one after another: start, take as often as wanted, end. */
typedef struct mos_sha256_state {
    uint32_t hash[8];
    unsigned char block[64];
    size_t used; /* bytes waiting in block */
    uint64_t bytes;
} mos_sha256_state;
void mos_sha256_start(mos_sha256_state *state);
void mos_sha256_take(mos_sha256_state *state, const void *bytes, size_t size);
void mos_sha256_end(mos_sha256_state *state, char hex[65]);

#endif
