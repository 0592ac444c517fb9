#include "command/preview_page.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/png.h"
#include "loader/view_words.h"
#include "report/page.h"
#include "report/report.h"
#include "report/report_parts.h"
#include "report/svg_chart.h"
#include "train/train_feed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FRAME_BYTES = 64 << 10 };
static const float reach_sd = 2.5F; /* black to white: this far below and above the mean */

typedef struct preview {
    const mos_preview_options *asked;
    mos_train_feed *feed;
    mos_loader_options options; /* training's, of fewer rows, with a plain view at the end */
    mos_loader *loader;
    mos_batch *batch;
    const mos_modality *modality;
    int64_t drawn_views; /* without the plain one */
} preview;

/* ---- pictures ---- */

/* Channels for red, green, blue; the third -1: the first less the second. */
typedef struct colours {
    int channel[3];
    const char *shows;
} colours;

static int find_band(const preview *p, const mos_loader_modality *m, const char *name) {
    for (int b = 0; b < m->bands; b++)
        if (strcmp(p->modality[m->modality].bands[m->band[b]].name, name) == 0) return b;
    return -1;
}

static colours choose_colours(const preview *p, const mos_loader_modality *m) {
    int red = find_band(p, m, "B04"), green = find_band(p, m, "B03"), blue = find_band(p, m, "B02");
    int vv = find_band(p, m, "VV"), vh = find_band(p, m, "VH");
    if (vv >= 0 && vh >= 0) return (colours){{vv, vh, -1}, "VV red, VH green, VV less VH blue"};
    if (red >= 0 && green >= 0 && blue >= 0)
        return (colours){{red, green, blue}, "B04 red, B03 green, B02 blue"};
    if (m->bands >= 3) return (colours){{0, 1, 2}, "the first three bands as red, green, blue"};
    return (colours){{0, 0, 0}, "the first band"};
}

static const float *image_of(const preview *p, int64_t m, int64_t view, int64_t row) {
    int64_t values = p->options.modality[m].bands * p->options.height * p->options.width;
    return p->batch->images[m] + (view * p->options.batch + row) * values;
}

/* One channel, `each` by `each` pixels averaged to one. */
static float sample(const preview *p, const float *image, const colours *c, int channel,
                    int64_t each, int64_t x, int64_t y) {
    int64_t plane = p->options.height * p->options.width;
    const float *first =
        image + c->channel[channel < 0 || c->channel[channel] < 0 ? 0 : channel] * plane;
    const float *less = c->channel[channel] < 0 ? image + c->channel[1] * plane : NULL;
    double sum = 0;
    for (int64_t j = y * each; j < (y + 1) * each; j++)
        for (int64_t i = x * each; i < (x + 1) * each; i++)
            sum += (double)first[j * p->options.width + i] -
                   (less ? (double)less[j * p->options.width + i] : 0);
    return (float)(sum / (double)(each * each));
}

static mosaic_status add_picture(const preview *p, int64_t m, int64_t view, int64_t row,
                                 const char *alt, mos_text *out) {
    const colours c = choose_colours(p, &p->options.modality[m]);
    const float *image = image_of(p, m, view, row);
    int64_t longest = p->options.width > p->options.height ? p->options.width : p->options.height;
    int64_t each = (longest + MOS_PREVIEW_SIDE - 1) / MOS_PREVIEW_SIDE;
    int64_t width = p->options.width / each, height = p->options.height / each;
    uint8_t *rgb = NULL;
    mos_text png = {0};
    MOS_TRY(mos_alloc((size_t)(3 * width * height), 1, "picture", &rgb));
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int k = 0; k < 3; k++) {
                float value = sample(p, image, &c, k, each, x, y) / reach_sd;
                rgb[3 * (y * width + x) + k] =
                    (uint8_t)lrintf(255 * (0.5F + 0.5F * fminf(fmaxf(value, -1), 1)));
            }
    mosaic_status status = mos_png_write(rgb, width, height, &png);
    mos_free(rgb);
    if (status == MOSAIC_OK) {
        mos_text_add(out, "<img width=\"%lld\" height=\"%lld\" alt=\"", (long long)width,
                     (long long)height);
        mos_html_add(out, alt);
        mos_text_add(out, "\" src=\"data:image/png;base64,");
        mos_text_add_base64(out, png.data, png.size);
        mos_text_add(out, "\">");
        if (png.failed) out->failed = true;
    }
    mos_text_release(&png);
    return status;
}

/* Mean and spread over all bands, as standardisation left them. */
static void add_moments(const preview *p, const float *image, int64_t bands, mos_text *out) {
    int64_t count = bands * p->options.height * p->options.width;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)image[i];
        squares += (double)image[i] * (double)image[i];
    }
    double mean = sum / (double)count;
    mos_text_add(out, "mean ");
    mos_report_number(out, mean, 2);
    mos_text_add(out, ", sd %.2f", sqrt(fmax(squares / (double)count - mean * mean, 0)));
}

/* ---- one view ---- */

