#include "prepare/split/stratify.h"

#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct dealing {
    const mos_stratify_problem *problem;
    mos_rng rng;
    uint32_t *order;     /* [units] shuffled */
    int64_t *start;      /* [labels + 1] */
    struct holder *list; /* label by label, the fullest units first */
    int64_t *remaining;  /* [labels] samples not dealt yet */
    double *wanted;      /* [parts, labels] */
    double *room;        /* [parts] samples */
    int16_t *part;
} dealing;

/* A unit that has a label; rank: in the shuffled order, so that sorting is reproducible. */
typedef struct holder {
    uint32_t unit, rank;
    int32_t count;
} holder;

static int fullest_first(const void *a, const void *b) {
    const holder *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static const int32_t *counts_of(const dealing *deal, int64_t unit) {
    return deal->problem->counts + unit * deal->problem->labels;
}

static mosaic_status check_problem(const mos_stratify_problem *problem, double *sum) {
    *sum = 0;
    if (problem->parts < 1 || problem->parts > MOS_STRATIFY_MAX_PARTS)
        return mos_fail(MOSAIC_ERR_USAGE, "%lld parts: 1 to %d can be made",
                        (long long)problem->parts, MOS_STRATIFY_MAX_PARTS);
    for (int64_t k = 0; k < problem->parts; k++) {
        if (!(problem->shares[k] >= 0) || !isfinite(problem->shares[k]))
            return mos_fail(MOSAIC_ERR_USAGE, "share %g of part %lld: wanted 0 or more",
                            problem->shares[k], (long long)k + 1);
        *sum += problem->shares[k];
    }
    if (*sum > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "all shares are 0");
}

static mosaic_status list_holders(dealing *deal) {
    const mos_stratify_problem *problem = deal->problem;
    size_t labels = (size_t)problem->labels;
    MOS_TRY(mos_alloc((size_t)problem->units, sizeof *deal->order, "order of units", &deal->order));
    for (int64_t u = 0; u < problem->units; u++)
        deal->order[u] = (uint32_t)u;
    mos_rng_shuffle(&deal->rng, deal->order, (size_t)problem->units);
    MOS_TRY(mos_alloc(labels + 1, sizeof *deal->start, "lists by label", &deal->start));
    MOS_TRY(mos_alloc(labels, sizeof *deal->remaining, "lists by label", &deal->remaining));
    for (int64_t u = 0; u < problem->units; u++) {
        for (int64_t l = 0; l < problem->labels; l++) {
            deal->start[l + 1] += counts_of(deal, u)[l] > 0;
            deal->remaining[l] += counts_of(deal, u)[l];
        }
    }
    for (int64_t l = 0; l < problem->labels; l++)
        deal->start[l + 1] += deal->start[l];
    MOS_TRY(
        mos_alloc((size_t)deal->start[labels], sizeof *deal->list, "lists by label", &deal->list));
    int64_t *next;
    MOS_TRY(mos_alloc(labels, sizeof *next, "lists by label", &next));
    for (int64_t p = 0; p < problem->units; p++) {
        uint32_t unit = deal->order[p];
        for (int64_t l = 0; l < problem->labels; l++) {
            int32_t count = counts_of(deal, unit)[l];
            if (count > 0)
                deal->list[deal->start[l] + next[l]++] = (holder){unit, (uint32_t)p, count};
        }
    }
    mos_free(next);
    for (int64_t l = 0; l < problem->labels; l++)
        qsort(deal->list + deal->start[l], (size_t)(deal->start[l + 1] - deal->start[l]),
              sizeof *deal->list, fullest_first);
    return MOSAIC_OK;
}

static mosaic_status set_wishes(dealing *deal, double sum) {
    const mos_stratify_problem *problem = deal->problem;
    double samples = 0;
    MOS_TRY(mos_alloc((size_t)(problem->parts * problem->labels), sizeof *deal->wanted,
                      "wanted samples", &deal->wanted));
    MOS_TRY(mos_alloc((size_t)problem->parts, sizeof *deal->room, "wanted samples", &deal->room));
    for (int64_t u = 0; u < problem->units; u++)
        samples += problem->sizes[u];
    for (int64_t k = 0; k < problem->parts; k++) {
        double share = problem->shares[k] / sum;
        deal->room[k] = share * samples;
        for (int64_t l = 0; l < problem->labels; l++)
            deal->wanted[k * problem->labels + l] = share * (double)deal->remaining[l];
    }
    return MOSAIC_OK;
}

/* The part that wants most of a label. Ties go to the part with the most room, ties in room to
 * chance. label -1: by room alone. */
static int64_t neediest_part(dealing *deal, int64_t label) {
    const mos_stratify_problem *problem = deal->problem;
    int64_t best = -1;
    uint64_t equals = 0;
    double most = 0;
    for (int64_t k = 0; k < problem->parts; k++) {
        if (problem->shares[k] <= 0) continue;
        double wish = label < 0 ? deal->room[k] : deal->wanted[k * problem->labels + label];
        bool same = best >= 0 && wish == most && deal->room[k] == deal->room[best];
        if (best < 0 || wish > most || (wish == most && deal->room[k] > deal->room[best])) {
            best = k;
            most = wish;
            equals = 1;
        } else if (same && mos_rng_below(&deal->rng, ++equals) == 0) {
            best = k;
        }
    }
    return best;
}

static void give(dealing *deal, int64_t unit, int64_t part) {
    const int32_t *counts = counts_of(deal, unit);
    deal->part[unit] = (int16_t)part;
    deal->room[part] -= deal->problem->sizes[unit];
    for (int64_t l = 0; l < deal->problem->labels; l++) {
        deal->wanted[part * deal->problem->labels + l] -= counts[l];
        deal->remaining[l] -= counts[l];
    }
}

static int64_t rarest_label(const dealing *deal) {
    int64_t best = -1;
    for (int64_t l = 0; l < deal->problem->labels; l++)
        if (deal->remaining[l] > 0 && (best < 0 || deal->remaining[l] < deal->remaining[best]))
            best = l;
    return best;
}

mosaic_status mos_stratify(const mos_stratify_problem *problem, int16_t *part) {
    dealing deal = {
        .problem = problem, .rng = mos_rng_at(problem->seed, MOS_RNG_SPLIT, 1, 0, 0), .part = part};
    mosaic_status status;
    double sum;
    MOS_GOTO(check_problem(problem, &sum));
    for (int64_t u = 0; u < problem->units; u++)
        part[u] = -1;
    MOS_GOTO(list_holders(&deal));
    MOS_GOTO(set_wishes(&deal, sum));
    for (int64_t l; (l = rarest_label(&deal)) >= 0;) {
        for (int64_t h = deal.start[l]; h < deal.start[l + 1]; h++) {
            uint32_t unit = deal.list[h].unit;
            if (part[unit] < 0) give(&deal, unit, neediest_part(&deal, l));
        }
    }
    for (int64_t p = 0; p < problem->units; p++)
        if (part[deal.order[p]] < 0) give(&deal, deal.order[p], neediest_part(&deal, -1));
done:
    mos_free(deal.order);
    mos_free(deal.start);
    mos_free(deal.list);
    mos_free(deal.remaining);
    mos_free(deal.wanted);
    mos_free(deal.room);
    return status;
}
