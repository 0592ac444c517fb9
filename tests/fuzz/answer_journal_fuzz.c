/* The journal of a prediction that was stopped: whatever it holds, only whole blocks are taken. */
#include "deploy/answer_journal.h"
#include "fuzz/fuzz_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROWS = 8, CLASSES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    int64_t samples[ROWS], done = -1;
    uint8_t known[ROWS] = {0};
    float probability[ROWS * CLASSES] = {0};
    char path[64];
    mos_answers answers = {.count = ROWS,
                           .classes = CLASSES,
                           .samples = samples,
                           .known = known,
                           .probability = probability};
    mos_answer_journal journal;
    int file = memfd_create("journal", 0);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (mos_answer_journal_open(path, key, false, &answers, &done, &journal) == MOSAIC_OK) {
        if (done < 0 || done > ROWS) abort();
        for (int64_t i = done; i < ROWS; i++)
            if (known[i] != 0 || probability[i * CLASSES] != 0) abort();
        if (done < ROWS &&
            mos_answer_journal_add(&journal, &answers, done, ROWS - done) != MOSAIC_OK)
            abort();
        mos_answer_journal_close(&journal);
        /* What was added is found again. */
        if (mos_answer_journal_open(path, key, false, &answers, &done, &journal) != MOSAIC_OK ||
            done != ROWS)
            abort();
        mos_answer_journal_close(&journal);
    }
    (void)close(file);
    return 0;
}
