/* Lists beside BigEarthNet v1.0: which patches belong to a split (and with which S1 patch), and
 * which show seasonal snow, cloud or shadow.
 *
 * A split list has one S2 name a line, or S2 and S1 name, and optionally a split; without that the
 * file's name tells it (train.csv, val.csv or validation.csv, test.csv), else the split is none.
 * Lists choose: where there are any, a patch that is in none of them is no sample. */
#ifndef MOS_DATA_BIGEARTHNET_BIGEARTHNET_V1_LISTS_H
#define MOS_DATA_BIGEARTHNET_BIGEARTHNET_V1_LISTS_H

#include "data/name_set.h"
#include "data/sample_table.h"

typedef struct mos_v1_listed {
    uint8_t split;
    const char *s1; /* NULL: the list does not tell */
} mos_v1_listed;

typedef struct mos_v1_lists {
    bool given;            /* split lists were found */
    mos_name_set names;    /* S2 names of the split lists */
    mos_v1_listed *listed; /* [names.count] */
    size_t capacity;
    size_t with_partner;   /* how many of them name their S1 patch */
    mos_name_set partners; /* those S1 names */
    mos_name_set snowy;    /* S2 names with snow, cloud or shadow */
} mos_v1_lists;

/* data.metadata (a folder or one list), else what lies in root; data.snow_metadata likewise. */
mosaic_status mos_v1_lists_read(mos_dataset *dataset, mos_v1_lists *out);
void mos_v1_lists_release(mos_v1_lists *lists);
/* Is this S2 patch, where it is stored, a sample as far as the lists go? */
bool mos_v1_lists_choose(const mos_v1_lists *lists, bool snow_too, const char *s2, size_t size);
/* Every listed patch has its S1 patch named: other S1 patches belong to none. */
bool mos_v1_lists_pair_all(const mos_v1_lists *lists);
/* NULL: not listed. */
const mos_v1_listed *mos_v1_lists_find(const mos_v1_lists *lists, const char *s2, size_t size);

#endif
