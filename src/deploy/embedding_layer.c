#include "deploy/embedding_layer.h"

#include "base/memory.h"
#include "deploy/embedding_place.h"

#include <math.h>
#include <stdio.h>

enum { TEXTS = 6 };

/* ---- a store ---- */

static void describe(const mos_embedding_store *store, int64_t row, const char *texts[5]) {
    const int64_t columns[] = {store->id, store->split, store->country, store->date, store->labels};
    for (int i = 0; i < 5; i++) {
        const char *text = mos_embedding_cell(store, row, columns[i]);
        texts[i] = text[0] == '\0' ? NULL : text;
    }
}

static mosaic_status add_numbers(const mos_embedding_store *store, int64_t row, float *values,
                                 mos_text *out) {
    const int64_t wide = store->about.modalities * store->about.size;
    char number[40];
    mos_embedding_row(store, row, 0, wide, values);
    out->size = 0;
    for (int64_t i = 0; i < wide; i++)
        mos_text_add(out, "%s%s", i == 0 ? "[" : ", ",
                     mos_format_double(number, sizeof number, (double)values[i], 9));
    mos_text_add(out, "]");
    return out->failed ? mos_fail_memory(out->size, "an embedding") : MOSAIC_OK;
}

mosaic_status mos_embedding_layer_write(const mos_embedding_store *store, const char *path,
                                        bool *written) {
    static const char *const names[] = {"id", "split", "country", "date", "labels", "embedding"};
    const char *texts[TEXTS], *crs = mos_embedding_crs(store, NULL, store->about.rows);
    const mos_vector_spec spec = {.layer = "embeddings",
                                  .crs = crs,
                                  .texts = TEXTS,
                                  .names = names,
                                  .description = "embeddings of patches"};
    mos_vector *vector = NULL;
    mos_vector_square square;
    mos_text numbers = {0};
    float *values = NULL;
    mosaic_status status;
    *written = crs != NULL;
    if (!*written) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)(store->about.modalities * store->about.size), sizeof *values,
                      "an embedding", &values));
    MOS_GOTO(mos_vector_create(path, &spec, &vector));
    for (int64_t row = 0; row < store->about.rows; row++) {
        describe(store, row, texts);
        MOS_GOTO(add_numbers(store, row, values, &numbers));
        texts[5] = numbers.data;
        mos_embedding_square(store, row, &square);
        MOS_GOTO(mos_vector_add(vector, &square, texts, NULL));
    }
    status = mos_vector_finish(&vector);
done:
    mos_vector_abandon(&vector);
    mos_text_release(&numbers);
    mos_free(values);
    return status;
}

/* ---- answers ---- */

/* Five steps from the least cosine to the largest. */
static void make_style(const mos_search_result *found, mos_text *out) {
    static const char *const colours[] = {"68,1,84", "59,82,139", "33,145,140", "94,201,98",
                                          "253,231,37"};
    double least = INFINITY, most = -INFINITY;
    for (int64_t q = 0; q < found->queries; q++)
        for (int64_t i = 0; i < found->found[q]; i++) {
            least = fmin(least, (double)found->hit[q * found->count + i].cosine);
            most = fmax(most, (double)found->hit[q * found->count + i].cosine);
        }
    const double step = (most - least) / 5;
    mos_text_add(out, "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
                      "<qgis version=\"3.22\" styleCategories=\"Symbology\">\n"
                      "<renderer-v2 type=\"graduatedSymbol\" attr=\"cosine\" "
                      "graduatedMethod=\"GraduatedColor\" symbollevels=\"0\">\n<ranges>\n");
    for (int i = 0; i < 5; i++)
        mos_text_add(out,
                     "<range symbol=\"%d\" render=\"true\" lower=\"%.6f\" upper=\"%.6f\" "
                     "label=\"%.3f to %.3f\"/>\n",
                     i, least + i * step - (i == 0 ? 1e-6 : 0),
                     i == 4 ? most + 1e-6 : least + (i + 1) * step, least + i * step,
                     least + (i + 1) * step);
    mos_text_add(out, "</ranges>\n<symbols>\n");
    for (int i = 0; i < 5; i++)
        mos_text_add(out,
                     "<symbol type=\"fill\" name=\"%d\" alpha=\"1\"><layer class=\"SimpleFill\" "
                     "enabled=\"1\" locked=\"0\" pass=\"0\"><prop k=\"color\" v=\"%s,255\"/><prop "
                     "k=\"outline_style\" v=\"no\"/><prop k=\"style\" v=\"solid\"/></layer>"
                     "</symbol>\n",
                     i, colours[i]);
    mos_text_add(out, "</symbols>\n</renderer-v2>\n</qgis>\n");
}

static mosaic_status add_hit(const mos_embedding_store *store, const mos_search_result *found,
                             int64_t q, int64_t i, mos_vector *vector) {
    const mos_row_hit *hit = &found->hit[q * found->count + i];
    const double numbers[] = {(double)(i + 1), (double)hit->cosine};
    const char *texts[TEXTS];
    char number[24];
    mos_vector_square square;
    (void)snprintf(number, sizeof number, "%lld", (long long)q);
    texts[0] = found->row[q] >= 0 ? mos_embedding_cell(store, found->row[q], store->id) : number;
    describe(store, hit->row, texts + 1);
    mos_embedding_square(store, hit->row, &square);
    return mos_vector_add(vector, &square, texts, numbers);
}

static mosaic_status list_rows(const mos_search_result *found, int64_t **rows, int64_t *count) {
    MOS_TRY(mos_alloc((size_t)(found->queries * found->count), sizeof **rows, "answers", rows));
    *count = 0;
    for (int64_t q = 0; q < found->queries; q++)
        for (int64_t i = 0; i < found->found[q]; i++)
            (*rows)[(*count)++] = found->hit[q * found->count + i].row;
    return MOSAIC_OK;
}

mosaic_status mos_search_layer_write(const mos_embedding_store *store,
                                     const mos_search_result *found, const char *path,
                                     bool *written) {
    static const char *const names[] = {"query", "id",     "split", "country",
                                        "date",  "labels", "rank",  "cosine"};
    mos_text style = {0};
    mos_vector *vector = NULL;
    int64_t *rows = NULL, count;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(list_rows(found, &rows, &count));
    make_style(found, &style);
    mos_vector_spec spec = {.layer = "answers",
                            .crs = mos_embedding_crs(store, rows, count),
                            .texts = TEXTS,
                            .numbers = 2,
                            .names = names,
                            .style = style.data,
                            .description = "patches most like others"};
    *written = spec.crs != NULL;
    if (!*written) goto done;
    if (style.failed) MOS_GOTO(mos_fail_memory(style.size, "a style"));
    MOS_GOTO(mos_vector_create(path, &spec, &vector));
    for (int64_t q = 0; q < found->queries; q++)
        for (int64_t i = 0; i < found->found[q]; i++)
            MOS_GOTO(add_hit(store, found, q, i, vector));
    status = mos_vector_finish(&vector);
done:
    mos_vector_abandon(&vector);
    mos_text_release(&style);
    mos_free(rows);
    return status;
}
