#include "data/file_layout.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/modality_keys.h"
#include "data/names/band_names.h"
#include "data/names/patch_name.h"
#include "data/verdicts.h"
#include "io/raster_beside.h"
#include "io/tiff_plain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

mosaic_status mos_file_layouts_init(mos_dataset *dataset, int64_t samples, mos_file_layouts *out) {
    *out = (mos_file_layouts){.lock = PTHREAD_MUTEX_INITIALIZER};
    return mos_alloc((size_t)(samples * dataset->slots), sizeof *out->of, "layouts of files",
                     &out->of);
}

void mos_file_layouts_release(mos_file_layouts *layouts) {
    for (size_t i = 0; i < layouts->count; i++)
        mos_free(layouts->items[i]);
    mos_free(layouts->items);
    mos_free(layouts->of);
    (void)pthread_mutex_destroy(&layouts->lock);
}

/* Does the file mark pixels that are none? data.nodata none takes every pixel. */
static bool is_masked(const mos_dataset *dataset, int64_t m, const mos_raster_info *info) {
    double value;
    bool all = mos_key_nodata(dataset, dataset->modalities[m].name, &value) && isnan(value);
    return !all && (info->has_mask || info->alpha > 0);
}

/* The numbers of the bands that are no transparency. */
static int64_t real_bands(const mos_raster_info *info, int out[MOS_DATA_MAX_BANDS]) {
    int64_t count = 0;
    for (int b = 1; b <= info->bands && count < MOS_DATA_MAX_BANDS; b++) {
        if (b != info->alpha) out[count++] = b;
    }
    return count;
}

static int64_t real_count(const mos_raster_info *info) {
    return info->bands - (info->alpha > 0);
}

static double scale_of(const mos_raster_info *info, int number) {
    return number <= MOS_RASTER_NAMED_BANDS ? info->scale[number - 1] : 1;
}

static double offset_of(const mos_raster_info *info, int number) {
    return number <= MOS_RASTER_NAMED_BANDS ? info->offset[number - 1] : 0;
}

/* What is done to the values of one band; offset_tag is set where a tag speaks of the +1000. */
static void settle_scale(const mos_dataset *dataset, int64_t m, int64_t b,
                         const mos_raster_info *info, int number, mos_file_layout *out) {
    const mos_modality *modality = &dataset->modalities[m];
    double scale = scale_of(info, number), offset = offset_of(info, number);
    bool keyed = mos_key_scale(dataset, modality->name, &scale, &offset);
    bool whole = info->dtype != MOS_F32 && info->dtype != MOS_F64 && !keyed;
    int tag = mos_band_scale(mos_band_role_of(modality->bands[b].name), whole, &scale, &offset);
    out->tags_differ = out->tags_differ || (tag != 0 && out->offset_tag == -tag);
    if (tag != 0) out->offset_tag = (int8_t)tag;
    out->scale[b] = scale;
    out->offset[b] = offset;
    out->scaled = out->scaled || scale != 1 || offset != 0;
}

/* A scale that makes one value of all, or none, and tags of +1000 that contradict each other. */
static mosaic_status check_scales(const mos_dataset *dataset, int64_t m,
                                  const mos_raster_info *info, const int *numbers, int64_t count,
                                  const mos_file_layout *layout, const char *path) {
    const char *name = dataset->modalities[m].name;
    double value, shift;
    if (mos_key_scale(dataset, name, &value, &shift)) return MOSAIC_OK;
    for (int64_t b = 0; b < count; b++) {
        double scale = scale_of(info, numbers[b]), offset = offset_of(info, numbers[b]);
        if (isfinite(scale) && scale != 0 && isfinite(offset)) continue;
        MOS_TRY(mos_verdict_refuse(dataset, MOS_CHECK_MIXED_UNITS,
                                   "%s: a tag gives band %d scale %g and offset %g, of which no "
                                   "value follows; data.scale %s=1,0 takes the values as they are",
                                   path, numbers[b], scale, offset, name));
    }
    if (!layout->tags_differ) return MOSAIC_OK;
    return mos_verdict_refuse(dataset, MOS_CHECK_OFFSET_CONFLICT,
                              "%s: tags of scale and offset say +1000 of some bands of %s, and "
                              "none of others",
                              path, name);
}

