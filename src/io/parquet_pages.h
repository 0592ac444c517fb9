/* Pages of a Parquet column chunk: headers, decompression, and the parts of a page. */
#ifndef MOS_IO_PARQUET_PAGES_H
#define MOS_IO_PARQUET_PAGES_H

#include "base/error.h"
#include "io/parquet_footer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOS_PAGE_DATA = 0, MOS_PAGE_INDEX = 1, MOS_PAGE_DICTIONARY = 2, MOS_PAGE_DATA_V2 = 3 };
enum {
    MOS_ENCODING_PLAIN = 0,
    MOS_ENCODING_PLAIN_DICTIONARY = 2,
    MOS_ENCODING_RLE = 3,
    MOS_ENCODING_RLE_DICTIONARY = 8
};

typedef struct mos_page {
    int type, encoding;
    int level_encoding;            /* of both level streams, v1 */
    uint32_t values;               /* nulls included */
    uint32_t stored_bytes;         /* of the body in the file */
    uint32_t unpacked_bytes;       /* of the body after decompression */
    uint32_t rep_bytes, def_bytes; /* v2: level bytes before the values, never compressed */
    bool compressed;               /* v2 */
    const uint8_t *body;
} mos_page;

/* Pages are read from [at, end). */
typedef struct mos_page_cursor {
    const uint8_t *at, *end;
    int codec;
} mos_page_cursor;

/* The next data or dictionary page; *found false at the end. Sizes are checked against the chunk,
 * and against what the codec can possibly give, before anyone allocates by them. */
mosaic_status mos_page_next(mos_page_cursor *cursor, mos_page *page, bool *found);

/* Parts of an unpacked page. Levels are RLE data without length prefix; NULL and 0 where the level
 * is always 0. */
typedef struct mos_page_parts {
    const uint8_t *rep, *def, *values;
    size_t rep_bytes, def_bytes, value_bytes;
} mos_page_parts;

/* Decompress the body into `buffer` (unpacked_bytes large) and find the parts. */
mosaic_status mos_page_unpack(const mos_page *page, int codec, const mos_parquet_field *field,
                              uint8_t *buffer, mos_page_parts *out);

#endif
