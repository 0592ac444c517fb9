/* What a band is, and who says so: its name in one spelling, its role, the unit its values come out
 * in, and what is done to the stored ones on the way. Every format fills it per raster, the data
 * set joins it once, and every command reads it from there: `data info --verbose` shows it, packs
 * and model files keep it.
 *
 * A guess is never more than a guess: it is said as one, and training wants better. */
#ifndef MOS_DATA_BAND_IDENTITY_H
#define MOS_DATA_BAND_IDENTITY_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* From the weakest word to the strongest. */
typedef enum mos_identity_source {
    MOS_SAID_BY_NOBODY,
    MOS_SAID_BY_GUESS,       /* what often has so many bands */
    MOS_SAID_BY_PIXELS,      /* what the values look like */
    MOS_SAID_BY_POSITION,    /* the column, the place in the format's own list */
    MOS_SAID_BY_PRODUCT,     /* ESA's product name */
    MOS_SAID_BY_FORMAT,      /* the data set's own document */
    MOS_SAID_BY_TAG,         /* a tag of the file: no-data, scale, offset, mask */
    MOS_SAID_BY_DESCRIPTION, /* the band's description in the file */
    MOS_SAID_BY_KEY          /* the user's configuration */
} mos_identity_source;
extern const char *const mos_identity_sources[]; /* "nobody" "guess" ... in the same order */

typedef enum mos_band_role {
    MOS_ROLE_UNKNOWN,
    MOS_ROLE_RADAR,  /* VV VH HH HV */
    MOS_ROLE_OPTICAL /* B01 .. B12, B8A */
} mos_band_role;

typedef struct mos_band_identity {
    mos_band_role role;
    char unit[16];        /* "DN", "reflectance", "dB", "" unknown */
    double scale, offset; /* what the file says and the reader applies; 1 and 0 */
    bool has_nodata;
    double nodata;
    char level[4]; /* "L1C", "L2A"; "" unknown, or no matter of this band */
    mos_identity_source named_by, unit_by, scale_by, nodata_by, level_by;
} mos_band_identity;

enum { MOS_BAND_NAME_SIZE = 16 };

/* One spelling for what people write: "b2", "B2", "S2_B02" and "B02_reflectance" are B02, "B08A" is
 * B8A, "vv", "VV_db" and "Sigma0_VV" are VV. What is no name of either sensor stays as it is. False
 * where the text is empty or too long. */
bool mos_band_normalise(const char *given, char out[MOS_BAND_NAME_SIZE]);
/* Of a name in that spelling. */
mos_band_role mos_band_role_of(const char *name);
/* What the instrument sees there: "blue, 490 nm", "radar, VV"; "unknown" of other names. */
const char *mos_band_role_words(const char *name);

/* Is a modality of these bands radar backscatter? All are polarisations, in any spelling. */
bool mos_bands_are_radar(const char *const *names, int64_t count);

/* Scale and offset as they are applied. Digital numbers are reflectance times 10,000: a scale of
 * 1e-4 on whole optical numbers changes nothing, and an offset of -0.1 beside it is the +1000 of
 * baseline 04.00. Returns what they say of that: 1 it is there, -1 it is not, 0 nothing. */
int mos_band_scale(mos_band_role role, bool whole, double *scale, double *offset);

/* Guessed names against the pixels: which relation of two bands' means, hardly ever met in nature,
 * do these show? `mean` [count], NAN where unknown. NULL where none is; else words for it, as in
 * "B10 brighter than B09". */
const char *mos_band_contradiction(const char *const *names, const double *mean, int64_t count);
/* The one relation that leaves no doubt: B10 sees no ground, and B09 does. */
const char *mos_band_no_cirrus(const char *const *names, const double *mean, int64_t count);

#endif