/* ---- the first file ---- */

/* What is done to the values; where bands differ, to which. */
static void say_scales(mos_dataset *dataset, int64_t m, int64_t end, const mos_file_layout *layout,
                       const char *path) {
    const mos_modality *modality = &dataset->modalities[m];
    const mos_band_identity *identity = dataset->storage[m].identity;
    int64_t scaled = -1, other = -1;
    for (int64_t b = end - 1; b >= 0; b--)
        if (layout->scale[b] != 1 || layout->offset[b] != 0) scaled = b;
    int64_t one = scaled < 0 ? 0 : scaled;
    for (int64_t b = end - 1; b >= 0; b--)
        if (identity[b].scale != identity[one].scale || identity[b].offset != identity[one].offset)
            other = b;
    if (scaled >= 0 && other < 0)
        mos_verdict_note(dataset, MOS_CHECK_SCALE, "%s: %s: scale %g and offset %g are applied",
                         path, modality->name, identity[one].scale, identity[one].offset);
    else if (other >= 0)
        mos_verdict_note(
            dataset, MOS_CHECK_SCALE,
            "%s: %s: scale %g and offset %g of %s, but %g and %g of %s: %s", path, modality->name,
            identity[one].scale, identity[one].offset, modality->bands[one].name,
            identity[other].scale, identity[other].offset, modality->bands[other].name,
            scaled < 0 ? "both are taken as digital numbers" : "each band's own are applied");
}

static mosaic_status settle_types(mos_dataset *dataset, int64_t m, int64_t first, int64_t end,
                                  const int *numbers, const mos_raster_info *info,
                                  const char *path) {
    mos_modality *modality = &dataset->modalities[m];
    mos_modality_storage *storage = &dataset->storage[m];
    mos_file_layout layout = {0};
    for (int64_t b = first; b < end; b++)
        settle_scale(dataset, m, b, info, numbers[b - first], &layout);
    MOS_TRY(check_scales(dataset, m, info, numbers, end - first, &layout, path));
    double value;
    bool keyed = mos_key_nodata(dataset, modality->name, &value);
    bool masked = is_masked(dataset, m, info);
    bool zero_is_none =
        mos_band_role_of(modality->bands[first].name) == MOS_ROLE_OPTICAL && info->dtype != MOS_U8;
    bool marks = keyed ? !isnan(value) : info->has_nodata || zero_is_none;
    /* Room for what the type of the file cannot hold. */
    bool floats = layout.scaled || (masked && !marks);
    for (int64_t b = first; b < end; b++) {
        storage->dtype[b] = floats ? MOS_F32 : info->dtype;
        storage->width[b] = info->width;
        storage->height[b] = info->height;
        modality->bands[b].is_integer = storage->dtype[b] == MOS_U16 || storage->dtype[b] == MOS_U8;
        /* Degrees are no metres. */
        if (info->has_transform && info->transform[1] >= 0.1)
            modality->bands[b].resolution_m = info->transform[1];
        mos_band_identity *identity = &storage->identity[b];
        identity->scale = scale_of(info, numbers[b - first]);
        identity->offset = offset_of(info, numbers[b - first]);
        bool scale_keyed =
            mos_key_scale(dataset, modality->name, &identity->scale, &identity->offset);
        identity->scale_by = scale_keyed                                     ? MOS_SAID_BY_KEY
                             : identity->scale != 1 || identity->offset != 0 ? MOS_SAID_BY_TAG
                                                                             : MOS_SAID_BY_NOBODY;
        if (info->has_nodata) identity->nodata_by = MOS_SAID_BY_TAG;
    }
    if (info->alpha > 0 && first == 0)
        mos_log(MOS_LOG_NOTICE, "%s: band %d is transparency, no band of %s: %s", path, info->alpha,
                modality->name,
                masked ? "pixels where it is 0 are no data; data.nodata none takes them all"
                       : "it is not looked at, by data.nodata");
    if (first == 0) say_scales(dataset, m, end, &layout, path);
    if (!floats && info->has_nodata && !storage->has_nodata && !keyed) {
        storage->has_nodata = true;
        storage->nodata = info->nodata;
    }
    return MOSAIC_OK;
}

