#include "base/text.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

static bool reserve(mos_text *text, size_t extra) {
    if (text->failed) return false;
    size_t wanted;
    if (__builtin_add_overflow(text->size, extra, &wanted) || wanted == SIZE_MAX ||
        mos_grow(&text->data, &text->capacity, wanted + 1, 1, "a text") != MOSAIC_OK) {
        text->failed = true;
        return false;
    }
    return true;
}

void mos_text_add(mos_text *text, const char *format, ...) {
    char first[256];
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = mos_vformat(first, sizeof first, format, arguments);
    va_end(arguments);
    if (length < 0) {
        text->failed = true;
    } else if ((size_t)length < sizeof first) {
        mos_text_add_bytes(text, first, (size_t)length);
    } else if (reserve(text, (size_t)length)) {
        mos_vformat(text->data + text->size, (size_t)length + 1, format, again);
        text->size += (size_t)length;
    }
    va_end(again);
}

void mos_text_add_bytes(mos_text *text, const void *bytes, size_t size) {
    if (!reserve(text, size)) return;
    if (size > 0) memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void mos_text_add_number(mos_text *text, double value) {
    char buffer[40];
    if (isnan(value)) {
        mos_text_add(text, "nan");
        return;
    }
    if (isinf(value)) {
        mos_text_add(text, value < 0 ? "-inf" : "inf");
        return;
    }
    /* A normal double with 15 digits or fewer is found by %.15g, which drops trailing zeros; below
     * the normal range fewer digits can be enough, so the search starts at one. */
    for (int digits = fabs(value) < 2.3e-308 ? 1 : 15; digits <= 17; digits++) {
        double back;
        mos_format_double(buffer, sizeof buffer, value, digits);
        if (mos_parse_double(buffer, &back) && back == value) break;
    }
    mos_text_add(text, "%s", buffer);
}

/* Length of the well-formed UTF-8 sequence at s, or 0 (RFC 3629, table in section 4). */
static size_t utf8_length(const unsigned char *s) {
    if (s[0] < 0x80) return 1;
    size_t length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
    unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < low || s[1] > high) return 0;
    for (size_t i = 2; i < length; i++) {
        if (s[i] < 0x80 || s[i] > 0xBF) return 0;
    }
    return length;
}

void mos_text_add_json(mos_text *text, const char *string) {
    if (string == NULL) {
        mos_text_add(text, "null");
        return;
    }
    mos_text_add_bytes(text, "\"", 1);
    const unsigned char *s = (const unsigned char *)string;
    while (*s != '\0') {
        size_t length = utf8_length(s);
        if (length == 0) {
            mos_text_add_bytes(text, "\xEF\xBF\xBD", 3);
            length = 1;
        } else if (*s == '"' || *s == '\\') {
            mos_text_add(text, "\\%c", *s);
        } else if (*s == '\n') {
            mos_text_add(text, "\\n");
        } else if (*s == '\t') {
            mos_text_add(text, "\\t");
        } else if (*s < 0x20 || *s == 0x7F) {
            mos_text_add(text, "\\u%04x", (unsigned)*s);
        } else {
            mos_text_add_bytes(text, s, length);
        }
        s += length;
    }
    mos_text_add_bytes(text, "\"", 1);
}

void mos_text_release(mos_text *text) {
    mos_free(text->data);
    *text = (mos_text){0};
}
