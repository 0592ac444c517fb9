/* What the terms share: the objective's memory and the rows of contrastive problems. Internal to
 * the room. */
#ifndef MOS_OBJECTIVE_OBJECTIVE_INTERNAL_H
#define MOS_OBJECTIVE_OBJECTIVE_INTERNAL_H

#include "objective/objective.h"

/* Scalars of a step, in one piece: mos_settle brings them. */
typedef struct mos_objective_block {
    mos_bce_result bce;
    mos_contrast_result problem[MOS_OBJECTIVE_PROBLEMS];
} mos_objective_block;

/* A contrastive problem that was enqueued: its loss enters the term times `share`. */
typedef struct mos_problem {
    mos_term term;
    double share;
} mos_problem;

/* Problems are made of rows: some modalities' view sets one below the other. Labels, presence and
 * indices of such rows are gathered here; row k belongs to sample k mod batch. */
struct mos_objective {
    mos_device *device;
    mos_objective_options options;
    unsigned terms, needs; /* bits of the terms that are on; all that these need */
    mos_view_plan views;
    int64_t modalities, batch, classes, latent;
    int64_t most_rows;
    int64_t partner_batch;              /* what `partner` was made for; 0: not yet */
    int32_t *host_rows;                 /* host [most_rows] */
    uint8_t *host_presence;             /* host [modalities, batch] */
    float *host_targets;                /* host [batch, classes] */
    mos_objective_block *block, *found; /* what problems left: on the device, on the host */
    mos_problem problem[MOS_OBJECTIVE_PROBLEMS];
    int problems;                 /* of this step */
    int64_t own_first, own_count; /* samples whose anchors this process takes; 0: all */
    /* on the device */
    double *pos_weight; /* [classes] or NULL */
    int32_t *self;      /* 0, 1, 2 ... */
    int32_t *partner;   /* [most_rows]: the same sample's row of the other of two parts */
    int8_t *labels;     /* [most_rows, classes]: the batch's, repeated */
    float *targets;     /* [batch, classes] of the cross entropy */
    uint8_t *presence;  /* [modalities, batch]: this batch's */
    uint8_t *present;   /* [most_rows] of the problem at hand */
    void *rows, *drows; /* real [most_rows + queued, latent], [most_rows, latent]: rows that do not
                           lie together in the model */
    mos_label_queue queue;
    int64_t queued;             /* rows the queue adds at most: modalities x size */
    int8_t *reference_labels;   /* on the device [most_rows + queued, classes], with a queue */
    uint8_t *reference_present; /* [most_rows + queued] */
    void *scratch;              /* the backend's; NULL where no term asks for it */
};

/* Where a problem's rows and their gradients are. */
typedef struct mos_row_set {
    const void *z;
    void *dz;
} mos_row_set;

/* Row `row` of a block of latents. */
void *mos_row_at(const mos_objective *o, const void *rows, int64_t row);
/* View set `view` of modality m. */
mos_row_set mos_view_rows(const mos_objective *o, const mos_objective_input *in, int64_t m,
                          int64_t view, bool inter);
/* Presence of part `part` of the problem's rows: those of modality m. */
void mos_rows_set_present(mos_objective *o, const mos_objective_input *in, int64_t part, int64_t m);
/* Anchors of the modalities of list, one below the other, copied together; their gradients go back
 * with mos_rows_scatter. */
mos_row_set mos_rows_gather(mos_objective *o, const mos_objective_input *in, const int64_t *list,
                            int64_t count);
void mos_rows_scatter(mos_objective *o, const mos_objective_input *in, const int64_t *list,
                      int64_t count);
/* Rows 0..count of a problem that compares every row with every other one. */
mos_contrast mos_rows_square(const mos_objective *o, int64_t count);
/* Enqueues a problem of a term. */
void mos_rows_contrast(mos_objective *o, const mos_contrast *problem, mos_row_set anchors,
                       mos_row_set references, double weight, mos_problem of);

#endif
