/* What the LMDB reader and writer share: liblmdb's answers as statuses, and where the data file is.
 */
#ifndef MOS_IO_LMDB_FAILURE_H
#define MOS_IO_LMDB_FAILURE_H

#include "base/error.h"
#include "io/lmdb_check.h"

#include <lmdb.h>

enum { MOS_LMDB_MAX_KEY = 511 };

/* MOSAIC_OK for 0; else a message "cannot <verb> <path>: <liblmdb's words>". */
mosaic_status mos_lmdb_fail(int answer, const char *verb, const char *path);
/* liblmdb takes its input through a pointer without const. */
MDB_val mos_lmdb_value(const void *data, size_t size);
/* "<folder>/data.mdb", or the path itself when it is a file. */
mosaic_status mos_lmdb_data_path(const char *path, char *buffer, size_t size);
mosaic_status mos_lmdb_check_file(const char *data_path, bool writable, mos_lmdb_shape *shape);

#endif
