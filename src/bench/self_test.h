/* Is this machine computing what it should? A few seconds: known loss values on every backend, and
 * a tiny training that must learn. */
#ifndef MOS_BENCH_SELF_TEST_H
#define MOS_BENCH_SELF_TEST_H

#include "base/text.h"

/* One line per check into `out`; MOSAIC_ERR_NUMERIC when one fails. */
mosaic_status mos_self_test(int threads, mos_text *out);

#endif
