/* The files that together are one archive: a file, the parts that `split` made of one
 * (name.tar.gzaa, name.tar.gzab, ...), or a list of parts. */
#ifndef MOS_IO_ARCHIVE_PARTS_H
#define MOS_IO_ARCHIVE_PARTS_H

#include "base/options.h" /* mos_text_list */

/* Does the name end as archives do: .tar .tar.gz .tgz .tar.zst .tzst, or with two letters of a part
 * behind it? */
bool mos_archive_has_name(const char *path);
/* `given` is an archive, its first part, what all parts' names begin with, or parts with commas
 * between (those without a folder lie in the first one's). Parts are adjoining from aa on: a gap is
 * an error. Add to `parts`, which the caller releases. */
mosaic_status mos_archive_parts_find(const char *given, mos_text_list *parts);
/* The archive named `stem` and an ending, or its first part; "" where there is none. */
mosaic_status mos_archive_find(const char *stem, char *out, size_t size);

#endif
