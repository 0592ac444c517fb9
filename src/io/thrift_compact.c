#include "io/thrift_compact.h"

/* Deepest nesting of structs and containers that is stepped over; Parquet needs about six. */
enum { MAX_DEPTH = 32 };

static uint8_t read_byte(mos_thrift *thrift) {
    if (thrift->bad || thrift->at == thrift->end) {
        thrift->bad = true;
        return 0;
    }
    return *thrift->at++;
}

static size_t bytes_left(const mos_thrift *thrift) {
    return (size_t)(thrift->end - thrift->at);
}

uint64_t mos_thrift_varint(mos_thrift *thrift) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = read_byte(thrift);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return thrift->bad ? 0 : value;
    }
    thrift->bad = true;
    return 0;
}

static int64_t read_zigzag(mos_thrift *thrift) {
    uint64_t value = mos_thrift_varint(thrift);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

bool mos_thrift_next(mos_thrift *thrift, mos_thrift_field *field) {
    uint8_t head = read_byte(thrift);
    if (thrift->bad) return false;
    field->type = head & 0x0f;
    if (field->type == MOS_THRIFT_STOP) return false;
    int delta = head >> 4;
    int64_t id = delta != 0 ? field->id + delta : read_zigzag(thrift);
    if (id < INT16_MIN || id > INT16_MAX) thrift->bad = true;
    field->id = thrift->bad ? 0 : (int16_t)id;
    return !thrift->bad;
}

static void skip_bytes(mos_thrift *thrift, uint64_t count) {
    if (thrift->bad || count > bytes_left(thrift)) {
        thrift->bad = true;
        return;
    }
    thrift->at += count;
}

static void skip_value(mos_thrift *thrift, int type, bool element, int depth);

static void skip_elements(mos_thrift *thrift, int depth) {
    uint8_t head = read_byte(thrift);
    uint64_t count = head >> 4;
    if (count == 15) count = mos_thrift_varint(thrift);
    /* Every element takes a byte at least, so a count beyond the bytes left is wrong. */
    if (count > bytes_left(thrift)) thrift->bad = true;
    for (uint64_t i = 0; i < count && !thrift->bad; i++)
        skip_value(thrift, head & 0x0f, true, depth);
}

static void skip_map(mos_thrift *thrift, int depth) {
    uint64_t count = mos_thrift_varint(thrift);
    if (count == 0) return;
    uint8_t types = read_byte(thrift);
    if (count > bytes_left(thrift)) thrift->bad = true;
    for (uint64_t i = 0; i < count && !thrift->bad; i++) {
        skip_value(thrift, types >> 4, true, depth);
        skip_value(thrift, types & 0x0f, true, depth);
    }
}

static void skip_value(mos_thrift *thrift, int type, bool element, int depth) {
    if (depth > MAX_DEPTH) {
        thrift->bad = true;
        return;
    }
    mos_thrift_field field = {0};
    switch (type) {
    case MOS_THRIFT_TRUE:
    case MOS_THRIFT_FALSE:
        if (element)
            skip_bytes(thrift, 1); /* in a field the type is the value; in a list it takes a byte */
        break;
    case MOS_THRIFT_BYTE:
        skip_bytes(thrift, 1);
        break;
    case MOS_THRIFT_I16:
    case MOS_THRIFT_I32:
    case MOS_THRIFT_I64:
        (void)mos_thrift_varint(thrift);
        break;
    case MOS_THRIFT_DOUBLE:
        skip_bytes(thrift, 8);
        break;
    case MOS_THRIFT_BINARY:
        skip_bytes(thrift, mos_thrift_varint(thrift));
        break;
    case MOS_THRIFT_LIST:
    case MOS_THRIFT_SET:
        skip_elements(thrift, depth + 1);
        break;
    case MOS_THRIFT_MAP:
        skip_map(thrift, depth + 1);
        break;
    case MOS_THRIFT_STRUCT:
        while (mos_thrift_next(thrift, &field))
            skip_value(thrift, field.type, false, depth + 1);
        break;
    default:
        thrift->bad = true;
    }
}

void mos_thrift_skip(mos_thrift *thrift, int type) {
    skip_value(thrift, type, false, 0);
}

int64_t mos_thrift_integer(mos_thrift *thrift, int type) {
    if (type != MOS_THRIFT_I16 && type != MOS_THRIFT_I32 && type != MOS_THRIFT_I64)
        thrift->bad = true;
    return read_zigzag(thrift);
}

int32_t mos_thrift_i32(mos_thrift *thrift, int type) {
    int64_t value = mos_thrift_integer(thrift, type);
    if (value < INT32_MIN || value > INT32_MAX) thrift->bad = true;
    return thrift->bad ? 0 : (int32_t)value;
}

bool mos_thrift_bool(mos_thrift *thrift, int type) {
    if (type != MOS_THRIFT_TRUE && type != MOS_THRIFT_FALSE) thrift->bad = true;
    return type == MOS_THRIFT_TRUE;
}

const char *mos_thrift_binary(mos_thrift *thrift, int type, size_t *size) {
    *size = 0;
    if (type != MOS_THRIFT_BINARY) thrift->bad = true;
    uint64_t length = mos_thrift_varint(thrift);
    const uint8_t *at = thrift->at;
    skip_bytes(thrift, length);
    if (thrift->bad) return "";
    *size = (size_t)length;
    return (const char *)at;
}

size_t mos_thrift_list(mos_thrift *thrift, int type, int wanted) {
    if (type != MOS_THRIFT_LIST) thrift->bad = true;
    uint8_t head = read_byte(thrift);
    uint64_t count = head >> 4;
    if (count == 15) count = mos_thrift_varint(thrift);
    if (thrift->bad || count > bytes_left(thrift) || (count > 0 && (head & 0x0f) != wanted)) {
        thrift->bad = true;
        return 0;
    }
    return (size_t)count;
}
