/* Finding: a split by its name, a sample by its id, its place, a band by its name. */
#include "data/sample_table.h"

#include <string.h>

mosaic_status mos_split_parse(const char *text, mos_split *out) {
    static const struct {
        const char *name;
        mos_split split;
    } known[] = {{"train", MOS_SPLIT_TRAIN},
                 {"validation", MOS_SPLIT_VALIDATION},
                 {"val", MOS_SPLIT_VALIDATION},
                 {"test", MOS_SPLIT_TEST},
                 {"none", MOS_SPLIT_NONE}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(text, known[i].name) == 0) {
            *out = known[i].split;
            return MOSAIC_OK;
        }
    }
    return mos_fail(MOSAIC_ERR_DATA, "split '%.60s' is none of train, validation, val, test, none",
                    text);
}

int64_t mos_dataset_find(const mos_dataset *dataset, const char *id) {
    if (dataset->count == 0) return -1;
    uint64_t mask = dataset->index_size - 1;
    for (uint64_t at = mos_name_hash(id, strlen(id)) & mask; dataset->index[at] != 0;
         at = (at + 1) & mask) {
        int64_t row = (int64_t)dataset->index[at] - 1;
        if (strcmp(dataset->ids[row], id) == 0) return row;
    }
    return -1;
}

bool mos_dataset_site(const mos_dataset *dataset, int64_t index, mos_site *out) {
    if (index < 0 || index >= dataset->count || dataset->sites == NULL ||
        dataset->sites[index].crs == NULL)
        return false;
    *out = dataset->sites[index];
    return true;
}

int64_t mos_modality_band(const mos_modality *modality, const char *name) {
    for (int64_t b = 0; b < modality->band_count; b++) {
        if (strcmp(modality->bands[b].name, name) == 0) return b;
    }
    return -1;
}
