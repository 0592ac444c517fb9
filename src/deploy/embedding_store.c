#include "deploy/embedding_store.h"

#include "base/file.h"
#include "base/json_writer.h"
#include "base/memory.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define STORE_FORMAT "mosaic-embeddings-1"
const char *const mos_embedding_kind_names[] = {"features", "latents", NULL};
const char *const mos_embedding_type_names[] = {"float32", "float16", "int8", NULL};
static const mos_dtype stored_as[] = {MOS_F32, MOS_F16, MOS_I8};
enum { MOST_ABOUT_BYTES = 1 << 20, MOST_SIZE = 1 << 16 };

/* ---- numbers ---- */

/* IEEE half precision, to the nearest, ties to even; what is too large becomes infinite. */
static uint16_t to_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000u, rest = bits & 0x7fffffffu;
    if (rest > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
    const int exponent = (int)(rest >> 23) - 127;
    if (exponent < -14) { /* subnormal: a whole number of 2^-24 */
        const double steps = nearbyint(ldexp(fabs((double)value), 24));
        return (uint16_t)(sign | (uint32_t)steps);
    }
    const uint32_t rounded = rest + 0xfffu + (rest >> 13 & 1u);
    if (rounded >= 0x47800000u) return (uint16_t)(sign | 0x7c00u);
    return (uint16_t)(sign | (rounded - 0x38000000u) >> 13);
}

static float from_half(uint16_t half) {
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    const float value = exponent == 31  ? (fraction == 0 ? INFINITY : NAN)
                        : exponent == 0 ? ldexpf((float)fraction, -24)
                                        : ldexpf((float)(fraction | 1024), exponent - 25);
    return half >> 15 ? -value : value;
}

float mos_half_of(float value) {
    return from_half(to_half(value));
}

void mos_embedding_decode(const mos_embedding_about *about, const void *stored, int64_t begin,
                          int64_t count, float *out) {
    const uint16_t *halves = stored;
    const int8_t *bytes = stored;
    switch (about->type) {
    case MOS_EMBED_FLOAT16:
        for (int64_t i = 0; i < count; i++)
            out[i] = from_half(halves[begin + i]);
        break;
    case MOS_EMBED_INT8:
        for (int64_t i = 0; i < count; i++)
            out[i] = (float)about->scale * (float)bytes[begin + i];
        break;
    default:
        memcpy(out, (const float *)stored + begin, (size_t)count * sizeof *out);
        break;
    }
}

void mos_embedding_row(const mos_embedding_store *store, int64_t row, int64_t begin, int64_t count,
                       float *out) {
    const int64_t wide = store->about.modalities * store->about.size;
    mos_embedding_decode(&store->about, store->values, row * wide + begin, count, out);
}

/* One value as it is stored, and what is read back of it. */
static float store_value(mos_embedding_type type, double scale, float value, void *to, int64_t i) {
    if (type == MOS_EMBED_FLOAT16) {
        ((uint16_t *)to)[i] = to_half(value);
        return from_half(((uint16_t *)to)[i]);
    }
    ((int8_t *)to)[i] = (int8_t)nearbyint((double)value / scale);
    return (float)scale * (float)((int8_t *)to)[i];
}

mosaic_status mos_embedding_values_begin(const char *folder, double largest,
                                         mos_embedding_about *about, mos_embedding_values *out) {
    const int64_t columns = about->modalities * about->size, shape[] = {about->rows, columns};
    const mos_dtype dtype = stored_as[about->type];
    char path[4096];
    *out = (mos_embedding_values){.about = about};
    about->scale = 1;
    about->largest_error = about->rms_error = 0;
    if (about->type == MOS_EMBED_FLOAT16 && largest > 65504)
        return mos_fail(MOSAIC_ERR_DATA, "a value of %.4g is beyond float16: use float32", largest);
    if (about->type == MOS_EMBED_INT8 && largest > 0) about->scale = largest / 127;
    MOS_TRY(mos_path_join(path, sizeof path, folder, "embeddings.npy"));
    MOS_TRY(mos_alloc((size_t)columns, mos_dtype_bytes(dtype), "an embedding", &out->stored));
    return mos_npy_begin(&out->npy, path, dtype, 2, shape);
}

