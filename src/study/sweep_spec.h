/* What a sweep is, as its YAML says: a base configuration, grids over keys, named variants,
 * labelled fractions and seeds. */
#ifndef MOS_STUDY_SWEEP_SPEC_H
#define MOS_STUDY_SWEEP_SPEC_H

#include "base/options.h"
#include "data/dataset.h"
#include "io/yaml_tree.h"
#include "prepare/synth/synth.h"

enum {
    MOS_SWEEP_AXES = 8,
    MOS_SWEEP_VARIANTS = 64,
    MOS_SWEEP_FRACTIONS = 16,
    MOS_SWEEP_SEEDS = 64,
    MOS_SWEEP_NAME = 64
};

/* What the command line says over the file. */
typedef struct mos_sweep_choices {
    const char *config;        /* base configuration instead of the file's, or NULL */
    const char *data;          /* data set instead of the file's or the procedural one, or NULL */
    const mos_text_list *set;  /* "key=value" below variants and grid; "synth.patches=800" */
    const mos_text_list *grid; /* "key=[a, b]": more axes, or other values for one of the file */
    const mos_text_list *variants;          /* only these */
    const mos_text_list *fractions, *seeds; /* instead of the file's */
    const char *reference;
    bool floors; /* also where the file does not ask for them */
} mos_sweep_choices;

typedef struct mos_sweep_axis {
    const char *key;
    char title[MOS_SWEEP_NAME]; /* the key's last part, or all of it when two axes share that */
    const mos_yaml *values;     /* a list */
    const char *what;           /* file for messages */
    mos_yaml own;               /* the list, when the command line gave it */
    char own_key[160];
} mos_sweep_axis;

typedef struct mos_sweep_variant {
    const char *name;
    const mos_yaml *tree;
    int start; /* variant whose trained encoders it starts from at the same point, fraction and
                  seed; -1: none */
} mos_sweep_variant;

typedef struct mos_sweep_spec {
    char name[MOS_SWEEP_NAME]; /* "ablation" */
    char what[4096];           /* the file in messages, "sweep ablation" for a ready-made one */
    char folder[4096];         /* relative paths are relative to it; absolute */
    char config[4096];         /* the base configuration's file, "" when it stands in `base` */
    mos_yaml root;
    const mos_yaml *base, *set, *starts; /* maps, or NULL */
    bool has_synth;                      /* the procedural data set is made first */
    mos_synth_options synth;
    mos_sweep_axis axis[MOS_SWEEP_AXES];
    int axes;
    mos_sweep_variant variant[MOS_SWEEP_VARIANTS];
    int variants;
    double fraction[MOS_SWEEP_FRACTIONS];
    int fractions; /* 0: the base's own */
    int64_t seed[MOS_SWEEP_SEEDS];
    int seeds; /* 0: the base's own */
    mos_split evaluate[MOS_SPLIT_COUNT];
    int splits;
    bool floors;               /* features that were never trained are probed, too */
    bool pages;                /* every run gets embeddings, t-SNE maps of the last split and a
                                  report */
    char reference[256];       /* "" : the first setting */
    bool chosen;               /* the command line chose variants */
    bool narrowed;             /* the command line chose variants or values and no reference */
    mos_text_list assignments; /* of the command line, for configurations */
} mos_sweep_spec;

/* `source`: the name of a ready-made sweep, a sweep file, or a training configuration (then axes
 * come from `choices` alone). Errors name file:line:column and the nearest key. */
mosaic_status mos_sweep_spec_read(const char *source, const mos_sweep_choices *choices,
                                  mos_sweep_spec *out);
void mos_sweep_spec_release(mos_sweep_spec *spec);

#endif
