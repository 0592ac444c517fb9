#include "report/run_data.h"

#include "base/memory.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MOST_CLASSES = 4096 };
static const char *const split_names[MOS_REPORT_SPLITS] = {"train", "validation", "test", "none"};

static int64_t integer(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static int64_t splits(const json_t *object, int64_t out[MOS_REPORT_SPLITS]) {
    int64_t all = 0;
    for (int s = 0; s < MOS_REPORT_SPLITS; s++)
        all += out[s] = integer(object, split_names[s]);
    return all;
}

/* An object of counts, each a number or an object by split; what has no room joins the last. */
static int counts(const json_t *object, mos_report_count *out, int room) {
    const char *key;
    json_t *value;
    int count = 0;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        bool full = count == room;
        mos_report_count *to = &out[full ? room - 1 : count++], more = {0};
        more.all = json_is_object(value) ? splits(value, more.split) : json_integer_value(value);
        for (int s = 0; s < MOS_REPORT_SPLITS; s++)
            to->split[s] += more.split[s];
        to->all += more.all;
        (void)snprintf(to->name, sizeof to->name, "%s", full ? "others" : key[0] ? key : "unknown");
    }
    return count;
}

static mosaic_status read_classes(const json_t *root, const char *where, mos_report_data *out) {
    const json_t *list = json_object_get(root, "classes");
    const json_t *rows = json_object_get(root, "cooccurrence");
    size_t count = json_array_size(list);
    if (count > MOST_CLASSES || (rows && json_array_size(rows) != count))
        return mos_fail(MOSAIC_ERR_DATA,
                        "'%s/data.json': %zu classes and %zu rows of co-occurrence", where, count,
                        json_array_size(rows));
    MOS_TRY(mos_alloc(count, sizeof *out->classes, "classes of the data", &out->classes));
    MOS_TRY(mos_alloc(count * count, sizeof *out->together, "co-occurrence", &out->together));
    out->class_count = (int64_t)count;
    for (size_t a = 0; a < count; a++) {
        const json_t *entry = json_array_get(list, a), *row = json_array_get(rows, a);
        const char *name = json_string_value(json_object_get(entry, "name"));
        (void)snprintf(out->classes[a].name, sizeof out->classes[a].name, "%s", name ? name : "");
        out->classes[a].all =
            splits(json_object_get(entry, "positives"), out->classes[a].positives);
        for (size_t b = 0; b < count; b++)
            out->together[a * count + b] = json_integer_value(json_array_get(row, b));
    }
    return MOSAIC_OK;
}

mosaic_status mos_run_data_parse(const char *text, const char *where, mos_report_data *out) {
    json_error_t error;
    *out = (mos_report_data){0};
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(root)) {
        const char *reason = root ? "wanted a JSON object" : error.text;
        json_decref(root);
        return mos_fail(MOSAIC_ERR_DATA, "'%s/data.json': %s", where, reason);
    }
    out->samples = integer(root, "samples");
    out->complete = integer(root, "complete_samples");
    (void)splits(json_object_get(root, "splits"), out->split);
    (void)splits(json_object_get(root, "labelled"), out->labelled);
    out->countries = counts(json_object_get(root, "countries"), out->country, MOS_REPORT_COUNTS);
    out->seasons = counts(json_object_get(root, "seasons"), out->season,
                          sizeof out->season / sizeof *out->season);
    out->lags =
        counts(json_object_get(root, "lag_days"), out->lag, sizeof out->lag / sizeof *out->lag);
    mosaic_status status = read_classes(root, where, out);
    json_decref(root);
    if (status != MOSAIC_OK) mos_run_data_release(out);
    return status;
}

void mos_run_data_release(mos_report_data *data) {
    mos_free(data->classes);
    mos_free(data->together);
    *data = (mos_report_data){0};
}