mosaic_status mos_file_layout_settle(mos_dataset *dataset, int64_t m, int band,
                                     const mos_raster_info *info, const char *path) {
    mos_modality *modality = &dataset->modalities[m];
    int numbers[MOS_DATA_MAX_BANDS] = {1};
    int64_t first = band < 0 ? 0 : band, end = first + 1;
    if (band < 0) {
        if (real_count(info) < 1 || real_count(info) > MOS_DATA_MAX_BANDS)
            return mos_fail(MOSAIC_ERR_DATA, "%s: %lld bands, wanted 1 to %d", path,
                            (long long)real_count(info), MOS_DATA_MAX_BANDS);
        modality->band_count = end = real_bands(info, numbers);
        MOS_TRY(mos_band_names_find(dataset, modality, dataset->storage[m].identity, info, path));
    }
    return settle_types(dataset, m, first, end, numbers, info, path);
}

/* ---- a later file ---- */

static mosaic_status differs(const mos_modality *modality, const char *path, const char *found) {
    mos_text wanted = {0};
    for (int64_t b = 0; b < modality->band_count; b++)
        mos_text_add(&wanted, " %s", modality->bands[b].name);
    mosaic_status status =
        mos_verdict_stop(MOS_CHECK_BANDS_DIFFER, "%s: %s, wanted the bands of %s, by name:%s", path,
                         found, modality->name, wanted.data == NULL ? "" : wanted.data);
    mos_text_release(&wanted);
    return status;
}

static void list_names(const mos_raster_info *info, const int *numbers, int64_t count,
                       mos_text *out) {
    for (int64_t b = 0; b < count && numbers[b] <= MOS_RASTER_NAMED_BANDS; b++)
        mos_text_add(out, " %s", info->band_names[numbers[b] - 1]);
}

/* No bands, some of them, or one name twice. */
static mosaic_status undescribed(const mos_modality *modality, const mos_raster_info *info,
                                 const char *path) {
    bool any = false;
    for (int b = 0; b < info->bands && b < MOS_RASTER_NAMED_BANDS; b++)
        any = any || info->band_names[b][0] != '\0';
    return differs(modality, path,
                   any ? "it describes some of its bands alone, or two alike"
                       : "it describes no bands, as the first file does");
}

/* Which of the file's bands is which of the modality's. */
static mosaic_status join(const mos_dataset *dataset, int64_t m, const mos_raster_info *info,
                          const char *path, mos_file_layout *out) {
    const mos_modality *modality = &dataset->modalities[m];
    const mos_modality_storage *storage = &dataset->storage[m];
    int numbers[MOS_DATA_MAX_BANDS];
    char names[MOS_DATA_MAX_BANDS][MOS_BAND_NAME_SIZE], found[64];
    int64_t count = real_bands(info, numbers);
    if (real_count(info) != modality->band_count) {
        snprintf(found, sizeof found, "%lld bands", (long long)real_count(info));
        return differs(modality, path, found);
    }
    mos_described described = mos_band_names_described(info, names);
    bool key_wins = storage->identity[0].named_by == MOS_SAID_BY_KEY;
    bool words = described == MOS_DESCRIBED_SENSOR || (described == MOS_DESCRIBED && count > 1);
    bool wants = storage->identity[0].named_by == MOS_SAID_BY_DESCRIPTION;
    if (wants && !words && mos_band_names_known(modality)) return undescribed(modality, info, path);
    bool by_name = words && (wants || described == MOS_DESCRIBED_SENSOR) &&
                   !(key_wins && mos_verdict_accepted(dataset, MOS_CHECK_BAND_CONFLICT));
    for (int64_t b = 0; b < modality->band_count; b++) {
        int64_t at = b;
        if (by_name) {
            for (at = 0; at < count && strcmp(names[at], modality->bands[b].name) != 0;)
                at++;
        }
        if (at < count) {
            out->number[b] = numbers[at];
            continue;
        }
        mos_text list = {0};
        mos_text_add(&list, "it describes");
        list_names(info, numbers, count, &list);
        mosaic_status status = differs(modality, path, list.data == NULL ? "" : list.data);
        mos_text_release(&list);
        return status;
    }
    return MOSAIC_OK;
}

