#include "data/names/label_text.h"
#include "fuzz/fuzz_target.h"

#include <stdlib.h>
#include <string.h>

typedef struct cell {
    const char *begin, *end, *last;
    size_t labels, most;
} cell;

/* Labels lie in the cell, in order, and the visitor's no ends it. */
static bool visit(void *context, const char *label, size_t size) {
    cell *at = context;
    if (at->labels == at->most) abort();
    if (label < at->last || size > (size_t)(at->end - label)) abort();
    at->last = label + size;
    return ++at->labels < at->most;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const size_t most[] = {SIZE_MAX, 1, 3};
    char *text = malloc(size + 1);
    if (text == NULL) return 0;
    for (size_t m = 0; m < sizeof most / sizeof *most; m++) {
        if (size > 0) memcpy(text, data, size);
        text[size] = '\0';
        cell at = {text, text + strlen(text), text, 0, most[m]};
        bool good = mos_labels_split(text, visit, &at);
        if (good && at.labels >= most[m]) abort();
        if (good && at.labels == 0 && text[strspn(text, " \t\r\n")] != '\0' &&
            strchr(text, '[') == NULL)
            abort();
    }
    free(text);
    return 0;
}
