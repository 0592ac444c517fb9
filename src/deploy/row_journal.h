/* The journal of a run that computes rows: records of one size, written to disk in blocks as they
 * are made. A run that was killed goes on after the last complete block. */
#ifndef MOS_DEPLOY_ROW_JOURNAL_H
#define MOS_DEPLOY_ROW_JOURNAL_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct mos_row_block mos_row_block;

typedef struct mos_row_journal {
    char path[4096];
    FILE *file;
    size_t bytes;      /* of a record */
    int64_t rows;      /* whole ones in it */
    int64_t whole;     /* bytes that hold them */
    int64_t synced_ns; /* when it was last known to be on the disk */
    bool foreign;      /* it could not be read, so that closing does not remove it */
    mos_row_block *blocks;
    size_t block_count, block_capacity;
} mos_row_journal;

/* A journal of another key (64 hex digits) is MOSAIC_ERR_RESUME; with `anew` any journal is thrown
 * away. A block that was cut short is dropped, and so are rows from `most` on. */
mosaic_status mos_row_journal_open(const char *path, const char *key, bool anew, size_t bytes,
                                   int64_t most, mos_row_journal *out);
/* The next `count` records, on disk when it returns. */
mosaic_status mos_row_journal_add(mos_row_journal *journal, const void *records, int64_t count);
/* Records [first, first + count) of those in it. */
mosaic_status mos_row_journal_read(const mos_row_journal *journal, int64_t first, int64_t count,
                                   void *records);
/* The file stays, unless it holds no row. Takes an empty one. */
void mos_row_journal_close(mos_row_journal *journal);

#endif
