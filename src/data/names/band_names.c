#include "data/names/band_names.h"

#include "base/text.h"
#include "data/modality_keys.h"
#include "data/verdicts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void mos_band_name(mos_band *band, const char *name) {
    if (!mos_band_normalise(name, band->name))
        snprintf(band->name, sizeof band->name, "%.*s", (int)sizeof band->name - 1, name);
}

bool mos_band_is_known(const char *name) {
    char same[MOS_BAND_NAME_SIZE];
    return mos_band_normalise(name, same) && mos_band_role_of(same) != MOS_ROLE_UNKNOWN;
}

mos_described mos_band_names_described(const mos_raster_info *info,
                                       char names[MOS_DATA_MAX_BANDS][MOS_BAND_NAME_SIZE]) {
    bool sensor = false;
    int64_t count = 0;
    for (int b = 1; b <= info->bands && count < MOS_DATA_MAX_BANDS; b++) {
        if (b == info->alpha) continue;
        if (b > MOS_RASTER_NAMED_BANDS ||
            !mos_band_normalise(info->band_names[b - 1], names[count]))
            return MOS_DESCRIBED_NOT;
        for (int64_t a = 0; a < count; a++) {
            if (strcmp(names[a], names[count]) == 0) return MOS_DESCRIBED_NOT;
        }
        sensor = sensor || mos_band_role_of(names[count]) != MOS_ROLE_UNKNOWN;
        count++;
    }
    return sensor ? MOS_DESCRIBED_SENSOR : MOS_DESCRIBED;
}

bool mos_band_names_known(const mos_modality *modality) {
    for (int64_t b = 0; b < modality->band_count; b++) {
        if (mos_band_role_of(modality->bands[b].name) != MOS_ROLE_UNKNOWN) return true;
    }
    return false;
}

bool mos_band_names_sensor(const char *modality) {
    return strncasecmp(modality, "s1", 2) == 0 || strncasecmp(modality, "s2", 2) == 0;
}

static const char *convention(const mos_modality *modality) {
    bool s1 = strncasecmp(modality->name, "s1", 2) == 0;
    bool s2 = strncasecmp(modality->name, "s2", 2) == 0;
    if (s1 && modality->band_count == 2) return "VV,VH";
    if (s2 && modality->band_count == 10) return "B02,B03,B04,B05,B06,B07,B08,B8A,B11,B12";
    if (s2 && modality->band_count == 12) return "B01,B02,B03,B04,B05,B06,B07,B08,B8A,B09,B11,B12";
    if (s2 && modality->band_count == 13)
        return "B01,B02,B03,B04,B05,B06,B07,B08,B8A,B09,B10,B11,B12";
    return NULL;
}

/* "B02,B03,B04" */
mosaic_status mos_band_names_use(mos_modality *modality, const char *names, const char *what,
                                 const char *path) {
    int64_t count = 0;
    for (const char *at = names;; at++) {
        size_t size = strcspn(at, ", ");
        char name[sizeof modality->bands[0].name];
        if (size == 0 || size >= sizeof name || count == modality->band_count) break;
        snprintf(name, sizeof name, "%.*s", (int)size, at);
        mos_band_name(&modality->bands[count++], name);
        at += size;
        if (*at == '\0') {
            if (count == modality->band_count) return MOSAIC_OK;
            break;
        }
    }
    const char *usual = convention(modality);
    return mos_fail(MOSAIC_ERR_USAGE, "%s: %s has %lld bands, but %s names them %s%s%s%s%s", path,
                    modality->name, (long long)modality->band_count, what, names,
                    usual == NULL ? "" : "; so many bands are often ",
                    usual == NULL ? "" : modality->name, usual == NULL ? "" : "=",
                    usual == NULL ? "" : usual);
}

void mos_band_names_told(const mos_modality *modality, mos_band_identity *identity,
                         mos_identity_source by) {
    for (int64_t b = 0; b < modality->band_count; b++) {
        mos_band_role role = mos_band_role_of(modality->bands[b].name);
        identity[b] = (mos_band_identity){.role = role, .named_by = by, .scale = 1};
    }
}

static void use_descriptions(mos_modality *modality,
                             char names[MOS_DATA_MAX_BANDS][MOS_BAND_NAME_SIZE]) {
    for (int64_t b = 0; b < modality->band_count; b++)
        memcpy(modality->bands[b].name, names[b], sizeof modality->bands[b].name);
}

