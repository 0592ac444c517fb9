#include "base/json_writer.h"
#include "base/log.h"
#include "io/csv.h"
#include "prepare/check/check.h"

#include <string.h>

void mos_check_csv(const mos_check *check, mos_text *out) {
    mos_text_add(out, "severity,defect,sample,modality,band,found,wanted,file\n");
    for (int64_t r = 0; r < check->count; r++) {
        const mos_check_row *row = &check->rows[r];
        const char *const cells[] = {row->id,    row->modality, row->band,
                                     row->found, row->wanted,   row->file};
        mos_text_add(out, "%s,%s", mos_severity_names[row->severity],
                     mos_check_class_table[row->class].name);
        for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++) {
            mos_text_add_bytes(out, ",", 1);
            mos_csv_add_field(out, cells[c]);
        }
        mos_text_add_bytes(out, "\n", 1);
    }
}

/* Classes that need something which may be missing: pixels of a kind, times, georeference, splits.
 */
static bool is_conditional(int class) {
    switch (class) {
    case MOS_CHECK_MISSING_PARTNER:
    case MOS_CHECK_INTEGER_DB:
    case MOS_CHECK_LINEAR_POWER:
    case MOS_CHECK_VV_BELOW_VH:
    case MOS_CHECK_OFFSET:
    case MOS_CHECK_OFFSET_CONFLICT:
    case MOS_CHECK_GRID_MISMATCH:
    case MOS_CHECK_SPLIT_LEAKAGE:
    case MOS_CHECK_LAG:
        return true;
    default:
        return false;
    }
}

static bool not_judged(const mos_check *check, int class) {
    return check->wanted[class] && is_conditional(class) && check->judged[class] == 0 &&
           check->found[class] == 0;
}

mosaic_status mos_check_json(const mos_check *check, mos_text *out) {
    mos_json json = {0};
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "root", mos_dataset_root(check->dataset));
    mos_json_string(&json, "format", mos_dataset_format(check->dataset));
    mos_json_int(&json, "samples", check->samples);
    mos_json_bool(&json, "reduced", check->reduced_from > check->samples);
    mos_json_int(&json, "reduced_from", check->reduced_from);
    mos_json_int(&json, "errors", check->errors);
    mos_json_int(&json, "warnings", check->warnings);
    mos_json_open(&json, "classes", '[');
    for (int c = 0; c < MOS_CHECK_CLASSES; c++) {
        if (!check->wanted[c]) continue;
        mos_json_open(&json, NULL, '{');
        mos_json_string(&json, "class", mos_check_class_table[c].name);
        mos_json_int(&json, "found", check->found[c]);
        mos_json_bool(&json, "judged", !not_judged(check, c));
        if (is_conditional(c)) mos_json_int(&json, "samples_judged", check->judged[c]);
        mos_json_close(&json, '}');
    }
    mos_json_close(&json, ']');
    mos_json_close(&json, '}');
    mosaic_status status = mos_json_end(&json);
    if (status == MOSAIC_OK) mos_text_add_bytes(out, json.text.data, json.text.size);
    mos_json_release(&json);
    return status;
}

void mos_check_log(const mos_check *check) {
    mos_text names = {0};
    if (check->reduced_from > check->samples)
        mos_log(MOS_LOG_WARNING, "reduced by data.limit: %lld of %lld samples were looked at",
                (long long)check->samples, (long long)check->reduced_from);
    for (int c = 0; c < MOS_CHECK_CLASSES; c++) {
        const mos_check_class_row *row = &mos_check_class_table[c];
        if (check->found[c] > 0)
            mos_log(MOS_LOG_NOTICE, "%10lld  %s: %s", (long long)check->found[c], row->name,
                    row->meaning);
        else if (not_judged(check, c))
            mos_text_add(&names, "%s%s", names.size == 0 ? "" : ", ", row->name);
    }
    if (names.size > 0) mos_log(MOS_LOG_NOTICE, "nothing here to judge by: %s", names.data);
    mos_log(MOS_LOG_NOTICE, "%s: %lld samples, %lld errors, %lld warnings",
            mos_dataset_root(check->dataset), (long long)check->samples, (long long)check->errors,
            (long long)check->warnings);
    mos_text_release(&names);
}
