#include "fuzz/fuzz_target.h"
#include "io/labels_json.h"

#include <stdlib.h>
#include <string.h>

static void check_text(const char *text) {
    if (text != NULL && strlen(text) > MOS_LABELS_JSON_TEXT) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_labels_json labels;
    if (mos_labels_json_parse((const char *)data, size, "fuzz", &labels) == MOSAIC_OK) {
        if (labels.label_count > MOS_LABELS_JSON_LABELS) abort();
        for (size_t i = 0; i < labels.label_count; i++) {
            if (labels.labels[i][0] == '\0') abort();
            check_text(labels.labels[i]);
        }
        check_text(labels.partner);
        check_text(labels.acquired);
        check_text(labels.source);
    } else if (labels.tree != NULL || labels.label_count != 0 ||
               strchr(mosaic_error(), '\n') != NULL) {
        abort();
    }
    mos_labels_json_release(&labels);
    return 0;
}
