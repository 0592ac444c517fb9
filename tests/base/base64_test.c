/* Bytes as text: the examples of RFC 4648, and every length's padding. */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *bytes, size_t size, const char *wanted) {
    mos_text out = {0};
    mos_text_add(&out, ">");
    mos_text_add_base64(&out, bytes, size);
    assert_string_equal(out.data + 1, wanted);
    assert_int_equal(out.size - 1, mos_base64_size(size));
    mos_text_release(&out);
}

static void examples_hold(void **state) {
    (void)state;
    expect("", 0, "");
    expect("f", 1, "Zg==");
    expect("fo", 2, "Zm8=");
    expect("foo", 3, "Zm9v");
    expect("foob", 4, "Zm9vYg==");
    expect("fooba", 5, "Zm9vYmE=");
    expect("foobar", 6, "Zm9vYmFy");
    expect("\xff\xef\xbe\x00", 4, "/+++AA==");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples_hold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
