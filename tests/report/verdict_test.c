/* The report's verdict: which thresholds it speaks of, what it calls confused, what the means are
 * over. */
#include "report/report_parts.h"
#include "report/report_sections.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static mos_report_class classes[3];
static mos_report_confusion confusion;
static mos_report_evaluation evaluation;
static mos_run_document run;
static mos_text page;

static int an_evaluation(void **state) {
    (void)state;
    static const char *const names[] = {"Pastures", "Arable land", "Beaches"};
    static const double f1[] = {0.9, 0.5, 0.1};
    for (int j = 0; j < 3; j++) {
        classes[j] = (mos_report_class){.positives = 100, .negatives = 300};
        (void)snprintf(classes[j].name, sizeof classes[j].name, "%s", names[j]);
        classes[j].at[0].f1 = classes[j].at[1].f1 = f1[j];
    }
    confusion = (mos_report_confusion){.from = "Arable land",
                                       .to = "Pastures",
                                       .rows = 40,
                                       .confused = 30,
                                       .rate = 0.75,
                                       .base_rate = 0.25};
    evaluation = (mos_report_evaluation){.folder = "test",
                                         .split = "test",
                                         .scorer = "head",
                                         .method = "mosaic-1",
                                         .samples = 400,
                                         .known_labels = 1200,
                                         .sets = 2,
                                         .averaged = 3,
                                         .classes = classes,
                                         .class_count = 3};
    evaluation.at[0].macro.f1 = 0.4;
    evaluation.at[1].macro.f1 = 0.5;
    evaluation.at[0].micro.f1 = 0.45;
    evaluation.at[1].micro.f1 = 0.55;
    evaluation.analysis.confusions = &confusion;
    evaluation.analysis.confusion_count = 1;
    evaluation.analysis.confidence_sets = 2;
    evaluation.analysis.confidence[0].score[0] = (mos_report_interval){0.4, 0.375, 0.425};
    evaluation.analysis.confidence[1].score[0] = (mos_report_interval){0.5, 0.475, 0.525};
    run = (mos_run_document){.evaluations = &evaluation, .evaluation_count = 1};
    page = (mos_text){0};
    return 0;
}

static int release(void **state) {
    (void)state;
    mos_text_release(&page);
    return 0;
}

static void expect(const char *wanted) {
    if (!strstr(page.data, wanted)) fail_msg("wanted '%s' in: %s", wanted, page.data);
}

/* Thresholds tuned on validation are shown where they pay, and both values either way. */
static void tuned_thresholds_win(void **state) {
    (void)state;
    mos_section_verdict(&run, &page);
    expect("F1 with thresholds tuned per class on validation");
    expect("Macro F1 is 0.400 at 0.5 and 0.500 with the tuned thresholds.");
    expect("<b>0.500</b><span>macro F1, 3 of 3 classes</span><small>0.475 to 0.525</small>");
    expect("<b>0.550</b><span>micro F1");
}

static void tuned_thresholds_lose(void **state) {
    (void)state;
    evaluation.at[1].macro.f1 = 0.375;
    evaluation.analysis.confidence[1].score[0] = (mos_report_interval){0.375, 0.35, 0.4};
    evaluation.at_global_threshold = 2;
    mos_section_verdict(&run, &page);
    expect("; F1 at threshold 0.5.");
    expect("Macro F1 is 0.400 at 0.5 and 0.375 with the tuned thresholds, which lose here.");
    expect("<b>0.400</b><span>macro F1, 3 of 3 classes</span><small>0.375 to 0.425</small>");
    expect("<b>0.450</b><span>micro F1");
    expect("2 classes had too few positives or negatives for a threshold of their own");
}

/* "Confused" is said of a class predicted in the other's place more often than elsewhere; never of
 * one that is predicted everywhere, and never "taken for", which would say that the first is
 * missed. */
static void what_is_confused(void **state) {
    (void)state;
    mos_section_verdict(&run, &page);
    expect("Most confused: <b>Arable land</b> with <b>Pastures</b>, which is predicted in 30 of "
           "the 40 patches that have the first and not the second (75 %, against 25 % of the "
           "patches with neither).");
    assert_null(strstr(page.data, "taken for"));
    expect("Strongest by F1: <span class=\"class\"><span class=\"nb\"><i class=\"key\"");
}

static void what_is_not_confused(void **state) {
    (void)state;
    confusion.base_rate = 0.75; /* the class is predicted everywhere */
    mos_section_verdict(&run, &page);
    assert_null(strstr(page.data, "confused"));
    mos_text_release(&page);
    confusion.base_rate = 0.25;
    confusion.confused = confusion.rate = 0;
    mos_section_verdict(&run, &page);
    assert_null(strstr(page.data, "confused"));
}

/* Fewer classes than all: their number, and both means. */
static void both_means(void **state) {
    (void)state;
    evaluation.averaged = 2;
    evaluation.at[1].macro_all.f1 = 0.3333;
    evaluation.at[0].macro_all.average_precision = 0.25;
    mos_section_verdict(&run, &page);
    expect("macro F1, 2 of 3 classes");
    expect("Over all 3, as scikit-learn counts them: F1 0.333, AP 0.250.");
}

static void no_labels(void **state) {
    (void)state;
    evaluation.known_labels = 0;
    mos_section_verdict(&run, &page);
    expect("No labels in the evaluated split: predictions only.");
    assert_null(strstr(page.data, "F1"));
}

/* A class of F1 0 is none of the strongest, and none is named twice. */
static void extremes(void **state) {
    (void)state;
    for (int j = 0; j < 3; j++)
        classes[j].at[1].f1 = 0;
    mos_section_verdict(&run, &page);
    expect("Strongest by F1: none. Weakest: <span");
    mos_text_release(&page);
    page = (mos_text){0};
    classes[1].at[1].f1 = 0.5;
    mos_section_verdict(&run, &page);
    expect("Arable</span> land (0.50)</span>. Weakest: <span");
    assert_null(strstr(strstr(page.data, "Weakest"), "Arable</span> land ("));
    mos_text_release(&page);
    page = (mos_text){0};
    classes[1].negatives = 0; /* all patches have it: no merit */
    classes[0].at[1].f1 = 0.4;
    mos_section_verdict(&run, &page);
    assert_null(strstr(page.data, "Arable</span> land (0.50)"));
}

/* Two of two patches are no finding. */
static void too_few_to_be_confused(void **state) {
    (void)state;
    confusion.rows = 4;
    confusion.confused = 4;
    mos_section_verdict(&run, &page);
    assert_null(strstr(page.data, "Most confused"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tuned_thresholds_win, an_evaluation, release),
        cmocka_unit_test_setup_teardown(tuned_thresholds_lose, an_evaluation, release),
        cmocka_unit_test_setup_teardown(what_is_confused, an_evaluation, release),
        cmocka_unit_test_setup_teardown(what_is_not_confused, an_evaluation, release),
        cmocka_unit_test_setup_teardown(both_means, an_evaluation, release),
        cmocka_unit_test_setup_teardown(extremes, an_evaluation, release),
        cmocka_unit_test_setup_teardown(too_few_to_be_confused, an_evaluation, release),
        cmocka_unit_test_setup_teardown(no_labels, an_evaluation, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
