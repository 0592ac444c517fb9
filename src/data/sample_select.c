#include "data/sample_select.h"

#include "base/memory.h"
#include "data/data_options.h"
#include "data/sample_table.h"
#include "data/split_file.h"

#include <string.h>

static void move_row(mos_dataset *dataset, int64_t from, int64_t to) {
    if (from == to) return;
    int64_t classes = dataset->class_count, modalities = dataset->modality_count,
            slots = dataset->slots;
    dataset->ids[to] = dataset->ids[from];
    dataset->splits[to] = dataset->splits[from];
    dataset->country[to] = dataset->country[from];
    dataset->present[to] = dataset->present[from];
    dataset->products[to] = dataset->products[from];
    dataset->locations[to] = dataset->locations[from];
    dataset->absent_s1[to] = dataset->absent_s1[from];
    mos_split_columns_move(dataset->split_columns, from, to);
    if (dataset->sites != NULL) dataset->sites[to] = dataset->sites[from];
    if (dataset->grounds != NULL)
        memcpy(dataset->grounds + to * modalities, dataset->grounds + from * modalities,
               (size_t)modalities * sizeof *dataset->grounds);
    memcpy(dataset->labels + to * classes, dataset->labels + from * classes, (size_t)classes);
    memcpy(dataset->times + to * modalities, dataset->times + from * modalities,
           (size_t)modalities * sizeof *dataset->times);
    memcpy(dataset->sources + to * slots, dataset->sources + from * slots,
           (size_t)slots * sizeof *dataset->sources);
}

void mos_dataset_keep(mos_dataset *dataset, const uint8_t *keep) {
    int64_t kept = 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        if (keep[i]) move_row(dataset, i, kept++);
    }
    dataset->count = kept;
}

static mosaic_status wanted_countries(const mos_dataset *dataset, uint8_t *wanted) {
    const mos_text_list *list = &dataset->options.countries;
    for (size_t i = 0; i < list->count; i++) {
        int64_t c = dataset->country_count;
        while (--c >= 0 && strcmp(dataset->countries[c], list->items[i]) != 0)
            ;
        if (c <= 0) {
            const char *near = mos_nearest_name(list->items[i], dataset->countries + 1,
                                                (size_t)dataset->country_count - 1);
            return mos_fail(MOSAIC_ERR_USAGE, "data.countries: '%s' does not occur in %s%s%s%s",
                            list->items[i], dataset->root, near == NULL ? "" : "; is '",
                            near == NULL ? "" : near, near == NULL ? "" : "' meant?");
        }
        wanted[c] = 1;
    }
    return MOSAIC_OK;
}

static mosaic_status keep_countries(mos_dataset *dataset) {
    if (dataset->options.countries.count == 0) return MOSAIC_OK;
    uint8_t wanted[MOS_DATA_MAX_COUNTRIES] = {0};
    MOS_TRY(wanted_countries(dataset, wanted));
    int64_t kept = 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        if (wanted[dataset->country[i]]) move_row(dataset, i, kept++);
    }
    dataset->count = kept;
    return MOSAIC_OK;
}

/* A missing modality is masked by default; "skip" and "refuse" are decided here, where all of them
 * are known. */
static mosaic_status apply_missing_policy(mos_dataset *dataset) {
    int policy = dataset->options.policy;
    if (dataset->survey != NULL) return MOSAIC_OK; /* all are looked at */
    uint32_t all = (uint32_t)((1ull << dataset->modality_count) - 1);
    int64_t kept = 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        if (dataset->present[i] != all && dataset->present[i] != 0) {
            int64_t m = 0;
            while (dataset->present[i] >> m & 1)
                m++;
            if (policy == MOS_POLICY_REFUSE)
                return mos_fail(MOSAIC_ERR_DATA, "sample '%s' has no %s and data.policy is refuse",
                                dataset->ids[i], dataset->modalities[m].name);
            if (policy == MOS_POLICY_SKIP) {
                mos_dataset_defect(dataset, "skipped for a missing modality", "%s",
                                   dataset->ids[i]);
                continue;
            }
        }
        move_row(dataset, i, kept++);
    }
    dataset->count = kept;
    return MOSAIC_OK;
}

/* The i-th of n samples of a split is kept when the count of kept ones steps there: evenly spaced,
 * first one in. */
static void apply_limit(mos_dataset *dataset) {
    int64_t limit = dataset->options.limit, total[MOS_SPLIT_COUNT] = {0},
            seen[MOS_SPLIT_COUNT] = {0}, kept = 0;
    dataset->count_before_limit = dataset->count;
    if (limit == 0) return;
    for (int64_t i = 0; i < dataset->count; i++)
        total[dataset->splits[i]]++;
    for (int64_t i = 0; i < dataset->count; i++) {
        int split = dataset->splits[i];
        int64_t n = total[split], at = seen[split]++;
        bool keep = n <= limit || at == 0 || at * limit / n != (at - 1) * limit / n;
        if (keep) move_row(dataset, i, kept++);
    }
    dataset->count = kept;
}

mosaic_status mos_dataset_select(mos_dataset *dataset) {
    MOS_TRY(keep_countries(dataset));
    MOS_TRY(apply_missing_policy(dataset));
    if (dataset->options.split_file != NULL) {
        MOS_TRY(mos_dataset_index(dataset));
        MOS_TRY(mos_split_file_apply(dataset, dataset->options.split_file));
        mos_free(dataset->index);
        dataset->index = NULL;
    } else if (dataset->options.fold >= 0) {
        return mos_fail(MOSAIC_ERR_USAGE, "data.fold is %lld, but there is no data.split_file",
                        (long long)dataset->options.fold);
    }
    apply_limit(dataset);
    return MOSAIC_OK;
}

mosaic_status mos_dataset_index(mos_dataset *dataset) {
    uint64_t size = 16;
    while (size < (uint64_t)dataset->count * 2)
        size *= 2;
    MOS_TRY(mos_alloc(size, sizeof *dataset->index, "index of samples", &dataset->index));
    dataset->index_size = size;
    for (int64_t i = 0; i < dataset->count; i++) {
        const char *id = dataset->ids[i];
        uint64_t at = mos_name_hash(id, strlen(id)) & (size - 1);
        while (dataset->index[at] != 0) {
            if (strcmp(dataset->ids[dataset->index[at] - 1], id) == 0) {
                if (dataset->survey == NULL)
                    return mos_fail(MOSAIC_ERR_DATA, "%s: id '%s' occurs twice", dataset->root, id);
                mos_dataset_defect(dataset, "id occurs twice", "%s", id);
                break; /* the first stays the one that is found */
            }
            at = (at + 1) & (size - 1);
        }
        if (dataset->index[at] == 0) dataset->index[at] = (uint32_t)(i + 1);
    }
    return MOSAIC_OK;
}
