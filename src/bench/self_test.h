/* Is this machine computing what it should? Seconds: known loss values on every backend, and
 * a tiny training that must learn. */
#ifndef MOS_BENCH_SELF_TEST_H
#define MOS_BENCH_SELF_TEST_H

#include "base/text.h"

/* One line per check into `out`; MOSAIC_ERR_NUMERIC when one fails. No step of the training begins that
 * would end after `deadline_ns` (mos_now_ns) if it took as long as the longest before it: what is not
 * reached is said, and is no failure. */
mosaic_status mos_self_test(int threads, int64_t deadline_ns, mos_text *out);

#endif
