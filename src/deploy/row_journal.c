#include "deploy/row_journal.h"

#include "base/log.h"
#include "base/memory.h"
#include "io/crc32c.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "mosaic rows 1 " key "\n", then blocks: first row, rows, records, checksum. */
static const char magic[] = "mosaic rows 1 ";
enum { KEY_BYTES = 64, HEADER_BYTES = sizeof magic - 1 + KEY_BYTES + 1 };

struct mos_row_block {
    int64_t first, count, at; /* rows, and where in the file their records begin */
};

static uint32_t sum_block(const int64_t head[2], const void *records, size_t size) {
    const uint32_t parts[] = {mos_crc32c(head, 2 * sizeof *head), mos_crc32c(records, size)};
    return mos_crc32c(parts, sizeof parts);
}

static mosaic_status note_block(mos_row_journal *journal, int64_t count) {
    MOS_TRY(mos_grow(&journal->blocks, &journal->block_capacity, journal->block_count + 1,
                     sizeof *journal->blocks, "a journal"));
    const int64_t head = 2 * (int64_t)sizeof(int64_t);
    journal->blocks[journal->block_count++] =
        (mos_row_block){journal->rows, count, journal->whole + head};
    journal->rows += count;
    journal->whole += head + count * (int64_t)journal->bytes + (int64_t)sizeof(uint32_t);
    return MOSAIC_OK;
}

/* The block that begins behind what is known to be whole; *whole false: it is not. */
static mosaic_status read_block(mos_row_journal *journal, int64_t size, int64_t most, void **room,
                                size_t *capacity, bool *whole) {
    const int64_t left = size - journal->whole;
    int64_t head[2];
    uint32_t sum;
    *whole = false;
    if (fread(head, sizeof head, 1, journal->file) != 1 || head[0] != journal->rows ||
        head[1] < 1 || head[1] > most - journal->rows || head[1] > left / (int64_t)journal->bytes)
        return MOSAIC_OK;
    const size_t bytes = (size_t)head[1] * journal->bytes;
    MOS_TRY(mos_grow(room, capacity, bytes, 1, "a journal"));
    *whole = fread(*room, 1, bytes, journal->file) == bytes &&
             fread(&sum, sizeof sum, 1, journal->file) == 1 && sum == sum_block(head, *room, bytes);
    return *whole ? note_block(journal, head[1]) : MOSAIC_OK;
}

static mosaic_status read_blocks(mos_row_journal *journal, int64_t most) {
    struct stat about;
    void *room = NULL;
    size_t capacity = 0;
    bool whole = true;
    mosaic_status status = MOSAIC_OK;
    journal->whole = HEADER_BYTES;
    if (fstat(fileno(journal->file), &about) != 0) return mos_fail_errno("read", journal->path);
    while (status == MOSAIC_OK && whole && journal->rows < most)
        status = read_block(journal, about.st_size, most, &room, &capacity, &whole);
    mos_free(room);
    return status;
}

static mosaic_status write_header(mos_row_journal *journal, const char *key) {
    if (fprintf(journal->file, "%s%.*s\n", magic, KEY_BYTES, key) != HEADER_BYTES ||
        fflush(journal->file) != 0)
        return mos_fail_errno("write", journal->path);
    journal->whole = HEADER_BYTES;
    return MOSAIC_OK;
}

/* A file that was found: its blocks, and the place behind them to go on at. */
static mosaic_status take(mos_row_journal *journal, const char *key, int64_t most) {
    char found[HEADER_BYTES];
    const bool empty = fread(found, 1, sizeof found, journal->file) < sizeof found;
    if (!empty) { /* else it was killed while it was made */
        if (memcmp(found, magic, sizeof magic - 1) != 0 ||
            memcmp(found + sizeof magic - 1, key, KEY_BYTES) != 0)
            return mos_fail(MOSAIC_ERR_RESUME,
                            "%s: an unfinished run of another model, other data or other settings; "
                            "--overwrite begins anew",
                            journal->path);
        MOS_TRY(read_blocks(journal, most));
    }
    if (fflush(journal->file) != 0 || ftruncate(fileno(journal->file), journal->whole) != 0 ||
        fseek(journal->file, journal->whole, SEEK_SET) != 0)
        return mos_fail_errno("write", journal->path);
    return empty ? write_header(journal, key) : MOSAIC_OK;
}

mosaic_status mos_row_journal_open(const char *path, const char *key, bool anew, size_t bytes,
                                   int64_t most, mos_row_journal *out) {
    mosaic_status status;
    *out = (mos_row_journal){.bytes = bytes};
    (void)snprintf(out->path, sizeof out->path, "%s", path);
    out->file = anew ? NULL : fopen(path, "r+b");
    const bool found = out->file != NULL;
    if (!found) out->file = fopen(path, "w+b");
    if (out->file == NULL) return mos_fail_errno("create", path);
    status = found ? take(out, key, most) : write_header(out, key);
    if (status == MOSAIC_OK) return MOSAIC_OK;
    out->foreign = true;
    mos_row_journal_close(out);
    return status;
}

/* A killed program loses nothing that was written; a machine without power, what was written within a
 * second. */
static bool sync_at_times(mos_row_journal *journal) {
    const int64_t now = mos_now_ns(), second = 1000000000;
    if (now - journal->synced_ns < second) return true;
    journal->synced_ns = now;
    return fdatasync(fileno(journal->file)) == 0;
}

mosaic_status mos_row_journal_add(mos_row_journal *journal, const void *records, int64_t count) {
    const int64_t head[] = {journal->rows, count};
    const size_t bytes = (size_t)count * journal->bytes;
    const uint32_t sum = sum_block(head, records, bytes);
    if (fwrite(head, sizeof head, 1, journal->file) != 1 ||
        fwrite(records, 1, bytes, journal->file) != bytes ||
        fwrite(&sum, sizeof sum, 1, journal->file) != 1 || fflush(journal->file) != 0 ||
        !sync_at_times(journal))
        return mos_fail_errno("write", journal->path);
    return note_block(journal, count);
}

/* The block that holds a row. */
static const mos_row_block *find_block(const mos_row_journal *journal, int64_t row) {
    size_t low = 0, high = journal->block_count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (journal->blocks[middle].first <= row)
            low = middle;
        else
            high = middle;
    }
    return &journal->blocks[low];
}

mosaic_status mos_row_journal_read(const mos_row_journal *journal, int64_t first, int64_t count,
                                   void *records) {
    char *to = records;
    while (count > 0) {
        const mos_row_block *block = find_block(journal, first);
        const int64_t skipped = first - block->first;
        const int64_t part = count < block->count - skipped ? count : block->count - skipped;
        const size_t bytes = (size_t)part * journal->bytes;
        const off_t at = (off_t)(block->at + skipped * (int64_t)journal->bytes);
        for (size_t done = 0; done < bytes;) {
            const ssize_t got =
                pread(fileno(journal->file), to + done, bytes - done, at + (off_t)done);
            if (got < 0) return mos_fail_errno("read", journal->path);
            if (got == 0)
                return mos_fail(MOSAIC_ERR_IO, "%s: was cut while it was read", journal->path);
            done += (size_t)got;
        }
        to += bytes;
        first += part;
        count -= part;
    }
    return MOSAIC_OK;
}

void mos_row_journal_close(mos_row_journal *journal) {
    if (journal->file != NULL) {
        (void)fclose(journal->file);
        if (journal->rows == 0 && !journal->foreign) (void)unlink(journal->path);
    }
    mos_free(journal->blocks);
    journal->blocks = NULL;
    journal->block_count = journal->block_capacity = 0;
    journal->file = NULL;
}
