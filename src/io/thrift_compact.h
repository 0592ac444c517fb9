/* A reader of Thrift's compact protocol over bytes in memory
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). Errors stick
 * in `bad`; reads after one give zeros and end every loop, so callers check once. */
#ifndef MOS_IO_THRIFT_COMPACT_H
#define MOS_IO_THRIFT_COMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mos_thrift_type {
    MOS_THRIFT_STOP = 0,
    MOS_THRIFT_TRUE = 1,
    MOS_THRIFT_FALSE = 2,
    MOS_THRIFT_BYTE = 3,
    MOS_THRIFT_I16 = 4,
    MOS_THRIFT_I32 = 5,
    MOS_THRIFT_I64 = 6,
    MOS_THRIFT_DOUBLE = 7,
    MOS_THRIFT_BINARY = 8,
    MOS_THRIFT_LIST = 9,
    MOS_THRIFT_SET = 10,
    MOS_THRIFT_MAP = 11,
    MOS_THRIFT_STRUCT = 12
} mos_thrift_type;

typedef struct mos_thrift {
    const uint8_t *at, *end;
    bool bad;
} mos_thrift;

/* One field of a struct. Start with a zeroed one. */
typedef struct mos_thrift_field {
    int16_t id;
    int type;
} mos_thrift_field;

/* The next field's id and type; false at the end of the struct or after an error. */
bool mos_thrift_next(mos_thrift *thrift, mos_thrift_field *field);
/* Step over the value of a field (or list element) of `type`. */
void mos_thrift_skip(mos_thrift *thrift, int type);

uint64_t mos_thrift_varint(mos_thrift *thrift);
/* The value of an integer field of type I16, I32 or I64; any other type is an error. */
int64_t mos_thrift_integer(mos_thrift *thrift, int type);
int32_t mos_thrift_i32(mos_thrift *thrift, int type);
/* The value of a boolean field, which lies in its type. */
bool mos_thrift_bool(mos_thrift *thrift, int type);
/* Bytes of a binary or string field, inside the input. */
const char *mos_thrift_binary(mos_thrift *thrift, int type, size_t *size);
/* Number of elements of a list field whose elements must be of type `wanted`; never more than bytes
 * are left. */
size_t mos_thrift_list(mos_thrift *thrift, int type, int wanted);

#endif
