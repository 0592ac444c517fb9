#include "data/band_identity.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const mos_identity_sources[] = {"nobody",   "a guess",     "pixels",
                                            "position", "product",     "format",
                                            "a tag",    "description", "a key"};

static const char *const polarisations[] = {"VV", "VH", "HH", "HV"};

/* Words around a band's name that change nothing of what it is. */
static const char *const harmless[] = {
    "SIGMA0", "GAMMA0",  "BETA0",      "SIGMA",        "GAMMA",        "BETA",      "DB",
    "S1",     "S1A",     "S1B",        "S1C",          "GRD",          "RTC",       "IW",
    "S2",     "S2A",     "S2B",        "S2C",          "MSI",          "L1C",       "L2A",
    "SR",     "TOA",     "BOA",        "BLUE",         "GREEN",        "RED",       "NIR",
    "SWIR",   "EDGE",    "BAND",       "REFLECTANCE",  "10M",          "20M",       "60M",
    "NARROW", "C",       "POL",        "POLARIZATION", "POLARISATION", "INTENSITY", "MEAN",
    "MEDIAN", "CENTRAL", "WAVELENGTH", "NM",           "SENTINEL",     "SENTINEL1", "SENTINEL2",
    "LINEAR", "POWER",   "NATURAL",    "SURFACE"};

/* Years, dates and wavelengths, "490nm", "20190613T101031", "T32UQD". */
static bool is_circumstance(const char *word) {
    size_t digits = strspn(word, "0123456789"), size = strlen(word);
    if (digits == size) return size == 3 || size == 4 || size == 8;
    if (strcmp(word + digits, "NM") == 0) return digits == 3 || digits == 4;
    if (digits == 8 && size == 15 && word[8] == 'T') return strspn(word + 9, "0123456789") == 6;
    bool tile = size == 6 && word[0] == 'T' && strspn(word + 1, "0123456789") == 2;
    return tile && strpbrk(word + 3, "0123456789") == NULL;
}

static bool is_in(const char *const *list, size_t count, const char *word) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], word) == 0) return true;
    }
    return false;
}

/* "VV", or "B2", "B02", "B8A", "B08A" of Sentinel-2. */
static bool take_word(const char *word, char out[MOS_BAND_NAME_SIZE]) {
    if (is_in(polarisations, sizeof polarisations / sizeof *polarisations, word)) {
        snprintf(out, MOS_BAND_NAME_SIZE, "%s", word);
        return true;
    }
    if (word[0] != 'B') return false;
    const char *at = word + 1;
    int number = 0, digits = 0;
    for (; isdigit((unsigned char)*at) && digits < 2; at++, digits++)
        number = 10 * number + (*at - '0');
    bool narrow = number == 8 && strcmp(at, "A") == 0;
    if (digits == 0 || number < 1 || number > 12 || (*at != '\0' && !narrow)) return false;
    snprintf(out, MOS_BAND_NAME_SIZE, narrow ? "B8A" : "B%02d", number);
    return true;
}

bool mos_band_normalise(const char *given, char out[MOS_BAND_NAME_SIZE]) {
    char word[32], found[MOS_BAND_NAME_SIZE];
    size_t size = strlen(given);
    while (size > 0 && isspace((unsigned char)given[size - 1]))
        size--;
    while (size > 0 && isspace((unsigned char)*given))
        given++, size--;
    if (size == 0) return false;
    int names = 0, strangers = 0;
    bool sentinel = false;
    for (size_t at = 0; at < size;) {
        size_t used = 0;
        while (at < size && !isalnum((unsigned char)given[at]))
            at++;
        for (; at < size && isalnum((unsigned char)given[at]); at++) {
            if (used + 1 < sizeof word) word[used++] = (char)toupper((unsigned char)given[at]);
        }
        word[used] = '\0';
        if (used == 0) break;
        if (take_word(word, found))
            names++;
        else if (!(sentinel && (strcmp(word, "1") == 0 || strcmp(word, "2") == 0)))
            strangers += !is_in(harmless, sizeof harmless / sizeof *harmless, word) &&
                         !is_circumstance(word);
        sentinel = strcmp(word, "SENTINEL") == 0;
    }
    if (names == 1 && strangers == 0) {
        memcpy(out, found, sizeof found);
        return true;
    }
    if (size >= MOS_BAND_NAME_SIZE) return false;
    snprintf(out, MOS_BAND_NAME_SIZE, "%.*s", (int)size, given);
    return true;
}

mos_band_role mos_band_role_of(const char *name) {
    char same[MOS_BAND_NAME_SIZE];
    if (!take_word(name, same) || strcmp(same, name) != 0) return MOS_ROLE_UNKNOWN;
    return name[0] == 'B' ? MOS_ROLE_OPTICAL : MOS_ROLE_RADAR;
}

