/* Every rule of the report's list of warnings: when it speaks, what it says, when it is silent. */
#include "report/report_warnings.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A run that nothing is wrong with: each test spoils one thing. */
static mos_report_class classes[2];
static mos_report_evaluation evaluations[3];
static mos_report_fact facts[8];
static double steps[3], losses[3], ranks[3];
static mos_report_curve curves[2];
static mos_run_document run;

static void set_fact(size_t k, const char *name, const char *value) {
    (void)snprintf(facts[k].name, sizeof facts[k].name, "%s", name);
    (void)snprintf(facts[k].value, sizeof facts[k].value, "%s", value);
}

static void set_evaluation(size_t k, const char *folder, const char *scorer, double ap) {
    mos_report_evaluation *e = &evaluations[k];
    *e = (mos_report_evaluation){.samples = 400, .known_labels = 800, .sets = 1};
    (void)snprintf(e->folder, sizeof e->folder, "%s", folder);
    (void)snprintf(e->split, sizeof e->split, "test");
    (void)snprintf(e->scorer, sizeof e->scorer, "%s", scorer);
    e->at[0].macro.average_precision = ap;
    e->classes = classes;
    e->class_count = 2;
}

static int healthy(void **state) {
    (void)state;
    memset(facts, 0, sizeof facts);
    for (int j = 0; j < 2; j++)
        classes[j] = (mos_report_class){.positives = 100, .negatives = 300};
    (void)snprintf(classes[0].name, sizeof classes[0].name, "Beaches, dunes, sands");
    (void)snprintf(classes[1].name, sizeof classes[1].name, "Pastures");
    set_evaluation(0, "test", "head", 0.6);
    set_evaluation(1, "test-probe", "linear probe", 0.6);
    set_evaluation(2, "test-random", "linear probe", 0.4);
    set_fact(0, "steps", "5000");
    set_fact(1, "data.labeled", "2000");
    for (int i = 0; i < 3; i++) {
        steps[i] = i + 1;
        losses[i] = 4 - i;
        ranks[i] = 0.5;
    }
    curves[0] = (mos_report_curve){"step", "loss", steps, losses, 3};
    curves[1] = (mos_report_curve){"health", "health.s1.spread", steps, ranks, 3};
    run = (mos_run_document){.facts = facts,
                             .fact_count = 8,
                             .curves = curves,
                             .curve_count = 2,
                             .evaluations = evaluations,
                             .evaluation_count = 3};
    return 0;
}

/* What one rule says; the others are silent. */
static void expect(const char *id, const char *wanted) {
    for (size_t k = 0; k < mos_report_warning_count; k++) {
        mos_text said = {0};
        bool this = strcmp(mos_report_warning_rules[k].id, id) == 0;
        mos_report_warning_rules[k].say(&run, &said);
        assert_string_equal(said.data ? said.data : "", this ? wanted : "");
        mos_text_release(&said);
    }
}

static void a_healthy_run_has_none(void **state) {
    (void)state;
    expect("", "");
    mos_text page = {0};
    mos_report_warnings_write(&run, &page);
    assert_string_equal(page.data, "<p class=\"note good\">No warnings.</p>");
    mos_text_release(&page);
}

static void what_was_run(void **state) {
    (void)state;
    set_fact(0, "steps", "18");
    expect("few steps", "18 steps: hardly trained.");
    set_fact(0, "steps", "1");
    expect("few steps", "1 step: hardly trained.");
    set_fact(0, "steps", "500");
    expect("", "");
    set_fact(2, "reduced", "yes");
    expect("reduced",
           "Reduced run: fewer patches, steps or epochs than the whole. The scores are not "
           "final.");
    set_fact(2, "status", "running");
    expect("incomplete", "The run is not complete: it was interrupted, failed or is still going.");
    set_fact(2, "data.defects.0.kind", "missing partner");
    set_fact(3, "data.defects.0.count", "2");
    expect("defects", "The data had defects (2 × missing partner, see Data).");
}

static void how_it_was_trained(void **state) {
    (void)state;
    set_fact(1, "data.labeled", "43");
    expect("few labelled",
           "43 labelled training patches: another draw of them may score otherwise.");
    set_fact(1, "data.labeled", "0"); /* none were asked for */
    expect("", "");
    losses[2] = 4.5;
    expect("loss rose", "The loss ended above where it began: 4.5 after 4.");
    losses[2] = NAN; /* the last one there is counts */
    expect("", "");
    ranks[2] = 0.05;
    expect("collapsed", "The embedding looks collapsed: s1.spread ended at 0.05.");
}

