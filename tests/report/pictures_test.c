/* Pictures in the report: embedded as they are, the important ones first, never more than there is
 * room for, whatever the run holds. */
#include "report/report.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/csv.h"
#include "io/png.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    CLASSES = 256,
    PATCHES = 96,
    SIDE = 96,
    MAPS = 10,
    POINTS = 5000,
    CURVE = 200,
    MANY_CLASSES = 6000
};

static char run[64];

static void put(const char *name, const void *bytes, size_t size) {
    char path[256];
    assert_int_equal(mos_path_join(path, sizeof path, run, name), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(path, bytes, size), MOSAIC_OK);
}

static void put_text(const char *name, mos_text *text) {
    assert_false(text->failed);
    put(name, text->data, text->size);
    mos_text_release(text);
}

static int make_run(void **state) {
    (void)state;
    char folder[256];
    (void)snprintf(run, sizeof run, "/tmp/mosaic-pictures-XXXXXX");
    if (!mkdtemp(run)) return -1;
    return mos_path_join(folder, sizeof folder, run, "eval/test/patches") != MOSAIC_OK ||
           mos_make_dirs(folder) != MOSAIC_OK;
}

static int remove_run(void **state) {
    (void)state;
    return mos_remove_tree(run) != MOSAIC_OK;
}

static void class_name(int j, char *out, size_t size) {
    (void)snprintf(out, size, "<b>class</b> %d \"of\" many & more, with a name that is long", j);
}

static void put_metrics(int classes) {
    mos_text text = {0};
    char name[128];
    mos_text_add(
        &text,
        "{\"method\": \"<script>alert(1)</script>\", \"scorer\": \"<b>\", "
        "\"split\": \"a'b c\", \"samples\": 4, \"known_labels\": 8, \"thresholds\": {\"0.5\": "
        "{\"macro\": {\"f1\": 0.25}}}, \"classes\": [");
    for (int j = 0; j < classes; j++) {
        class_name(j, name, sizeof name);
        mos_text_add(&text, "%s{\"name\": ", j ? ", " : "");
        mos_text_add_json(&text, name);
        mos_text_add(&text, ", \"positives\": 3, \"average_precision\": 0.5, \"0.5\": {\"f1\": "
                            "0.5}}");
    }
    mos_text_add(&text, "]}");
    put_text("eval/test/metrics.json", &text);
}

/* Noise, so that it does not become small. */
static void make_picture(int number, mos_text *out) {
    static uint8_t rgb[SIDE * SIDE * 3];
    uint32_t state = (uint32_t)number + 1;
    for (size_t i = 0; i < sizeof rgb; i++) {
        state = state * 1664525U + 1013904223U;
        rgb[i] = (uint8_t)(state >> 24);
    }
    assert_int_equal(mos_png_write(rgb, SIDE, SIDE, out), MOSAIC_OK);
}

static void add_patch_row(int k, mos_text *table) {
    mos_text picture = {0};
    char name[128], file[64];
    int role = k / 24, rank = k % 24 + 1;
    mos_text_add(table, "p<%d>,", k);
    for (int r = 0; r < 3; r++) {
        if (r == role) mos_text_add(table, "%d", rank);
        mos_text_add_bytes(table, ",", 1);
    }
    class_name(k, name, sizeof name);
    mos_text_add(table, "0.5,0.25,");
    mos_csv_add_field(table, name);
    mos_text_add(table, ",,");
    mos_csv_add_field(table, name);
    mos_text_add_bytes(table, ",", 1);
    for (int m = 0; m < 2; m++) {
        (void)snprintf(file, sizeof file, "patches/%d-%d.png", k, m);
        mos_text_add(table, ",%s,radar", file);
        char path[96];
        (void)snprintf(path, sizeof path, "eval/test/%s", file);
        make_picture(2 * k + m, &picture);
        put_text(path, &picture);
    }
    mos_text_add(table, "\n");
}

static void put_patches(int count) {
    mos_text table = {0};
    mos_text_add(&table, "id,best,worst,uncertain,error,entropy,labels,predicted,missed,wrong,s<1>,"
                         "s<1> shows,s2,s2 shows\n");
    for (int k = 0; k < count; k++)
        add_patch_row(k, &table);
    put_text("eval/test/patches.csv", &table);
}

static void put_maps(void) {
    mos_text text = {0};
    mos_text_add(&text, "map,modality,x,y,labels\n");
    for (int m = 0; m < MAPS; m++)
        for (int i = 0; i < POINTS; i++)
            mos_text_add(&text, "map %d,s1,%d,%d,class %d\n", m, i * 7919 % 1000, i * 104729 % 997,
                         i % CLASSES);
    put_text("eval/test/tsne.csv", &text);
}

static void put_curves(void) {
    mos_text text = {0};
    char name[128];
    mos_text_add(&text, "class,recall,false_positive_rate,precision\n");
    for (int j = 0; j < CLASSES; j++)
        for (int i = 0; i < CURVE; i++) {
            class_name(j, name, sizeof name);
            mos_csv_add_field(&text, name);
            mos_text_add(&text, ",0.%03d,0.%03d,0.%03d\n", i * 4, i * 3, 999 - i);
        }
    put_text("eval/test/curves.csv", &text);
}

