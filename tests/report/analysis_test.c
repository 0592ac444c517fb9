/* The report's analyses of a hand-made evaluation: each from its file, escaped, finite, left out
 * when it is not there. */
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

static const char metrics[] =
    "{\"scorer\": \"head\", \"split\": \"test\", \"samples\": 4, \"thresholds\": {\"0.5\": "
    "{\"macro\": {\"f1\": 0.25}}}, \"classes\": [],"
    "\"confidence\": {\"level\": 0.95, \"resamples\": 500, \"thresholds\": {\"0.5\": "
    "{\"macro_f1\": {\"value\": 0.25, \"low\": 0.125, \"high\": 0.375}, "
    "\"macro_average_precision\": "
    "{\"value\": null, \"low\": null, \"high\": null}}}},"
    "\"calibration\": {\"ece\": 0.0625, \"brier\": 0.1875, \"bins\": [{\"confidence\": 0.1, "
    "\"frequency\": 0.2, \"count\": 3}, {\"confidence\": null, \"frequency\": null, \"count\": 0}, "
    "{\"confidence\": 0.9, \"frequency\": 0.7, \"count\": 2}]}}";

static const char confusability[] =
    "rank,true_class,predicted_class,rows,confused,rate,base_rate,lift,score_correlation,"
    "prototype_cosine\n"
    "1,\"Water <b>, deep\",Moors,20,5,0.25,0.125,2,0.5,\n2,Moors,Rock,0,0,,,,,\n"
    "3,Rock,Moors,20,2,0.1,0.5,0.2,0.5,\n"; /* less often than elsewhere: no confusion */

static const char clusters[] =
    "{\"spaces\": [{\"space\": \"s1\", \"kind\": \"latent\", \"rows\": 4, \"silhouette\": 0.375, "
    "\"davies_bouldin\": null, \"collapsed\": true}], \"alignment\": [{\"kind\": \"feature\", "
    "\"a\": \"s<1>\", \"b\": \"s2\", \"rows\": 3, \"alignment\": 1.25, \"centre_gap\": 0.5, "
    "\"a_finds_b\": 0.875, \"b_finds_a\": 0.75}]}";

static const char class_alignment[] =
    "kind,a,b,class,other,class_rows,other_rows,pair_cosine,within_cosine,across_cosine,margin,"
    "told_apart_by_b,told_apart_by_a\n"
    "feature,s<1>,s2,Rock,Moors,2,3,0.5,0.25,0.125,0.125,0.625,0.375\n"
    "latent,s<1>,s2,Rock,\"Water <b>, deep\",4,5,0.5,0.25,0.1875,0.0625,0.5625,0.4375\n"
    "latent,s<1>,s2,Moors,Heath,0,5,,,,,,\n";

static const char quality[] = "{\"maps\": [{\"map\": \"joint\", \"trustworthiness\": 0.875, "
                              "\"kl_divergence\": 0.0625, \"collapsed\": true}]}";

static const char tsne[] =
    "map,modality,id,x,y,labels\njoint,joint,a,0,0,Rock;Moors\njoint,joint,b,"
    "1,2,\nshared,s1,a,0,0,\"Water <b>, deep\"\nshared,s2,a,0,0,\n";

static const char ablation[] =
    "modalities,mismatched,samples,lacking,macro_f1,macro_f1_low,macro_f1_high,micro_f1,"
    "micro_f1_low,micro_f1_high,macro_average_precision,macro_average_precision_low,"
    "macro_average_precision_high\n"
    "s1<x>,0,4,1,0.5,0.25,0.75,0.5,,,,,\n\"s1, others of another sample\",1,3,2,,,,,,,,,\n";

static const char lag[] = "low_days,high_days,rows,mean_days,micro_f1,micro_f1_low,micro_f1_high\n"
                          "0,1,0,,,,\n1,2,3,1.5,0.625,0.5,0.875\n";

static const char groups[] =
    "column,value,rows,classes_averaged,micro_f1,micro_f1_low,micro_f1_high,"
    "macro_average_precision,macro_average_precision_low,macro_average_precision_high\n"
    "country,Serbia & <co>,3,2,0.625,0.5,0.75,0.3125,,\n"
    "cloud_cover,0.05 to 0.3,11,1,0.875,0.8,0.9,0.5,0.4,0.6\n";

static const char repair[] =
    "low_days,high_days,pairs,mean_days,error,error_low,error_high,increase,increase_low,"
    "increase_high\n15,,7,20,0.375,0.3,0.4,0.1875,0.125,0.25\n";

static int make_run(void **state) {
    (void)state;
    char folder[256];
    (void)snprintf(run, sizeof run, "/tmp/mosaic-analysis-XXXXXX");
    if (!mkdtemp(run)) return -1;
    if (mos_path_join(folder, sizeof folder, run, "eval/test") != MOSAIC_OK ||
        mos_make_dirs(folder) != MOSAIC_OK)
        return -1;
    put("eval/test/metrics.json", metrics);
    put("eval/test/confusability.csv", confusability);
    put("eval/test/clusters.json", clusters);
    put("eval/test/class_alignment.csv", class_alignment);
    put("eval/test/tsne.csv", tsne);
    put("eval/test/tsne.json", quality);
    put("eval/test/modality_ablation.csv", ablation);
    put("eval/test/lag.csv", lag);
    put("eval/test/lag_repair.csv", repair);
    put("eval/test/groups.csv", groups);
    return 0;
}

static int remove_run(void **state) {
    (void)state;
    return mos_remove_tree(run) != MOSAIC_OK;
}

