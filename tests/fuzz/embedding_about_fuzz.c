#include "deploy/embedding_store.h"
#include "fuzz/fuzz_target.h"

#include <stdlib.h>
#include <string.h>

/* What is taken has sizes that an array can have, and names that end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_embedding_about about = {0};
    if (mos_embedding_about_parse((const char *)data, size, "fuzz", &about) != MOSAIC_OK) return 0;
    if (about.rows < 1 || about.size < 1 || about.modalities < 1 ||
        about.modalities > MOS_MAX_MODALITIES || !(about.scale > 0))
        abort();
    for (int64_t m = 0; m < about.modalities; m++)
        if (memchr(about.modality[m], 0, sizeof about.modality[m]) == NULL) abort();
    if (memchr(about.settings, 0, sizeof about.settings) == NULL) abort();
    return 0;
}
