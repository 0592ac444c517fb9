#include "io/lmdb_failure.h"

#include "base/file.h"
#include "io/file_map.h"

#include <errno.h>
#include <string.h>

mosaic_status mos_lmdb_fail(int answer, const char *verb, const char *path) {
    if (answer == 0) return MOSAIC_OK;
    if (answer == ENOMEM)
        return mos_context(mos_fail(MOSAIC_ERR_MEMORY, "out of memory, or of address space"),
                           "cannot %s %s", verb, path);
    if (answer == EIO && strcmp(verb, "write") == 0) /* what liblmdb makes of a short write */
        return mos_fail(MOSAIC_ERR_IO,
                        "cannot write %s: a write was cut short: the disk is full, or a limit on "
                        "the size of files is reached",
                        path);
    if (answer > 0) {
        errno = answer;
        return mos_fail_errno(verb, path);
    }
    bool damaged = answer == MDB_CORRUPTED || answer == MDB_INVALID ||
                   answer == MDB_VERSION_MISMATCH || answer == MDB_PAGE_NOTFOUND ||
                   answer == MDB_CURSOR_FULL || answer == MDB_BAD_VALSIZE;
    return mos_fail(damaged ? MOSAIC_ERR_DATA : MOSAIC_ERR_RUNTIME, "cannot %s %s: %s", verb, path,
                    mdb_strerror(answer));
}

MDB_val mos_lmdb_value(const void *data, size_t size) {
    MDB_val value = {.mv_size = size};
    memcpy(&value.mv_data, &data, sizeof data);
    return value;
}

mosaic_status mos_lmdb_data_path(const char *path, char *buffer, size_t size) {
    return mos_path_join(buffer, size, path, mos_path_is_dir(path) ? "data.mdb" : "");
}

mosaic_status mos_lmdb_check_file(const char *data_path, bool writable, mos_lmdb_shape *shape) {
    mos_file_map map;
    MOS_TRY(mos_file_map_open(data_path, UINT64_MAX, &map));
    mosaic_status status = mos_lmdb_check(map.data, map.size, writable, shape);
    mos_file_map_release(&map);
    return mos_context(status, "%s", data_path);
}