/* Training looked healthy, or kept no curves; the evaluation's own verdict counts. */
static void what_evaluation_found(void **state) {
    (void)state;
    mos_report_analysis *a = &evaluations[0].analysis;
    a->spaces = 3;
    a->space[0] = (mos_report_space){.name = "s1", .kind = "latent", .rankme = 1.25};
    a->space[1] = (mos_report_space){.name = "s2", .kind = "feature", .rankme = 9};
    a->space[2] = (mos_report_space){.name = "joint", .kind = "feature", .rankme = 1};
    expect("", "");
    a->space[0].collapsed = true;
    expect("collapsed", "Evaluation test found collapsed embeddings: s1 latents (RankMe 1.2).");
    a->space[2].collapsed = true;
    ranks[2] = 0.05;
    expect("collapsed", "The embedding looks collapsed: s1.spread ended at 0.05. Evaluation test "
                        "found collapsed embeddings: s1 latents (RankMe 1.2), joint features "
                        "(RankMe 1.0).");
    a->spaces = 0;
    ranks[2] = 0.5;
    a->maps = 1;
    a->map[0] = (mos_report_map){.name = "joint", .collapsed = true};
    expect("collapsed", "Evaluation test mapped a collapsed embedding: joint.");
}

static void what_it_was_scored_on(void **state) {
    (void)state;
    classes[0].positives = 4;
    expect("few positives",
           "4 positives in Beaches, dunes, sands: the scores of this class say little.");
    classes[1].positives = 1;
    expect("few positives",
           "1 positive in Pastures, 4 in Beaches, dunes, sands: the scores of these "
           "classes say little.");
    classes[0].positives = 0;
    classes[1].positives = 10;
    expect("absent classes", "1 of 2 classes has no positive in split test.");
    classes[0].positives = 100;
    evaluations[0].samples = 35;
    expect("few samples", "35 patches in split test: the intervals are wide.");
    evaluations[0].samples = 400;
    evaluations[0].skipped = 3;
    expect("skipped", "3 samples of the split were skipped because of damaged data.");
    evaluations[0].skipped = 0;
    evaluations[0].known_labels = 0;
    expect("no labels", "No labels in split test: there are predictions and no scores.");
    run.evaluation_count = 0;
    expect("not evaluated",
           "Nothing has been evaluated yet: run mosaic eval on the run's model, then "
           "write the report again.");
}

static void what_it_scored(void **state) {
    (void)state;
    evaluations[0].at[0].macro.average_precision = 0.319;
    evaluations[1].at[0].macro.average_precision = 0.517;
    expect("probe beats head", "The linear probe beats the head on test: macro AP 0.517 to 0.319.");
    evaluations[1].at[0].macro.average_precision = 0.325; /* no clear gap */
    evaluations[2].at[0].macro.average_precision = 0.3;
    expect("", "");
    evaluations[2].at[0].macro.average_precision = 0.375;
    expect("below floor",
           "Below random features on test: macro AP 0.325 to 0.375 without training.");
    (void)snprintf(evaluations[2].folder, sizeof evaluations[2].folder, "test-probe-statistics");
    expect("below floor",
           "Below band statistics on test: macro AP 0.325 to 0.375 without training.");
    (void)snprintf(evaluations[2].folder, sizeof evaluations[2].folder, "test-knn-untrained");
    expect("below floor",
           "Below untrained features on test: macro AP 0.325 to 0.375 without training.");
    (void)snprintf(evaluations[2].split, sizeof evaluations[2].split, "validation");
    expect("", ""); /* a floor of another split says nothing */
    (void)snprintf(evaluations[2].split, sizeof evaluations[2].split, "test");
    evaluations[2].at[0].macro.average_precision = 0.1;
    evaluations[0].at[0].macro.average_precision = 0.255;
    evaluations[1].at[0].macro.average_precision = 0.26;
    expect("chance", "No better than chance on test: macro AP 0.255, chance 0.250.");
    evaluations[0].at[0].macro.average_precision = 0.6;
    evaluations[0].analysis.bins = 3;
    evaluations[0].analysis.ece = 0.125;
    expect("calibration", "The probabilities are off by 0.12 on average: see Calibration.");
    evaluations[0].analysis.ece = 0.1;
    expect("", "");
}

/* Names come from data: they are text in the page, never markup. */
static void names_are_escaped(void **state) {
    (void)state;
    classes[0].positives = 4;
    (void)snprintf(classes[0].name, sizeof classes[0].name, "<b>");
    mos_text page = {0};
    mos_report_warnings_write(&run, &page);
    assert_non_null(strstr(page.data, "<li>4 positives in &lt;b&gt;: the scores"));
    mos_text_release(&page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_healthy_run_has_none, healthy),
        cmocka_unit_test_setup(what_was_run, healthy),
        cmocka_unit_test_setup(how_it_was_trained, healthy),
        cmocka_unit_test_setup(what_evaluation_found, healthy),
        cmocka_unit_test_setup(what_it_was_scored_on, healthy),
        cmocka_unit_test_setup(what_it_scored, healthy),
        cmocka_unit_test_setup(names_are_escaped, healthy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
