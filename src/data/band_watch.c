#include "data/band_watch.h"

#include "base/simd.h"
#include "base/text.h"
#include "data/verdicts.h"

#include <math.h>
#include <string.h>

enum { STEP = 89 };                    /* prime: no column of an image is missed */
static const double radar_end_db = 60; /* of any backscatter, with room */
static const double unit_ratio = 30, loose_ratio = 2000; /* between patches of one unit */
static const double radar_step_db = 35;
static const double deep_reflectance = -0.05; /* 0 less the +1000 is -0.1 */

static double end_of_type(mos_dtype dtype) {
    switch (dtype) {
    case MOS_U8:
        return INFINITY; /* 255 is white */
    case MOS_I16:
        return INT16_MAX;
    default:
        return UINT16_MAX;
    }
}

/* ---- fill values ---- */

MOS_SIMD_INLINE void highest_u16_body(const unsigned char *at, int64_t pixels, uint16_t *out) {
    uint16_t top = 0;
#pragma omp simd reduction(max : top)
    for (int64_t i = 0; i < pixels; i++) {
        uint16_t value;
        memcpy(&value, at + 2 * i, sizeof value);
        top = value > top ? value : top;
    }
    *out = top;
}
MOS_SIMD_KERNEL(highest_u16, (const unsigned char *at, int64_t pixels, uint16_t *out),
                (at, pixels, out))

/* Values outside [low, high] and, of optical bands, the ends of whole numbers after a division by
 * 10,000; the no-data value is none. */
MOS_SIMD_INLINE void count_strange_body(const unsigned char *at, int64_t pixels, float low,
                                        float high, bool optical, float none, int64_t *out) {
    int32_t found = 0;
    const int ends = optical;
#pragma omp simd reduction(+ : found)
    for (int64_t i = 0; i < pixels; i++) {
        float value;
        memcpy(&value, at + 4 * i, sizeof value);
        found +=
            ((value < low) | (value > high) | (ends & ((value == 6.5535f) | (value == 3.2767f)))) &
            (value != none);
    }
    *out = found;
}
MOS_SIMD_KERNEL(count_strange,
                (const unsigned char *at, int64_t pixels, float low, float high, bool optical,
                 float none, int64_t *out),
                (at, pixels, low, high, optical, none, out))

/* Comparisons a compiler makes many of at once; what they find is looked at again. */
static int64_t suspects(const mos_raw_band *band, mos_band_role role, bool power) {
    int64_t pixels = band->width * band->height, found = 0;
    const unsigned char *at = band->data;
    if (role == MOS_ROLE_OPTICAL && band->dtype == MOS_U8) return 0;
    if (role == MOS_ROLE_OPTICAL && band->dtype == MOS_U16) {
        uint16_t top;
        highest_u16(at, pixels, &top);
        return top >= INT16_MAX;
    }
    if (role == MOS_ROLE_OPTICAL && band->dtype == MOS_I16) {
        int count = 0;
        for (int64_t i = 0; i < pixels; i++) {
            int16_t value;
            memcpy(&value, at + 2 * i, sizeof value);
            count |= (value < 0) | (value == INT16_MAX);
        }
        return count;
    }
    if (band->dtype != MOS_F32) return pixels;
    bool optical = role == MOS_ROLE_OPTICAL;
    float low = optical ? (float)deep_reflectance : power ? 0.0f : (float)-radar_end_db;
    float high = optical ? 65534.0f : power ? 1e6f : (float)radar_end_db;
    float none = band->has_nodata ? (float)band->nodata : NAN;
    count_strange(at, pixels, low, high, optical, none, &found);
    return found;
}

/* One value that stands in many pixels and that a type ends with, or that a negative fill turns
 * into where it is stored without a sign; also after a division by 10,000. Single pixels may be a
 * flash. */
static int64_t repeated_end(const mos_raw_band *band, bool whole, double highest) {
    int64_t pixels = band->width * band->height, same = 0;
    bool scaled_end = (float)highest == 6.5535f || (float)highest == 3.2767f;
    if (whole ? highest < INT16_MAX : !scaled_end) return 0;
    for (int64_t i = 0; i < pixels; i++)
        same += mos_raw_value(band, i) == highest;
    return same * 200 > pixels ? same : 0;
}

