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

/* What a class needs that may be missing; NULL: nothing but samples. */
static const char *const needs[MOS_CHECK_CLASSES] = {
    [MOS_CHECK_UNKNOWN_LABEL] = "labels",
    [MOS_CHECK_LABEL_NAMES] = "labels",
    [MOS_CHECK_NO_LABEL] = "labels",
    [MOS_CHECK_MISSING_PARTNER] = "a second modality",
    [MOS_CHECK_MIXED_UNITS] = "bands of Sentinel-1 or -2, by name, with pixels",
    [MOS_CHECK_FILL_VALUES] = "bands of Sentinel-1 or -2, by name, with pixels",
    [MOS_CHECK_EDGE_VALUES] = "bands of Sentinel-1 or -2, by name, with pixels",
    [MOS_CHECK_INTEGER_DB] =
        "a modality whose bands are VV, VH, HH or HV, with pixels that tell its scale",
    [MOS_CHECK_LINEAR_POWER] =
        "a modality whose bands are VV, VH, HH or HV, with pixels that tell its scale",
    [MOS_CHECK_VV_BELOW_VH] = "bands VV and VH",
    [MOS_CHECK_OFFSET] = "Sentinel-2 bands in digital numbers",
    [MOS_CHECK_OFFSET_CONFLICT] = "Sentinel-2 bands in digital numbers",
    [MOS_CHECK_PRODUCT_LEVEL] = "names, paths or tags of Sentinel-2 that tell L1C or L2A",
    [MOS_CHECK_GRID_MISMATCH] = "two georeferenced files of one sample",
    [MOS_CHECK_SPLIT_LEAKAGE] = "two splits, and a georeference or a name that tells the place",
    [MOS_CHECK_LAG] = "acquisition times of radar and optical",
    [MOS_CHECK_TIME] = "acquisition times",
};

/* Judged by names and tables alone. */
static bool without_files(int class) {
    switch (class) {
    case MOS_CHECK_METADATA:
    case MOS_CHECK_DUPLICATE_ID:
    case MOS_CHECK_ROW_WITHOUT_FILES:
    case MOS_CHECK_ORPHAN:
    case MOS_CHECK_STRAY:
    case MOS_CHECK_LEFT_OUT:
    case MOS_CHECK_UNKNOWN_LABEL:
    case MOS_CHECK_LABEL_NAMES:
    case MOS_CHECK_NO_LABEL:
    case MOS_CHECK_LABEL_CONFLICT:
    case MOS_CHECK_MISSING_PARTNER:
    case MOS_CHECK_LAG:
    case MOS_CHECK_TIME:
    case MOS_CHECK_OTHER:
        return true;
    default:
        return false;
    }
}

static bool is_conditional(int class) {
    return needs[class] != NULL;
}

static bool not_judged(const mos_check *check, int class) {
    return check->wanted[class] && is_conditional(class) && check->judged[class] == 0 &&
           check->found[class] == 0;
}

bool mos_check_blind(const mos_check *check) {
    for (int c = 0; check->opened == 0 && c < MOS_CHECK_CLASSES; c++) {
        bool by_names = is_conditional(c) && check->judged[c] > 0;
        if (check->wanted[c] && !without_files(c) && !by_names) return true;
    }
    return false;
}

mosaic_status mos_check_json(const mos_check *check, mos_text *out) {
    mos_json json = {0};
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "root", mos_dataset_root(check->dataset));
    mos_json_string(&json, "format", mos_dataset_format(check->dataset));
    mos_json_int(&json, "samples", check->samples);
    mos_json_bool(&json, "reduced", check->reduced_from > check->samples);
    mos_json_int(&json, "reduced_from", check->reduced_from);
    mos_json_int(&json, "opened", check->opened);
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
    if (check->reduced_from > check->samples)
        mos_log(MOS_LOG_WARNING, "reduced by data.limit: %lld of %lld samples were looked at",
                (long long)check->samples, (long long)check->reduced_from);
    int unjudged = 0;
    for (int c = 0; c < MOS_CHECK_CLASSES; c++) {
        const char *name = mos_check_class_table[c].name;
        unjudged += not_judged(check, c);
        if (not_judged(check, c))
            mos_log(MOS_LOG_NOTICE, "not judged  %s: it needs %s", name, needs[c]);
        else if (check->wanted[c] && is_conditional(c) && check->judged[c] > 0 &&
                 check->judged[c] < check->samples)
            mos_log(MOS_LOG_NOTICE, "not judged  %s of %lld of %lld samples: it needs %s", name,
                    (long long)(check->samples - check->judged[c]), (long long)check->samples,
                    needs[c]);
    }
    if (check->opened < check->samples)
        mos_log(MOS_LOG_NOTICE, "not judged  pixels of %lld of %lld samples: none could be read",
                (long long)(check->samples - check->opened), (long long)check->samples);
    for (int c = 0; c < MOS_CHECK_CLASSES; c++) {
        const mos_check_class_row *row = &mos_check_class_table[c];
        if (check->found[c] > 0)
            mos_log(MOS_LOG_NOTICE, "%10lld  %s: %s", (long long)check->found[c], row->name,
                    row->meaning);
    }
    if (unjudged > 0)
        mos_log(MOS_LOG_NOTICE, "%10d  %s not judged, as said above", unjudged,
                unjudged == 1 ? "class was" : "classes were");
    mos_log(MOS_LOG_NOTICE, "%s: %lld samples, %lld errors, %lld warnings",
            mos_dataset_root(check->dataset), (long long)check->samples, (long long)check->errors,
            (long long)check->warnings);
}
