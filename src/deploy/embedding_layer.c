#include "deploy/embedding_layer.h"

#include "base/memory.h"
#include "deploy/embedding_place.h"
#include "deploy/patch_square.h"
#include "deploy/qgis_style.h"

#include <math.h>
#include <stdio.h>

enum { TEXTS = 6 };

/* ---- an embedded data set ---- */

struct mos_embedding_layer {
    mos_vector_spec spec;
    mos_vector *vector;
    float *values; /* of a row */
    mos_text numbers;
};

static const char *or_none(const char *text) {
    return text[0] == '\0' ? NULL : text;
}

mosaic_status mos_embedding_layer_create(const char *path, const char *crs, int64_t columns,
                                         mos_embedding_layer **out) {
    static const char *const names[] = {"id", "split", "country", "date", "labels", "embedding"};
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof **out, "a layer", out));
    (*out)->spec = (mos_vector_spec){.layer = "embeddings",
                                     .crs = crs,
                                     .texts = TEXTS,
                                     .names = names,
                                     .description = "embeddings of patches"};
    MOS_GOTO(mos_alloc((size_t)columns, sizeof *(*out)->values, "an embedding", &(*out)->values));
    status = mos_vector_create(path, &(*out)->spec, &(*out)->vector);
done:
    if (status != MOSAIC_OK) mos_embedding_layer_abandon(out);
    return status;
}

mosaic_status mos_embedding_layer_add(mos_embedding_layer *layer, const mos_embed_facts *facts,
                                      const mos_embedding_about *about, const void *stored) {
    const int64_t wide = about->modalities * about->size;
    char number[40];
    mos_embedding_decode(about, stored, 0, wide, layer->values);
    layer->numbers.size = 0;
    for (int64_t i = 0; i < wide; i++)
        mos_text_add(&layer->numbers, "%s%s", i == 0 ? "[" : ", ",
                     mos_format_double(number, sizeof number, (double)layer->values[i], 9));
    mos_text_add(&layer->numbers, "]");
    if (layer->numbers.failed) return mos_fail_memory(layer->numbers.size, "an embedding");
    const char *const texts[TEXTS] = {facts->id,
                                      or_none(facts->split),
                                      or_none(facts->country),
                                      or_none(facts->date),
                                      or_none(facts->labels.data),
                                      layer->numbers.data};
    return mos_vector_add(layer->vector, &facts->square, texts, NULL);
}

mosaic_status mos_embedding_layer_finish(mos_embedding_layer **layer) {
    mosaic_status status = mos_vector_finish(&(*layer)->vector);
    mos_embedding_layer_abandon(layer);
    return status;
}

void mos_embedding_layer_abandon(mos_embedding_layer **layer) {
    if (*layer == NULL) return;
    mos_vector_abandon(&(*layer)->vector);
    mos_text_release(&(*layer)->numbers);
    mos_free((*layer)->values);
    mos_free(*layer);
    *layer = NULL;
}

/* ---- answers ---- */

static void describe(const mos_embedding_store *store, char *const *cells, const char *texts[5]) {
    const int64_t columns[] = {store->id, store->split, store->country, store->date, store->labels};
    for (int i = 0; i < 5; i++)
        texts[i] = or_none(cells[columns[i]]);
}

/* Five steps from the least cosine to the largest. */
static void make_style(const mos_search_result *found, mos_text *out) {
    static const mos_map_colour colours[] = {
        {68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};
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
        mos_qgis_fill_add(out, i, colours[i], MOS_QGIS_ANSWER_MARK);
    mos_text_add(out, "</symbols>\n</renderer-v2>\n</qgis>\n");
}

static mosaic_status add_hit(const mos_embedding_store *store, const mos_search_result *found,
                             const char *query, int64_t q, int64_t i, mos_vector *vector) {
    const mos_row_hit *hit = &found->hit[q * found->count + i];
    const double numbers[] = {(double)(i + 1), (double)hit->cosine};
    const char *texts[TEXTS] = {query};
    char *const *cells;
    mos_vector_square square;
    MOS_TRY(mos_embedding_cells(store, hit->row, &cells));
    describe(store, cells, texts + 1);
    mos_embedding_square(store, cells, &square);
    return mos_vector_add(vector, &square, texts, numbers);
}

static mosaic_status add_hits(const mos_embedding_store *store, const mos_search_result *found,
                              int64_t q, mos_vector *vector) {
    mos_text query = {0};
    mosaic_status status;
    MOS_GOTO(mos_search_query_name(store, found, q, &query));
    for (int64_t i = 0; i < found->found[q]; i++)
        MOS_GOTO(add_hit(store, found, query.data, q, i, vector));
done:
    mos_text_release(&query);
    return status;
}

static mosaic_status choose_crs(const mos_embedding_store *store, const mos_search_result *found,
                                mos_layer_crs *out) {
    mos_vector_square square;
    char *const *cells;
    for (int64_t q = 0; q < found->queries; q++)
        for (int64_t i = 0; i < found->found[q]; i++) {
            MOS_TRY(mos_embedding_cells(store, found->hit[q * found->count + i].row, &cells));
            mos_embedding_square(store, cells, &square);
            mos_layer_crs_add(out, square.crs);
        }
    return MOSAIC_OK;
}

mosaic_status mos_search_layer_write(const mos_embedding_store *store,
                                     const mos_search_result *found, const char *path,
                                     bool *written) {
    static const char *const names[] = {"query", "id",     "split", "country",
                                        "date",  "labels", "rank",  "cosine"};
    mos_text style = {0};
    mos_vector *vector = NULL;
    mos_layer_crs crs = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(choose_crs(store, found, &crs));
    make_style(found, &style);
    mos_vector_spec spec = {.layer = "answers",
                            .crs = mos_layer_crs_of(&crs),
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
        MOS_GOTO(add_hits(store, found, q, vector));
    status = mos_vector_finish(&vector);
done:
    mos_vector_abandon(&vector);
    mos_text_release(&style);
    return status;
}
