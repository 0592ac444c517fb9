/* Reading: native values (data/raw_reader.c), looked at by the guards, then one conversion to float
 * with the scale and offset decisions applied. */
#include "data/dataset.h"

#include "base/memory.h"
#include "base/simd.h"
#include "data/band_watch.h"
#include "data/data_options.h"
#include "data/offset_guard.h"
#include "data/radar_guard.h"
#include "data/sample_reader.h"
#include "data/sample_table.h"

#include <math.h>
#include <string.h>

MOS_SIMD_INLINE void convert_u16_body(const unsigned char *at, int64_t pixels, float *out) {
#pragma omp simd
    for (int64_t i = 0; i < pixels; i++) {
        uint16_t value;
        memcpy(&value, at + 2 * i, sizeof value);
        out[i] = (float)value;
    }
}
MOS_SIMD_KERNEL(convert_u16, (const unsigned char *at, int64_t pixels, float *out),
                (at, pixels, out))

/* The frequent types as plain loops; the rest through mos_raw_value. */
static void convert(const mos_raw_band *band, int64_t pixels, float *out) {
    if (band->dtype == MOS_U16) {
        convert_u16(band->data, pixels, out);
    } else if (band->dtype == MOS_F32) {
        memcpy(out, band->data, (size_t)pixels * sizeof *out);
    } else {
        for (int64_t i = 0; i < pixels; i++)
            out[i] = (float)mos_raw_value(band, i);
    }
}

/* Integers of any width up to 24 bits and floats are exact in float. */
static bool convertible(mos_dtype dtype) {
    return dtype != MOS_I64 && dtype != MOS_U64 && dtype != MOS_F16 && dtype != MOS_BF16;
}

static mosaic_status buffer_of(mos_reader *reader, int64_t modality, int band, int64_t pixels,
                               float **out) {
    mos_reader_buffer *buffer = &reader->buffers[modality][band];
    MOS_TRY(mos_grow(&buffer->data, &buffer->capacity, (size_t)pixels, sizeof *buffer->data,
                     "pixels of a band"));
    *out = buffer->data;
    return MOSAIC_OK;
}

/* As baselines before 04.00 wrote it: what falls below 1 is 1, and 0 stays "no data". */
static void remove_offset(float *pixels, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        float value = pixels[i] - 1000.0f;
        pixels[i] = pixels[i] == 0.0f ? 0.0f : value < 1.0f ? 1.0f : value;
    }
}

/* dB = 10 log10 power = 20 log10 amplitude. No power is no measurement: NaN, which counts as an invalid pixel; the
 * no-data value stays. */
static void power_to_db(float *pixels, int64_t count, float factor, bool has_nodata, float nodata) {
    for (int64_t i = 0; i < count; i++) {
        if (has_nodata && pixels[i] == nodata) continue;
        pixels[i] = pixels[i] > 0.0f ? factor * log10f(pixels[i]) : NAN;
    }
}

/* What no sample may be, looked at on every read; a name or tag of the +1000 against the pixels
 * once per sample. */
static mosaic_status guard(const mos_reader *reader, int64_t sample, int64_t modality,
                           const int *bands, int64_t count, bool offset) {
    mos_dataset *dataset = reader->dataset;
    const mos_modality_storage *storage = &dataset->storage[modality];
    mos_raw_band radar[MOS_DATA_MAX_BANDS];
    if (storage->radar) {
        int64_t found = mos_radar_bands(dataset, modality, bands, count, reader->raw, radar);
        if (found > 0) MOS_TRY(mos_radar_check(dataset, sample, modality, radar, found));
    }
    MOS_TRY(mos_watch_raw(dataset, sample, modality, bands, count, reader->raw));
    if (!offset) return MOSAIC_OK;
    return mos_offset_contradict(dataset, sample, modality, bands, count, reader->raw);
}

mosaic_status mos_reader_read(mos_reader *reader, int64_t sample, int64_t modality,
                              const int *bands, int64_t count, mos_patch *out) {
    mos_dataset *dataset = reader->dataset;
    mos_raw_band *raw = reader->raw;
    bool offset = false;
    if (sample >= 0 && sample < dataset->count && modality >= 0 &&
        modality < dataset->modality_count && dataset->storage[modality].optical &&
        (dataset->present[sample] >> modality & 1))
        MOS_TRY(mos_offset_decide(reader, sample, modality, &offset));
    MOS_TRY(mos_reader_read_raw(reader, sample, modality, bands, count, raw));
    const mos_modality_storage *storage = &dataset->storage[modality];
    if (!reader->unguarded) MOS_TRY(guard(reader, sample, modality, bands, count, offset));
    float factor = dataset->options.s1_scale == MOS_S1_AMPLITUDE ? 20.0f : 10.0f;
    out->bands = count;
    for (int64_t i = 0; i < count; i++) {
        int64_t pixels = raw[i].width * raw[i].height;
        struct mos_patch_band *band = &out->band[i];
        bool to_db = dataset->radar_linear && storage->identity[bands[i]].role == MOS_ROLE_RADAR;
        if (!convertible(raw[i].dtype))
            return mos_fail(MOSAIC_ERR_DATA, "sample '%s': %s values of %s cannot be used",
                            dataset->ids[sample], mos_dtype_name(raw[i].dtype),
                            dataset->modalities[modality].name);
        band->width = raw[i].width;
        band->height = raw[i].height;
        band->has_nodata = raw[i].has_nodata;
        band->nodata = (float)raw[i].nodata;
        bool aligned = (uintptr_t)raw[i].data % _Alignof(float) == 0;
        if (raw[i].dtype == MOS_F32 && aligned && !to_db && !offset) {
            band->data = raw[i].data; /* no copy: the values are used as they lie */
            continue;
        }
        float *target;
        MOS_TRY(buffer_of(reader, modality, (int)i, pixels, &target));
        convert(&raw[i], pixels, target);
        if (offset) remove_offset(target, pixels);
        if (to_db) power_to_db(target, pixels, factor, band->has_nodata, band->nodata);
        band->data = target;
    }
    return reader->unguarded ? MOSAIC_OK : mos_watch_units(dataset, sample, modality, bands, out);
}
