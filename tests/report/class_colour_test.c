/* Classes wear the colours of their legend; what no legend knows, the page's. */
#include "report/class_colour.h"

#include "data/names/nomenclature.h"
#include "data/names/nomenclature_sen12ms.h"
#include "data/names/nomenclature_v1.h"
#include "data/names/nomenclature_worldcover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char names[64][128];

static mos_legend choose(size_t count) {
    return mos_legend_choose(names[0], sizeof names[0], count);
}

static void put(int k, const char *name) {
    (void)snprintf(names[k], sizeof names[k], "%s", name);
}

static void every_nomenclature_has_its_legend(void **state) {
    (void)state;
    for (int k = 0; k < MOS_BEN_CLASSES; k++)
        put(k, mos_ben_classes[k]);
    assert_int_equal(choose(MOS_BEN_CLASSES), MOS_LEGEND_CORINE);
    for (int k = 0; k < MOS_BEN43_CLASSES; k++)
        put(k, mos_ben43_classes[k].name);
    assert_int_equal(choose(MOS_BEN43_CLASSES), MOS_LEGEND_CORINE);
    for (int k = 0; k < MOS_IGBP_SIMPLE_CLASSES; k++)
        put(k, mos_igbp_simple_classes[k]);
    assert_int_equal(choose(MOS_IGBP_SIMPLE_CLASSES), MOS_LEGEND_IGBP);
    for (int k = 0; k < MOS_WORLDCOVER_CLASSES; k++)
        put(k, mos_worldcover_classes[k].name);
    assert_int_equal(choose(MOS_WORLDCOVER_CLASSES), MOS_LEGEND_WORLDCOVER);
    static const char *const esri[] = {"Bare ground", "Built area", "Crops",
                                       "Rangeland",   "Trees",      "Water"};
    for (int k = 0; k < 6; k++)
        put(k, esri[k]);
    assert_int_equal(choose(6), MOS_LEGEND_ESRI);
    put(0, "cats");
    put(1, "dogs");
    put(2, "Pastures");
    assert_int_equal(choose(3), MOS_LEGEND_NONE);
    assert_int_equal(choose(0), MOS_LEGEND_NONE);
}

static void expect(mos_legend legend, const char *name, const char *colour) {
    assert_string_equal(mos_class_colour(legend, name, 0), colour);
}

static void known_classes_have_known_colours(void **state) {
    (void)state;
    expect(MOS_LEGEND_WORLDCOVER, "built up", "#fa0000");
    expect(MOS_LEGEND_ESRI, "Built up", "#fa0000"); /* WorldCover's: Esri's has none */
    expect(MOS_LEGEND_ESRI, "built-area", "#ed022a");
    expect(MOS_LEGEND_ESRI, "cats", "var(--c0)");
    expect(MOS_LEGEND_CORINE, "Coniferous forest", "#00a600");
    expect(MOS_LEGEND_CORINE, "Broad-leaved forest", "#80ff00");
    expect(MOS_LEGEND_CORINE, "Marine waters", "#e6f2ff");
    expect(MOS_LEGEND_CORINE, "Urban fabric", "#ff0000");
    expect(MOS_LEGEND_CORINE, "Continuous urban fabric", "#e6004d");
    expect(MOS_LEGEND_CORINE, "Rice fields", "#e6e600");
    expect(MOS_LEGEND_IGBP, "Evergreen Needleleaf", "#05450a");
    expect(MOS_LEGEND_IGBP, "Water", "#1c0dff");
    expect(MOS_LEGEND_WORLDCOVER, "Mangroves", "#00cf75");
    expect(MOS_LEGEND_ESRI, "Built Area", "#ed022a");
    assert_string_equal(mos_class_colour(MOS_LEGEND_NONE, "cats", 1), "var(--c1)");
    for (size_t a = 0; a < MOS_PALETTE; a++) /* 24 classes without a legend have 24 colours */
        for (size_t b = 0; b < a; b++)
            assert_string_not_equal(mos_class_colour(MOS_LEGEND_NONE, "cats", a),
                                    mos_class_colour(MOS_LEGEND_NONE, "dogs", b));
}

/* Two classes of one nomenclature never look the same. */
static void colours_tell_classes_apart(void **state) {
    (void)state;
    for (int a = 0; a < MOS_BEN_CLASSES; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(mos_class_colour(MOS_LEGEND_CORINE, mos_ben_classes[a], 0),
                                    mos_class_colour(MOS_LEGEND_CORINE, mos_ben_classes[b], 0));
    for (int a = 0; a < MOS_BEN43_CLASSES; a++) {
        const char *colour = mos_class_colour(MOS_LEGEND_CORINE, mos_ben43_classes[a].name, 0);
        assert_int_equal(colour[0], '#'); /* all 43 are in the legend */
        for (int b = 0; b < a; b++)
            assert_string_not_equal(
                colour, mos_class_colour(MOS_LEGEND_CORINE, mos_ben43_classes[b].name, 0));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_nomenclature_has_its_legend),
        cmocka_unit_test(known_classes_have_known_colours),
        cmocka_unit_test(colours_tell_classes_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