/* A file for one band, whose column or name says which; of several bands the one described so. */
static mosaic_status join_one(const mos_dataset *dataset, int64_t m, int band,
                              const mos_raster_info *info, const char *path, mos_file_layout *out) {
    const char *wanted = dataset->modalities[m].bands[band].name;
    char names[MOS_DATA_MAX_BANDS][MOS_BAND_NAME_SIZE];
    int numbers[MOS_DATA_MAX_BANDS] = {1};
    int64_t count = real_bands(info, numbers);
    bool described = mos_band_names_described(info, names) == MOS_DESCRIBED_SENSOR;
    out->number[band] = numbers[0];
    if (count != 1) {
        for (int64_t b = 0; described && b < count; b++) {
            out->number[band] = numbers[b];
            if (strcmp(names[b], wanted) == 0) return MOSAIC_OK;
        }
        return mos_verdict_stop(MOS_CHECK_BANDS_DIFFER,
                                "%s: %lld bands, and none is described as %s: wanted %s of %s "
                                "alone",
                                path, (long long)real_count(info), wanted, wanted,
                                dataset->modalities[m].name);
    }
    if (described && mos_band_role_of(wanted) != MOS_ROLE_UNKNOWN &&
        strcmp(names[0], wanted) != 0 && !mos_verdict_accepted(dataset, MOS_CHECK_BAND_CONFLICT))
        return mos_verdict_stop(MOS_CHECK_BANDS_DIFFER,
                                "%s: it describes its band as %s, its place says %s of %s; "
                                "data.accept band-conflict takes the place's word",
                                path, names[0], wanted, dataset->modalities[m].name);
    return MOSAIC_OK;
}

