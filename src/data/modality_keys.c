#include "data/modality_keys.h"

#include "base/text.h"
#include "data/sample_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *mos_key_of(const mos_text_list *list, const char *modality) {
    size_t length = strlen(modality);
    for (size_t i = 0; i < list->count; i++) {
        if (strncmp(list->items[i], modality, length) == 0 && list->items[i][length] == '=')
            return list->items[i] + length + 1;
    }
    return NULL;
}

static bool parse_nodata(const char *text, double *out) {
    *out = (double)NAN;
    return strcmp(text, "none") == 0 || mos_parse_double(text, out);
}

bool mos_key_nodata(const mos_dataset *dataset, const char *modality, double *out) {
    const char *text = mos_key_of(&dataset->options.nodata, modality);
    return text != NULL && parse_nodata(text, out);
}

/* "0.001,-50", or the scale alone. */
static bool parse_scale(const char *text, double *scale, double *offset) {
    char first[64];
    size_t size = strcspn(text, ",");
    double factor, shift = 0;
    if (size >= sizeof first) return false;
    snprintf(first, sizeof first, "%.*s", (int)size, text);
    if (!mos_parse_double(first, &factor) || !isfinite(factor) || factor == 0) return false;
    if (text[size] == ',' && (!mos_parse_double(text + size + 1, &shift) || !isfinite(shift)))
        return false;
    *scale = factor;
    *offset = shift;
    return true;
}

bool mos_key_scale(const mos_dataset *dataset, const char *modality, double *scale,
                   double *offset) {
    const char *text = mos_key_of(&dataset->options.scale, modality);
    return text != NULL && parse_scale(text, scale, offset);
}

/* A key of a modality that is none would be a silent slip. */
static mosaic_status check_list(const mos_dataset *dataset, const mos_text_list *list,
                                const char *key, const char *wanted) {
    for (size_t i = 0; i < list->count; i++) {
        size_t length = strcspn(list->items[i], "=");
        bool found = false;
        for (int64_t m = 0; m < dataset->modality_count; m++) {
            const char *name = dataset->modalities[m].name;
            found = found || (strlen(name) == length && memcmp(name, list->items[i], length) == 0);
        }
        if (list->items[i][length] != '=' || !found)
            return mos_fail(MOSAIC_ERR_USAGE, "%s: '%s' is not <modality>=%s of a modality of %s",
                            key, list->items[i], wanted, dataset->root);
    }
    return MOSAIC_OK;
}

/* Where the format itself names the bands, a key that says otherwise would change nothing. In a
 * pack names alone count. */
static mosaic_status check_bands(const mos_dataset *dataset) {
    const mos_format *format = dataset->format;
    if (format == &mos_format_csv || format == &mos_format_scene) return MOSAIC_OK;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_modality *modality = &dataset->modalities[m];
        const char *key = mos_key_of(&dataset->options.bands, modality->name);
        int64_t count = 0, wrong = 0;
        for (const char *at = key; at != NULL && *at != '\0'; count++) {
            char word[64], name[MOS_BAND_NAME_SIZE];
            size_t size = strcspn(at, ", ");
            snprintf(word, sizeof word, "%.*s", (int)size, at);
            int64_t band = mos_band_normalise(word, name) ? mos_modality_band(modality, name) : -1;
            bool packed = format == &mos_format_bigearthnet_v2_lmdb;
            wrong += band < 0 || (!packed && band != count);
            at += size + strspn(at + size, ", ");
        }
        if (key == NULL || (wrong == 0 && count == modality->band_count)) continue;
        return mos_fail(MOSAIC_ERR_USAGE,
                        "data.bands: %s=%s: format %s knows the bands of %s by itself, and they "
                        "are not these; leave the key out, or give the files as csv",
                        modality->name, key, format->name, modality->name);
    }
    return MOSAIC_OK;
}

mosaic_status mos_modality_keys_check(const mos_dataset *dataset) {
    const mos_data_options *options = &dataset->options;
    double a, b;
    MOS_TRY(check_list(dataset, &options->bands, "data.bands", "<band>,..."));
    MOS_TRY(check_bands(dataset));
    MOS_TRY(check_list(dataset, &options->nodata, "data.nodata", "<number>"));
    MOS_TRY(check_list(dataset, &options->scale, "data.scale", "<scale>,<offset>"));
    for (size_t i = 0; i < options->nodata.count; i++) {
        if (!parse_nodata(strchr(options->nodata.items[i], '=') + 1, &a))
            return mos_fail(MOSAIC_ERR_USAGE, "data.nodata: '%s': wanted a number, or none",
                            options->nodata.items[i]);
    }
    for (size_t i = 0; i < options->scale.count; i++) {
        if (!parse_scale(strchr(options->scale.items[i], '=') + 1, &a, &b))
            return mos_fail(MOSAIC_ERR_USAGE,
                            "data.scale: '%s': wanted two numbers, as in s1=0.001,-50",
                            options->scale.items[i]);
    }
    return MOSAIC_OK;
}
