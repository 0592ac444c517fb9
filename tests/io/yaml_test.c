#include "io/io_support.h"
#include "io/yaml_tree.h"

static mosaic_status parse(const char *text, mos_yaml *out) {
    return mos_yaml_parse(text, strlen(text), "c.yaml", out);
}

static const char document[] = "# a comment\n"
                               "data:\n"
                               "  format: bigearthnet-v2\n"
                               "  bands: [B02, \"B03\", ~]\n"
                               "train: {epochs: 100, lr: 1e-3}\n"
                               "note: |\n"
                               "  two\n"
                               "  lines\n"
                               "nothing:\n"
                               "quoted: 'null'\n"
                               "list:\n"
                               "  - a\n"
                               "  - b: 1\n";

static void reads_a_configuration(void **state) {
    (void)state;
    mos_yaml root;
    EXPECT_OK(parse(document, &root));
    assert_int_equal(root.kind, MOS_YAML_MAP);
    assert_int_equal(root.count, 6);
    const mos_yaml *data = mos_yaml_find(&root, "data"), *bands = mos_yaml_find(data, "bands");
    const mos_yaml *format = mos_yaml_find(data, "format");
    assert_string_equal(format->value, "bigearthnet-v2");
    assert_int_equal(format->line, 3);
    assert_int_equal(format->column, 11);
    assert_string_equal(format->key, "format");
    assert_false(format->quoted);
    assert_int_equal(bands->kind, MOS_YAML_LIST);
    assert_int_equal(bands->count, 3);
    assert_true(bands->items[1].quoted && bands->items[1].key == NULL);
    assert_int_equal(bands->items[2].kind, MOS_YAML_NULL);
    assert_string_equal(mos_yaml_find(mos_yaml_find(&root, "train"), "lr")->value, "1e-3");
    assert_string_equal(mos_yaml_find(&root, "note")->value, "two\nlines\n");
    assert_int_equal(mos_yaml_find(&root, "nothing")->kind, MOS_YAML_NULL);
    assert_int_equal(mos_yaml_find(&root, "quoted")->kind, MOS_YAML_SCALAR);
    assert_string_equal(mos_yaml_find(&root, "list")->items[1].items[0].value, "1");
    assert_null(mos_yaml_find(&root, "absent"));
    assert_null(mos_yaml_find(format, "absent"));
    mos_yaml_release(&root);
    mos_yaml_release(&root);
    EXPECT_OK(parse("", &root));
    assert_int_equal(root.kind, MOS_YAML_NULL);
    EXPECT_OK(parse("# nothing\n", &root));
    assert_int_equal(root.kind, MOS_YAML_NULL);
    mos_yaml_release(&root);
}

static void refuses_with_line_and_column(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", "c.yaml:3:1: key \"a\" is there twice, first in line 1"},
        {"a: &x 1\nb: *x\n", "c.yaml:1:4: anchors are not accepted"},
        {"a: *x\n", "c.yaml:1:4: "},
        {"a: !!str 1\n", "c.yaml:1:4: tags are not accepted"},
        {"a: !x [1]\n", "tags are not accepted"},
        {"a: &y {b: 1}\n", "anchors are not accepted"},
        {"a: [1, 2\nb: 3\n", "c.yaml:2"},
        {"a: 1\n---\nb: 2\n", "c.yaml:2:1: a second document"},
        {"? [1, 2]\n: 3\n", "a key must be a text"},
        {"a: \"x\\0y\"\n", "NUL"},
        {"a: \xff\n", "c.yaml: byte 3"},
        {"\ta: 1\n", "c.yaml:1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mos_yaml root;
        EXPECT_STATUS(MOSAIC_ERR_USAGE, parse(cases[i].text, &root));
        if (strstr(mosaic_error(), cases[i].part) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", mosaic_error(), cases[i].part);
        assert_null(root.items);
    }
    char deep[401] = "";
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    mos_yaml root;
    EXPECT_STATUS(MOSAIC_ERR_USAGE, parse(deep, &root));
    assert_non_null(strstr(mosaic_error(), "nested too deeply"));
}

static void survives_truncation(void **state) {
    (void)state;
    for (size_t cut = 0; cut < sizeof document - 1; cut++) {
        char *part = exact_copy(document, cut);
        mos_yaml root;
        mosaic_status status = mos_yaml_parse(part, cut, "cut", &root);
        assert_true(status == MOSAIC_OK || status == MOSAIC_ERR_USAGE);
        mos_yaml_release(&root);
        free(part);
    }
}

static void reads_files(void **state) {
    char path[4096];
    mos_yaml root;
    EXPECT_OK(mos_atomic_write(test_path(state, "c.yaml", path), document, sizeof document - 1));
    EXPECT_OK(mos_yaml_read(path, &root));
    assert_int_equal(root.count, 6);
    mos_yaml_release(&root);
    EXPECT_STATUS(MOSAIC_ERR_IO, mos_yaml_read("/nonexistent.yaml", &root));
    mos_yaml_release(&root);
}

static mosaic_status parse_once(void *context) {
    mos_yaml root;
    mosaic_status status = parse(context, &root);
    mos_yaml_release(&root);
    return status;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    static char text[sizeof document];
    memcpy(text, document, sizeof document);
    fail_every_allocation(parse_once, text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_configuration),
        cmocka_unit_test(refuses_with_line_and_column),
        cmocka_unit_test(survives_truncation),
        cmocka_unit_test(reads_files),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
