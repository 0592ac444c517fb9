#include "io/labels_json.h"

#include "base/text.h"
#include "io/file_map.h"
#include "io/json_guard.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Real files have some 1,300 bytes and nest 2 deep. */
enum { MAX_JSON_BYTES = 64 << 10, MAX_JSON_DEPTH = 8 };

/* NULL where the key is absent. */
static mosaic_status read_text(const json_t *root, const char *key, const char *what,
                               const char **out) {
    const json_t *value = json_object_get(root, key);
    if (value == NULL) return MOSAIC_OK;
    if (!json_is_string(value) || json_string_length(value) > MOS_LABELS_JSON_TEXT)
        return mos_fail(MOSAIC_ERR_DATA, "%s: '%s' is no text of at most %d bytes", what, key,
                        MOS_LABELS_JSON_TEXT);
    *out = json_string_value(value);
    return MOSAIC_OK;
}

static mosaic_status read_labels(const json_t *root, const char *what, mos_labels_json *out) {
    const json_t *list = json_object_get(root, "labels");
    if (!json_is_array(list))
        return mos_fail(MOSAIC_ERR_DATA, "%s: 'labels' is %s, wanted a list of names", what,
                        list == NULL ? "missing" : "no list");
    size_t count = json_array_size(list);
    if (count > MOS_LABELS_JSON_LABELS)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %zu labels, at most %d are read", what, count,
                        MOS_LABELS_JSON_LABELS);
    for (size_t i = 0; i < count; i++) {
        const json_t *label = json_array_get(list, i);
        if (!json_is_string(label) || json_string_length(label) == 0 ||
            json_string_length(label) > MOS_LABELS_JSON_TEXT)
            return mos_fail(MOSAIC_ERR_DATA, "%s: label %zu is no text of 1 to %d bytes", what,
                            i + 1, MOS_LABELS_JSON_TEXT);
        out->labels[i] = json_string_value(label);
    }
    out->label_count = count;
    return MOSAIC_OK;
}

/* The code of the whole system is the last one in its WKT; 0 where there is none. */
static int epsg_of(const char *wkt) {
    static const char mark[] = "\"EPSG\",\"";
    const char *last = NULL;
    for (const char *at = wkt; (at = strstr(at, mark)) != NULL; at += sizeof mark - 1)
        last = at + sizeof mark - 1;
    char digits[12];
    int64_t code;
    if (last == NULL) return 0;
    size_t size = strspn(last, "0123456789");
    if (size == 0 || size >= sizeof digits || strcmp(last + size, "\"]]") != 0) return 0;
    (void)snprintf(digits, sizeof digits, "%.*s", (int)size, last);
    return mos_parse_int(digits, &code) && code > 0 && code <= INT_MAX ? (int)code : 0;
}

/* S1 files call the lower edge lly. */
static void read_place(const json_t *root, mos_labels_json *out) {
    const json_t *box = json_object_get(root, "coordinates"),
                 *projection = json_object_get(root, "projection");
    const json_t *south = json_object_get(box, "lry");
    if (south == NULL) south = json_object_get(box, "lly");
    const json_t *const edges[] = {json_object_get(box, "ulx"), json_object_get(box, "uly"),
                                   json_object_get(box, "lrx"), south};
    double *const values[] = {&out->west, &out->north, &out->east, &out->south};
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
        if (!json_is_number(edges[e])) return;
        *values[e] = json_number_value(edges[e]);
    }
    out->epsg = json_is_string(projection) ? epsg_of(json_string_value(projection)) : 0;
    out->has_place = out->epsg > 0 && out->east > out->west && out->north > out->south &&
                     isfinite(out->east - out->west) && isfinite(out->north - out->south);
}

/* An S1 file names its partner; the two kinds name time and product differently. */
static mosaic_status read_tree(const json_t *root, const char *what, mos_labels_json *out) {
    if (!json_is_object(root)) return mos_fail(MOSAIC_ERR_DATA, "%s: no JSON object", what);
    MOS_TRY(read_labels(root, what, out));
    read_place(root, out);
    MOS_TRY(read_text(root, "corresponding_s2_patch", what, &out->partner));
    bool radar = out->partner != NULL;
    MOS_TRY(read_text(root, radar ? "acquisition_time" : "acquisition_date", what, &out->acquired));
    return read_text(root, radar ? "scene_source" : "tile_source", what, &out->source);
}

mosaic_status mos_labels_json_parse(const char *data, size_t size, const char *what,
                                    mos_labels_json *out) {
    memset(out, 0, sizeof *out);
    if (size > MAX_JSON_BYTES)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %zu bytes of JSON, at most %d are read", what, size,
                        MAX_JSON_BYTES);
    MOS_TRY(mos_json_guard(data, size, MAX_JSON_DEPTH, 0, what, "JSON"));
    json_error_t error;
    json_t *root = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        char shown[JSON_ERROR_TEXT_LENGTH];
        if (json_error_code(&error) == json_error_out_of_memory)
            return mos_fail_memory(size, "JSON labels");
        return mos_fail(MOSAIC_ERR_DATA, "%s:%d:%d: %s", what, error.line, error.column,
                        mos_shown_text(error.text, strlen(error.text), shown, sizeof shown));
    }
    out->tree = root;
    mosaic_status status = read_tree(root, what, out);
    if (status != MOSAIC_OK) mos_labels_json_release(out);
    return status;
}

void mos_labels_json_release(mos_labels_json *labels) {
    json_decref(labels->tree);
    memset(labels, 0, sizeof *labels);
}
