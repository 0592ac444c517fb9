#include "base/text.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void test_text_grows(void **state) {
    (void)state;
    mos_text text = {0};
    char wanted[4001] = "";
    for (int i = 0; i < 1000; i++) {
        mos_text_add(&text, "%03d,", i);
        (void)snprintf(wanted + 4 * i, 5, "%03d,", i);
    }
    assert_false(text.failed);
    assert_int_equal(text.size, 4000);
    assert_string_equal(text.data, wanted);
    mos_text copy = {0};
    mos_text_add(&copy, "%s", text.data); /* longer than the first try */
    assert_string_equal(copy.data, wanted);
    mos_text_add_bytes(&copy, "a\0b", 3);
    assert_int_equal(copy.size, 4003);
    assert_memory_equal(copy.data + 4000, "a\0b", 4);
    mos_text_release(&text);
    mos_text_release(&copy);
    mos_text_release(&copy);
    assert_null(copy.data);
}

static void test_a_failure_sticks(void **state) {
    (void)state;
    mos_text text = {0};
    mos_text_add(&text, "before");
    mos_alloc_fail_at(1);
    mos_text_add(&text, "%500d", 1);
    assert_true(text.failed);
    assert_string_equal(text.data, "before");
    mos_text_add(&text, "after");
    assert_string_equal(text.data, "before");
    mos_text_release(&text);
    assert_false(text.failed);
}

static void check_number(double value, const char *wanted) {
    mos_text text = {0};
    mos_text_add_number(&text, value);
    assert_string_equal(text.data, wanted);
    mos_text_release(&text);
}

static void check_numbers(void) {
    check_number(0.1, "0.1");
    check_number(-2.5e-7, "-2.5e-07");
    check_number(1e22, "1e+22");
    check_number(3, "3");
    check_number(0.1 + 0.2, "0.30000000000000004");
    check_number(1.0 / 3.0, "0.3333333333333333");
    check_number(5e-324, "5e-324");
    check_number(DBL_MAX, "1.7976931348623157e+308");
    check_number(NAN, "nan");
    check_number(INFINITY, "inf");
    check_number(-INFINITY, "-inf");
    check_number(-0.0, "-0");
    double value = 0;
    assert_true(mos_parse_double("-1.25e1", &value));
    assert_true(value == -12.5);
    assert_false(mos_parse_double("1,5", &value));
    char buffer[40];
    assert_string_equal(mos_format_double(buffer, sizeof buffer, 1234.5678, 6), "1234.57");
    mos_text text = {0};
    mos_text_add(&text, "%.2f", 1.5);
    assert_string_equal(text.data, "1.50");
    mos_text_release(&text);
    (void)mos_fail(MOSAIC_ERR_DATA, "found %g", 0.5);
    assert_string_equal(mosaic_error(), "found 0.5");
}

static void test_numbers(void **state) {
    (void)state;
    check_numbers();
}

static void test_numbers_read_back_equal(void **state) {
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double value, back = 0;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        mos_text text = {0};
        mos_text_add_number(&text, value);
        assert_true(mos_parse_double(text.data, &back));
        assert_memory_equal(&back, &value, sizeof back);
        mos_text_release(&text);
    }
}

/* Both ways a program can get a comma: the process locale and the thread's own. */
static void test_locale_changes_nothing(void **state) {
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8",
                                        "fr_FR.utf8"};
    const char *found = NULL;
    for (size_t i = 0; i < 5 && found == NULL; i++)
        found = setlocale(LC_ALL, names[i]) ? names[i] : NULL;
    if (found == NULL) {
        print_message("skipped: no locale with a decimal comma is installed (de_DE.UTF-8)\n");
        skip();
    }
    char comma[16];
    (void)snprintf(comma, sizeof comma, "%.1f", 0.5);
    assert_string_equal(comma, "0,5"); /* else this test would prove nothing */
    check_numbers();
    (void)setlocale(LC_ALL, "C");
    locale_t german = newlocale(LC_ALL_MASK, found, (locale_t)0);
    locale_t before = uselocale(german);
    check_numbers();
    assert_true(uselocale(NULL) == german); /* and the caller's locale is back */
    (void)uselocale(before);
    freelocale(german);
}

static void test_parse_double_is_strict(void **state) {
    (void)state;
    static const char *const bad[] = {"",    " 1",  "1 ",    "1e",     "0x10",   "1.2.3",
                                      "one", "--1", "1e999", "-1e999", "nan(1)", "+",
                                      ".",   "e5",  "1f",    "- 1"};
    static const char *const good[] = {"1",   "+1",  "-.5",  "5.",   "1e-400",
                                       "nan", "inf", "-INF", "00012"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = 77;
        if (mos_parse_double(bad[i], &value)) fail_msg("took '%s'", bad[i]);
        assert_true(value == 77);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double value;
        if (!mos_parse_double(good[i], &value)) fail_msg("refused '%s'", good[i]);
    }
}

static void test_parse_int_and_bool(void **state) {
    (void)state;
    int64_t value = 5;
    assert_true(mos_parse_int("-9223372036854775808", &value));
    assert_true(value == INT64_MIN);
    assert_true(mos_parse_int("+12", &value));
    assert_int_equal(value, 12);
    static const char *const bad[] = {
        "", "9223372036854775808", "1.0", "1e3", " 1", "1 ", "0x1", "-", "a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (mos_parse_int(bad[i], &value)) fail_msg("took '%s'", bad[i]);
    }
    assert_int_equal(value, 12);
    static const char *const words[] = {"false", "NO", "off", "0", "True", "yes", "On", "1"};
    for (int i = 0; i < 8; i++) {
        bool truth = i < 4;
        assert_true(mos_parse_bool(words[i], &truth));
        assert_int_equal(truth, i >= 4);
    }
    bool truth;
    assert_false(mos_parse_bool("2", &truth));
    assert_false(mos_parse_bool("", &truth));
}

static void check_json(const char *string, const char *wanted) {
    mos_text text = {0};
    mos_text_add_json(&text, string);
    assert_string_equal(text.data, wanted);
    mos_text_release(&text);
}

static void test_json_strings(void **state) {
    (void)state;
    check_json(NULL, "null");
    check_json("", "\"\"");
    check_json("a\"b\\c\n\t\x01\x7f", "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"");
    check_json("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8C\x8D", "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8C\x8D\"");
    /* stray, overlong, surrogate, beyond U+10FFFF, cut at the end */
    check_json("\x80", "\"\xEF\xBF\xBD\"");
    check_json("\xC0\x80x", "\"\xEF\xBF\xBD\xEF\xBF\xBDx\"");
    check_json("\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_json("\xF5\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    check_json("\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_grows),
        cmocka_unit_test(test_a_failure_sticks),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_numbers_read_back_equal),
        cmocka_unit_test(test_locale_changes_nothing),
        cmocka_unit_test(test_parse_double_is_strict),
        cmocka_unit_test(test_parse_int_and_bool),
        cmocka_unit_test(test_json_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
