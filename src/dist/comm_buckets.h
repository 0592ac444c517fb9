/* Sums over ranks that travel while the caller computes. Values lie in equal buckets; each is posted as
 * soon as its values are final. A value's sum is taken in double and in rank order: it
 * has the same bits on every rank and in every run with so many ranks, whatever the buckets. */
#ifndef MOS_DIST_COMM_BUCKETS_H
#define MOS_DIST_COMM_BUCKETS_H

#include "dist/comm.h"

typedef struct mos_buckets {
    mos_comm *comm;
    int64_t count, size, buckets; /* values, of a bucket, how many */
    int64_t part;                 /* of a bucket: rank r adds up, and may keep, the r-th */
    float *values;                /* [count]: the caller writes and reads them here */
    float *own, *tail, *in; /* values where they are not the caller's; the last bucket, filled up;
                               what travels in the bucket in hand */
    bool *posted;           /* [buckets] */
    bool kept; /* a rank has the sums of its own parts alone (reduce-scatter): set after init */
    int64_t in_hand; /* the bucket whose parts are on their way, -1: none */
    int64_t passed;  /* the last one whose sums are on their way, -1: none */
    bool here;       /* the parts of the one in hand have come */
    /* Since init: buckets, those posted before the last call of a sum, and what that call took. */
    int64_t summed, early, waited_ns;
} mos_buckets;

/* Not collective. The number of ranks, and with it the sizes, is that of comm. values: the caller's
 * [count], which outlive the buckets; NULL: the buckets have some of their own. */
mosaic_status mos_buckets_init(mos_buckets *buckets, mos_comm *comm, int64_t count, float *values);
void mos_buckets_release(mos_buckets *buckets);
/* Collective, in one order on all ranks: the values of bucket `index` are final and begin to travel. */
mosaic_status mos_buckets_post(mos_buckets *buckets, int64_t index);
/* Not collective: what travels may go on. MPI moves data only while it is called. */
mosaic_status mos_buckets_progress(mos_buckets *buckets);
/* Collective. Posts what is left, in order; then all values are sums, or those of the own parts that
 * `kept` asks for, and nothing is posted. */
mosaic_status mos_buckets_finish(mos_buckets *buckets);
/* Values [first, *end) of bucket `index` are the own part of this rank; empty at the end of the values. */
int64_t mos_buckets_own(const mos_buckets *buckets, int64_t index, int64_t *end);
/* Collective. All-gather: every rank's own parts of values [count] go to all. */
mosaic_status mos_buckets_gather(mos_buckets *buckets, float *values);

#endif
