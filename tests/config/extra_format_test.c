/* A data set format is one folder and one row of the registry: its options are in every table,
 * schema and page, can be set, are copied and freed, and reach the format that opens. */
#include "config/config.h"
#include "data/data_options.h"
#include "data/format_options.h"
#include "data/formats.h"
#include "support/test_support.h"

#include <string.h>

static size_t at(const char *key) {
    for (size_t i = 0; i < mos_data_option_table.count; i++)
        if (strcmp(mos_data_option_table.options[i].key, key) == 0) return i;
    fail_msg("%s is no key of the data options", key);
    return 0;
}

/* Every row of every format is in the merged table, behind the key that it names. */
static void rows_are_merged(void **state) {
    (void)state;
    for (int f = 0; mos_formats[f] != NULL; f++) {
        const mos_format_options *own = mos_formats[f]->options;
        for (size_t i = 0; own != NULL && i < own->count; i++) {
            size_t found = at(own->rows[i].option.key);
            if (own->rows[i].after != NULL) assert_true(at(own->rows[i].after) < found);
        }
    }
    assert_int_equal(at("data.counted_patches"), at("data.limit") + 1);
    assert_int_equal(at("data.counted_at"), at("data.limit") + 2);
    assert_int_equal(at("data.counted_words"), mos_data_option_table.count - 1);
    assert_int_equal(at("data.csv"), at("data.lmdb") + 1);
    for (size_t i = 0; i < mos_data_option_table.count; i++) /* no key twice */
        assert_int_equal(at(mos_data_option_table.options[i].key), i);
}

static void a_configuration_has_them(void **state) {
    (void)state;
    mos_config *config;
    mos_text text = {0};
    EXPECT_OK(mos_config_create(&config));
    EXPECT_OK(mos_config_schema(&text));
    assert_non_null(strstr(text.data, "\"counted_patches\""));
    assert_non_null(strstr(text.data, "\"counted\""));
    mos_text_release(&text);
    EXPECT_OK(mos_config_markdown(&text));
    assert_non_null(strstr(text.data, "| `data.counted_patches` | whole number, 1 to 9 (patches) | "
                                      "`3` |  | counted: how many patches there are |"));
    mos_text_release(&text);
    EXPECT_OK(mos_config_get(config, "data.counted_patches", &text));
    assert_string_equal(text.data, "3");
    mos_text_release(&text);
    EXPECT_OK(mos_config_set(config, "data.counted_patches=5"));
    EXPECT_OK(mos_config_get(config, "data.counted_patches", &text));
    assert_string_equal(text.data, "5");
    mos_text_release(&text);
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_config_set(config, "data.counted_patches=10"));
    assert_non_null(strstr(mosaic_error(), "a whole number from 1 to 9, found '10'"));
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_config_set(config, "data.counted_patch=5"));
    assert_non_null(strstr(mosaic_error(), "did you mean 'data.counted_patches'?"));
    mos_config_destroy(&config);
}

static void set(mos_data_options *options, const char *key, const char *value) {
    EXPECT_OK(mos_options_set(&mos_data_option_table, options, key, value, false, "test"));
}

static void the_format_gets_them(void **state) {
    (void)state;
    mos_data_options options = {0}, copy = {0};
    mos_dataset *dataset;
    EXPECT_OK(mos_options_init(&mos_data_option_table, &options));
    set(&options, "data.counted_at", "/");
    set(&options, "data.counted_patches", "7");
    set(&options, "data.counted_words", "a,b");
    EXPECT_OK(mos_data_options_copy(&options, &copy));
    mos_options_release(&mos_data_option_table, &options);
    assert_string_equal(mos_data_place(&copy), "/");
    EXPECT_OK(mos_dataset_open(&copy, &dataset)); /* the key of the place names the format */
    assert_string_equal(mos_dataset_format(dataset), "counted");
    assert_int_equal(mos_dataset_count(dataset), 7);
    const char *const *bands = mos_dataset_default_bands(dataset, "s1");
    assert_non_null(bands);
    assert_string_equal(bands[0], "VH");
    assert_null(bands[1]);
    mos_dataset_close(&dataset);
    set(&copy, "data.format", "csv");
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_dataset_open(&copy, &dataset));
    assert_string_equal(mosaic_error(), "/: data.counted_patches is for counted, and this is csv");
    mos_options_release(&mos_data_option_table, &copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_merged),
        cmocka_unit_test(a_configuration_has_them),
        cmocka_unit_test(the_format_gets_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
