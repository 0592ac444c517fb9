#include "bench/scratch.h"

#include "base/file.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

const char *mos_bench_scratch_parent(const char *given, bool in_memory) {
    const char *temporary = getenv("TMPDIR");
    if (given != NULL) return given;
    if (in_memory && mos_path_is_dir("/dev/shm")) return "/dev/shm";
    return temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp";
}

mosaic_status mos_bench_scratch_make(const char *parent, char *folder, size_t size) {
    mosaic_status status = MOSAIC_OK;
    const int length = snprintf(folder, size, "%s/mosaic-bench-XXXXXX", parent);
    if (length < 0 || (size_t)length >= size)
        status = mos_fail(MOSAIC_ERR_USAGE, "%s: path is too long", parent);
    else if (mkdtemp(folder) == NULL)
        status = mos_fail_errno("make", folder);
    if (status != MOSAIC_OK) folder[0] = '\0';
    return status;
}

void mos_bench_scratch_remove(const char *folder) {
    if (folder[0] != '\0' && mos_remove_tree(folder) != MOSAIC_OK)
        mos_log(MOS_LOG_WARNING, "%s", mosaic_error());
}
