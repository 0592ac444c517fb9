/* Loss terms as rows of one table. A new one is a file term_<name>.c that holds its row, a line in
 * MOS_TERM_LIST, and its bit in the methods that use it (method.c); docs/adding.md has the list.
 * Whoever plans or trains asks what the terms need, never which they are. */
#ifndef MOS_OBJECTIVE_TERM_H
#define MOS_OBJECTIVE_TERM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* In the order in which they run and are reported; sums of them are saved in checkpoints, so new
 * ones come last. */
#define MOS_TERM_LIST(ROW)                                                                         \
    ROW(INTRA, intra)                                                                              \
    ROW(INTER, inter)                                                                              \
    ROW(MSC, msc)                                                                                  \
    ROW(BCE, bce)                                                                                  \
    MOS_TERM_MORE(ROW)
/* A test's own. */
#ifndef MOS_TERM_MORE
#define MOS_TERM_MORE(ROW)
#endif

#define MOS_TERM_NUMBER(UPPER, lower) MOS_TERM_##UPPER,
typedef enum mos_term { MOS_TERM_LIST(MOS_TERM_NUMBER) MOS_TERM_COUNT } mos_term;

/* What a term asks of data, views and model. */
enum {
    MOS_NEEDS_STRONG = 1,        /* two strong view sets of every modality */
    MOS_NEEDS_ANCHOR = 2,        /* the anchor view set */
    MOS_NEEDS_LATENTS = 4,       /* of the projectors */
    MOS_NEEDS_LATENTS_INTER = 8, /* of the second projectors, where the model has them */
    MOS_NEEDS_LOGITS = 16,       /* the head: it is trained */
    MOS_NEEDS_LABELS = 32,       /* and classes */
    MOS_NEEDS_PAIRS = 64,        /* two modalities at least */
    MOS_NEEDS_POSITIVES = 128,   /* positives by label: they are counted, a queue may hold more */
    MOS_NEEDS_UNLABELED = 256,   /* rows without a label teach it: they are worth drawing */
    MOS_NEEDS_ANY_LATENTS = MOS_NEEDS_LATENTS | MOS_NEEDS_LATENTS_INTER
};

struct mos_objective;
struct mos_objective_input;
struct mos_objective_options;
struct mos_objective_result;

typedef struct mos_term_row {
    const char *name;  /* "intra": its weight is loss.weights.intra */
    const char *floor; /* name of the least value it can take, where that is reported; or NULL */
    bool warms;        /* its weight rises over loss.msc_warmup */
    bool always;       /* reported where its weight is 0 now, too */
    unsigned (*needs)(const struct mos_objective_options *options); /* MOS_NEEDS_* */
    /* What is wrong with options for this term beyond its needs; NULL: nothing can be. */
    mosaic_status (*check)(const struct mos_objective *objective);
    /* Device scratch for the largest batch; NULL: none. */
    size_t (*bytes)(const struct mos_objective *objective);
    /* Enqueues what adds `weight` times the gradient to the input's gradients. */
    void (*run)(struct mos_objective *objective, const struct mos_objective_input *input,
                double weight);
    /* Of a term that ran: writes result->term[this] once the device has settled; NULL: the sum of
     * its contrastive problems. */
    void (*collect)(const struct mos_objective *objective, struct mos_objective_result *result);
} mos_term_row;
extern const mos_term_row *const mos_terms[MOS_TERM_COUNT];

#endif