static void put_confusions(void) {
    mos_text text = {0};
    char name[128];
    mos_text_add(&text, "true_class,predicted_class,rows,confused,rate,base_rate,lift,score_"
                        "correlation,prototype_cosine,example_1,example_2\n");
    for (int a = 0; a < 60; a++)
        for (int b = 0; b < 60; b++) {
            class_name(a, name, sizeof name);
            mos_csv_add_field(&text, name);
            mos_text_add_bytes(&text, ",", 1);
            class_name(b, name, sizeof name);
            mos_csv_add_field(&text, name);
            mos_text_add(&text, ",10,5,0.5,0.1,2,0.5,0.5,p<%d>,p<%d>\n", 72 + b % 24, b);
        }
    put_text("eval/test/confusability.csv", &text);
}

static char *write_and_read(size_t *size) {
    char path[256], *page = NULL;
    if (mos_report_write(run, NULL) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    assert_int_equal(mos_path_join(path, sizeof path, run, "report.html"), MOSAIC_OK);
    assert_int_equal(mos_file_read(path, 64 << 20, &page, size), MOSAIC_OK);
    return page;
}

static int occurrences(const char *page, const char *text) {
    int count = 0;
    for (; (page = strstr(page, text)) != NULL; page++)
        count++;
    return count;
}

static bool has_picture(const char *page, int number) {
    mos_text picture = {0}, coded = {0};
    make_picture(number, &picture);
    mos_text_add_base64(&coded, picture.data, picture.size);
    bool found = strstr(page, coded.data) != NULL;
    mos_text_release(&picture);
    mos_text_release(&coded);
    return found;
}

static void pictures_are_embedded_and_escaped(void **state) {
    (void)state;
    size_t size;
    put_metrics(4);
    put_patches(26);
    char *page = write_and_read(&size);
    assert_int_equal(occurrences(page, "src=\"data:image/png;base64,"), 52);
    assert_true(has_picture(page, 0));
    assert_true(has_picture(page, 51));
    assert_non_null(strstr(page, "alt=\"s&lt;1&gt;, radar, of p&lt;25&gt;\""));
    assert_non_null(strstr(page, "--split &#39;a&#39;\\&#39;&#39;b c&#39;"));
    assert_null(strstr(page, "<script>alert"));
    assert_null(strstr(page, "<b>class"));
    assert_null(strstr(page, "p<25>"));
    mos_free(page);
}

/* More of everything than there is room for. */
static void no_page_is_too_large(void **state) {
    (void)state;
    size_t size;
    put_metrics(CLASSES);
    put_patches(PATCHES);
    put_maps();
    put_curves();
    put_confusions();
    char *page = write_and_read(&size);
    assert_in_range(size, MOS_REPORT_MOST_BYTES / 2, MOS_REPORT_MOST_BYTES);
    for (int role = 0; role < 3; role++) /* the first of every kind */
        assert_true(has_picture(page, 2 * 24 * role));
    assert_non_null(strstr(page, "no room for its pictures"));
    mos_free(page);
}

/* Words alone beyond the limit: the largest section goes and says so. */
static void words_are_limited_too(void **state) {
    (void)state;
    size_t size;
    put_metrics(MANY_CLASSES);
    char *page = write_and_read(&size);
    assert_true(size <= MOS_REPORT_MOST_BYTES);
    assert_non_null(strstr(page, "<h2>Classes</h2><p class=\"note\">Left out"));
    assert_non_null(strstr(page, "id=\"verdict\""));
    mos_free(page);
}

static void broken_pictures_are_errors(void **state) {
    (void)state;
    static const char head[] =
        "id,best,worst,uncertain,error,entropy,labels,predicted,missed,wrong,s1,s1 shows\n";
    mos_text text = {0};
    put_metrics(1);
    mos_text_add(&text, "%sa,1,,,0,0,,,,,patches/none.png,radar\n", head);
    put_text("eval/test/patches.csv", &text);
    assert_int_not_equal(mos_report_write(run, NULL), MOSAIC_OK);
    assert_non_null(strstr(mosaic_error(), "none.png"));
    put("eval/test/patches/none.png", "GIF89a................................", 38);
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "not a PNG"));
    mos_text_add(&text, "%sa,1,,,0,0,,,,,../../../../etc/passwd,radar\n", head);
    put_text("eval/test/patches.csv", &text);
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "lies elsewhere"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pictures_are_embedded_and_escaped, make_run, remove_run),
        cmocka_unit_test_setup_teardown(no_page_is_too_large, make_run, remove_run),
        cmocka_unit_test_setup_teardown(words_are_limited_too, make_run, remove_run),
        cmocka_unit_test_setup_teardown(broken_pictures_are_errors, make_run, remove_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
