#include "deploy/contact_sheet.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "deploy/predict_source.h"
#include "evaluate/picture.h"
#include "io/png.h"
#include "report/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = MOS_PICTURE_SIDE, GAP = 4, CELL = SIDE + GAP, WHITE = 255, GREY = 128 };

typedef struct sheet {
    const mos_search_options *options;
    const mos_embedding_store *store;
    const mos_search_result *result;
    mos_session session;
    mos_reader *reader;
    int64_t rows, columns, missing;
    char reason[1024]; /* why the first of the missing is */
    uint8_t *rgb;      /* [rows * CELL, columns * CELL, 3] */
    uint8_t tile[SIDE * SIDE * 3];
} sheet;

/* The data set's modality that is drawn: the one named, else the last with B04, else the first. */
static int64_t choose_modality(const sheet *s, const char *name) {
    const mos_modality *all;
    const int64_t count = mos_dataset_modalities(s->session.dataset, &all);
    int64_t chosen = 0;
    for (int64_t m = 0; m < count; m++) {
        mos_picture_kind kind;
        int bands[3];
        if (name != NULL && strcmp(all[m].name, name) == 0) return m;
        if (name == NULL && mos_picture_bands(&all[m], &kind, bands) > 0 &&
            kind == MOS_PICTURE_NATURAL)
            chosen = m;
    }
    return chosen;
}

/* A patch that stays grey; the first one's reason is told at the end. */
static mosaic_status miss(sheet *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static mosaic_status miss(sheet *s, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (s->missing++ == 0) (void)mos_vformat(s->reason, sizeof s->reason, format, arguments);
    va_end(arguments);
    return MOSAIC_OK;
}

/* The patch into the tile, in its upper left corner; what is not there stays grey. */
static mosaic_status draw_tile(sheet *s, int64_t row, const char *modality) {
    char *const *cells;
    MOS_TRY(mos_embedding_cells(s->store, row, &cells));
    const int64_t sample = mos_dataset_find(s->session.dataset, cells[s->store->id]);
    const int64_t m = choose_modality(s, modality);
    const mos_modality *all;
    mos_picture_kind kind;
    mos_patch patch;
    int bands[3];
    int64_t width, height;
    uint8_t *rgb;
    (void)mos_dataset_modalities(s->session.dataset, &all);
    memset(s->tile, GREY, sizeof s->tile);
    const int count = mos_picture_bands(&all[m], &kind, bands);
    if (sample < 0)
        return miss(s, "'%s' has no patch '%s'", mos_dataset_root(s->session.dataset),
                    cells[s->store->id]);
    if (count == 0) return miss(s, "'%s' has no bands that make a picture", all[m].name);
    if (mos_reader_read(s->reader, sample, m, bands, count, &patch) != MOSAIC_OK)
        return miss(s, "%s", mosaic_error());
    mos_picture_size(&patch, &width, &height);
    MOS_TRY(mos_alloc((size_t)(3 * width * height), 1, "picture", &rgb));
    mosaic_status status = mos_picture_draw(kind, &patch, rgb);
    /* small patches are enlarged by whole pixels */
    const int64_t times = SIDE / (width > height ? width : height);
    for (int64_t y = 0; status == MOSAIC_OK && y < height * times; y++)
        for (int64_t x = 0; x < width * times; x++)
            memcpy(s->tile + (y * SIDE + x) * 3, rgb + (y / times * width + x / times) * 3, 3);
    mos_free(rgb);
    return status;
}

/* Round the one that asks, in the pages' colour. */
static void frame_tile(sheet *s) {
    enum { FRAME = 4 };
    static const uint8_t colour[] = {11, 110, 79};
    for (int64_t y = 0; y < SIDE; y++)
        for (int64_t x = 0; x < SIDE; x++)
            if (x < FRAME || y < FRAME || x >= SIDE - FRAME || y >= SIDE - FRAME)
                memcpy(s->tile + (y * SIDE + x) * 3, colour, 3);
}

static void place_tile(sheet *s, int64_t row, int64_t column) {
    for (int64_t y = 0; y < SIDE; y++)
        memcpy(s->rgb + ((row * CELL + y) * s->columns * CELL + column * CELL) * 3,
               s->tile + y * SIDE * 3, SIDE * 3);
}

static void add_escaped(mos_text *page, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
            mos_text_add(page, "&#%d;", *text);
        else
            mos_text_add_bytes(page, text, 1);
    }
}

/* "a;b" as "a, b". */
static void add_labels(mos_text *page, const char *labels) {
    for (; *labels != '\0'; labels += strcspn(labels, ";") + (strchr(labels, ';') != NULL)) {
        const int size = (int)strcspn(labels, ";");
        char label[256];
        (void)snprintf(label, sizeof label, "%.*s", size, labels);
        add_escaped(page, label);
        mos_text_add(page, labels[size] == ';' ? ", " : "");
    }
}

/* A card: the picture, the cosine, the labels, and the end of the id, by which ids differ; whole where the mouse
 * rests. */
static mosaic_status add_figure(sheet *s, int64_t row, const char *what, bool query,
                                mos_text *page) {
    mos_text png = {0};
    char *const *cells;
    MOS_TRY(mos_embedding_cells(s->store, row, &cells));
    mosaic_status status = mos_png_write(s->tile, SIDE, SIDE, &png);
    if (status == MOSAIC_OK && !png.failed) {
        mos_text_add(page, "<figure class=\"%s\"><img alt=\"\" src=\"data:image/png;base64,",
                     query ? "answer query" : "answer");
        mos_text_add_base64(page, png.data, png.size);
        mos_text_add(page, "\"><figcaption><b>%s</b> ", what);
        add_labels(page, cells[s->store->labels]);
        mos_text_add(page, "<span title=\"");
        add_escaped(page, cells[s->store->id]);
        mos_text_add(page, "\"><bdi>");
        add_escaped(page, cells[s->store->id]);
        mos_text_add(page, "</bdi></span></figcaption></figure>\n");
    }
    if (png.failed) status = mos_fail_memory(png.size, "a picture");
    mos_text_release(&png);
    return status;
}

