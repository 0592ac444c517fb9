#include "data/names/patch_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { GRID_LAST = 90, PRODUCT_TEXT = 4200 };

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* `count` digits at *at as a number; moves on. */
static bool take_digits(const char **at, const char *end, int count, int *out) {
    if (end - *at < count) return false;
    int value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (!is_digit(**at)) return false;
        value = value * 10 + (**at - '0');
    }
    *out = value;
    return true;
}

static bool take_text(const char **at, const char *end, const char *text) {
    size_t size = strlen(text);
    if ((size_t)(end - *at) < size || memcmp(*at, text, size) != 0) return false;
    *at += size;
    return true;
}

/* YYYYMMDDTHHMMSS */
static bool take_time(const char **at, const char *end, int64_t *out) {
    int date, month, day, hour, minute, second;
    return take_digits(at, end, 4, &date) && take_digits(at, end, 2, &month) &&
           take_digits(at, end, 2, &day) && take_text(at, end, "T") &&
           take_digits(at, end, 2, &hour) && take_digits(at, end, 2, &minute) &&
           take_digits(at, end, 2, &second) &&
           mos_time_from_calendar(date, month, day, hour, minute, second, out);
}

static bool take_tile(const char **at, const char *end, char tile[6]) {
    if (end - *at < 5) return false;
    for (int i = 0; i < 5; i++) {
        char c = (*at)[i];
        if (i < 2 ? !is_digit(c) : !(c >= 'A' && c <= 'Z')) return false;
        tile[i] = c;
    }
    tile[5] = '\0';
    *at += 5;
    return true;
}

static bool take_platform(const char **at, const char *end, char *out) {
    if (*at == end || **at < 'A' || **at > 'D') return false;
    *out = *(*at)++;
    return true;
}

/* One or two digits without padding, 0..90. */
static bool take_index(const char **at, const char *end, int *out) {
    int digits = end - *at >= 2 && is_digit((*at)[1]) ? 2 : 1;
    if (digits == 2 && **at == '0') return false;
    return take_digits(at, end, digits, out) && *out <= GRID_LAST;
}

bool mos_patch_name_parse_s2(const char *name, size_t size, mos_patch_name *out) {
    const char *at = name, *end = name + size;
    mos_patch_name found = {.baseline = -1, .orbit = -1};
    if (!(take_text(&at, end, "S2") && take_platform(&at, end, &found.platform) &&
          take_text(&at, end, "_MSIL2A_") && take_time(&at, end, &found.time_s) &&
          take_text(&at, end, "_N") && take_digits(&at, end, 4, &found.baseline) &&
          take_text(&at, end, "_R") && take_digits(&at, end, 3, &found.orbit) &&
          take_text(&at, end, "_T") && take_tile(&at, end, found.tile)))
        return false;
    found.folder_size = (size_t)(at - name);
    if (!(take_text(&at, end, "_") && take_digits(&at, end, 2, &found.column) &&
          take_text(&at, end, "_") && take_digits(&at, end, 2, &found.row) && at == end &&
          found.column <= GRID_LAST && found.row <= GRID_LAST))
        return false;
    *out = found;
    return true;
}

bool mos_patch_name_parse_s1(const char *name, size_t size, mos_patch_name *out) {
    const char *at = name, *end = name + size;
    mos_patch_name found = {.baseline = -1, .orbit = -1};
    if (!(take_text(&at, end, "S1") && take_platform(&at, end, &found.platform) &&
          take_text(&at, end, "_IW_GRDH_1SDV_") && take_time(&at, end, &found.time_s)))
        return false;
    found.folder_size = (size_t)(at - name);
    if (!(take_text(&at, end, "_") && take_tile(&at, end, found.tile) && take_text(&at, end, "_") &&
          take_index(&at, end, &found.column) && take_text(&at, end, "_") &&
          take_index(&at, end, &found.row) && at == end))
        return false;
    *out = found;
    return true;
}

/* Names of products are upper case; file systems and tables make them lower. */
static const char *upper(const char *text, char out[PRODUCT_TEXT]) {
    size_t size = strnlen(text, PRODUCT_TEXT - 1);
    for (size_t i = 0; i < size; i++)
        out[i] = (char)toupper((unsigned char)text[i]);
    out[size] = '\0';
    return out;
}

int mos_product_baseline(const char *given) {
    char copy[PRODUCT_TEXT];
    const char *text = upper(given, copy), *end = text + strlen(text);
    for (const char *start = strstr(text, "S2"); start != NULL; start = strstr(start + 1, "S2")) {
        const char *at = start + 2;
        char platform;
        int64_t time_s;
        int baseline;
        if (!take_platform(&at, end, &platform)) continue;
        if (!take_text(&at, end, "_MSIL1C_") && !take_text(&at, end, "_MSIL2A_")) continue;
        if (take_time(&at, end, &time_s) && take_text(&at, end, "_N") &&
            take_digits(&at, end, 4, &baseline) && take_text(&at, end, "_"))
            return baseline;
    }
    return -1;
}

