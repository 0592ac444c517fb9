/* The report of a hand-made run directory: every section from its file, escaped, finite, and honest
 * about what is missing. */
#include "report/report.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char run[64];

static void put(const char *name, const char *text) {
    char path[256];
    assert_int_equal(mos_path_join(path, sizeof path, run, name), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(path, text, strlen(text)), MOSAIC_OK);
}

static int make_run(void **state) {
    (void)state;
    char folder[256];
    (void)snprintf(run, sizeof run, "/tmp/mosaic-report-XXXXXX");
    if (!mkdtemp(run)) return -1;
    return mos_path_join(folder, sizeof folder, run, "eval/test") != MOSAIC_OK ||
           mos_make_dirs(folder) != MOSAIC_OK;
}

static int remove_run(void **state) {
    (void)state;
    return mos_remove_tree(run) != MOSAIC_OK;
}

static char *write_and_read(void) {
    char path[256], *page = NULL;
    size_t size;
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_OK);
    assert_int_equal(mos_path_join(path, sizeof path, run, "report.html"), MOSAIC_OK);
    assert_int_equal(mos_file_read(path, 5 << 20, &page, &size), MOSAIC_OK); /* 5 MB is the limit */
    return page;
}

static void expect(const char *page, const char *text) {
    if (!strstr(page, text)) print_error("the report lacks: %s\n", text);
    assert_non_null(strstr(page, text));
}

static const char metrics[] =
    "{\"model\": \"m\", \"method\": \"mosaic-1\", \"scorer\": \"head\", \"split\": \"test\", "
    "\"reduced\": true, \"samples\": 42,"
    "\"known_labels\": 84, \"skipped_samples\": 3, \"invalid_pixels\": 0, \"thresholds\": "
    "{\"0.5\": {\"micro\": {\"f1\": 0.5},"
    "\"macro\": {\"f1\": 0.25, \"average_precision\": 0.75}, \"sample\": {\"f1\": 0.1}, "
    "\"hamming_loss\": 0.125, \"subset_accuracy\": 0.5}},"
    "\"classes\": [{\"name\": \"Water <deep> & \\\"cold\\\"\", \"positives\": 7, \"negatives\": "
    "35, \"average_precision\": null,"
    "\"0.5\": {\"threshold\": 0.5, \"precision\": 1, \"recall\": 0.5, \"f1\": 0.6667}}]}";

static void every_section_is_written(void **state) {
    (void)state;
    put("config.yaml", "method: mosaic-1 # <script>\n");
    put("provenance.json", "{\"status\": \"complete\", \"seed\": 5, \"data\": {\"format\": "
                           "\"csv\", \"policy\": {\"name\": \"mask\", \"offsets_removed\": 3, "
                           "\"constant_bands\": \"refuse\", "
                           "\"training\": {\"nodata_pixels\": 77, \"skipped\": 78}}, \"defects\": "
                           "[{\"kind\": \"orphan\", "
                           "\"count\": 2, \"examples\": [\"patch_1\"]}]}}");
    put("metrics.csv", "kind,step,epoch,lr,loss,intra,health.s1.spread,validation.macro_ap\n"
                       "step,1,1,0.1,4.5,2,,\nstep,2,1,0.1,3.5,1,,\n"
                       "health,1,1,,,,0.9,\nhealth,2,1,,,,0.05,\n"
                       "epoch,2,1,0.1,4,1.5,,0.5\nepoch,4,2,0.1,3,1,,0.625\n");
    put("eval/test/metrics.json", metrics);
    char *page = write_and_read();
    expect(page, "<b>0.250</b><span>macro F1");
    expect(page, "Water</span> &lt;deep&gt; &amp; &quot;cold&quot;");
    expect(page, "# &lt;script&gt;");
    expect(page, "Reduced run");
    expect(page, "looks collapsed: s1.spread ended at 0.05");
    expect(page, "3 samples of the split were skipped");
    expect(page, "<b>2</b> × orphan, e.g. patch_1");
    expect(page, "Total loss");
    expect(page, "Validation scores");
    expect(page, "macro AP: 0.625 at 2");
    expect(page, "<dt>intra</dt><dd>contrast of two views");
    assert_null(strstr(page, "<dt>msc</dt>")); /* a term that is off */
    expect(page, "Hamming loss 0.1250");
    expect(page, "script-src 'sha256-");
    expect(page, "id=\"health\"");
    expect(page, "<td class=\"n bad\">⚠ 0.050");
    expect(page, "policy <b>mask</b>, 3 offsets");
    expect(page, "bands of one value: <b>refuse</b>");
    expect(page, "<th scope=\"row\">no-data pixels</th><td class=\"n\">77</td>");
    expect(page, "<th scope=\"row\">patches skipped</th><td class=\"n\">78</td>");
    assert_null(strstr(page, "nan"));
    assert_null(strstr(strstr(page, "<script") + 1, "<script")); /* the page's own, at its end */
    assert_null(strstr(page, "://"));                            /* opens offline */
    mos_free(page);
}

