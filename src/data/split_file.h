/* Splits, folds and labelled fractions as a file: made once by `data split`, used by every command
 * through data.split_file, and refused when it does not belong to the data set.
 *
 * Two comment lines and a CSV:
 *
 *     # mosaic-split-1 sha256=<SHA-256 of everything after this line>
 *     # ids=<SHA-256 of the sorted ids, each with a NUL> samples=3 folds=0 fractions=0.01;0.1 ...
 *     id,split,fold,labeled
 *
 * fold is 0.. or empty; labeled is the smallest of the listed fractions whose labels include the
 * sample, 1 for training samples in none, empty elsewhere. */
#ifndef MOS_DATA_SPLIT_FILE_H
#define MOS_DATA_SPLIT_FILE_H

#include "base/text.h"
#include "data/dataset.h"

enum { MOS_SPLIT_MAX_FRACTIONS = 16, MOS_SPLIT_MAX_FOLDS = 1024 };

typedef struct mos_split_columns {
    int64_t count;
    uint8_t *split;   /* [count] mos_split */
    int16_t *fold;    /* [count] -1: in none */
    uint8_t *labeled; /* [count] index into fractions; fraction_count: in none */
    int64_t folds;    /* 0: no such column */
    double fraction[MOS_SPLIT_MAX_FRACTIONS]; /* rising, below 1 */
    int fraction_count;                       /* 0: no such column */
    char *made_by; /* "rule=share shares=..." one line, becomes part of the file */
    /* of a file that was read or written */
    char path[4096], sha256[65], ids_sha256[65];
    mos_split_origin origin;
} mos_split_columns;

/* Columns for `count` samples: split none, fold and labeled in none. */
mosaic_status mos_split_columns_create(int64_t count, mos_split_columns **out);
void mos_split_columns_destroy(mos_split_columns **columns);
/* Row `from` to row `to`; columns may be NULL. */
void mos_split_columns_move(mos_split_columns *columns, int64_t from, int64_t to);

/* SHA-256 of ids, which are sorted here (another reader of the same archive may list it in another
 * order), each followed by the character `end`. */
mosaic_status mos_split_hash_ids(const char **ids, size_t count, char end, char hex[65]);
/* Atomic; fills path, sha256 and ids_sha256. Samples in the data set's order. */
mosaic_status mos_split_file_write(const mos_dataset *dataset, mos_split_columns *columns,
                                   const char *path);
/* Read, verify hash and ids, take over splits with data.fold applied. The data set is indexed and
 * no sample was left out by data.limit yet. */
mosaic_status mos_split_file_apply(mos_dataset *dataset, const char *path);
/* The same of a file in memory, which is written into and ends with a NUL behind its `size` bytes;
 * `path` names it. */
mosaic_status mos_split_file_take(mos_dataset *dataset, const char *path, char *data, size_t size);
/* The text that mos_split_file_write writes. */
mosaic_status mos_split_file_compose(const mos_dataset *dataset, mos_split_columns *columns,
                                     mos_text *out);

#endif
