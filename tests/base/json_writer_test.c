#include "base/json_writer.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

static void write_example(mos_json *json) {
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "a \"name\"", "line\nbreak");
    mos_json_string(json, "nothing", NULL);
    mos_json_number(json, "half", 0.5);
    mos_json_number(json, "bad", NAN);
    mos_json_open(json, "list", '[');
    mos_json_int(json, NULL, -9007199254740993);
    mos_json_bool(json, NULL, true);
    mos_json_close(json, ']');
    mos_json_open(json, "empty", '{');
    mos_json_close(json, '}');
    mos_json_close(json, '}');
}

static void check(bool flat, const char *wanted) {
    mos_json json = {.flat = flat};
    write_example(&json);
    assert_int_equal(mos_json_end(&json), MOSAIC_OK);
    assert_string_equal(json.text.data, wanted);
    mos_json_release(&json);
    mos_json_release(&json);
}

static void test_indented_and_flat(void **state) {
    (void)state;
    check(false,
          "{\n  \"a \\\"name\\\"\": \"line\\nbreak\",\n  \"nothing\": null,\n  \"half\": 0.5,\n"
          "  \"bad\": null,\n  \"list\": [\n    -9007199254740993,\n    true\n  ],\n"
          "  \"empty\": {}\n}\n");
    check(true,
          "{\"a \\\"name\\\"\": \"line\\nbreak\", \"nothing\": null, \"half\": 0.5, \"bad\": null, "
          "\"list\": [-9007199254740993, true], \"empty\": {}}\n");
}

static void test_memory_failure_is_told_at_the_end(void **state) {
    (void)state;
    mos_json json = {0};
    mos_alloc_fail_at(1);
    write_example(&json);
    assert_int_equal(mos_json_end(&json), MOSAIC_ERR_MEMORY);
    mos_json_release(&json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_indented_and_flat),
        cmocka_unit_test(test_memory_failure_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
