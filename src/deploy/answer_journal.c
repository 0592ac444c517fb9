#include "deploy/answer_journal.h"

#include "base/memory.h"
#include "io/crc32c.h"

#include <string.h>
#include <unistd.h>

/* "mosaic answers 1 " key "\n", then blocks: first row, rows, flags, probabilities, checksum. */
static const char magic[] = "mosaic answers 1 ";
enum { KEY_BYTES = 64 };

static int64_t header_bytes(void) {
    return (int64_t)sizeof magic - 1 + KEY_BYTES + 1;
}

static uint32_t sum_block(const mos_answers *a, int64_t first, int64_t count) {
    const int64_t head[] = {first, count};
    const uint32_t parts[] = {mos_crc32c(head, sizeof head),
                              mos_crc32c(a->known + first, (size_t)count),
                              mos_crc32c(a->probability + first * a->classes,
                                         (size_t)(count * a->classes) * sizeof(float))};
    return mos_crc32c(parts, sizeof parts);
}

/* One block into its rows; false where it is not whole. */
static bool read_block(FILE *file, mos_answers *a, int64_t done, int64_t *count) {
    int64_t head[2];
    uint32_t sum;
    if (fread(head, sizeof head, 1, file) != 1 || head[0] != done || head[1] < 1 ||
        head[1] > a->count - done)
        return false;
    *count = head[1];
    size_t rows = (size_t)head[1], values = rows * (size_t)a->classes;
    return fread(a->known + done, 1, rows, file) == rows &&
           fread(a->probability + done * a->classes, sizeof(float), values, file) == values &&
           fread(&sum, sizeof sum, 1, file) == 1 && sum == sum_block(a, done, *count);
}

static mosaic_status read_header(mos_answer_journal *journal, const char *key, bool *empty) {
    char found[sizeof magic - 1 + KEY_BYTES + 1];
    size_t size = fread(found, 1, sizeof found, journal->file);
    *empty = size < sizeof found; /* killed while it was made */
    if (*empty) return MOSAIC_OK;
    if (memcmp(found, magic, sizeof magic - 1) == 0 &&
        memcmp(found + sizeof magic - 1, key, KEY_BYTES) == 0)
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_RESUME,
                    "%s: an unfinished prediction of another model, other data or other settings; "
                    "--overwrite begins anew",
                    journal->path);
}

static mosaic_status write_header(mos_answer_journal *journal, const char *key) {
    if (fprintf(journal->file, "%s%.*s\n", magic, KEY_BYTES, key) != (int)header_bytes() ||
        fflush(journal->file) != 0)
        return mos_fail_errno("write", journal->path);
    return MOSAIC_OK;
}

static mosaic_status take(mos_answer_journal *journal, const char *key, mos_answers *answers,
                          int64_t *done) {
    bool empty;
    int64_t whole = header_bytes(), count;
    MOS_TRY(read_header(journal, key, &empty));
    while (!empty && *done < answers->count && read_block(journal->file, answers, *done, &count)) {
        *done += count;
        whole = ftell(journal->file);
    }
    journal->rows = *done;
    /* Clears the rows that a cut-short block had filled. */
    for (int64_t i = *done; i < answers->count; i++) {
        answers->known[i] = 0;
        for (int64_t c = 0; c < answers->classes; c++)
            answers->probability[i * answers->classes + c] = 0;
    }
    if (empty) whole = 0;
    if (fflush(journal->file) != 0 || ftruncate(fileno(journal->file), whole) != 0 ||
        fseek(journal->file, whole, SEEK_SET) != 0)
        return mos_fail_errno("write", journal->path);
    return empty ? write_header(journal, key) : MOSAIC_OK;
}

mosaic_status mos_answer_journal_open(const char *path, const char *key, bool anew,
                                      mos_answers *answers, int64_t *done,
                                      mos_answer_journal *out) {
    mosaic_status status;
    *out = (mos_answer_journal){0};
    *done = 0;
    (void)snprintf(out->path, sizeof out->path, "%s", path);
    out->file = anew ? NULL : fopen(path, "r+b");
    bool found = out->file != NULL;
    if (!found) out->file = fopen(path, "w+b");
    if (out->file == NULL) return mos_fail_errno("create", path);
    status = found ? take(out, key, answers, done) : write_header(out, key);
    if (status == MOSAIC_OK) return MOSAIC_OK;
    out->rows = 1; /* so that closing does not remove the file: it may hold another run's answers */
    mos_answer_journal_close(out);
    return status;
}

mosaic_status mos_answer_journal_add(mos_answer_journal *journal, const mos_answers *a,
                                     int64_t first, int64_t count) {
    const int64_t head[] = {first, count};
    const uint32_t sum = sum_block(a, first, count);
    size_t rows = (size_t)count, values = rows * (size_t)a->classes;
    if (fwrite(head, sizeof head, 1, journal->file) != 1 ||
        fwrite(a->known + first, 1, rows, journal->file) != rows ||
        fwrite(a->probability + first * a->classes, sizeof(float), values, journal->file) !=
            values ||
        fwrite(&sum, sizeof sum, 1, journal->file) != 1 || fflush(journal->file) != 0 ||
        fdatasync(fileno(journal->file)) != 0)
        return mos_fail_errno("write", journal->path);
    journal->rows += count;
    return MOSAIC_OK;
}

void mos_answer_journal_close(mos_answer_journal *journal) {
    if (journal->file == NULL) return;
    (void)fclose(journal->file);
    if (journal->rows == 0) (void)unlink(journal->path);
    journal->file = NULL;
}