double mos_embedding_encode(const mos_embedding_about *about, const float *values, void *stored,
                            double *squares) {
    const int64_t columns = about->modalities * about->size;
    double largest = 0;
    if (about->type == MOS_EMBED_FLOAT32) {
        memcpy(stored, values, (size_t)columns * sizeof *values);
        return 0;
    }
    for (int64_t i = 0; i < columns; i++) {
        const float kept = store_value(about->type, about->scale, values[i], stored, i);
        const double error = fabs((double)kept - (double)values[i]);
        largest = fmax(largest, error);
        *squares += error * error;
    }
    return largest;
}

mosaic_status mos_embedding_values_add(mos_embedding_values *out, const float *values) {
    mos_embedding_about *about = out->about;
    const size_t columns = (size_t)(about->modalities * about->size);
    about->largest_error =
        fmax(about->largest_error, mos_embedding_encode(about, values, out->stored, &out->squares));
    return mos_npy_add(&out->npy, out->stored, columns * mos_dtype_bytes(stored_as[about->type]));
}

mosaic_status mos_embedding_values_commit(mos_embedding_values *out) {
    const int64_t count = out->about->rows * out->about->modalities * out->about->size;
    if (count > 0) out->about->rms_error = sqrt(out->squares / (double)count);
    return mos_npy_commit(&out->npy);
}

void mos_embedding_values_close(mos_embedding_values *out) {
    mos_npy_abort(&out->npy);
    mos_free(out->stored);
    out->stored = NULL;
}

mosaic_status mos_embedding_values_write(const char *folder, const float *values,
                                         mos_embedding_about *about) {
    const int64_t columns = about->modalities * about->size;
    mos_embedding_values out = {0};
    double largest = 0;
    mosaic_status status;
    for (int64_t i = 0; i < about->rows * columns; i++)
        largest = fmax(largest, fabs((double)values[i]));
    MOS_GOTO(mos_embedding_values_begin(folder, largest, about, &out));
    for (int64_t row = 0; row < about->rows; row++)
        MOS_GOTO(mos_embedding_values_add(&out, values + row * columns));
    status = mos_embedding_values_commit(&out);
done:
    mos_embedding_values_close(&out);
    return status;
}

/* ---- embeddings.json ---- */

static void add_settings(const mos_embedding_about *about, mos_json *json) {
    mos_text line = {0};
    mos_json_open(json, "settings", '[');
    for (const char *at = about->settings; *at != '\0';) {
        const size_t size = strcspn(at, "\n");
        line.size = 0;
        mos_text_add_bytes(&line, at, size);
        mos_json_string(json, NULL, line.failed ? "" : line.data);
        at += size + (at[size] == '\n');
    }
    mos_json_close(json, ']');
    mos_text_release(&line);
}

mosaic_status mos_embedding_about_json(const mos_embedding_about *about, bool places,
                                       mos_text *out) {
    mos_json json = {0};
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "format", STORE_FORMAT);
    if (places) mos_json_string(&json, "model", about->model);
    mos_json_string(&json, "model_sha256", about->model_sha256);
    if (places) mos_json_string(&json, "data", about->data);
    mos_json_string(&json, "space", mos_embedding_kind_names[about->kind]);
    mos_json_string(&json, "type", mos_embedding_type_names[about->type]);
    mos_json_number(&json, "scale", about->scale);
    mos_json_number(&json, "largest_error", about->largest_error);
    mos_json_number(&json, "rms_error", about->rms_error);
    mos_json_int(&json, "rows", about->rows);
    mos_json_int(&json, "size", about->size);
    mos_json_open(&json, "modalities", '[');
    for (int64_t m = 0; m < about->modalities; m++)
        mos_json_string(&json, NULL, about->modality[m]);
    mos_json_close(&json, ']');
    if (places) add_settings(about, &json);
    mos_json_close(&json, '}');
    mosaic_status status = mos_json_end(&json);
    if (status == MOSAIC_OK) mos_text_add_bytes(out, json.text.data, json.text.size);
    mos_json_release(&json);
    return status;
}

mosaic_status mos_embedding_about_write(const char *folder, const mos_embedding_about *about) {
    char path[4096];
    mos_text text = {0};
    mosaic_status status;
    MOS_GOTO(mos_embedding_about_json(about, true, &text));
    if (text.failed) MOS_GOTO(mos_fail_memory(text.size, "a description"));
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "embeddings.json"));
    MOS_GOTO(mos_atomic_write(path, text.data, text.size));
