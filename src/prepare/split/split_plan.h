/* Dividing a data set: by share, by the official rule, into folds, into labelled fractions; whole
 * places or geographic blocks at a time; what `data split` does. */
#ifndef MOS_PREPARE_SPLIT_SPLIT_PLAN_H
#define MOS_PREPARE_SPLIT_SPLIT_PLAN_H

#include "base/options.h"
#include "data/split_file.h"

enum { MOS_SPLIT_RULE_OWN, MOS_SPLIT_RULE_SHARE, MOS_SPLIT_RULE_V2 };
enum { MOS_SPLIT_UNITS_LOCATION, MOS_SPLIT_UNITS_SAMPLE, MOS_SPLIT_UNITS_BLOCK };

typedef struct mos_split_options {
    int rule, units;
    mos_text_list shares;     /* train, validation, test */
    double block_m, block_px; /* side of a block; one of them above 0 where units are blocks */
    double buffer_m;          /* free metres between patches of different splits */
    int64_t folds;            /* 0: none */
    mos_text_list of;         /* splits that are divided; empty: all */
    mos_text_list fractions;
    int64_t seed;
    bool allow_overlap;
} mos_split_options;
extern const mos_option_table mos_split_option_table;

typedef struct mos_split_report {
    int64_t units;                     /* places or blocks that were dealt out; 0: nothing was */
    int64_t buffered[MOS_SPLIT_COUNT]; /* samples the buffer took out of each split */
    int64_t without_place; /* samples whose place is not known: not checked for overlap */
    int64_t overlaps;      /* pairs of overlapping patches */
    int64_t leaks;         /* of these, in two different splits */
    int64_t fold_leaks;    /* in two different folds */
    int64_t leak[2];       /* the first leaking pair (of splits, or of folds), -1: none */
} mos_split_report;

/* The columns of a split; mos_split_columns_destroy. Overlapping patches in two splits or two folds
 * are MOSAIC_ERR_DATA, naming a pair, unless allow_overlap. The same options give the same columns.
 * The data set is the same afterwards. */
mosaic_status mos_split_make(mos_dataset *dataset, const mos_split_options *options,
                             mos_split_columns **out, mos_split_report *report);
/* Tables for people: shares of every class before and after, per fold, per fraction. */
void mos_split_describe(const mos_dataset *dataset, const mos_split_columns *columns,
                        const mos_split_report *report, mos_text *out);

#endif
