/* What the op tests share: devices, device arrays filled from host doubles, and repeatable numbers.
 * Test code: a failed allocation or plan ends the program with the message. */
#ifndef MOS_TESTS_COMPUTE_OP_SUPPORT_H
#define MOS_TESTS_COMPUTE_OP_SUPPORT_H

#include "compute/backends.h"

/* A device of this table, opened past mos_device_open so that a test may bring its own build of a
 * backend. */
mos_device *support_open(const mos_backend *ops, mos_precision precision, int threads);
void support_close(mos_device **device);
/* The cpu backend, or NULL (said aloud) where this build has none. */
mos_device *support_open_cpu(mos_precision precision);
/* End the program with the recorded detail unless status is MOSAIC_OK. */
void support_check(mosaic_status status, const char *what);

/* Host memory, zeroed; free with mos_free. */
void *support_host(int64_t count, size_t size);
/* Standard normal numbers, the same for the same seed, rounded to what bfloat16 holds: exact on
 * every backend. */
double *support_normal(int64_t count, uint64_t seed);
/* The same in full double: no two are equal, so no maximum is tied. */
double *support_normal64(int64_t count, uint64_t seed);
double support_round_bf16(double value);

/* Device arrays; free with device->ops->free. `host` NULL: zeros. */
void *support_real(mos_device *device, const double *host, int64_t count);
void *support_act(mos_device *device, const double *host, int64_t n, int64_t c, int64_t h,
                  int64_t w);
void *support_image(mos_device *device, const double *host, int64_t n, int64_t c, int64_t h,
                    int64_t w);
void *support_bytes(mos_device *device, size_t bytes);
/* A copy of host bytes; NULL of NULL. */
void *support_table(mos_device *device, const void *host, size_t bytes);

/* Fills device memory with NaN. */
void support_dirty(mos_device *device, void *memory, size_t bytes);

/* A contrastive problem whose tables were on the host, on the device, with scratch and a place for
 * its result; take brings the result and frees all of it. */
enum { SUPPORT_TABLES = 6 };
typedef struct support_problem {
    mos_contrast problem;
    void *table[SUPPORT_TABLES], *scratch;
    mos_contrast_result *result;
} support_problem;
support_problem support_problem_make(mos_device *device, const mos_contrast *host);
mos_contrast_result support_problem_take(mos_device *device, support_problem *made);

/* Of host tables, settled; returns the loss. mixed: targets are quarters off the labels, as those of
 * mixed patches are. */
double support_bce(mos_device *device, int64_t n, int64_t l, const void *logits,
                   const int8_t *labels, bool mixed, const double *weights, double scale,
                   void *dlogits, int64_t *known);
mos_measure_result support_measure(mos_device *device, const void *real, int64_t count);

#endif
