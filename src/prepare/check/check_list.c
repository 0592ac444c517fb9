#include "prepare/check/check_list.h"

#include "base/memory.h"
#include "data/data_options.h"
#include "data/verdicts.h"

#include <stdarg.h>
#include <string.h>

mos_severity mos_check_severity(const mos_dataset *dataset, mos_check_class class) {
    const mos_check_class_row *row = &mos_check_class_table[class];
    bool refused = row->by_policy && dataset->options.policy == MOS_POLICY_REFUSE;
    if (class == MOS_CHECK_CONSTANT_BAND)
        refused = dataset->options.constant_bands == MOS_CONSTANT_REFUSE;
    if (row->stops != MOS_STOPS_NOBODY && mos_verdict_accepted(dataset, class))
        return MOS_SEVERITY_WARNING;
    return refused ? MOS_SEVERITY_ERROR : row->severity;
}

static mosaic_status keep(mos_check_list *list, const char **text) {
    if (*text == NULL || (*text)[0] == '\0') {
        *text = "";
        return MOSAIC_OK;
    }
    return mos_text_pool_add(&list->pool, *text, strlen(*text), text);
}

static mosaic_status add(mos_check_list *list, mos_check_row row) {
    MOS_TRY(mos_grow(&list->rows, &list->capacity, list->count + 1, sizeof *list->rows,
                     "rows of a check"));
    MOS_TRY(keep(list, &row.id));
    MOS_TRY(keep(list, &row.modality));
    MOS_TRY(keep(list, &row.band));
    MOS_TRY(keep(list, &row.found));
    MOS_TRY(keep(list, &row.wanted));
    MOS_TRY(keep(list, &row.file));
    list->rows[list->count++] = row;
    return MOSAIC_OK;
}

void mos_check_add(mos_check_list *list, const mos_check_row *row) {
    if (list->status != MOSAIC_OK || !list->options->wanted[row->class]) return;
    list->status = add(list, *row);
    if (list->status != MOSAIC_OK) mos_error_copy(list->error, sizeof list->error);
}

void mos_check_note(mos_check_list *list, mos_check_class class, const mos_check_place *place,
                    const char *wanted, const char *format, ...) {
    const mos_dataset *dataset = list->dataset;
    const mos_modality *modality =
        place->modality < 0 ? NULL : &dataset->modalities[place->modality];
    char found[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)mos_vformat(found, sizeof found, format, arguments);
    va_end(arguments);
    mos_severity severity = place->serious > 0 ? (mos_severity)(place->serious - 1)
                                               : mos_check_severity(dataset, class);
    bool named = modality != NULL && place->band >= 0 && place->band < modality->band_count;
    const mos_check_row row = {.sample = place->sample,
                               .class = (uint8_t) class,
                               .severity = (uint8_t)severity,
                               .id = place->sample < 0 ? "" : dataset->ids[place->sample],
                               .modality = modality == NULL ? "" : modality->name,
                               .band = named ? modality->bands[place->band].name : "",
                               .found = found,
                               .wanted = wanted,
                               .file = place->file};
    mos_check_add(list, &row);
}

void mos_check_list_release(mos_check_list *list) {
    mos_free(list->rows);
    mos_text_pool_release(&list->pool);
    *list = (mos_check_list){0};
}