static mosaic_status draw_query(sheet *s, int64_t q, mos_text *page) {
    const mos_row_hit *hits = s->result->hit + q * s->result->count;
    const char *by = s->options->by != NULL ? s->options->by : s->options->among;
    const char *among = s->options->among != NULL ? s->options->among : s->options->by;
    char what[32];
    memset(s->tile, GREY, sizeof s->tile);
    mos_text_add(page, "<div class=\"answers\">\n");
    if (s->result->row[q] >= 0) {
        MOS_TRY(draw_tile(s, s->result->row[q], by));
        MOS_TRY(add_figure(s, s->result->row[q], "query", true, page));
    }
    frame_tile(s);
    place_tile(s, q, 0);
    for (int64_t i = 0; i < s->result->found[q] && i + 1 < s->columns; i++) {
        MOS_TRY(draw_tile(s, hits[i].row, among));
        place_tile(s, q, i + 1);
        (void)snprintf(what, sizeof what, "%.4f", (double)hits[i].cosine);
        MOS_TRY(add_figure(s, hits[i].row, what, false, page));
    }
    mos_text_add(page, "</div>\n");
    return MOSAIC_OK;
}

static mosaic_status write_files(sheet *s, const char *folder, mos_text *page) {
    char path[4096];
    mos_text png = {0};
    mosaic_status status;
    MOS_GOTO(mos_png_write(s->rgb, s->columns * CELL, s->rows * CELL, &png));
    if (png.failed || page->failed) MOS_GOTO(mos_fail_memory(png.size, "a contact sheet"));
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "sheet.png"));
    MOS_GOTO(mos_atomic_write(path, png.data, png.size));
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "sheet.html"));
    MOS_GOTO(mos_atomic_write(path, page->data, page->size));
done:
    mos_text_release(&png);
    return status;
}

/* The data as they were embedded; of a store that does not say how, by its folder alone. */
static mosaic_status open_data(sheet *s, const mos_session_options *session) {
    const mos_embedding_about *about = &s->store->about;
    mos_session_options own = *session;
    mos_text_list settings = {0};
    mos_text line = {0};
    mosaic_status status = MOSAIC_OK;
    own.model = about->model;
    if (about->settings[0] == '\0') {
        const mos_predict_options source = {.session = own,
                                            .data = about->data[0] != '\0' ? about->data : NULL};
        return mos_predict_open(&source, &s->session);
    }
    for (const char *at = about->settings; *at != '\0'; at += strcspn(at, "\n") + 1) {
        line.size = 0;
        mos_text_add_bytes(&line, at, strcspn(at, "\n"));
        if (line.failed) MOS_GOTO(mos_fail_memory(line.size, "a setting"));
        MOS_GOTO(mos_text_list_add(&settings, line.data));
    }
    status = mos_predict_reopen(&own, &settings, &s->session);
done:
    mos_text_release(&line);
    mos_text_list_release(&settings);
    return status;
}

mosaic_status mos_contact_sheet_write(const char *folder, const mos_session_options *session,
                                      const mos_search_options *options,
                                      const mos_embedding_store *store,
                                      const mos_search_result *result) {
    sheet *s = NULL;
    mos_text page = {0};
    mosaic_status status;
    MOS_TRY(mos_alloc(1, sizeof *s, "a contact sheet", &s));
    s->options = options;
    s->store = store;
    s->result = result;
    s->rows = result->queries < MOS_SHEET_QUERIES ? result->queries : MOS_SHEET_QUERIES;
    s->columns = 1 + (result->count < MOS_SHEET_ANSWERS ? result->count : MOS_SHEET_ANSWERS);
    MOS_GOTO(mos_alloc((size_t)(s->rows * CELL * s->columns * CELL), 3, "a picture", &s->rgb));
    memset(s->rgb, WHITE, (size_t)(s->rows * CELL * s->columns * CELL * 3));
    MOS_GOTO(mos_context(open_data(s, session), "the patches of the contact sheet"));
    MOS_GOTO(mos_reader_open(s->session.dataset, &s->reader));
    mos_page_begin(&page, "search", "Places like these");
    for (int64_t q = 0; q < s->rows; q++)
        MOS_GOTO(draw_query(s, q, &page));
    if (s->rows < result->queries || s->columns < 1 + result->count)
        mos_text_add(&page, "<p>The first %lld of %lld queries, %lld of %lld answers each.</p>\n",
                     (long long)s->rows, (long long)result->queries, (long long)s->columns - 1,
                     (long long)result->count);
    mos_page_end(&page);
    if (s->missing > 0)
        mos_log(
            MOS_LOG_WARNING,
            "%lld of the patches of the contact sheet are grey: %s; where the data are now, --set "
            "data.root=FOLDER (of rasters data.s1, data.s2) says",
            (long long)s->missing, s->reason);
    MOS_GOTO(write_files(s, folder, &page));
done:
    mos_text_release(&page);
    if (s != NULL) {
        mos_reader_close(&s->reader);
        mos_session_close(&s->session);
        mos_free(s->rgb);
    }
    mos_free(s);
    return status;
}
