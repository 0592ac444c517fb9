/* Growing text, and number parsing and printing that ignore the locale (LC_NUMERIC=de_DE changes
 * nothing). */
#ifndef MOS_BASE_TEXT_H
#define MOS_BASE_TEXT_H

#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Growing text. A failed allocation sticks in .failed and later calls do nothing; check once at the
 * end. */
typedef struct mos_text {
    char *data; /* always NUL-terminated once non-NULL */
    size_t size, capacity;
    bool failed;
} mos_text;
void mos_text_add(mos_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mos_text_add_bytes(mos_text *text, const void *bytes, size_t size);
/* A double in the shortest form that reads back equal; nan, inf as given by the caller's format:
 * prints "nan", "inf", "-inf". Always a point. */
void mos_text_add_number(mos_text *text, double value);
/* `string` as a JSON string, quotes included; NULL prints null. Bytes that are not UTF-8 become
 * U+FFFD. */
void mos_text_add_json(mos_text *text, const char *string);
void mos_text_release(mos_text *text);

/* Whole string as a number, C locale; false if anything is left over or out of range. */
bool mos_parse_double(const char *text, double *out);
bool mos_parse_int(const char *text, int64_t *out);
bool mos_parse_bool(const char *text, bool *out); /* true false yes no on off 1 0 */
/* Like printf("%.*g") in the C locale whatever LC_NUMERIC says; returns text. */
const char *mos_format_double(char *buffer, size_t size, double value, int digits);
/* vsnprintf in the C locale; what does not fit is cut off. Returns the length the whole would have,
 * or -1. `buffer` is always terminated (size >= 1). */
int mos_vformat(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif
