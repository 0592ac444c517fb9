/* Where is a model good, and where not? Scores of the samples of each country and season, and of
 * each value of a table's columns such as the cloud cover: what a shift of distribution costs. */
#ifndef MOS_EVALUATE_SCORE_GROUPS_H
#define MOS_EVALUATE_SCORE_GROUPS_H

#include "data/dataset.h"
#include "score/bootstrap.h"

enum {
    MOS_GROUP_VALUES = 200, /* a column of words may have so many values */
    MOS_GROUP_NUMBERS = 8,  /* a column of numbers with more is put into bins */
    MOS_GROUP_BINS = 4,     /* at most, and */
    MOS_GROUP_ROWS = 10     /* of at least so many samples each */
};

typedef struct mos_score_group {
    char column[64], value[128]; /* "country", "Serbia"; "cloud_cover", "0.05 to 0.31" */
    int64_t rows, classes; /* classes: that occur among these rows, which macro means are of */
    mos_bootstrap scores;  /* of these rows alone */
} mos_score_group;
typedef struct mos_score_groups {
    mos_score_group *group; /* [count], owned: columns one after the other, values in order */
    int64_t count;
    int64_t unknown_ids; /* rows of the table that name none of the samples */
} mos_score_groups;

/* Country and season where samples differ in them (season: of the last modality whose time is
 * known), then the columns of `table`, a CSV or TSV of a column `id` (or `patch_id`) and others;
 * NULL: none. A sample without a value is in the group "unknown". A column of numbers with more
 * than MOS_GROUP_NUMBERS values is put into bins of equal counts; its least value is a bin of its
 * own where a tenth of the samples have it. Errors: no id column, an id twice, no sample of these
 * in the table, more words than MOS_GROUP_VALUES. */
mosaic_status mos_score_groups_measure(const mos_score_input *input, const mos_dataset *dataset,
                                       const int64_t *samples, const char *table,
                                       const mos_bootstrap_options *options, mos_score_groups *out);
/* folder/groups.csv; nothing without groups. */
mosaic_status mos_score_groups_write(const mos_score_groups *groups, const char *folder);
void mos_score_groups_release(mos_score_groups *groups);

#endif