bool mos_bands_are_radar(const char *const *names, int64_t count) {
    char same[MOS_BAND_NAME_SIZE];
    for (int64_t b = 0; b < count; b++)
        if (!mos_band_normalise(names[b], same) || mos_band_role_of(same) != MOS_ROLE_RADAR)
            return false;
    return count > 0;
}

const char *mos_band_role_words(const char *name) {
    static const char *const words[][2] = {{"VV", "radar, VV"},
                                           {"VH", "radar, VH"},
                                           {"HH", "radar, HH"},
                                           {"HV", "radar, HV"},
                                           {"B01", "coastal aerosol, 443 nm"},
                                           {"B02", "blue, 490 nm"},
                                           {"B03", "green, 560 nm"},
                                           {"B04", "red, 665 nm"},
                                           {"B05", "red edge, 705 nm"},
                                           {"B06", "red edge, 740 nm"},
                                           {"B07", "red edge, 783 nm"},
                                           {"B08", "near infrared, 842 nm"},
                                           {"B8A", "narrow near infrared, 865 nm"},
                                           {"B09", "water vapour, 945 nm"},
                                           {"B10", "cirrus, 1375 nm"},
                                           {"B11", "short-wave infrared, 1610 nm"},
                                           {"B12", "short-wave infrared, 2190 nm"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i][0], name) == 0) return words[i][1];
    }
    return "unknown";
}

int mos_band_scale(mos_band_role role, bool whole, double *scale, double *offset) {
    if (role != MOS_ROLE_OPTICAL || !whole || !(fabs(*scale - 1e-4) < 1e-9)) return 0;
    double shift = round(*offset / *scale);
    int tag = shift == -1000 ? 1 : shift == 0 ? -1 : 0;
    *scale = 1;
    *offset = tag != 0 ? 0 : shift;
    return tag;
}

/* Over land and water alike: cirrus is darker than water vapour's band; short-wave infrared falls
 * from B11 to B12; the red edge climbs or falls without a dip at B06; red is no peak among its
 * neighbours; what climbs from blue to red does not fall again before near infrared. Margins leave room for fires, salt and snow. */
static const struct {
    const char *brighter, *than;
    double margin;
} unnatural[] = {
    {"B10", "B09", 1.0}, {"B10", "B09", 0.5}, {"B12", "B11", 1.3}, {"B09", "B8A", 3.0}};

static double mean_of(const char *const *names, const double *mean, int64_t count,
                      const char *name) {
    for (int64_t b = 0; b < count; b++) {
        if (strcmp(names[b], name) == 0) return mean[b];
    }
    return (double)NAN;
}

/* Nothing in cirrus and 1000 more is that offset: it is no brightness. */
static double offset_in(double cirrus) {
    return cirrus >= 1000 && cirrus < 1200 ? 1000 : cirrus >= 0.1 && cirrus < 0.12 ? 0.1 : 0;
}

static const char *const unnatural_words[] = {
    "B10 brighter than B09", "B10 nearly as bright as B09", "B12 much brighter than B11",
    "B09 much brighter than B8A"};

static const char *relations(const char *const *names, const double *mean, int64_t count,
                             size_t most) {
    double cirrus = mean_of(names, mean, count, "B10");
    for (size_t u = 0; u < most; u++) {
        double offset = strcmp(unnatural[u].brighter, "B10") == 0 ? offset_in(cirrus) : 0,
               bright = mean_of(names, mean, count, unnatural[u].brighter) - offset,
               dark = mean_of(names, mean, count, unnatural[u].than) - offset;
        if (bright > unnatural[u].margin * dark) return unnatural_words[u];
    }
    return NULL;
}

const char *mos_band_no_cirrus(const char *const *names, const double *mean, int64_t count) {
    return relations(names, mean, count, 2);
}

const char *mos_band_contradiction(const char *const *names, const double *mean, int64_t count) {
    const char *found = relations(names, mean, count, sizeof unnatural / sizeof *unnatural);
    if (found != NULL) return found;
    double b03 = mean_of(names, mean, count, "B03"), b04 = mean_of(names, mean, count, "B04"),
           b05 = mean_of(names, mean, count, "B05"), b06 = mean_of(names, mean, count, "B06"),
           b07 = mean_of(names, mean, count, "B07");
    if (b05 > 1.25 * b06 && b07 > 1.25 * b06) return "B06 much darker than both B05 and B07";
    if (b04 > 1.5 * b03 && b04 > 1.5 * b05) return "B04 much brighter than both B03 and B05";
    double b02 = mean_of(names, mean, count, "B02"), b08 = mean_of(names, mean, count, "B08");
    if (b04 > 1.4 * b02 && b05 > 1.4 * b02 && b08 * 1.5 < b04 && b08 * 1.5 < b05)
        return "B04 and B05 much brighter than B02 and B08";
    return NULL;
}
