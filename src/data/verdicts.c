#include "data/verdicts.h"

#include "data/sample_table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local int refused = -1;

int mos_verdict_taken(void) {
    int class = refused;
    refused = -1;
    return class;
}

void mos_verdict_note(mos_dataset *dataset, mos_check_class verdict, const char *format, ...) {
    mos_verdict_record *record = &dataset->verdicts[verdict];
    char words[sizeof record->words];
    va_list arguments;
    va_start(arguments, format);
    (void)mos_vformat(words, sizeof words, format, arguments);
    va_end(arguments);
    if (record->count++ == 0) memcpy(record->words, words, sizeof words);
    mos_dataset_defect(dataset, mos_check_class_table[verdict].name, "%s", words);
}

int64_t mos_verdict_count(const mos_dataset *dataset, mos_check_class verdict, const char **words) {
    if (words != NULL) *words = dataset->verdicts[verdict].words;
    return dataset->verdicts[verdict].count;
}

bool mos_verdict_accepted(const mos_dataset *dataset, mos_check_class verdict) {
    const mos_text_list *list = &dataset->options.accept;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], mos_check_class_table[verdict].name) == 0) return true;
    }
    return false;
}

mosaic_status mos_verdicts_check_keys(const mos_dataset *dataset) {
    const mos_text_list *list = &dataset->options.accept;
    int class;
    for (size_t i = 0; i < list->count; i++)
        MOS_TRY(mos_context(mos_check_class_find(list->items[i], &class), "data.accept"));
    return MOSAIC_OK;
}

static mosaic_status fail(mos_check_class verdict, bool acceptable, const char *where,
                          const char *words) {
    const mos_check_class_row *row = &mos_check_class_table[verdict];
    bool settles = row->key != NULL && strcmp(row->key, "data.accept") != 0;
    refused = (int)verdict;
    const char *colon = where[0] == '\0' ? "" : ": ";
    if (!acceptable)
        return mos_fail(MOSAIC_ERR_DATA, "%s%s%s (%s)%s%s%s", where, colon, words, row->name,
                        settles ? "; " : "", settles ? row->key : "", settles ? " settles it" : "");
    return mos_fail(MOSAIC_ERR_DATA, "%s%s%s (%s); %s%sdata.accept %s goes on regardless", where,
                    colon, words, row->name, settles ? row->key : "",
                    settles ? " settles it, " : "", row->name);
}

/* Reading such a file fails whatever data.accept says. */
static bool is_final(mos_check_class class) {
    return class == MOS_CHECK_BANDS_DIFFER;
}

mosaic_status mos_verdicts_consult(const mos_dataset *dataset, mos_purpose purpose) {
    mos_stops least = purpose == MOS_FOR_USE ? MOS_STOPS_USE : MOS_STOPS_ALL;
    for (int c = 0; c < MOS_CHECK_CLASSES; c++) {
        const mos_verdict_record *record = &dataset->verdicts[c];
        if (record->count == 0 || mos_check_class_table[c].stops < least ||
            mos_verdict_accepted(dataset, (mos_check_class)c))
            continue;
        return fail((mos_check_class)c, !is_final((mos_check_class)c), dataset->root,
                    record->words);
    }
    return MOSAIC_OK;
}

mosaic_status mos_verdict_refuse(const mos_dataset *dataset, mos_check_class verdict,
                                 const char *format, ...) {
    char words[1024];
    if (mos_verdict_accepted(dataset, verdict)) return MOSAIC_OK;
    va_list arguments;
    va_start(arguments, format);
    (void)mos_vformat(words, sizeof words, format, arguments);
    va_end(arguments);
    return fail(verdict, true, "", words);
}

mosaic_status mos_verdict_unit(const mos_dataset *dataset, const char *modality, const char *band,
                               double mean, double sd) {
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_modality *what = &dataset->modalities[m];
        const mos_modality_storage *storage = &dataset->storage[m];
        int64_t b = strcmp(what->name, modality) == 0 ? mos_modality_band(what, band) : -1;
        if (b < 0 || !isfinite(storage->promised_mean[b])) continue;
        double found = fabs(storage->promised_mean[b]), wanted = fabs(mean);
        bool optical = storage->identity[b].role == MOS_ROLE_OPTICAL;
        bool far = optical && (found * 100 < wanted || wanted * 100 < found) && wanted > sd / 10;
        bool step = storage->identity[b].role == MOS_ROLE_RADAR &&
                    fabs(storage->promised_mean[b] - mean) > 35;
        if (!far && !step) continue;
        return mos_verdict_refuse(dataset, MOS_CHECK_MIXED_UNITS,
                                  "%s: mean of %s is %.4g in the samples looked at, the model was "
                                  "trained on %.4g: another unit",
                                  dataset->root, band, storage->promised_mean[b], mean);
    }
    return MOSAIC_OK;
}

mosaic_status mos_verdict_stop(mos_check_class verdict, const char *format, ...) {
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)mos_vformat(words, sizeof words, format, arguments);
    va_end(arguments);
    return fail(verdict, false, "", words);
}
