/* A writer of Thrift's compact protocol into a growing text
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). */
#ifndef MOS_IO_THRIFT_WRITE_H
#define MOS_IO_THRIFT_WRITE_H

#include "base/text.h"
#include "io/thrift_compact.h"

enum { MOS_THRIFT_DEPTH = 8 };

/* Start with a zeroed one but for `out`. */
typedef struct mos_thrift_writer {
    mos_text *out;
    int16_t last[MOS_THRIFT_DEPTH]; /* id of the field before, of every open struct */
    int depth;
} mos_thrift_writer;

void mos_thrift_put_varint(mos_text *out, uint64_t value);
void mos_thrift_put_i32(mos_thrift_writer *writer, int16_t id, int32_t value);
void mos_thrift_put_i64(mos_thrift_writer *writer, int16_t id, int64_t value);
void mos_thrift_put_text(mos_thrift_writer *writer, int16_t id, const char *text);
/* A field that is a struct, until mos_thrift_close; id 0: an element of a list, or the outermost. */
void mos_thrift_open(mos_thrift_writer *writer, int16_t id);
void mos_thrift_close(mos_thrift_writer *writer);
/* A list of `count` elements, which follow: structs, or bare numbers and texts. */
void mos_thrift_put_list(mos_thrift_writer *writer, int16_t id, mos_thrift_type type, size_t count);
void mos_thrift_item_i32(mos_thrift_writer *writer, int32_t value);
void mos_thrift_item_text(mos_thrift_writer *writer, const char *text);

#endif
