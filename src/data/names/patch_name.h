/* BigEarthNet patch names taken apart, strictly: a name that deviates in one character is refused.
 */
#ifndef MOS_DATA_NAMES_PATCH_NAME_H
#define MOS_DATA_NAMES_PATCH_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43 and
 * S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48 */
typedef struct mos_patch_name {
    char tile[6];       /* "33UUP" */
    int column, row;    /* 0..90: east and south of the tile's upper left corner, 1200 m steps */
    int64_t time_s;     /* acquisition, seconds since 1970 UTC */
    int baseline;       /* S2: 9999 = the archive's own sen2cor run; S1: -1 */
    int orbit;          /* S2: relative orbit; S1: -1 */
    char platform;      /* 'A', 'B', 'C', 'D' */
    size_t folder_size; /* length of the prefix that names the tile or scene folder */
} mos_patch_name;

bool mos_patch_name_parse_s2(const char *name, size_t size, mos_patch_name *out);
bool mos_patch_name_parse_s1(const char *name, size_t size, mos_patch_name *out);

/* Processing baseline ("0400" = 400) of an ESA product name inside `text`: S2x_MSIL1C_... or
 * S2x_MSIL2A_...; -1 if there is none. */
int mos_product_baseline(const char *text);

/* "L1C" or "L2A" where a name, a path or a tag tells it: MSIL1C, MSIL2A, S2MSI2A, "Level-1C", or a
 * part that is just L1C or L2A. The last part of a path that tells one counts; a part that tells
 * both tells nothing. False: nothing there. */
bool mos_product_level(const char *text, char out[4]);
/* Acquisition of the product, granule or image that a part of the path `text` is named after: a
 * part that begins with S2x_, L1C_T33UUP_ or T33UUP_ (`sensor` '2') or S1x_ ('1'). */
bool mos_product_time(const char *text, char sensor, int64_t *out);

/* Seconds since 1970 of a calendar time, or false when it is none (leap second 60 and BigEarthNet's
 * 61 are taken). */
bool mos_time_from_calendar(int year, int month, int day, int hour, int minute, int second,
                            int64_t *out);
/* "2017-06-13", "2017-06-13T10:10:31", with 'Z', a blank for the T, or fractions of seconds (cut
 * off). */
bool mos_time_parse(const char *text, int64_t *out);
/* "2017-06-13T10:10:31Z"; "" for unknown. */
void mos_time_format(int64_t time_s, char out[24]);
/* 1..12 of a time. */
int mos_time_month(int64_t time_s);
/* Meteorological seasons of the northern half, as every set read here lies in it: index of a time's
 * own, 0 for December to February. */
enum { MOS_SEASONS = 4 };
extern const char *const mos_season_names[]; /* "winter" "spring" "summer" "fall" NULL */
int mos_time_season(int64_t time_s);

#endif
