#include "data/summary.h"

#include "base/json_writer.h"
#include "data/identity_fields.h"
#include "data/sample_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void split_row(mos_text *out, int width, const char *name, const int64_t *counts) {
    int64_t total = 0;
    mos_text_add(out, "  %-*s", width, name);
    for (int s = 0; s < MOS_SPLIT_COUNT; s++) {
        total += counts[s];
        mos_text_add(out, " %10" PRId64, counts[s]);
    }
    mos_text_add(out, " %10" PRId64 "\n", total);
}

static void split_header(mos_text *out, int width, const char *title) {
    mos_text_add(out, "%-*s", width + 2, title);
    for (int s = 0; s < MOS_SPLIT_COUNT; s++)
        mos_text_add(out, " %10s", mos_split_names[s]);
    mos_text_add(out, " %10s\n", "all");
}

static int name_width(const mos_summary *summary) {
    size_t width = 16;
    for (int64_t c = 0; c < summary->classes; c++) {
        size_t size = strlen(summary->dataset->classes[c]);
        if (size > width) width = size;
    }
    return (int)(width < 90 ? width : 90);
}

static void print_modalities(const mos_summary *summary, mos_text *out) {
    for (int64_t m = 0; m < summary->modalities; m++) {
        const mos_modality *modality = &summary->dataset->modalities[m];
        mos_text_add(out, "%-10s %" PRId64 " of %" PRId64 " samples, bands", modality->name,
                     summary->samples - summary->missing[m], summary->samples);
        for (int64_t b = 0; b < modality->band_count; b++)
            mos_text_add(out, " %s", modality->bands[b].name);
        mos_text_add(out, "\n");
    }
}

static void print_lag(const mos_summary *summary, mos_text *out) {
    if (summary->lag[MOS_LAG_BINS] == summary->samples) return;
    mos_text_add(out, "days between radar and optical\n");
    for (int64_t d = 0; d <= MOS_LAG_BINS; d++) {
        if (summary->lag[d] == 0) continue;
        if (d == MOS_LAG_BINS)
            mos_text_add(out, "  unknown");
        else
            mos_text_add(out, "  %" PRId64 "%s", d, d == MOS_LAG_BINS - 1 ? "+" : "");
        mos_text_add(out, ": %" PRId64 "\n", summary->lag[d]);
    }
}

void mos_summary_text(const mos_summary *summary, mos_text *out) {
    const mos_dataset *dataset = summary->dataset;
    int width = name_width(summary);
    mos_text_add(out,
                 "%s: %s, %" PRId64 " samples (%" PRId64 " with every modality), %" PRId64
                 " rows of metadata\n",
                 mos_dataset_root(dataset), mos_dataset_format(dataset), summary->samples,
                 summary->fully_present, mos_dataset_metadata_rows(dataset));
    print_modalities(summary, out);
    split_header(out, width, "");
    split_row(out, width, "samples", summary->split);
    split_row(out, width, "labelled", summary->labeled);
    split_header(out, width, "class");
    for (int64_t c = 0; c < summary->classes; c++)
        split_row(out, width, dataset->classes[c], summary->positives + c * MOS_SPLIT_COUNT);
    split_header(out, width, "country");
    for (int64_t c = 0; c < summary->countries; c++)
        split_row(out, width,
                  summary->country_names[c][0] == '\0' ? "unknown" : summary->country_names[c],
                  summary->country + c * MOS_SPLIT_COUNT);
    split_header(out, width, "season");
    for (int s = 0; s <= MOS_SEASONS; s++) {
        if (s < MOS_SEASONS || summary->season[s][0] + summary->season[s][1] +
                                       summary->season[s][2] + summary->season[s][3] >
                                   0)
            split_row(out, width, s < MOS_SEASONS ? mos_season_names[s] : "unknown",
                      summary->season[s]);
    }
    print_lag(summary, out);
    mos_text_add(out, dataset->defect_count == 0 ? "no defects met while opening\n"
                                                 : "defects met while opening\n");
    for (int64_t d = 0; d < dataset->defect_count; d++)
        mos_text_add(out, "  %10" PRId64 "  %s, as in %s\n", dataset->defects[d].count,
                     dataset->defects[d].kind, dataset->defects[d].examples[0]);
}