static const char *kind_name(char kind) {
    return kind == 's' ? "strong" : kind == 'a' ? "anchor" : "without augmentation";
}

/* Drawn again with the loader's own functions and keys: the same numbers. */
static void add_words(const preview *p, int64_t m, int64_t view, int64_t row, mos_text *out) {
    const mos_view_key key = {.seed = p->options.seed,
                              .epoch = (uint32_t)(p->asked->epoch - 1),
                              .sample = p->batch->samples[row],
                              .repeat = p->batch->repeats[row],
                              .view = (uint32_t)view};
    const mos_loader_modality *modality = &p->options.modality[m];
    char kind = p->options.kinds[view];
    mos_view_geometry geometry;
    mos_view_light light;
    mos_view_geometry_draw(&p->options.augment, kind, p->options.width == p->options.height, &key,
                           &geometry);
    mos_view_light_draw(&p->options.augment, kind, &key, modality, m, &light);
    if (kind == 'e') return;
    mos_view_geometry_words(&geometry, out);
    mos_text_add(out, "<br>");
    mos_view_light_words(&light, modality, out);
    mos_text_add(out, "<br>");
}

static mosaic_status add_view(const preview *p, int64_t m, int64_t view, int64_t row,
                              mos_text *out) {
    char name[64], kind = p->options.kinds[view];
    const mos_loader_modality *modality = &p->options.modality[m];
    if (kind == 'e')
        (void)snprintf(name, sizeof name, "%s", kind_name(kind));
    else
        (void)snprintf(name, sizeof name, "view %lld, %s", (long long)view + 1, kind_name(kind));
    mos_text_add(out, "<figure class=\"patch\" data-view=\"%lld\"><div class=\"views\">",
                 (long long)view);
    MOS_TRY(add_picture(p, m, view, row, name, out));
    mos_text_add(out, "</div><figcaption><b>%s</b><br>", name);
    add_words(p, m, view, row, out);
    add_moments(p, image_of(p, m, view, row), modality->bands, out);
    mos_text_add(out, "</figcaption></figure>");
    return MOSAIC_OK;
}

static mosaic_status add_modality(const preview *p, int64_t m, int64_t row, mos_text *out) {
    mos_text_add(out, "<h3>");
    mos_html_add(out, p->modality[p->options.modality[m].modality].name);
    mos_text_add(out, "</h3>");
    if (!p->batch->present[m][row]) {
        mos_text_add(out, "<p class=\"soft\">The patch lacks this modality: the network gets zeros "
                          "marked as absent.</p>");
        return MOSAIC_OK;
    }
    mos_text_add(out, "<div class=\"patches previews\">");
    if (p->options.views > p->drawn_views)
        MOS_TRY(add_view(p, m, p->drawn_views, row, out)); /* the plain one first */
    for (int64_t view = 0; view < p->drawn_views; view++)
        MOS_TRY(add_view(p, m, view, row, out));
    mos_text_add(out, "</div>");
    return MOSAIC_OK;
}

static void add_labels(const preview *p, int64_t row, mos_text *out) {
    const char *const *names;
    int64_t classes = mos_dataset_classes(mos_train_feed_dataset(p->feed), &names), known = 0;
    bool any = false;
    mos_text_add(out, "<p class=\"soft\">Labels training sees: ");
    for (int64_t l = 0; l < classes; l++) {
        int8_t label = p->batch->labels[row * classes + l];
        known += label >= 0;
        if (label != 1) continue;
        mos_text_add(out, any ? ", " : "");
        mos_html_add(out, names[l]);
        any = true;
    }
    mos_text_add(out, "%s.</p>", any ? "" : known > 0 ? "none of the classes" : "unknown");
}

static mosaic_status add_patch(const preview *p, int64_t row, mos_text *out) {
    mos_sample sample;
    MOS_TRY(mos_dataset_sample(mos_train_feed_dataset(p->feed), p->batch->samples[row], &sample));
    mos_text_add(out, "<section id=\"patch%lld\"><h2>", (long long)row + 1);
    mos_html_add(out, sample.id);
    mos_text_add(out, "</h2>");
    add_labels(p, row, out);
    for (int64_t m = 0; m < p->options.modalities; m++)
        MOS_TRY(add_modality(p, m, row, out));
    mos_text_add(out, "</section>\n");
    return MOSAIC_OK;
}

/* ---- the head ---- */

static void add_fact(const char *name, const char *value, mos_text *out) {
    mos_text_add(out, "<div><dt>%s</dt><dd>", name);
    mos_html_add(out, value);
    mos_text_add(out, "</dd></div>");
}

