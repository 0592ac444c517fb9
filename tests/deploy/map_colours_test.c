/* Maps wear the colours of the report: those of the classes' legend, else one for each number. */
#include "deploy/map_colours.h"

#include "data/names/nomenclature.h"
#include "report/class_colour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static mos_model_card card;

static void put(int64_t k, const char *name) {
    (void)snprintf(card.class_names[k], sizeof card.class_names[k], "%s", name);
    card.spec.classes = k + 1;
}

static void expect(int64_t k, const char *css) {
    char own[8];
    const mos_map_colour colour = mos_map_colour_of(&card, k);
    (void)snprintf(own, sizeof own, "#%02x%02x%02x", colour.red, colour.green, colour.blue);
    assert_string_equal(own, css);
}

static void classes_have_the_colours_of_the_report(void **state) {
    (void)state;
    for (int k = 0; k < MOS_BEN_CLASSES; k++)
        put(k, mos_ben_classes[k]);
    for (int k = 0; k < MOS_BEN_CLASSES; k++)
        expect(k, mos_class_colour(MOS_LEGEND_CORINE, mos_ben_classes[k], (size_t)k));
    for (int k = 0; k < MOS_BEN_CLASSES; k++)
        if (strcmp(mos_ben_classes[k], "Marine waters") == 0) expect(k, "#e6f2ff"); /* 523 */
    put(0, "Trees");
    put(1, "Built area");
    expect(0, "#358221");
    put(0, "Tree cover");
    put(1, "Built-up");
    expect(1, "#fa0000");
}

static void classes_of_no_legend_differ(void **state) {
    (void)state;
    for (int k = 0; k < 12; k++) {
        char name[16];
        (void)snprintf(name, sizeof name, "kind %d", k);
        put(k, name);
    }
    for (int i = 0; i < 12; i++)
        for (int j = 0; j < i; j++) {
            const mos_map_colour a = mos_map_colour_of(&card, i), b = mos_map_colour_of(&card, j);
            assert_memory_not_equal(&a, &b, sizeof a);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_have_the_colours_of_the_report),
        cmocka_unit_test(classes_of_no_legend_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
