/* Names of SEN12MS, strictly: ROIs<seed>_<season>/<modality>_<scene>/
 * ROIs<seed>_<season>_<modality>_<scene>_p<patch>.tif, where the seed has four digits, the season
 * is one of four and no other number is padded. A patch is one number; its names follow from it. */
#ifndef MOS_DATA_SEN12MS_SEN12MS_NAME_H
#define MOS_DATA_SEN12MS_SEN12MS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOS_SEN12MS_S1, MOS_SEN12MS_S2, MOS_SEN12MS_LC, MOS_SEN12MS_KINDS };
enum { MOS_SEN12MS_NAME_SIZE = 64, MOS_SEN12MS_PATH_SIZE = 160 };
extern const char *const mos_sen12ms_kinds[]; /* "s1" "s2" "lc" NULL */

/* seed << 48 | season << 44 | scene << 24 | patch: sorts by season, scene, patch. */
typedef uint64_t mos_sen12ms_key;

/* "ROIs1158_spring": scene and patch are 0. */
bool mos_sen12ms_season_parse(const char *text, size_t size, mos_sen12ms_key *out);
/* "s1_63" */
bool mos_sen12ms_folder_parse(const char *text, size_t size, int *kind, mos_sen12ms_key *scene);
/* "ROIs1158_spring/s1_63", as the hold-out list has it */
bool mos_sen12ms_scene_parse(const char *text, mos_sen12ms_key *out);
/* "ROIs1158_spring_s2_124_p100", with or without ".tif" */
bool mos_sen12ms_patch_parse(const char *text, int *kind, mos_sen12ms_key *out);

/* The key without its patch, and the scene's number. */
mos_sen12ms_key mos_sen12ms_scene_of(mos_sen12ms_key key);
/* "ROIs1158_spring_s2_124_p100" */
void mos_sen12ms_name(mos_sen12ms_key key, int kind, char out[MOS_SEN12MS_NAME_SIZE]);
/* Path below the root, with ".tif". */
void mos_sen12ms_path(mos_sen12ms_key key, int kind, char out[MOS_SEN12MS_PATH_SIZE]);
/* ROIs1868_summer_*_146_p202: its S1 is NaN; the authors leave it out. */
bool mos_sen12ms_damaged(mos_sen12ms_key key);

#endif
