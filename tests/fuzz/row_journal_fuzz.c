/* The journal of a run that was stopped: whatever it holds, only whole blocks are taken. */
#include "deploy/row_journal.h"
#include "fuzz/fuzz_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROWS = 8, BYTES = 13 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char path[64], records[ROWS * BYTES], again[ROWS * BYTES];
    mos_row_journal journal;
    int file = memfd_create("journal", 0);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (mos_row_journal_open(path, key, false, BYTES, ROWS, &journal) == MOSAIC_OK) {
        const int64_t done = journal.rows;
        if (done < 0 || done > ROWS) abort();
        memset(records, 7, sizeof records);
        if (mos_row_journal_read(&journal, 0, done, records) != MOSAIC_OK) abort();
        if (done < ROWS &&
            mos_row_journal_add(&journal, records + done * BYTES, ROWS - done) != MOSAIC_OK)
            abort();
        mos_row_journal_close(&journal);
        /* What was there and what was added is found again. */
        if (mos_row_journal_open(path, key, false, BYTES, ROWS, &journal) != MOSAIC_OK ||
            journal.rows != ROWS)
            abort();
        if (mos_row_journal_read(&journal, 0, ROWS, again) != MOSAIC_OK ||
            memcmp(records, again, sizeof records) != 0)
            abort();
        mos_row_journal_close(&journal);
    }
    (void)close(file);
    return 0;
}
