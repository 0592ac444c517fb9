/* What a fuzz target defines. It must take any bytes: an error is an answer, a crash, a leak or a
 * hang is a defect. */
#ifndef MOS_FUZZ_TARGET_H
#define MOS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