void mos_band_names_conflict(mos_dataset *dataset, mos_modality *modality,
                             const mos_raster_info *info, const char *key, const char *path,
                             bool *won) {
    char names[MOS_DATA_MAX_BANDS][MOS_BAND_NAME_SIZE] = {0};
    mos_text said = {0}, found = {0};
    bool differs = false;
    *won = false;
    if (mos_band_names_described(info, names) != MOS_DESCRIBED_SENSOR) return;
    for (int64_t b = 0; b < modality->band_count; b++) {
        differs = differs || strcmp(modality->bands[b].name, names[b]) != 0;
        mos_text_add(&said, "%s%s", b == 0 ? "" : ",", modality->bands[b].name);
        mos_text_add(&found, "%s%s", b == 0 ? "" : ",", names[b]);
    }
    if (differs) {
        *won = !mos_verdict_accepted(dataset, MOS_CHECK_BAND_CONFLICT);
        mos_verdict_note(dataset, MOS_CHECK_BAND_CONFLICT, "%s: described as %s, %s says %s: %s",
                         path, found.data == NULL ? "" : found.data, key,
                         said.data == NULL ? "" : said.data,
                         *won ? "the descriptions are used; data.accept band-conflict takes the key"
                              : "the key is used, by data.accept");
    }
    if (*won) use_descriptions(modality, names);
    mos_text_release(&said);
    mos_text_release(&found);
}

static int64_t count_names(const char *names) {
    int64_t count = names[0] != '\0';
    for (const char *at = names; *at != '\0'; at++)
        count += *at == ',';
    return count;
}

/* Nothing that depends on the sensor is done to a band whose name nobody knows: no decibels, no
 * +1000, no guard. */
static void note_strangers(mos_dataset *dataset, const mos_modality *modality, const char *path) {
    const char *stranger = NULL;
    bool known = mos_band_names_known(modality);
    for (int64_t b = modality->band_count - 1; b >= 0; b--) {
        if (mos_band_role_of(modality->bands[b].name) == MOS_ROLE_UNKNOWN)
            stranger = modality->bands[b].name;
    }
    if (stranger == NULL || !(known || mos_band_names_sensor(modality->name))) return;
    mos_verdict_note(dataset, MOS_CHECK_UNKNOWN_BANDS,
                     known ? "%s: %s: '%s' is no name of a band of Sentinel-1 or Sentinel-2: its "
                             "values are taken as they are"
                           : "%s: %s: no band has a name of Sentinel-1 or Sentinel-2, as '%s'",
                     path, modality->name, stranger);
}

mosaic_status mos_band_names_find(mos_dataset *dataset, mos_modality *modality,
                                  mos_band_identity *identity, const mos_raster_info *info,
                                  const char *path) {
    char described_names[MOS_DATA_MAX_BANDS][MOS_BAND_NAME_SIZE] = {0};
    mos_described described = mos_band_names_described(info, described_names);
    const char *key = mos_key_of(&dataset->options.bands, modality->name);
    const char *names = convention(modality);
    mos_identity_source by = MOS_SAID_BY_DESCRIPTION;
    bool described_win = key == NULL && described != MOS_DESCRIBED_NOT;
    if (key != NULL && described == MOS_DESCRIBED_SENSOR &&
        count_names(key) != modality->band_count &&
        !mos_verdict_accepted(dataset, MOS_CHECK_BAND_CONFLICT)) {
        described_win = true;
        use_descriptions(modality, described_names);
        mos_verdict_note(dataset, MOS_CHECK_BAND_CONFLICT,
                         "%s: describes %lld bands, data.bands names %s: the descriptions are used",
                         path, (long long)modality->band_count, key);
    } else if (key != NULL) {
        MOS_TRY(mos_band_names_use(modality, key, "data.bands", path));
        mos_band_names_conflict(dataset, modality, info, "data.bands", path, &described_win);
    } else if (described_win) {
        use_descriptions(modality, described_names);
    } else if (names != NULL) {
        by = MOS_SAID_BY_GUESS;
        MOS_TRY(mos_band_names_use(modality, names, "convention", path));
        const char *word = info->bands > 0 ? info->band_names[info->alpha == 1] : "";
        mos_verdict_note(dataset, MOS_CHECK_GUESSED_BANDS,
                         "%s: %s: names guessed from the number of bands, %lld, as %s=%s%s%.40s%s",
                         path, modality->name, (long long)modality->band_count, modality->name,
                         names, word[0] == '\0' ? "" : "; its descriptions, as '", word,
                         word[0] == '\0' ? "" : "', name none, or not all");
    } else if (modality->band_count == 1) {
        by = MOS_SAID_BY_POSITION;
        MOS_TRY(mos_band_names_use(modality, modality->name, "the column", path));
    } else {
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: the %lld bands of %s have no names, and none follow from their "
                        "number; set data.bands, as in %s=B02,B03,B04",
                        path, (long long)modality->band_count, modality->name, modality->name);
    }
    if (key != NULL && !described_win) by = MOS_SAID_BY_KEY;
    mos_band_names_told(modality, identity, by);
    note_strangers(dataset, modality, path);
    return MOSAIC_OK;
}