static void nothing_is_scored_without_labels(void **state) {
    (void)state;
    char text[sizeof metrics];
    memcpy(text, metrics, sizeof metrics);
    memcpy(strstr(text, "84,"), " 0,", 3);
    put("eval/test/metrics.json", text);
    char *page = write_and_read();
    expect(page, "predictions only");
    assert_null(strstr(page, "id=\"metrics\""));
    assert_null(strstr(page, "#metrics"));
    assert_null(strstr(page, "id=\"classes\""));
    mos_free(page);
    put("eval/test/metrics.json", metrics);
}

static const char data[] =
    "{\"samples\": 9, \"complete_samples\": 9, \"splits\": {\"train\": 9}, \"classes\": "
    "[{\"name\": \"Pastures\", \"positives\": {\"train\": 4, \"test\": 1}}, {\"name\": "
    "\"<i>Moors</i>\", \"positives\": {\"train\": 2}}], \"cooccurrence\": [[5, 1], [1, 2]], "
    "\"seasons\": {\"winter\": {\"train\": 6}}, \"lag_days\": {\"0\": 7, \"unknown\": 0}, "
    "\"countries\": {\"A&B\": {\"train\": 9}}}";

static void the_data_are_shown(void **state) {
    (void)state;
    put("config.yaml", "method: simclr\n");
    put("data.json", data);
    char *page = write_and_read();
    expect(page, "style=\"--fill:#e6e64d\""); /* pastures, as CORINE's legend has them */
    expect(page, "Pastures occurs with &lt;i&gt;Moors&lt;/i&gt;: 0.200");
    expect(page, "&lt;i&gt;Moors&lt;/i&gt; occurs with Pastures: 0.500");
    expect(page, "A&amp;B");
    expect(page, "legend of CORINE Land Cover");
    assert_null(strstr(page, "<i>Moors"));
    mos_free(page);
    put("data.json", "{\"classes\": [{}], \"cooccurrence\": []}");
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    put("data.json", "[]");
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "data.json"));
}

static void missing_parts_are_left_out(void **state) {
    (void)state;
    put("config.yaml", "method: simclr\n");
    char *page = write_and_read();
    expect(page, "Nothing has been evaluated yet");
    assert_null(strstr(page, "id=\"classes\""));
    assert_null(strstr(page, "id=\"curves\""));
    mos_free(page);
}

static void broken_files_are_errors(void **state) {
    (void)state;
    assert_int_equal(mos_report_write("/nonexistent/run", NULL), MOSAIC_ERR_USAGE);
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    put("eval/test/metrics.json", "{\"model\": ");
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "metrics.json"));
    put("eval/test/metrics.json", "{}");
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    put("eval/test/metrics.json", metrics);
    put("metrics.csv", "a,b\n1,2\n");
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "metrics.csv"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_section_is_written, make_run, remove_run),
        cmocka_unit_test_setup_teardown(nothing_is_scored_without_labels, make_run, remove_run),
        cmocka_unit_test_setup_teardown(the_data_are_shown, make_run, remove_run),
        cmocka_unit_test_setup_teardown(missing_parts_are_left_out, make_run, remove_run),
        cmocka_unit_test_setup_teardown(broken_files_are_errors, make_run, remove_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
