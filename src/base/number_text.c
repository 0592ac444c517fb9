/* Numbers in text, in the C locale whatever the process has. No memory and no messages: base/error.c
 * formats with it. */
#include "base/text.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void) {
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Switch this thread to the C locale; give the answer to leave_c_locale. */
static locale_t enter_c_locale(void) {
    (void)pthread_once(&c_locale_once, make_c_locale);
    return c_locale == (locale_t)0 ? (locale_t)0 : uselocale(c_locale);
}

static void leave_c_locale(locale_t before) {
    if (before != (locale_t)0) (void)uselocale(before);
}

int mos_vformat(char *buffer, size_t size, const char *format, va_list arguments) {
    buffer[0] = '\0';
    locale_t before = enter_c_locale();
    int length = vsnprintf(buffer, size, format, arguments);
    leave_c_locale(before);
    return length;
}

/* strtod and strtoll skip leading blanks, and strtod takes hexadecimal and "nan(...)": not wanted.
 */
static bool looks_plain(const char *text) {
    char first = text[0] == '+' || text[0] == '-' ? text[1] : text[0];
    bool starts = (first >= '0' && first <= '9') || first == '.' || first == 'n' || first == 'N' ||
                  first == 'i' || first == 'I';
    return starts && strpbrk(text, "xX(") == NULL;
}

bool mos_parse_double(const char *text, double *out) {
    if (!looks_plain(text)) return false;
    char *end;
    int kept_errno = errno;
    locale_t before = enter_c_locale();
    errno = 0;
    double value = strtod(text, &end);
    bool overflow = errno == ERANGE && isinf(value); /* underflow gives the nearest value: fine */
    leave_c_locale(before);
    errno = kept_errno;
    if (end == text || *end != '\0' || overflow) return false;
    *out = value;
    return true;
}

bool mos_parse_int(const char *text, int64_t *out) {
    const char *digits = text[0] == '+' || text[0] == '-' ? text + 1 : text;
    if (*digits < '0' || *digits > '9') return false;
    char *end;
    int kept_errno = errno;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool overflow = errno == ERANGE;
    errno = kept_errno;
    if (*end != '\0' || overflow) return false;
    *out = (int64_t)value;
    return true;
}

bool mos_parse_bool(const char *text, bool *out) {
    static const char *const words[] = {"false", "no", "off", "0", "true", "yes", "on", "1"};
    for (size_t i = 0; i < 8; i++) {
        if (strcasecmp(text, words[i]) != 0) continue;
        *out = i >= 4;
        return true;
    }
    return false;
}

const char *mos_format_double(char *buffer, size_t size, double value, int digits) {
    locale_t before = enter_c_locale();
    (void)snprintf(buffer, size, "%.*g", digits, value);
    leave_c_locale(before);
    return buffer;
}
