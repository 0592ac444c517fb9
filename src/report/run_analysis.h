/* The analyses beside an evaluation's scores: confusability.csv, class_alignment.csv, tsne.csv, and
 * the intervals, calibration and clusters of its JSON documents. What was not written is empty. */
#ifndef MOS_REPORT_RUN_ANALYSIS_H
#define MOS_REPORT_RUN_ANALYSIS_H

#include "base/error.h"
#include "report/run_modalities.h"
#include "report/run_patches.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MOS_REPORT_INTERVALS = 5,
    MOS_REPORT_BINS = 32,
    MOS_REPORT_SPACES = 32,
    MOS_REPORT_MAPS = 16,
    MOS_REPORT_EXAMPLES = 2
};
extern const char *const mos_report_interval_names[MOS_REPORT_INTERVALS]; /* as in metrics.json */

typedef struct mos_report_confusion {
    char from[128], to[128];
    double rows, confused, rate, base_rate, lift, score_correlation, prototype_cosine;
    char example[MOS_REPORT_EXAMPLES][160]; /* ids of patches; "": none */
} mos_report_confusion;

/* A ROC and precision-recall curve. */
typedef struct mos_report_ranking {
    const char *name;                                 /* of the class; "(micro)" */
    double *recall, *false_positive_rate, *precision; /* [count] */
    int64_t count;
} mos_report_ranking;

typedef struct mos_report_space {
    char name[32], kind[16];
    double rows, silhouette, davies_bouldin, neighbour_jaccard, intra, inter, uniformity, rankme;
    bool collapsed;
} mos_report_space;

typedef struct mos_report_point {
    float x, y;
    int modality, class; /* numbers of names below; class -1: none */
} mos_report_point;
typedef struct mos_report_map {
    char name[32];
    mos_report_point *points; /* owned */
    size_t count, capacity;
    double trustworthiness, divergence, rankme; /* of tsne.json; NaN: not given */
    bool collapsed, degenerate; /* what was mapped has collapsed; its points coincide */
} mos_report_map;

/* How far apart the same patches lie in two modalities, and how often one finds the other. */
typedef struct mos_report_alignment {
    char kind[16], a[32], b[32];
    double rows, alignment, centre_gap, finds[2];
} mos_report_alignment;

/* Two classes as two modalities see them, a line of class_alignment.csv. */
typedef struct mos_report_class_alignment {
    const char *kind, *a, *b, *class, *other; /* in the table */
    double rows[2], within, across, margin, told_apart[2];
} mos_report_class_alignment;

/* Scores of the patches of one value of a column, a line of groups.csv. */
typedef struct mos_report_group {
    const char *column, *value; /* in the table */
    double rows, classes;
    mos_report_interval micro_f1, macro_ap;
} mos_report_group;

typedef struct mos_report_analysis {
    struct {
        char thresholds[16]; /* "0.5", "per_class" */
        mos_report_interval score[MOS_REPORT_INTERVALS];
    } confidence[2];
    int confidence_sets;
    double level, resamples, ece, brier;
    struct {
        double confidence, frequency, count;
    } bin[MOS_REPORT_BINS];
    int bins;
    mos_report_confusion *confusions; /* [confusion_count] most confusable first; owned */
    size_t confusion_count;
    mos_report_space space[MOS_REPORT_SPACES];
    int spaces;
    mos_report_alignment alignment[MOS_REPORT_SPACES];
    int alignments;
    mos_csv class_alignment_table;               /* class_alignment.csv */
    mos_report_class_alignment *class_alignment; /* by the table's order; owned */
    size_t class_alignments;
    mos_csv group_table;     /* groups.csv */
    mos_report_group *group; /* by the table's order; owned */
    size_t groups;
    mos_report_modalities modalities;
    mos_report_map map[MOS_REPORT_MAPS];
    int maps;
    char (*names)[128]; /* [name_count] modalities and classes of the maps' points; owned */
    size_t name_count, name_capacity;
    mos_csv curves;              /* curves.csv */
    double *curve_values;        /* [3, rows] recall, false positive rate, precision; owned */
    mos_report_ranking *ranking; /* [rankings] by the table's order; owned */
    size_t rankings;
    mos_report_patches patches;
} mos_report_analysis;

/* The CSV files of an evaluation's folder; where: the folder. */
mosaic_status mos_run_analysis_tables(const char *folder, mos_report_analysis *out);
void mos_run_analysis_release(mos_report_analysis *analysis);

#endif