static void add_about(const preview *p, mos_text *out) {
    char text[64];
    mos_text kinds = {0};
    mos_text_add(out, "<dl class=\"about\">");
    add_fact("method", mos_train_feed_method(p->feed), out);
    add_fact("data set", mos_dataset_root(mos_train_feed_dataset(p->feed)), out);
    for (int64_t v = 0; v < p->drawn_views; v++)
        mos_text_add(&kinds, "%s%s", v ? ", " : "", kind_name(p->options.kinds[v]));
    add_fact("views of a patch", kinds.data ? kinds.data : "", out);
    mos_text_release(&kinds);
    (void)snprintf(text, sizeof text, "%lld by %lld pixels", (long long)p->options.width,
                   (long long)p->options.height);
    add_fact("size", text, out);
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)p->options.seed);
    add_fact("seed", text, out);
    (void)snprintf(text, sizeof text, "%lld", (long long)p->asked->epoch);
    add_fact("epoch", text, out);
    mos_text_add(out, "</dl>");
}

static void add_how(const preview *p, mos_text *out) {
    mos_text_add(out,
                 "<p>Standardised values, as they enter the network: mid-grey is a band's mean, "
                 "black and white lie %.1f standard deviations below and above it. What was "
                 "drawn depends on seed, epoch, patch and view alone, so training sees these "
                 "very views. A view's geometry is shared by its modalities.",
                 (double)reach_sd);
    for (int64_t m = 0; m < p->options.modalities; m++) {
        const mos_loader_modality *modality = &p->options.modality[m];
        mos_text_add(out, " <b>");
        mos_html_add(out, p->modality[modality->modality].name);
        mos_text_add(out, "</b>: %s%s.", choose_colours(p, modality).shows,
                     modality->radar ? ", augmented as radar" : "");
    }
    mos_text_add(out, "</p><details><summary>Strengths in force</summary><div "
                      "class=\"scroll\"><table class=\"facts\">");
    for (size_t i = 0; i < mos_augment_option_table.count; i++) {
        const mos_option *option = &mos_augment_option_table.options[i];
        mos_text value = {0};
        mos_options_get(&mos_augment_option_table, &p->options.augment, option, &value);
        mos_text_add(out, "<tr><th scope=\"row\">%s</th><td>", option->key);
        mos_html_add(out, value.data ? value.data : "");
        mos_text_add(out, "</td><td class=\"soft\">%s</td></tr>", option->help);
        mos_text_release(&value);
    }
    mos_text_add(out, "</table></div></details>");
}

/* ---- the whole ---- */

static mosaic_status open_preview(preview *p) {
    const mos_train_options train = {
        .config = p->asked->config, .set = p->asked->set, .threads = p->asked->threads};
    MOS_TRY(mos_train_feed_open(&train, &p->feed));
    p->options = *mos_train_feed_options(p->feed);
    p->drawn_views = p->options.views;
    (void)mos_dataset_modalities(mos_train_feed_dataset(p->feed), &p->modality);
    if (p->options.views < MOS_LOADER_MAX_VIEWS) p->options.kinds[p->options.views++] = 'e';
    p->options.batch = p->asked->patches;
    p->options.prefetch = 0;
    p->options.threads = 1;
    p->options.drop_last = false;
    MOS_TRY(mos_train_feed_loader(p->feed, &p->options, &p->loader));
    MOS_TRY(mos_loader_start(p->loader, p->asked->epoch - 1, 0));
    return mos_loader_next(p->loader, &p->batch);
}

/* Patch by patch while the page stays as small as a report. */
static mosaic_status write_patches(const preview *p, int64_t *shown, mos_text *out) {
    int64_t rows = p->batch ? p->batch->valid : 0;
    for (*shown = 0; *shown < rows; ++*shown) {
        mos_text patch = {0};
        mosaic_status status = add_patch(p, *shown, &patch);
        bool fits = out->size + patch.size + FRAME_BYTES <= MOS_REPORT_MOST_BYTES;
        if (status == MOSAIC_OK && fits) mos_text_add_bytes(out, patch.data, patch.size);
        if (patch.failed) out->failed = true;
        mos_text_release(&patch);
        MOS_TRY(status);
        if (!fits) break;
    }
    if (*shown < rows) {
        mos_text_add(out,
                     "<p class=\"note\">%lld more patches were asked for: the page would be "
                     "larger than %d MB.</p>",
                     (long long)(rows - *shown), MOS_REPORT_MOST_BYTES / 1000000);
        mos_log(MOS_LOG_NOTICE, "preview: %lld of %lld patches fit into %d MB", (long long)*shown,
                (long long)rows, MOS_REPORT_MOST_BYTES / 1000000);
    }
    return MOSAIC_OK;
}

mosaic_status mos_preview_write(const mos_preview_options *options, int64_t *shown) {
    preview p = {.asked = options};
    mos_text page = {0};
    const char *slash = strrchr(options->config, '/');
    mosaic_status status;
    MOS_GOTO(open_preview(&p));
    mos_page_begin(&page, "preview", slash ? slash + 1 : options->config);
    add_about(&p, &page);
    add_how(&p, &page);
    MOS_GOTO(write_patches(&p, shown, &page));
    mos_page_end(&page);
    status = page.failed ? mos_fail_memory(page.size, "preview")
                         : mos_atomic_write(options->out, page.data, page.size);
done:
    mos_text_release(&page);
    mos_loader_destroy(&p.loader);
    mos_train_feed_close(&p.feed);
    return status;
}