/* "DN (pixels)"; "-" where nothing is known. */
static void said(mos_text *out, int width, const char *value, mos_identity_source by) {
    mos_text cell = {0};
    mos_text_add(&cell, "%s", value[0] == '\0' ? "-" : value);
    if (value[0] != '\0' && by != MOS_SAID_BY_NOBODY)
        mos_text_add(&cell, " (%s)", mos_identity_sources[by]);
    mos_text_add(out, " %-*s", width, cell.data == NULL ? "" : cell.data);
    out->failed = out->failed || cell.failed;
    mos_text_release(&cell);
}

void mos_summary_identities(const mos_dataset *dataset, mos_text *out) {
    char number[2][32], scale[80];
    mos_text_add(out, "bands, and who says so\n  %-10s %-22s %-30s %-22s %-24s %-20s %s\n",
                 "modality", "band", "role", "unit", "scale, offset", "no-data", "level");
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_modality *modality = &dataset->modalities[m];
        for (int64_t b = 0; b < modality->band_count; b++) {
            const mos_band_identity identity = mos_dataset_identity(dataset, m, b);
            const char *name = modality->bands[b].name;
            mos_text_add(out, "  %-10s", modality->name);
            said(out, 22, name, identity.named_by);
            mos_text_add(out, " %-30s", mos_band_role_words(name));
            said(out, 22, identity.unit, identity.unit_by);
            (void)snprintf(scale, sizeof scale, "%s, %s",
                           mos_format_double(number[0], 32, identity.scale, 6),
                           mos_format_double(number[1], 32, identity.offset, 6));
            said(out, 24, identity.scale_by == MOS_SAID_BY_NOBODY ? "" : scale, identity.scale_by);
            said(out, 20,
                 identity.has_nodata ? mos_format_double(number[0], 32, identity.nodata, 9) : "",
                 identity.nodata_by);
            said(out, 0, identity.level, identity.level_by);
            mos_text_add(out, "\n");
        }
    }
}

static void json_identities(const mos_dataset *dataset, int64_t m, mos_json *json) {
    const mos_modality *modality = &dataset->modalities[m];
    mos_json_open(json, "identities", '[');
    for (int64_t b = 0; b < modality->band_count; b++) {
        const mos_band_identity identity = mos_dataset_identity(dataset, m, b);
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "band", modality->bands[b].name);
        for (int f = 0; f < MOS_IDENTITY_FIELDS; f++) {
            mos_text cell = {0};
            mos_identity_write(&identity, modality->bands[b].name, (mos_identity_field)f, &cell);
            mos_json_string(json, mos_identity_fields[f], cell.data == NULL ? "" : cell.data);
            json->text.failed = json->text.failed || cell.failed;
            mos_text_release(&cell);
        }
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
}

static void json_splits(mos_json *json, const char *key, const int64_t *counts) {
    mos_json_open(json, key, '{');
    for (int s = 0; s < MOS_SPLIT_COUNT; s++)
        mos_json_int(json, mos_split_names[s], counts[s]);
    mos_json_close(json, '}');
}

static void json_modalities(const mos_summary *summary, mos_json *json) {
    mos_json_open(json, "modalities", '[');
    for (int64_t m = 0; m < summary->modalities; m++) {
        const mos_modality *modality = &summary->dataset->modalities[m];
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "name", modality->name);
        mos_json_int(json, "missing", summary->missing[m]);
        mos_json_open(json, "bands", '[');
        for (int64_t b = 0; b < modality->band_count; b++)
            mos_json_string(json, NULL, modality->bands[b].name);
        mos_json_close(json, ']');
        json_identities(summary->dataset, m, json);
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
}