static char *write_and_read(void) {
    char path[256], *page = NULL;
    size_t size;
    if (mos_report_write(run, NULL) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    assert_int_equal(mos_path_join(path, sizeof path, run, "report.html"), MOSAIC_OK);
    assert_int_equal(mos_file_read(path, 5 << 20, &page, &size), MOSAIC_OK);
    return page;
}

static void expect(const char *page, const char *text) {
    if (!strstr(page, text)) fail_msg("the report lacks: %s", text);
}

static void analyses_are_shown(void **state) {
    (void)state;
    char *page = write_and_read();
    expect(page, "95 % intervals from 500 resamples");
    expect(page, "<td class=\"n\">0.250</td><td class=\"n\">0.125</td><td class=\"n\">0.375</td>");
    expect(page, "calibration error 0.0625, Brier score 0.1875");
    expect(page, "found: 0.7 at 0.9");
    expect(page, "Water</span> &lt;b&gt;, deep</td><td><span class=\"nb\"><i class=\"key\"");
    expect(page, "</i>Moors</span></td>");
    expect(page, "5 of 20");
    assert_null(strstr(page, "0 of 0")); /* a class that does not occur cannot be confused */
    expect(page, "s1, latent, <b class=\"bad\">collapsed</b>");
    expect(page, "<li>Evaluation test found collapsed embeddings: s1 latents.</li>");
    expect(page, "s&lt;1&gt; – s2, feature</th><td class=\"n\">3</td><td class=\"n\">1.250</td>");
    expect(page, "<td class=\"n\">0.875</td><td class=\"n\">0.750</td>");
    expect(page, "Classes between modalities");
    expect(page, "s&lt;1&gt; – s2</td><td class=\"n\">4, 5</td><td class=\"n\">0.062</td><td "
                 "class=\"n\">0.562</td><td class=\"n\">0.438</td>");
    assert_null(strstr(page, "2, 3</td>")); /* features where there are latents */
    assert_null(strstr(page, "Heath"));     /* a class without rows */
    expect(page, "Trustworthiness 0.875, divergence 0.062");
    expect(page, "The embedding mapped here has collapsed");
    expect(page, "joint, by class");
    expect(page, "shared, by modality");
    expect(page, "M110 410h0"); /* the point at the lower left */
    expect(page, "s1&lt;x&gt;</td><td class=\"n\">4</td><td class=\"n\">1</td>");
    expect(page, "0.500 <span class=\"soft\">(0.250 to 0.750)</span>");
    expect(page, "s1, others of another sample");
    expect(page, "rows are of different patches");
    expect(page, "<tr><td>1 to 2</td><td class=\"n\">3</td>");
    assert_null(strstr(page, "<td>0 to 1</td>")); /* an empty bin */
    expect(page, "<tr><td>15 and more</td><td class=\"n\">7</td>");
    expect(page, "0.188 <span class=\"soft\">(0.125 to 0.250)</span>");
    assert_null(strstr(page, "nan"));
    mos_free(page);
}

static void absent_analyses_are_left_out(void **state) {
    (void)state;
    char *whole = write_and_read();
    assert_non_null(strstr(whole, "5 of 20</td>"));
    assert_null(strstr(whole, "2 of 20</td>"));
    assert_non_null(strstr(whole, "<h3>Cloud cover</h3>"));
    assert_non_null(strstr(whole, "<td>Serbia &amp; &lt;co&gt;</td><td class=\"n\">3</td>"));
    assert_non_null(strstr(whole, "0.875 <span class=\"soft\">(0.800 to 0.900)</span></td>"
                                  "<td class=\"n\">0.500 <span class=\"soft\">(0.400 to "
                                  "0.600)</span></td><td class=\"n\">1</td>"));
    mos_free(whole);
    static const char *const files[] = {"confusability.csv",     "class_alignment.csv",
                                        "clusters.json",         "tsne.csv",
                                        "modality_ablation.csv", "lag.csv",
                                        "lag_repair.csv",        "groups.csv"};
    static const char *const sections[] = {
        "id=\"confusability\"", "Classes between modalities",  "id=\"clusters\"", "id=\"maps\"",
        "id=\"modalities\"",    "micro F1</th></tr><tr><td>1", "id=\"lag\"",      "id=\"groups\""};
    char path[256];
    for (int k = 0; k < 8; k++) {
        (void)snprintf(path, sizeof path, "%s/eval/test/%s", run, files[k]);
        assert_int_equal(mos_remove_tree(path), MOSAIC_OK);
        char *page = write_and_read();
        assert_null(strstr(page, sections[k]));
        mos_free(page);
    }
}

static void broken_analyses_are_errors(void **state) {
    (void)state;
    put("eval/test/clusters.json", "[");
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "clusters.json"));
    put("eval/test/clusters.json", clusters);
    put("eval/test/tsne.csv", "map,modality,x,y\n");
    assert_int_equal(mos_report_write(run, NULL), MOSAIC_ERR_DATA);
    assert_non_null(strstr(mosaic_error(), "'labels'"));
    put("eval/test/tsne.csv", "map,modality,x,y,labels\nm,s1,here,there,\n"); /* no points */
    char *page = write_and_read();
    assert_non_null(page);
    mos_free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(analyses_are_shown, make_run, remove_run),
        cmocka_unit_test_setup_teardown(absent_analyses_are_left_out, make_run, remove_run),
        cmocka_unit_test_setup_teardown(broken_analyses_are_errors, make_run, remove_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