static bool same_value(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

/* The no-data value is the modality's, taken from its first file: another one in a later file would
 * make its gaps measurements. */
static mosaic_status check_nodata(const mos_dataset *dataset, int64_t m,
                                  const mos_raster_info *info, const char *path) {
    const mos_modality_storage *storage = &dataset->storage[m];
    double value;
    bool fits = !info->has_nodata || storage->dtype[0] == MOS_F32 ||
                (storage->has_nodata && same_value(info->nodata, storage->nodata));
    /* Floats have NaN; but a set whose files agreed so far keeps to one value. */
    if (storage->dtype[0] == MOS_F32 && info->dtype == MOS_F32 && info->has_nodata &&
        !isnan(info->nodata))
        fits = storage->has_nodata && same_value(info->nodata, storage->nodata);
    if (fits || mos_key_nodata(dataset, dataset->modalities[m].name, &value)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: no-data value %g, but the first file of %s has %s: one modality has "
                    "one no-data value; data.nodata settles it",
                    path, info->nodata, dataset->modalities[m].name,
                    storage->has_nodata ? "another" : "none");
}

/* 8 bits are a picture of the numbers, in steps of their own. */
static mosaic_status check_bits(const mos_dataset *dataset, int64_t m, int64_t band,
                                const mos_raster_info *info, const mos_file_layout *layout,
                                const char *path) {
    const mos_modality_storage *storage = &dataset->storage[m];
    bool optical = mos_band_role_of(dataset->modalities[m].bands[band].name) == MOS_ROLE_OPTICAL;
    if (!optical || layout->scaled || info->dtype != MOS_U8 || storage->dtype[band] == MOS_U8)
        return MOSAIC_OK;
    return mos_verdict_refuse(dataset, MOS_CHECK_MIXED_UNITS,
                              "%s: 8 bits a pixel without a scale, the first file of %s holds %s: "
                              "another unit",
                              path, dataset->modalities[m].name,
                              mos_dtype_name(storage->dtype[band]));
}

static mosaic_status describe(const mos_dataset *dataset, int64_t m, int band,
                              const mos_raster_info *file, const char *path, mos_file_layout *out) {
    const mos_modality_storage *storage = &dataset->storage[m];
    const mos_raster_info info = *file;
    memset(out, 0, sizeof *out);
    int64_t first = band < 0 ? 0 : band;
    int64_t end = band < 0 ? dataset->modalities[m].band_count : first + 1;
    if (band < 0)
        MOS_TRY(join(dataset, m, &info, path, out));
    else
        MOS_TRY(join_one(dataset, m, band, &info, path, out));
    for (int64_t b = first; b < end; b++)
        settle_scale(dataset, m, b, &info, out->number[b], out);
    MOS_TRY(check_scales(dataset, m, &info, out->number + first, end - first, out, path));
    MOS_TRY(check_bits(dataset, m, first, &info, out, path));
    if (dataset->options.any_size) {
        out->width = info.width;
        out->height = info.height;
    }
    (void)mos_product_level(info.product, out->level);
    out->masked = is_masked(dataset, m, &info);
    out->has_nodata = info.has_nodata;
    out->nodata = info.has_nodata ? info.nodata : 0;
    bool other_nodata = info.has_nodata &&
                        !(storage->has_nodata && same_value(info.nodata, storage->nodata)) &&
                        !isnan(info.nodata);
    out->plain =
        !out->masked && !out->scaled && !other_nodata && info.dtype == storage->dtype[first];
    return MOSAIC_OK;
}

mosaic_status mos_file_layout_beside(const mos_dataset *dataset, const char *modality,
                                     const char *path) {
    const mos_raster_beside beside = mos_raster_beside_find(path);
    double value, offset;
    if (beside.scale && !mos_key_scale(dataset, modality, &value, &offset))
        MOS_TRY(mos_verdict_refuse(dataset, MOS_CHECK_MIXED_UNITS,
                                   "%s: a scale or an offset stands in its .aux.xml, which is not "
                                   "read; gdal_translate -of COG writes it into the file",
                                   path));
    if ((beside.mask || beside.nodata) && !mos_key_nodata(dataset, modality, &value))
        return mos_verdict_refuse(dataset, MOS_CHECK_FILL_VALUES,
                                  "%s: %s, which is not read; gdal_translate -of COG writes it "
                                  "into the file",
                                  path,
                                  beside.mask ? "its mask is a file of its own, .msk"
                                              : "its no-data value stands in its .aux.xml");
    return MOSAIC_OK;
}

static mosaic_status make(const mos_dataset *dataset, int64_t m, int band, const char *path,
                          mos_file_layout *out) {
    mos_raster_info info;
    MOS_TRY(mos_file_layout_beside(dataset, dataset->modalities[m].name, path));
    MOS_TRY(mos_raster_info_read(path, &info));
    MOS_TRY(check_nodata(dataset, m, &info, path));
    return describe(dataset, m, band, &info, path, out);
}

mosaic_status mos_file_layout_types(mos_dataset *dataset, int64_t m, const mos_raster_info *info,
                                    const char *path) {
    mos_file_layout layout = {0};
    MOS_TRY(join(dataset, m, info, path, &layout));
    return settle_types(dataset, m, 0, dataset->modalities[m].band_count, layout.number, info,
                        path);
}

/* An equal entry, or a new one. */
static mosaic_status share(mos_file_layouts *layouts, const mos_file_layout *layout,
                           uint16_t *out) {
    for (size_t i = 0; i < layouts->count; i++) {
        if (memcmp(layouts->items[i], layout, sizeof *layout) != 0) continue;
        *out = (uint16_t)(i + 1);
        return MOSAIC_OK;
    }
    if (layouts->count + 1 >= UINT16_MAX)
        return mos_fail(MOSAIC_ERR_DATA, "more than %d kinds of files in one data set", UINT16_MAX);
    MOS_TRY(mos_grow(&layouts->items, &layouts->capacity, layouts->count + 1,
                     sizeof *layouts->items, "layouts of files"));
    mos_file_layout *copy;
    MOS_TRY(mos_alloc(1, sizeof *copy, "layout of a file", &copy));
    memcpy(copy, layout, sizeof *copy);
    layouts->items[layouts->count++] = copy;
    *out = (uint16_t)layouts->count;
    return MOSAIC_OK;
}

mosaic_status mos_file_layout_find(mos_file_layouts *layouts, const mos_dataset *dataset,
                                   int64_t sample, int64_t modality, int64_t slot, int band,
                                   const char *path, const mos_file_layout **out) {
    _Atomic uint16_t *of = &layouts->of[sample * dataset->slots + slot].number;
    uint16_t entry = atomic_load(of);
    mosaic_status status = MOSAIC_OK;
    mos_file_layout *made = NULL;
    if (entry == 0) {
        MOS_TRY(mos_alloc(1, sizeof *made, "layout of a file", &made));
        status = make(dataset, modality, band, path, made);
    }
    (void)pthread_mutex_lock(&layouts->lock);
    if (status == MOSAIC_OK && entry == 0) status = share(layouts, made, &entry);
    if (status == MOSAIC_OK) {
        atomic_store(of, entry);
        *out = layouts->items[entry - 1];
    }
    (void)pthread_mutex_unlock(&layouts->lock);
    mos_free(made);
    return status;
}

/* ---- reading ---- */

typedef struct odd_read {
    const mos_dataset *dataset;
    const mos_file_layout *layout;
    const char *path;
    const double *values;
    const uint8_t *mask; /* NULL: none */
    int64_t modality, pixels;
} odd_read;

static mosaic_status put_integer(const odd_read *read, mos_dtype dtype, double value, void *out,
                                 int64_t i) {
    double low = dtype == MOS_I16 ? INT16_MIN : dtype == MOS_I32 ? INT32_MIN : 0;
    double high = dtype == MOS_U8    ? UINT8_MAX
                  : dtype == MOS_U16 ? UINT16_MAX
                  : dtype == MOS_I16 ? INT16_MAX
                                     : INT32_MAX;
    bool known = dtype == MOS_U8 || dtype == MOS_U16 || dtype == MOS_I16 || dtype == MOS_I32;
    if (!known || !(value >= low && value <= high) || value != floor(value))
        return mos_verdict_stop(MOS_CHECK_WRONG_TYPE,
                                "%s: value %g does not fit the %s of the first file of %s: another "
                                "unit or type",
                                read->path, value, mos_dtype_name(dtype),
                                read->dataset->modalities[read->modality].name);
    if (dtype == MOS_U8) ((uint8_t *)out)[i] = (uint8_t)value;
    if (dtype == MOS_U16) ((uint16_t *)out)[i] = (uint16_t)value;
    if (dtype == MOS_I16) ((int16_t *)out)[i] = (int16_t)value;
    if (dtype == MOS_I32) ((int32_t *)out)[i] = (int32_t)value;
    return MOSAIC_OK;
}

static mosaic_status convert(const odd_read *read, int band, void *out) {
    const mos_modality_storage *storage = &read->dataset->storage[read->modality];
    const mos_file_layout *layout = read->layout;
    mos_dtype dtype = storage->dtype[band];
    double none = storage->has_nodata ? storage->nodata : (double)NAN;
    for (int64_t i = 0; i < read->pixels; i++) {
        double value = read->values[i];
        bool valid = (read->mask == NULL || read->mask[i] != 0) && !isnan(value) &&
                     !(layout->has_nodata && value == layout->nodata);
        value = valid ? value * layout->scale[band] + layout->offset[band] : none;
        if (dtype == MOS_F32)
            ((float *)out)[i] = (float)value;
        else if (dtype == MOS_F64)
            ((double *)out)[i] = value;
        else
            MOS_TRY(put_integer(read, dtype, value, out, i));
    }
    return MOSAIC_OK;
}

static mosaic_status read_odd(const mos_dataset *dataset, mos_raster_buffers *buffers,
                              const mos_file_layout *layout, int64_t modality, const char *path,
                              const int *bands, int64_t count, const mos_raw_band *out,
                              void *const *targets) {
    int64_t pixels = out[0].width * out[0].height;
    odd_read read = {
        .dataset = dataset, .layout = layout, .path = path, .modality = modality, .pixels = pixels};
    MOS_TRY(mos_grow(&buffers->values, &buffers->value_capacity, (size_t)pixels,
                     sizeof *buffers->values, "pixels of a band"));
    MOS_TRY(mos_grow(&buffers->mask, &buffers->mask_capacity, (size_t)pixels, 1, "mask of a file"));
    if (layout->masked)
        MOS_TRY(mos_raster_read_mask(path, buffers->mask, out[0].width, out[0].height));
    read.mask = layout->masked ? buffers->mask : NULL;
    read.values = buffers->values;
    for (int64_t i = 0; i < count; i++) {
        MOS_TRY(mos_raster_read_band(path, layout->number[bands[i]], MOS_F64, buffers->values,
                                     out[0].width, out[0].height));
        MOS_TRY(convert(&read, bands[i], targets[i]));
    }
    return MOSAIC_OK;
}

mosaic_status mos_file_layout_read(const mos_dataset *dataset, mos_raster_buffers *buffers,
                                   const mos_file_layout *layout, int64_t modality,
                                   const char *path, const int *bands, int64_t count,
                                   mos_raw_band *out) {
    void *targets[MOS_DATA_MAX_BANDS];
    int numbers[MOS_DATA_MAX_BANDS];
    MOS_TRY(mos_raster_buffers_take_sized(buffers, dataset, modality, bands, count, layout->width,
                                          layout->height, targets, out));
    if (!layout->plain)
        return read_odd(dataset, buffers, layout, modality, path, bands, count, out, targets);
    for (int64_t i = 0; i < count; i++)
        numbers[i] = layout->number[bands[i]];
    return mos_raster_read_bands(path, numbers, (int)count, out[0].dtype, targets, out[0].width,
                                 out[0].height);
}

static mosaic_status read_described(const odd_read *read, int band, const void *data, size_t size,
                                    int64_t width, int64_t height, double *values, uint8_t *mask,
                                    void *target) {
    if (read->layout->masked)
        MOS_TRY(mos_raster_mask_bytes(read->path, data, size, mask, width, height));
    MOS_TRY(mos_raster_read_bytes(read->path, data, size, read->layout->number[band], MOS_F64,
                                  values, width, height));
    return convert(read, band, target);
}

mosaic_status mos_file_layout_read_bytes(const mos_dataset *dataset, int64_t m, int band,
                                         const char *path, const void *data, size_t size,
                                         mos_dtype dtype, int64_t width, int64_t height,
                                         void *target) {
    const mos_modality_storage *storage = &dataset->storage[m];
    mos_raster_info info;
    mos_file_layout layout;
    bool keyed = mos_key_of(&dataset->options.scale, dataset->modalities[m].name) != NULL;
    if (!keyed && mos_tiff_is_silent(data, size, storage->has_nodata, storage->nodata))
        return mos_raster_read_bytes(path, data, size, 1, dtype, target, width, height);
    MOS_TRY(mos_raster_info_bytes(path, data, size, &info));
    MOS_TRY(describe(dataset, m, band, &info, path, &layout));
    if (layout.scaled && !keyed)
        MOS_TRY(mos_verdict_refuse(dataset, MOS_CHECK_MIXED_UNITS,
                                   "%s: a tag gives it scale %g and offset %g, which files of "
                                   "this format have not",
                                   path, layout.scale[band], layout.offset[band]));
    if (layout.offset_tag > 0)
        MOS_TRY(mos_verdict_refuse(dataset, MOS_CHECK_OFFSET_CONFLICT,
                                   "%s: a tag says +1000, which is not looked for here", path));
    if (layout.plain && layout.number[band] == 1)
        return mos_raster_read_bytes(path, data, size, 1, dtype, target, width, height);
    double *values = NULL;
    uint8_t *mask = NULL;
    size_t pixels = (size_t)(width * height);
    mosaic_status status;
    MOS_GOTO(mos_alloc(pixels, sizeof *values, "pixels of a band", &values));
    MOS_GOTO(mos_alloc(pixels, 1, "mask of a file", &mask));
    const odd_read read = {.dataset = dataset,
                           .layout = &layout,
                           .path = path,
                           .values = values,
                           .mask = layout.masked ? mask : NULL,
                           .modality = m,
                           .pixels = (int64_t)pixels};
    status = read_described(&read, band, data, size, width, height, values, mask, target);
done:
    mos_free(values);
    mos_free(mask);
    return status;
}
