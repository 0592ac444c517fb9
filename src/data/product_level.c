#include "data/product_level.h"

#include "data/names/patch_name.h"
#include "data/sample_table.h"
#include "data/verdicts.h"

#include <stdio.h>
#include <string.h>

enum { TAGGED = 32, LEVELS = 2 };
static const char *const levels[LEVELS] = {"L1C", "L2A"};

typedef struct level_counts {
    int64_t count[LEVELS];
    const char *example[LEVELS];
} level_counts;

static void count_level(level_counts *counts, const char *level, const char *id) {
    for (int l = 0; l < LEVELS; l++) {
        if (strcmp(levels[l], level) != 0) continue;
        if (counts->count[l]++ == 0) counts->example[l] = id;
    }
}

/* The product column before the id, the id before the path. */
static bool named_level(const mos_dataset *dataset, int64_t sample, int64_t m, char out[4]) {
    const char *product = dataset->products[sample];
    const char *source = dataset->sources[sample * dataset->slots + dataset->storage[m].slot];
    return (product != NULL && mos_product_level(product, out)) ||
           mos_product_level(dataset->ids[sample], out) ||
           (source != NULL && mos_product_level(source, out));
}

static void count_samples(mos_dataset *dataset, int64_t m, level_counts *named,
                          level_counts *tagged) {
    bool tags = dataset->format->level_tag != NULL;
    int64_t step = dataset->count / TAGGED + 1;
    char level[4];
    for (int64_t i = 0; i < dataset->count; i++) {
        if (!(dataset->present[i] >> m & 1)) continue;
        if (named_level(dataset, i, m, level)) count_level(named, level, dataset->ids[i]);
        if (!tags || i % step != 0) continue;
        count_level(tagged, dataset->format->level_tag(dataset, i, m), dataset->ids[i]);
    }
    (void)mos_verdict_taken(); /* who reads such a file gets its error */
}

/* Cirrus is in no product of level 2A; a guessed name proves nothing. */
static bool has_cirrus(const mos_dataset *dataset, int64_t m) {
    int64_t band = mos_modality_band(&dataset->modalities[m], "B10");
    return band >= 0 && dataset->storage[m].identity[band].named_by != MOS_SAID_BY_GUESS;
}

static void note_mixed(mos_dataset *dataset, int64_t m, const level_counts *counts,
                       const char *who) {
    mos_verdict_note(dataset, MOS_CHECK_PRODUCT_LEVEL,
                     "%s: %lld samples are of level 1C by their %s, as '%s', %lld of level 2A, as "
                     "'%s'",
                     dataset->modalities[m].name, (long long)counts->count[0], who,
                     counts->example[0], (long long)counts->count[1], counts->example[1]);
}

static void settle(mos_dataset *dataset, int64_t m, const char *level, mos_identity_source by) {
    mos_modality_storage *storage = &dataset->storage[m];
    snprintf(storage->level, sizeof storage->level, "%s", level);
    storage->level_by = by;
}

static void find_level(mos_dataset *dataset, int64_t m) {
    level_counts named = {0}, tagged = {0};
    const char *name = dataset->modalities[m].name;
    char level[4];
    if (mos_product_level(name, level)) {
        settle(dataset, m, level, MOS_SAID_BY_POSITION);
        return;
    }
    count_samples(dataset, m, &named, &tagged);
    bool names = named.count[0] + named.count[1] > 0;
    const level_counts *counts = names ? &named : &tagged;
    if (counts->count[0] > 0 && counts->count[1] > 0) {
        dataset->storage[m].level_mixed = true;
        note_mixed(dataset, m, counts, names ? "names" : "tags");
        return;
    }
    if (counts->count[1] > 0 && has_cirrus(dataset, m)) {
        dataset->storage[m].level_mixed = true;
        mos_verdict_note(dataset, MOS_CHECK_PRODUCT_LEVEL,
                         "%s: level 2A by the %s of its samples, as '%s', but it has cirrus, B10, "
                         "which level 1C alone has",
                         name, names ? "names" : "tags", counts->example[1]);
        return;
    }
    mos_identity_source by = names ? MOS_SAID_BY_PRODUCT : MOS_SAID_BY_TAG;
    if (counts->count[0] + counts->count[1] > 0)
        settle(dataset, m, levels[counts->count[1] > 0], by);
    else if (has_cirrus(dataset, m))
        settle(dataset, m, "L1C", dataset->storage[m].identity[0].named_by);
}

void mos_product_levels_find(mos_dataset *dataset) {
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (mos_dataset_role(dataset, m) == MOS_ROLE_OPTICAL) find_level(dataset, m);
    }
}