static int64_t optical_fill(const mos_raw_band *band, double *value) {
    int64_t pixels = band->width * band->height, ends = 0, negative = 0, deep = 0, equal = 0;
    double end = end_of_type(band->dtype), lowest = 0, highest = 0;
    for (int64_t i = 0; i < pixels; i++) {
        double v = mos_raw_value(band, i);
        if (!mos_raw_valid(band, v)) continue;
        highest = fmax(highest, v);
        if (v >= end) {
            ends++;
            *value = v;
        }
        if (v >= 0) continue;
        negative++;
        deep += v <= -500;
        if (v < lowest) equal = 0;
        lowest = fmin(lowest, v);
        equal += v == lowest;
    }
    if (ends > 0) return ends;
    bool whole = band->dtype != MOS_F32 && band->dtype != MOS_F64;
    ends = repeated_end(band, whole, highest);
    *value = ends > 0 ? highest : lowest;
    if (ends > 0) return ends;
    bool reflectance = !whole && highest < 20; /* floats around 1, not around 10,000 */
    /* Scattered pixels a little below 0 are what the atmosphere's correction leaves. */
    bool repeated = lowest < 0 && equal * 200 > pixels &&
                    (whole || lowest <= -1 || (reflectance && lowest <= deep_reflectance));
    if (deep > 0 || repeated || (reflectance && lowest <= -1) || (whole && negative * 100 > pixels))
        return negative;
    return 0;
}

int64_t mos_watch_fill(const mos_raw_band *band, mos_band_role role, bool power, double *value) {
    *value = 0;
    if (role == MOS_ROLE_UNKNOWN || suspects(band, role, power) == 0) return 0;
    if (role == MOS_ROLE_OPTICAL) return optical_fill(band, value);
    int64_t pixels = band->width * band->height, found = 0;
    for (int64_t i = 0; i < pixels; i++) {
        double v = mos_raw_value(band, i);
        if (!mos_raw_valid(band, v)) continue;
        if (power ? v >= 0 && v <= 1e6 : fabs(v) <= radar_end_db) continue;
        *value = v;
        found++;
    }
    return found;
}

/* ---- edges ---- */

typedef struct edge_bands {
    const mos_raw_band *band[MOS_DATA_MAX_BANDS];
    int64_t count, width, height;
} edge_bands;

static bool is_ground_band(const mos_raw_band *band, mos_band_role role) {
    bool floats = band->dtype == MOS_F32 || band->dtype == MOS_F64;
    return floats || (role == MOS_ROLE_OPTICAL && band->dtype != MOS_U8);
}

/* The finest bands of a role. */
static void choose(const mos_raw_band *bands, const mos_band_identity *const *identity,
                   int64_t count, mos_band_role role, edge_bands *out) {
    *out = (edge_bands){0};
    for (int64_t b = 0; b < count; b++) {
        if (identity[b]->role != role || !is_ground_band(&bands[b], role)) continue;
        if (bands[b].width > out->width) {
            out->count = 0;
            out->width = bands[b].width;
            out->height = bands[b].height;
        }
        if (bands[b].width == out->width) out->band[out->count++] = &bands[b];
    }
}

/* Digital number 1 in either unit, and 0 where nobody has said what 0 is: whole numbers have it for
 * "no data". Decibels of 0 or 1, and power of 0, 1 or next to nothing. */
static bool is_filler(const mos_raw_band *band, double value, mos_band_role role, bool told) {
    bool floats = band->dtype == MOS_F32 || band->dtype == MOS_F64;
    if (role == MOS_ROLE_OPTICAL)
        return value == 1 || (floats && ((float)value == 1e-4f || (value == 0 && !told)));
    return value == 1 || value <= -40 || value >= 20 || (value >= 0 && value <= 1e-4);
}

/* Any other value that all of so many bands hold is no measurement either: a fill, or the end that
 * values were cut at. Coarse steps, as of scaled bytes, meet by chance. */
static bool is_block(const edge_bands *edge, double value, mos_band_role role,
                     const mos_band_identity *identity) {
    return value != 0 && edge->count >= (role == MOS_ROLE_RADAR ? 2 : 4) &&
           identity->scale_by == MOS_SAID_BY_NOBODY;
}

/* Bands that hold `value` at pixel i. */
static int64_t holding(const edge_bands *edge, int64_t i, double value) {
    int64_t same = 0;
    for (int64_t b = 0; b < edge->count; b++)
        same += mos_raw_value(edge->band[b], i) == value;
    return same;
}

/* Decibels that are 0 in every band at once, wherever: a hole, no measurement. Quick where there is
 * none. */
