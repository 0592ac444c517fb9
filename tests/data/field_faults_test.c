/* Stores that somebody else wrote: the message names what they hold, and the way round. */
#include "data_support.h"

#include "io/lmdb_shards.h"

static void foreign_stores(void **state) {
    static const struct {
        const char *value, *words;
    } cases[] = {{"\x80\x04\x95 a pickled patch", "is a Python pickle, as older BigEarthNet"},
                 {"\x93NUMPY a plane", "is a NumPy array"},
                 {"PK\x03\x04 planes", "is a zip or npz archive"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char root[4096];
        mos_store_writer *writer;
        mos_dataset *dataset;
        snprintf(root, sizeof root, "%s/store-%zu", (const char *)*state, c);
        EXPECT_OK(mos_make_dirs(root));
        EXPECT_OK(mos_store_writer_open(root, 1, NULL, &writer));
        EXPECT_OK(mos_store_put(writer, "S2A_MSIL2A_20170613T101031_0_45", cases[c].value,
                                strlen(cases[c].value)));
        EXPECT_OK(mos_store_writer_close(&writer));
        EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, NULL), cases[c].words);
        EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, NULL), "mosaic data pack");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(foreign_stores, make_test_folder, remove_test_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