done:
    mos_text_release(&text);
    return status;
}

static mosaic_status take_text(const json_t *root, const char *path, const char *key, char *out,
                               size_t size) {
    const char *text = json_string_value(json_object_get(root, key));
    if (text == NULL || strlen(text) >= size)
        return mos_fail(MOSAIC_ERR_DATA, "%s: '%s' wants a text of at most %zu bytes", path, key,
                        size - 1);
    memcpy(out, text, strlen(text) + 1);
    return MOSAIC_OK;
}

static mosaic_status take_choice(const json_t *root, const char *path, const char *key,
                                 const char *const *names, int *out) {
    char text[32];
    MOS_TRY(take_text(root, path, key, text, sizeof text));
    for (*out = 0; names[*out] != NULL; (*out)++)
        if (strcmp(names[*out], text) == 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "%s: '%s' is '%s', which is not known", path, key, text);
}

/* Of data alone, so that a store from elsewhere says nothing of the rest. */
static mosaic_status take_settings(const json_t *root, const char *path, mos_embedding_about *out) {
    const json_t *list = json_object_get(root, "settings");
    size_t used = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        const size_t size = text == NULL ? 0 : strlen(text);
        if (size == 0 || strncmp(text, "data.", 5) != 0 || strchr(text, '\n') != NULL ||
            size + 2 > sizeof out->settings - used)
            return mos_fail(MOSAIC_ERR_DATA, "%s: 'settings' wants texts as in data.root=FOLDER",
                            path);
        memcpy(out->settings + used, text, size);
        used += size;
        out->settings[used++] = '\n';
    }
    out->settings[used] = '\0';
    return MOSAIC_OK;
}

static mosaic_status read_about(const json_t *root, const char *path, mos_embedding_about *out) {
    char format[32];
    int kind = 0, type = 0;
    MOS_TRY(take_text(root, path, "format", format, sizeof format));
    if (strcmp(format, STORE_FORMAT) != 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s: format '%s', wanted '%s'", path, format,
                        STORE_FORMAT);
    MOS_TRY(take_text(root, path, "model", out->model, sizeof out->model));
    MOS_TRY(take_text(root, path, "model_sha256", out->model_sha256, sizeof out->model_sha256));
    MOS_TRY(take_text(root, path, "data", out->data, sizeof out->data));
    MOS_TRY(take_choice(root, path, "space", mos_embedding_kind_names, &kind));
    MOS_TRY(take_choice(root, path, "type", mos_embedding_type_names, &type));
    out->kind = (mos_embedding_kind)kind;
    out->type = (mos_embedding_type)type;
    out->scale = json_number_value(json_object_get(root, "scale"));
    out->largest_error = json_number_value(json_object_get(root, "largest_error"));
    out->rms_error = json_number_value(json_object_get(root, "rms_error"));
    out->rows = json_integer_value(json_object_get(root, "rows"));
    out->size = json_integer_value(json_object_get(root, "size"));
    const json_t *names = json_object_get(root, "modalities");
    out->modalities = (int64_t)json_array_size(names);
    if (!(out->scale > 0) || out->rows < 1 || out->size < 1 || out->size > MOST_SIZE ||
        out->modalities < 1 || out->modalities > MOS_MAX_MODALITIES)
        return mos_fail(MOSAIC_ERR_DATA, "%s: scale, rows, size or modalities are out of range",
                        path);
    for (int64_t m = 0; m < out->modalities; m++) {
        const char *name = json_string_value(json_array_get(names, (size_t)m));
        if (name == NULL || strlen(name) >= sizeof out->modality[m])
            return mos_fail(MOSAIC_ERR_DATA, "%s: 'modalities' wants names", path);
        memcpy(out->modality[m], name, strlen(name) + 1);
    }
    return take_settings(root, path, out);
}

/* ---- reading ---- */

mosaic_status mos_embedding_about_parse(const char *text, size_t size, const char *path,
                                        mos_embedding_about *out) {
    json_error_t error;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) return mos_fail(MOSAIC_ERR_DATA, "%s is not JSON: %s", path, error.text);
    mosaic_status status = read_about(root, path, out);
    json_decref(root);
    return status;
}

