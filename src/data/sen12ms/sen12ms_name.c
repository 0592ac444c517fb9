#include "data/sen12ms/sen12ms_name.h"

#include <stdio.h>
#include <string.h>

const char *const mos_sen12ms_kinds[] = {"s1", "s2", "lc", NULL};

static const char *const seasons[] = {"spring", "summer", "fall", "winter"};
enum {
    SEASONS = 4,
    SEED_SHIFT = 48,
    SEASON_SHIFT = 44,
    SCENE_SHIFT = 24,
    SCENE_DIGITS = 6,
    PATCH_DIGITS = 7 /* 10^7 < 2^24, 10^6 < 2^20 */
};

static bool take_text(const char **at, const char *end, const char *text) {
    size_t size = strlen(text);
    if ((size_t)(end - *at) < size || memcmp(*at, text, size) != 0) return false;
    *at += size;
    return true;
}

/* All digits from *at on: at most `most`, no padding. */
static bool take_number(const char **at, const char *end, int most, uint64_t *out) {
    const char *first = *at;
    uint64_t value = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - first <= most)
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    *out = value;
    return *at > first && *at - first <= most && (*first != '0' || *at - first == 1);
}

static bool take_season(const char **at, const char *end, mos_sen12ms_key *out) {
    uint64_t seed;
    if (!take_text(at, end, "ROIs")) return false;
    const char *digits = *at;
    bool padded = end - digits >= 4 && *digits == '0'; /* "0000" of a contest's own sets */
    if (padded || !take_number(at, end, 4, &seed) || *at - digits != 4) return false;
    if (!take_text(at, end, "_")) return false;
    for (uint64_t s = 0; s < SEASONS; s++) {
        if (!take_text(at, end, seasons[s])) continue;
        *out = seed << SEED_SHIFT | s << SEASON_SHIFT;
        return true;
    }
    return false;
}

/* "s1_63" */
static bool take_scene(const char **at, const char *end, int *kind, mos_sen12ms_key *out) {
    uint64_t scene;
    for (int k = 0; k < MOS_SEN12MS_KINDS; k++) {
        if (!take_text(at, end, mos_sen12ms_kinds[k])) continue;
        *kind = k;
        if (!take_text(at, end, "_") || !take_number(at, end, SCENE_DIGITS, &scene)) return false;
        *out = scene << SCENE_SHIFT;
        return true;
    }
    return false;
}

bool mos_sen12ms_season_parse(const char *text, size_t size, mos_sen12ms_key *out) {
    const char *at = text;
    return take_season(&at, text + size, out) && at == text + size;
}

bool mos_sen12ms_folder_parse(const char *text, size_t size, int *kind, mos_sen12ms_key *scene) {
    const char *at = text;
    return take_scene(&at, text + size, kind, scene) && at == text + size;
}

bool mos_sen12ms_scene_parse(const char *text, mos_sen12ms_key *out) {
    const char *at = text, *end = text + strlen(text);
    mos_sen12ms_key season, scene;
    int kind;
    if (!(take_season(&at, end, &season) && take_text(&at, end, "/") &&
          take_scene(&at, end, &kind, &scene) && at == end))
        return false;
    *out = season | scene;
    return true;
}

bool mos_sen12ms_patch_parse(const char *text, int *kind, mos_sen12ms_key *out) {
    const char *at = text, *end = text + strlen(text);
    mos_sen12ms_key season, scene;
    uint64_t patch;
    if (!(take_season(&at, end, &season) && take_text(&at, end, "_") &&
          take_scene(&at, end, kind, &scene) && take_text(&at, end, "_p") &&
          take_number(&at, end, PATCH_DIGITS, &patch)))
        return false;
    (void)take_text(&at, end, ".tif");
    *out = season | scene | patch;
    return at == end;
}

mos_sen12ms_key mos_sen12ms_scene_of(mos_sen12ms_key key) {
    return key >> SCENE_SHIFT << SCENE_SHIFT;
}

static unsigned seed_of(mos_sen12ms_key key) {
    return (unsigned)(key >> SEED_SHIFT);
}

static const char *season_of(mos_sen12ms_key key) {
    return seasons[key >> SEASON_SHIFT & (SEASONS - 1)];
}

static unsigned scene_of(mos_sen12ms_key key) {
    return (unsigned)(key >> SCENE_SHIFT & ((1u << (SEASON_SHIFT - SCENE_SHIFT)) - 1));
}

static unsigned patch_of(mos_sen12ms_key key) {
    return (unsigned)(key & ((1u << SCENE_SHIFT) - 1));
}

void mos_sen12ms_name(mos_sen12ms_key key, int kind, char out[MOS_SEN12MS_NAME_SIZE]) {
    snprintf(out, MOS_SEN12MS_NAME_SIZE, "ROIs%04u_%s_%s_%u_p%u", seed_of(key), season_of(key),
             mos_sen12ms_kinds[kind], scene_of(key), patch_of(key));
}

void mos_sen12ms_path(mos_sen12ms_key key, int kind, char out[MOS_SEN12MS_PATH_SIZE]) {
    char name[MOS_SEN12MS_NAME_SIZE];
    mos_sen12ms_name(key, kind, name);
    snprintf(out, MOS_SEN12MS_PATH_SIZE, "ROIs%04u_%s/%s_%u/%s.tif", seed_of(key), season_of(key),
             mos_sen12ms_kinds[kind], scene_of(key), name);
}

bool mos_sen12ms_damaged(mos_sen12ms_key key) {
    return seed_of(key) == 1868 && strcmp(season_of(key), "summer") == 0 && scene_of(key) == 146 &&
           patch_of(key) == 202;
}
