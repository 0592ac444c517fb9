#include "data/names/patch_name_v1.h"

#include <string.h>

enum { GRID_LAST = 90, DATE_DIGITS = 8 };

static size_t digits_at(const char *at, const char *end) {
    size_t count = 0;
    while (at + count < end && at[count] >= '0' && at[count] <= '9')
        count++;
    return count;
}

static int number_of(const char *at, size_t digits) {
    int value = 0;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (at[i] - '0');
    return value;
}

/* YYYYMMDDTHMMSS or YYYYMMDDTHHMMSS */
static bool take_time(const char **at, const char *end, int64_t *out) {
    if (digits_at(*at, end) != DATE_DIGITS || *at + DATE_DIGITS == end || (*at)[DATE_DIGITS] != 'T')
        return false;
    const char *date = *at, *clock = *at + DATE_DIGITS + 1;
    size_t digits = digits_at(clock, end);
    if (digits != 5 && digits != 6) return false;
    size_t hour = digits - 4;
    *at = clock + digits;
    return mos_time_from_calendar(number_of(date, 4), number_of(date + 4, 2),
                                  number_of(date + 6, 2), number_of(clock, hour),
                                  number_of(clock + hour, 2), number_of(clock + hour + 2, 2), out);
}

/* "_" and one or two digits without padding, 0..90. */
static bool take_index(const char **at, const char *end, int *out) {
    if (*at == end || **at != '_') return false;
    const char *first = *at + 1;
    size_t digits = digits_at(first, end);
    if (digits < 1 || digits > 2 || (digits == 2 && *first == '0')) return false;
    *out = number_of(first, digits);
    *at = first + digits;
    return *out <= GRID_LAST;
}

bool mos_patch_name_parse_s2_v1(const char *name, size_t size, mos_patch_name *out) {
    static const char middle[] = "_MSIL2A_";
    const size_t head = 3 + sizeof middle - 1;
    const char *at = name + head, *end = name + size;
    if (size < head || name[0] != 'S' || name[1] != '2' || name[2] < 'A' || name[2] > 'D' ||
        memcmp(name + 3, middle, sizeof middle - 1) != 0)
        return false;
    mos_patch_name found = {.baseline = -1, .orbit = -1, .platform = name[2]};
    if (!take_time(&at, end, &found.time_s)) return false;
    found.folder_size = (size_t)(at - name);
    if (!take_index(&at, end, &found.column) || !take_index(&at, end, &found.row) || at != end)
        return false;
    *out = found;
    return true;
}

bool mos_time_parse_v1(const char *text, int64_t *out) {
    if (mos_time_parse(text, out)) return true;
    enum { HOUR = 11 }; /* "2017-06-13 " */
    char padded[40];
    size_t size = strlen(text);
    if (size <= HOUR + 1 || size + 2 > sizeof padded) return false;
    bool blank = text[HOUR] == ' ', single = text[HOUR + 1] == ':';
    if (!blank && !single) return false;
    memcpy(padded, text, HOUR);
    padded[HOUR] = '0';
    memcpy(padded + HOUR + 1, text + HOUR + (blank ? 1 : 0), size - HOUR + (blank ? 0 : 1));
    return mos_time_parse(padded, out);
}
