/* Names and times of BigEarthNet v1.0, taken apart strictly.
 *
 * S2A_MSIL2A_20170613T101031_87_48: no tile, indices not padded, and a few scenes have an hour of
 * one digit or the second 61 (T94033 is 09:40:33, T94161 is 09:41:61). S1 names are those of V2
 * (data/names/patch_name.h). */
#ifndef MOS_DATA_NAMES_PATCH_NAME_V1_H
#define MOS_DATA_NAMES_PATCH_NAME_V1_H

#include "data/names/patch_name.h"

/* The tile stays "", baseline and orbit -1, folder_size covers the name up to the time. */
bool mos_patch_name_parse_s2_v1(const char *name, size_t size, mos_patch_name *out);
/* As mos_time_parse, and the hour may have one digit or a blank before it. */
bool mos_time_parse_v1(const char *text, int64_t *out);

#endif
