/* What stands behind the hash of a split file, for a data set of four samples. The first two bytes
 * are data.fold ('0': none) and data.fold_as. */
#include "data/sample_select.h"
#include "data/sample_table.h"
#include "data/split_file.h"
#include "fuzz/fuzz_target.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 4 };

static const char *ids[COUNT] = {"a", "b", "c", "d,\"1\""};

static void check_columns(const mos_dataset *dataset) {
    const mos_split_columns *columns = dataset->split_columns;
    const mos_split_origin *origin = mos_dataset_split_origin(dataset);
    if (columns->count != COUNT || origin == NULL || origin->made_by == NULL) abort();
    if (strlen(origin->sha256) != 64 || origin->folds < 0) abort();
    uint8_t before[COUNT] = {0};
    for (int64_t i = 0; i < COUNT; i++) {
        if (dataset->splits[i] >= MOS_SPLIT_COUNT || columns->fold[i] < -1) abort();
        if (columns->fold[i] >= (columns->folds > 0 ? columns->folds : 1)) abort();
    }
    for (int f = 0; f < columns->fraction_count; f++) { /* each holds the one before */
        uint8_t keep[COUNT] = {0};
        bool found;
        if (mos_dataset_labeled_fraction(dataset, columns->fraction[f], keep, &found) !=
                MOSAIC_OK ||
            !found)
            abort();
        for (int i = 0; i < COUNT; i++)
            if (before[i] && !keep[i]) abort();
        memcpy(before, keep, sizeof before);
    }
}

/* What was understood is written, and understood again as the same. */
static void round_trip(mos_dataset *dataset) {
    mos_split_columns *columns = dataset->split_columns, *again;
    mos_text text = {0};
    mos_free(columns->made_by);
    columns->made_by = NULL;
    dataset->split_columns = NULL;
    if (mos_split_file_compose(dataset, columns, &text) != MOSAIC_OK) abort();
    if (mos_split_file_take(dataset, "again", text.data, text.size) != MOSAIC_OK) abort();
    again = dataset->split_columns;
    if (memcmp(columns->split, again->split, COUNT) != 0 ||
        memcmp(columns->fold, again->fold, COUNT * sizeof *again->fold) != 0 ||
        memcmp(columns->labeled, again->labeled, COUNT) != 0 || columns->folds != again->folds ||
        columns->fraction_count != again->fraction_count)
        abort();
    mos_split_columns_destroy(&columns);
    mos_text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static mos_dataset dataset;
    uint8_t splits[COUNT] = {0};
    mos_text text = {0};
    char hash[65];
    if (size < 2) return 0;
    memset(&dataset, 0, sizeof dataset);
    dataset.count = COUNT;
    dataset.ids = ids;
    dataset.splits = splits;
    memcpy(dataset.root, "set", 4);
    dataset.options.fold = data[0] - '0' - 1;
    dataset.options.fold_as = data[1] & 1;
    if (mos_dataset_index(&dataset) != MOSAIC_OK) abort();
    mos_sha256(data + 2, size - 2, hash);
    mos_text_add(&text, "# mosaic-split-1 sha256=%s\n", hash);
    mos_text_add_bytes(&text, data + 2, size - 2);
    if (mos_split_file_take(&dataset, "fuzz", text.data, text.size) == MOSAIC_OK) {
        check_columns(&dataset);
        if (dataset.options.fold < 0) round_trip(&dataset);
    } else if (dataset.split_columns != NULL || strchr(mosaic_error(), '\n') != NULL) {
        abort();
    }
    mos_split_columns_destroy(&dataset.split_columns);
    mos_free(dataset.index);
    mos_text_release(&text);
    return 0;
}