static int64_t radar_hole(const edge_bands *edge) {
    int64_t pixels = edge->width * edge->height, zeros = 0, found = 0;
    const unsigned char *at = edge->band[0]->data;
    bool negative = false;
    if (edge->count < 2) return 0;
    if (edge->band[0]->dtype == MOS_F32) {
        for (int64_t i = 0; i < pixels; i++) {
            float value;
            memcpy(&value, at + 4 * i, sizeof value);
            zeros += value == 0;
        }
        if (zeros * 100 < pixels) return 0;
    }
    for (int64_t i = 0; i < pixels; i++) {
        found += holding(edge, i, 0) == edge->count;
        negative = negative || mos_raw_value(edge->band[0], i) < 0;
    }
    bool none = edge->band[0]->has_nodata && edge->band[0]->nodata == 0;
    return negative && !none && found * 100 >= pixels ? found : 0;
}

int64_t mos_watch_edge(const mos_raw_band *bands, const mos_band_identity *const *identity,
                       int64_t count, mos_band_role role, double *value) {
    edge_bands edge;
    /* Whole numbers in steps of 40 begin at 0 as well. */
    bool told = count > 0 && (identity[0]->nodata_by == MOS_SAID_BY_KEY ||
                              identity[0]->scale_by != MOS_SAID_BY_NOBODY);
    choose(bands, identity, count, role, &edge);
    if (edge.count == 0 || (role == MOS_ROLE_OPTICAL && edge.count < 2) || edge.width < 4 ||
        edge.height < 4)
        return 0;
    /* Optical: sharpened or not, the visible bands do not share one value; but all may be dark. */
    int64_t pixels = edge.width * edge.height, w = edge.width;
    const int64_t corners[] = {0, w - 1, pixels - w, pixels - 1};
    const int64_t beside[] = {1, w - 2, pixels - w + 1, pixels - 2};
    const int64_t below[] = {w, 2 * w - 1, pixels - 2 * w, pixels - 1 - w};
    for (int c = 0; c < 4; c++) {
        for (int64_t b = 0; b < edge.count; b++) {
            *value = mos_raw_value(edge.band[b], corners[c]);
            int64_t least = role == MOS_ROLE_RADAR || *value == 0 ? edge.count : 2;
            bool filler = is_filler(edge.band[b], *value, role, told);
            if (!filler) least = edge.count;
            if (!mos_raw_valid(edge.band[b], *value) ||
                (!filler && !is_block(&edge, *value, role, identity[0])) ||
                holding(&edge, corners[c], *value) < least ||
                (holding(&edge, beside[c], *value) < least &&
                 holding(&edge, below[c], *value) < least))
                continue;
            int64_t found = 0;
            for (int64_t i = 0; i < pixels; i++)
                found += holding(&edge, i, *value) >= least;
            bool all = found == pixels; /* a constant patch is another defect */
            if (!all && found >= (edge.width < edge.height ? edge.width : edge.height) &&
                found * 100 >= pixels)
                return found;
        }
    }
    *value = 0;
    return role == MOS_ROLE_RADAR && !told ? radar_hole(&edge) : 0;
}

const char *mos_watch_number(char out[40], double value) {
    double again;
    for (int digits = 6; digits <= 17; digits++) {
        mos_format_double(out, 40, value, digits);
        if (mos_parse_double(out, &again) && again == value) break;
    }
    return out;
}

/* ---- every read ---- */

/* Negative values of which the one in hand is only a few: no fill to be masked. */
static bool is_scattered(const mos_raw_band *band, int64_t found, double value) {
    int64_t pixels = band->width * band->height, same = 0;
    if (value >= 0) return false;
    for (int64_t i = 0; i < pixels; i++)
        same += mos_raw_value(band, i) == value;
    return same * 2 < found;
}

mosaic_status mos_watch_raw(const mos_dataset *dataset, int64_t sample, int64_t modality,
                            const int *bands, int64_t count, const mos_raw_band *raw) {
    const mos_modality *what = &dataset->modalities[modality];
    const mos_modality_storage *storage = &dataset->storage[modality];
    const mos_band_identity *identity[MOS_DATA_MAX_BANDS];
    double value;
    char number[40];
    for (int64_t i = 0; i < count; i++) {
        identity[i] = &storage->identity[bands[i]];
        int64_t found = mos_watch_fill(&raw[i], identity[i]->role,
                                       storage->radar && dataset->radar_linear, &value);
        if (found > 0 && identity[i]->role == MOS_ROLE_OPTICAL &&
            is_scattered(&raw[i], found, value))
            MOS_TRY(mos_verdict_refuse(
                dataset, MOS_CHECK_FILL_VALUES,
                "sample '%s': %s has %lld pixels below 0, of many values down to %g: no fill, "
                "rather an offset that was subtracted twice, or from the wrong product; "
                "data.scale %s=1,<offset> adds it again",
                dataset->ids[sample], what->bands[bands[i]].name, (long long)found, value,
                what->name));
        else if (found > 0)
            MOS_TRY(mos_verdict_refuse(
                dataset, MOS_CHECK_FILL_VALUES,
                "sample '%s': %s has %lld pixels such as %g, which is no measurement; data.nodata "
                "%s=%s masks it",
                dataset->ids[sample], what->bands[bands[i]].name, (long long)found, value,
                what->name, mos_watch_number(number, value)));
    }
    for (int role = MOS_ROLE_RADAR; role <= MOS_ROLE_OPTICAL; role++) {
        int64_t found = mos_watch_edge(raw, identity, count, (mos_band_role)role, &value);
        if (found > 0)
            MOS_TRY(mos_verdict_refuse(
                dataset, MOS_CHECK_EDGE_VALUES,
                "sample '%s': %s is %g in %lld pixels, from the edge on or in a hole: nothing was "
                "measured there; data.nodata %s=%s masks it",
                dataset->ids[sample], what->name, value, (long long)found, what->name,
                mos_watch_number(number, value)));
    }
    return MOSAIC_OK;
}