static mosaic_status open_about(const char *folder, mos_embedding_about *out) {
    char path[4096], *text = NULL;
    size_t size;
    MOS_TRY(mos_path_join(path, sizeof path, folder, "embeddings.json"));
    MOS_TRY(mos_context(mos_file_read(path, MOST_ABOUT_BYTES, &text, &size),
                        "'%s' is no store of embeddings (mosaic embed makes one)", folder));
    mosaic_status status = mos_embedding_about_parse(text, size, path, out);
    mos_free(text);
    return status;
}

static mosaic_status open_values(const char *folder, mos_embedding_store *store) {
    char path[4096];
    mos_dtype dtype;
    int rank;
    int64_t shape[MOS_TENSOR_MAX_RANK];
    const mos_embedding_about *about = &store->about;
    MOS_TRY(mos_path_join(path, sizeof path, folder, "embeddings.npy"));
    MOS_TRY(mos_file_map_open(path, UINT64_MAX, &store->map));
    MOS_TRY(
        mos_npy_view(store->map.data, store->map.size, path, &dtype, &rank, shape, &store->values));
    if (dtype != stored_as[about->type] || rank != 2 || shape[0] != about->rows ||
        shape[1] != about->modalities * about->size ||
        (uintptr_t)store->values % mos_dtype_bytes(dtype) != 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s is not the array that embeddings.json describes",
                        path);
    return MOSAIC_OK;
}

static mosaic_status open_table(const char *folder, mos_embedding_store *store) {
    const struct {
        const char *name;
        int64_t *column;
    } columns[] = {
        {"id", &store->id},        {"split", &store->split},         {"country", &store->country},
        {"date", &store->date},    {"longitude", &store->longitude}, {"latitude", &store->latitude},
        {"labels", &store->labels}};
    char path[4096], name[64];
    MOS_TRY(mos_path_join(path, sizeof path, folder, "embeddings.csv"));
    MOS_TRY(mos_csv_rows_open(path, ',', &store->table));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        *columns[i].column = mos_csv_rows_column(store->table, columns[i].name);
        if (*columns[i].column < 0)
            return mos_fail(MOSAIC_ERR_DATA, "%s has no column '%s'", path, columns[i].name);
    }
    store->crs = mos_csv_rows_column(store->table, "crs");
    store->x = mos_csv_rows_column(store->table, "x");
    store->y = mos_csv_rows_column(store->table, "y");
    store->width = mos_csv_rows_column(store->table, "width");
    store->height = mos_csv_rows_column(store->table, "height");
    store->product = mos_csv_rows_column(store->table, "product");
    store->pixels = mos_csv_rows_column(store->table, "pixel_bbox");
    if (store->x < 0 || store->y < 0 || store->width < 0 || store->height < 0) store->crs = -1;
    for (int64_t m = 0; m < store->about.modalities; m++) {
        (void)snprintf(name, sizeof name, "has:%s", store->about.modality[m]);
        store->present[m] = mos_csv_rows_column(store->table, name);
        if (store->present[m] < 0)
            return mos_fail(MOSAIC_ERR_DATA, "%s has no column '%s'", path, name);
    }
    return MOSAIC_OK;
}

mosaic_status mos_embedding_store_open(const char *folder, mos_embedding_store *out) {
    mosaic_status status;
    *out = (mos_embedding_store){0};
    MOS_GOTO(open_about(folder, &out->about));
    MOS_GOTO(open_values(folder, out));
    MOS_GOTO(open_table(folder, out));
done:
    if (status != MOSAIC_OK) mos_embedding_store_close(out);
    return status;
}

void mos_embedding_store_close(mos_embedding_store *store) {
    mos_file_map_release(&store->map);
    mos_csv_rows_close(&store->table);
    mos_free(store->has);
    store->has = NULL;
    store->values = NULL;
}

mosaic_status mos_embedding_cells(const mos_embedding_store *store, int64_t row,
                                  char *const **cells) {
    MOS_TRY(mos_csv_rows_read(store->table, row, cells));
    if (*cells != NULL) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "embeddings.csv has no row %lld, embeddings.json says %lld",
                    (long long)row + 1, (long long)store->about.rows);
}
