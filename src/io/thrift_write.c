#include "io/thrift_write.h"

#include <string.h>

static void put_byte(mos_text *out, unsigned value) {
    const uint8_t byte = (uint8_t)value;
    mos_text_add_bytes(out, &byte, 1);
}

void mos_thrift_put_varint(mos_text *out, uint64_t value) {
    for (; value >= 128; value >>= 7)
        put_byte(out, (unsigned)(value & 127) | 128u);
    put_byte(out, (unsigned)value);
}

/* Small numbers of either sign become small ones without. */
static void put_signed(mos_text *out, int64_t value) {
    mos_thrift_put_varint(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void put_field(mos_thrift_writer *writer, int16_t id, mos_thrift_type type) {
    int16_t *last = &writer->last[writer->depth];
    const int step = id - *last;
    if (step >= 1 && step <= 15) {
        put_byte(writer->out, (unsigned)step << 4 | (unsigned)type);
    } else {
        put_byte(writer->out, (unsigned)type);
        put_signed(writer->out, id);
    }
    *last = id;
}

void mos_thrift_put_i32(mos_thrift_writer *writer, int16_t id, int32_t value) {
    put_field(writer, id, MOS_THRIFT_I32);
    put_signed(writer->out, value);
}

void mos_thrift_put_i64(mos_thrift_writer *writer, int16_t id, int64_t value) {
    put_field(writer, id, MOS_THRIFT_I64);
    put_signed(writer->out, value);
}

void mos_thrift_put_text(mos_thrift_writer *writer, int16_t id, const char *text) {
    put_field(writer, id, MOS_THRIFT_BINARY);
    mos_thrift_item_text(writer, text);
}

void mos_thrift_open(mos_thrift_writer *writer, int16_t id) {
    if (id > 0) put_field(writer, id, MOS_THRIFT_STRUCT);
    if (writer->depth + 1 < MOS_THRIFT_DEPTH) writer->depth++;
    writer->last[writer->depth] = 0;
}

void mos_thrift_close(mos_thrift_writer *writer) {
    put_byte(writer->out, MOS_THRIFT_STOP);
    writer->depth--;
}

void mos_thrift_put_list(mos_thrift_writer *writer, int16_t id, mos_thrift_type type,
                         size_t count) {
    put_field(writer, id, MOS_THRIFT_LIST);
    if (count < 15) {
        put_byte(writer->out, (unsigned)count << 4 | (unsigned)type);
    } else {
        put_byte(writer->out, 0xf0u | (unsigned)type);
        mos_thrift_put_varint(writer->out, count);
    }
}

void mos_thrift_item_i32(mos_thrift_writer *writer, int32_t value) {
    put_signed(writer->out, value);
}

void mos_thrift_item_text(mos_thrift_writer *writer, const char *text) {
    mos_thrift_put_varint(writer->out, strlen(text));
    mos_text_add_bytes(writer->out, text, strlen(text));
}