static void json_classes(const mos_summary *summary, mos_json *json) {
    mos_json_open(json, "classes", '[');
    for (int64_t c = 0; c < summary->classes; c++) {
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "name", summary->dataset->classes[c]);
        json_splits(json, "positives", summary->positives + c * MOS_SPLIT_COUNT);
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
    mos_json_open(json, "cooccurrence", '[');
    for (int64_t a = 0; a < summary->classes; a++) {
        mos_json_open(json, NULL, '[');
        for (int64_t b = 0; b < summary->classes; b++)
            mos_json_int(json, NULL, summary->cooccurrence[a * summary->classes + b]);
        mos_json_close(json, ']');
    }
    mos_json_close(json, ']');
    mos_json_open(json, "labels_per_sample", '[');
    for (int64_t n = 0; n <= summary->classes; n++)
        mos_json_int(json, NULL, summary->labels_per_sample[n]);
    mos_json_close(json, ']');
}

static void json_tables(const mos_summary *summary, mos_json *json) {
    mos_json_open(json, "countries", '{');
    for (int64_t c = 0; c < summary->countries; c++)
        json_splits(json, summary->country_names[c], summary->country + c * MOS_SPLIT_COUNT);
    mos_json_close(json, '}');
    mos_json_open(json, "seasons", '{');
    for (int s = 0; s <= MOS_SEASONS; s++)
        json_splits(json, s < MOS_SEASONS ? mos_season_names[s] : "unknown", summary->season[s]);
    mos_json_close(json, '}');
    mos_json_open(json, "lag_days", '{');
    for (int64_t d = 0; d <= MOS_LAG_BINS; d++) {
        char key[2] = {(char)('0' + d), '\0'};
        mos_json_int(json,
                     d == MOS_LAG_BINS       ? "unknown"
                     : d == MOS_LAG_BINS - 1 ? "7+"
                                             : key,
                     summary->lag[d]);
    }
    mos_json_close(json, '}');
}

static void json_defects(const mos_dataset *dataset, mos_json *json) {
    mos_json_open(json, "defects", '[');
    for (int64_t d = 0; d < dataset->defect_count; d++) {
        const mos_defect *defect = &dataset->defects[d];
        const int64_t room = (int64_t)(sizeof defect->examples / sizeof defect->examples[0]);
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "kind", defect->kind);
        mos_json_int(json, "count", defect->count);
        mos_json_open(json, "examples", '[');
        for (int64_t e = 0; e < defect->count && e < room; e++)
            mos_json_string(json, NULL, defect->examples[e]);
        mos_json_close(json, ']');
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
}

mosaic_status mos_summary_json(const mos_summary *summary, mos_text *out) {
    const mos_dataset *dataset = summary->dataset;
    mos_json json = {0};
    char fingerprint[65];
    mos_dataset_fingerprint(dataset, fingerprint);
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "root", mos_dataset_root(dataset));
    mos_json_string(&json, "format", mos_dataset_format(dataset));
    mos_json_string(&json, "fingerprint", fingerprint);
    mos_json_int(&json, "samples", summary->samples);
    mos_json_int(&json, "complete_samples", summary->fully_present);
    mos_json_int(&json, "metadata_rows", mos_dataset_metadata_rows(dataset));
    json_splits(&json, "splits", summary->split);
    json_splits(&json, "labelled", summary->labeled);
    json_modalities(summary, &json);
    json_classes(summary, &json);
    json_tables(summary, &json);
    json_defects(dataset, &json);
    mos_json_close(&json, '}');
    mosaic_status status = mos_json_end(&json);
    if (status == MOSAIC_OK) mos_text_add_bytes(out, json.text.data, json.text.size);
    mos_json_release(&json);
    return status == MOSAIC_OK && out->failed ? mos_fail_memory(out->size, "a summary") : status;
}
