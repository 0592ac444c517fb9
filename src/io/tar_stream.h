/* Tar archives read in order, member by member, plain or compressed by gzip or zstd, in one file or
 * in parts. Nothing is unpacked to disk, and nothing in the archive is trusted: members are plain
 * files with relative names without "..", within the limits below; anything else is an error that
 * names the archive, the member and the byte. */
#ifndef MOS_IO_TAR_STREAM_H
#define MOS_IO_TAR_STREAM_H

#include "base/options.h" /* mos_text_list */

enum { MOS_TAR_MAX_PATH = 511, MOS_TAR_MAX_DEPTH = 8, MOS_TAR_MAX_MEMBERS = 1 << 25 };
static const uint64_t mos_tar_max_member_bytes = (uint64_t)64 << 20;

typedef struct mos_tar_member {
    const char *path; /* "a/b.tif", valid until the next member */
    uint64_t size;
    uint64_t offset; /* of its first byte in the uncompressed archive */
} mos_tar_member;

typedef struct mos_tar mos_tar; /* one thread */

/* Parts in order, as mos_archive_parts_find lists them. */
mosaic_status mos_tar_open(const mos_text_list *parts, mos_tar **out);
/* An archive in memory, which stays the caller's; `what` names it in messages. */
mosaic_status mos_tar_open_memory(const char *what, const void *data, size_t size, mos_tar **out);
void mos_tar_close(mos_tar **tar);
/* The next file; folders are passed over. *found is false at the end. An archive that stops without
 * its end mark, or goes on behind it with anything but another archive, is an error. */
mosaic_status mos_tar_next(mos_tar *tar, mos_tar_member *out, bool *found);
/* The bytes of the member that mos_tar_next gave last; valid until the next call. */
mosaic_status mos_tar_read(mos_tar *tar, const void **data);
/* Are the bytes of the file those of the tar: one part, no compression? Known once opened. */
bool mos_tar_is_plain(const mos_tar *tar);
/* Bytes of the parts: all, and how many were taken so far. */
uint64_t mos_tar_total_bytes(const mos_tar *tar);
uint64_t mos_tar_taken_bytes(const mos_tar *tar);

#endif