/* One word of a name, upper case: which level does it tell? 0: none. */
static char level_of_word(const char *word, size_t size, bool after_level) {
    static const struct {
        const char *word;
        char level;
    } words[] = {{"L1C", '1'},     {"L2A", '2'},     {"MSIL1C", '1'},   {"MSIL2A", '2'},
                 {"S2MSI1C", '1'}, {"S2MSI2A", '2'}, {"S2MSI2AP", '2'}, {"S2L1C", '1'},
                 {"S2L2A", '2'},   {"LEVEL1C", '1'}, {"LEVEL2A", '2'},  {"MSI1C", '1'},
                 {"MSI2A", '2'}};
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        if (strlen(words[w].word) == size && memcmp(words[w].word, word, size) == 0)
            return words[w].level;
    }
    if (!after_level || size != 2) return 0;
    return memcmp(word, "1C", 2) == 0 ? '1' : memcmp(word, "2A", 2) == 0 ? '2' : 0;
}

/* Of one part of a path; 0: it tells none, or both. */
static char level_of_part(const char *part, size_t size) {
    char found = 0, word[12];
    bool after_level = false;
    for (size_t at = 0; at < size;) {
        size_t used = 0;
        for (; at < size && isalnum((unsigned char)part[at]); at++, used++) {
            if (used < sizeof word) word[used] = (char)toupper((unsigned char)part[at]);
        }
        at += used == 0;
        if (used == 0) continue;
        char level = used > sizeof word ? 0 : level_of_word(word, used, after_level);
        after_level = used == 5 && memcmp(word, "LEVEL", 5) == 0;
        if (level != 0 && found != 0 && level != found) return 0;
        if (level != 0) found = level;
    }
    return found;
}

bool mos_product_level(const char *text, char out[4]) {
    char found = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, "/");
        char level = level_of_part(text, size);
        if (level != 0) found = level;
        text += size + (text[size] == '/');
    }
    if (found != 0) memcpy(out, found == '1' ? "L1C" : "L2A", 4);
    return found != 0;
}

bool mos_product_time(const char *given, char sensor, int64_t *out) {
    char copy[PRODUCT_TEXT];
    const char *text = upper(given, copy);
    bool found = false;
    while (*text != '\0') {
        size_t size = strcspn(text, "/");
        const char *end = text + size, *at = text;
        char platform;
        bool named =
            take_text(&at, end, sensor == '1' ? "S1" : "S2") && take_platform(&at, end, &platform);
        if (!named && sensor == '2') { /* granules and images: T33UUP_..., L1C_T33UUP_A..._... */
            char tile[6];
            at = text;
            (void)(take_text(&at, end, "L1C_") || take_text(&at, end, "L2A_"));
            named = take_text(&at, end, "T") && take_tile(&at, end, tile);
        }
        /* Files of a Sentinel-1 product have hyphens: s1a-iw-grd-vv-20190611t165043-... */
        char between = sensor == '1' && named && at < end && *at == '-' ? '-' : '_';
        named = named && at < end && *at == between;
        for (; named && end - at >= 15; at++) {
            const char *time = at;
            if (at[-1] == between && take_time(&time, end, out)) {
                found = true;
                break;
            }
        }
        text += size + (text[size] == '/');
    }
    return found;
}

static int days_of_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar; years start in March so the leap day is
 * last. */
static int64_t days_from_calendar(int64_t year, int64_t month, int64_t day) {
    if (month <= 2) year--;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool mos_time_from_calendar(int year, int month, int day, int hour, int minute, int second,
                            int64_t *out) {
    if (year < 1900 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 61)
        return false;
    *out = days_from_calendar(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

bool mos_time_parse(const char *text, int64_t *out) {
    const char *at = text, *end = text + strlen(text);
    int year, month, day, hour = 0, minute = 0, second = 0;
    if (!(take_digits(&at, end, 4, &year) && take_text(&at, end, "-") &&
          take_digits(&at, end, 2, &month) && take_text(&at, end, "-") &&
          take_digits(&at, end, 2, &day)))
        return false;
    if (at != end) {
        if (!take_text(&at, end, "T") && !take_text(&at, end, " ")) return false;
        if (!(take_digits(&at, end, 2, &hour) && take_text(&at, end, ":") &&
              take_digits(&at, end, 2, &minute) && take_text(&at, end, ":") &&
              take_digits(&at, end, 2, &second)))
            return false;
        if (take_text(&at, end, ".")) {
            if (at == end || !is_digit(*at)) return false;
            while (at != end && is_digit(*at))
                at++;
        }
        if (!take_text(&at, end, "Z")) take_text(&at, end, "+00:00");
    }
    return at == end && mos_time_from_calendar(year, month, day, hour, minute, second, out);
}

static void calendar_from_days(int64_t days, int *year, int *month, int *day) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

static int64_t floor_days(int64_t time_s) {
    return time_s >= 0 ? time_s / 86400 : -((-time_s + 86399) / 86400);
}

int mos_time_month(int64_t time_s) {
    int year, month, day;
    calendar_from_days(floor_days(time_s), &year, &month, &day);
    return month;
}

void mos_time_format(int64_t time_s, char out[24]) {
    out[0] = '\0';
    if (time_s == INT64_MIN) return;
    int year, month, day;
    int64_t days = floor_days(time_s);
    int seconds = (int)(time_s - days * 86400);
    calendar_from_days(days, &year, &month, &day);
    if (year < 0 || year > 9999) return;
    snprintf(out, 24, "%04d-%02d-%02dT%02d:%02d:%02dZ", year & 16383, month & 15, day & 31,
             (seconds / 3600) & 31, (seconds / 60 % 60) & 63, (seconds % 60) & 63);
}

const char *const mos_season_names[] = {"winter", "spring", "summer", "fall", NULL};

int mos_time_season(int64_t time_s) {
    return mos_time_month(time_s) % 12 / 3;
}