static bool delivered(const struct mos_patch_band *band, int64_t i) {
    return isfinite(band->data[i]) && !(band->has_nodata && band->data[i] == band->nodata);
}

double mos_watch_top(const mos_dataset *dataset, int64_t modality, const int *bands,
                     const mos_patch *patch) {
    double top = 0;
    for (int64_t b = 0; b < patch->bands; b++) {
        const struct mos_patch_band *band = &patch->band[b];
        if (dataset->storage[modality].identity[bands[b]].role != MOS_ROLE_OPTICAL) continue;
        for (int64_t i = 0; i < band->width * band->height; i += STEP) {
            if (delivered(band, i)) top = fmax(top, (double)band->data[i]);
        }
    }
    return top;
}

/* Do all bands of a patch hold one and the same value everywhere? */
static bool flat(const mos_patch *patch, double value) {
    for (int64_t b = 0; b < patch->bands; b++) {
        const struct mos_patch_band *band = &patch->band[b];
        for (int64_t i = 0; i < band->width * band->height; i++) {
            if (delivered(band, i) && (double)band->data[i] != value) return false;
        }
    }
    return true;
}

mosaic_status mos_watch_units(const mos_dataset *dataset, int64_t sample, int64_t modality,
                              const int *bands, const mos_patch *patch) {
    const mos_modality *what = &dataset->modalities[modality];
    const mos_modality_storage *storage = &dataset->storage[modality];
    double top = storage->promised_top > 1 || !storage->optical
                     ? mos_watch_top(dataset, modality, bands, patch)
                     : 0;
    /* One band of the sea is dark; all of them are not. Integers do not lie far apart by their
     * type. */
    double ratio = storage->optical || patch->bands < 3 ? loose_ratio : unit_ratio;
    if (storage->promised_top > 0 && top > 0 &&
        (top > ratio * storage->promised_top || top * ratio < storage->promised_top)) {
        char number[40];
        if (flat(patch, top))
            return mos_verdict_refuse(dataset, MOS_CHECK_EDGE_VALUES,
                                      "sample '%s': %s is %g in every pixel: nothing was measured "
                                      "there; data.nodata %s=%s masks it",
                                      dataset->ids[sample], what->name, top, what->name,
                                      mos_watch_number(number, top));
        return mos_verdict_refuse(dataset, MOS_CHECK_MIXED_UNITS,
                                  "sample '%s': values of %s up to %.4g, those of the samples "
                                  "looked at first up to %.4g: another unit",
                                  dataset->ids[sample], what->name, top, storage->promised_top);
    }
    for (int64_t b = 0; b < patch->bands; b++) {
        const struct mos_patch_band *band = &patch->band[b];
        double promised = storage->promised_mean[bands[b]], sum = 0;
        int64_t valid = 0;
        if (storage->identity[bands[b]].role != MOS_ROLE_RADAR || !isfinite(promised)) continue;
        for (int64_t i = 0; i < band->width * band->height; i += STEP) {
            if (!delivered(band, i)) continue;
            sum += (double)band->data[i];
            valid++;
        }
        if (valid == 0 || fabs(sum / (double)valid - promised) <= radar_step_db) continue;
        return mos_verdict_refuse(dataset, MOS_CHECK_MIXED_UNITS,
                                  "sample '%s': mean of %s is %.4g, of the samples looked at first "
                                  "%.4g: another unit",
                                  dataset->ids[sample], what->bands[bands[b]].name,
                                  sum / (double)valid, promised);
    }
    return MOSAIC_OK;
}
