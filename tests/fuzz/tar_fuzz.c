#include "fuzz/fuzz_target.h"
#include "io/tar_stream.h"

#include <stdlib.h>
#include <string.h>

/* Bytes read of one archive: a small input can be a large one that is compressed. */
enum { ENOUGH = 4 << 20 };

static void check_path(const char *path) {
    size_t size = strlen(path);
    if (size == 0 || size > MOS_TAR_MAX_PATH || path[0] == '/') abort();
    for (const char *at = path;; at++) {
        size_t part = strcspn(at, "/");
        if (part == 0 || (part == 2 && memcmp(at, "..", 2) == 0)) abort();
        for (size_t i = 0; i < part; i++)
            if ((unsigned char)at[i] < 0x20) abort();
        at += part;
        if (*at == '\0') return;
    }
}

/* What is read of a member of a plain archive is what lies at its place in the file. */
static void check_place(const uint8_t *data, size_t size, const mos_tar_member *member,
                        const void *read) {
    if (member->offset > size || member->size > size - member->offset) abort();
    if (member->size > 0 && memcmp(data + member->offset, read, member->size) != 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_tar *tar;
    mos_tar_member member;
    bool found = true;
    uint64_t total = 0;
    if (mos_tar_open_memory("fuzz", data, size, &tar) != MOSAIC_OK) return 0;
    for (int i = 0; total < ENOUGH && mos_tar_next(tar, &member, &found) == MOSAIC_OK; i++) {
        const void *read;
        if (!found) break;
        check_path(member.path);
        if (member.size > mos_tar_max_member_bytes) abort();
        total += member.size + 1;
        if (i % 3 == 2) continue; /* passed over unread */
        if (mos_tar_read(tar, &read) != MOSAIC_OK) break;
        if (mos_tar_is_plain(tar)) check_place(data, size, &member, read);
    }
    mos_tar_close(&tar);
    return 0;
}
