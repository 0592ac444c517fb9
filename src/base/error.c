#include "base/error.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DETAIL_SIZE = 2048, NAME_LIMIT = 63 };

static _Thread_local char detail[DETAIL_SIZE];

const char *mosaic_error(void) {
    return detail;
}

const char *mosaic_version(void) {
    return MOSAIC_VERSION;
}

const char *mosaic_status_name(mosaic_status status) {
    switch (status) {
    case MOSAIC_OK:
        return "ok";
    case MOSAIC_ERR_MEMORY:
        return "out of memory";
    case MOSAIC_ERR_IO:
        return "file error";
    case MOSAIC_ERR_RUNTIME:
        return "runtime error";
    case MOSAIC_ERR_UNSUPPORTED:
        return "unsupported";
    case MOSAIC_ERR_USAGE:
        return "usage error";
    case MOSAIC_ERR_DATA:
        return "data error";
    case MOSAIC_ERR_NUMERIC:
        return "numeric error";
    case MOSAIC_ERR_RESUME:
        return "cannot resume";
    case MOSAIC_INTERRUPTED:
        return "interrupted";
    }
    return "unknown status";
}

int mosaic_exit_code(mosaic_status status) {
    switch (status) {
    case MOSAIC_OK:
        return 0;
    case MOSAIC_ERR_MEMORY:
    case MOSAIC_ERR_IO:
    case MOSAIC_ERR_RUNTIME:
    case MOSAIC_ERR_UNSUPPORTED:
        return 1;
    case MOSAIC_ERR_USAGE:
        return 2;
    case MOSAIC_ERR_DATA:
        return 3;
    case MOSAIC_ERR_NUMERIC:
        return 4;
    case MOSAIC_ERR_RESUME:
        return 5;
    case MOSAIC_INTERRUPTED:
        return 75;
    }
    return 1;
}

/* The detail is one line whatever came in: file names and foreign messages may hold line breaks. */
static void store(const char *text) {
    size_t size = strnlen(text, DETAIL_SIZE - 1);
    memcpy(detail, text, size);
    detail[size] = '\0';
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)detail[i] < ' ') detail[i] = ' ';
    }
}

mosaic_status mos_fail(mosaic_status status, const char *format, ...) {
    char text[DETAIL_SIZE]; /* an argument may be the present detail itself */
    va_list arguments;
    va_start(arguments, format);
    mos_vformat(text, sizeof text, format, arguments);
    va_end(arguments);
    store(text);
    return status;
}

mosaic_status mos_context(mosaic_status status, const char *format, ...) {
    if (status == MOSAIC_OK) return status;
    char text[2 * DETAIL_SIZE + 2];
    va_list arguments;
    va_start(arguments, format);
    mos_vformat(text, DETAIL_SIZE, format, arguments);
    va_end(arguments);
    size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, ": %s", detail);
    store(text);
    return status;
}

mosaic_status mos_fail_errno(const char *verb, const char *path) {
    int code = errno;
    char buffer[128];
    return mos_fail(MOSAIC_ERR_IO, "cannot %s %s: %s", verb, path,
                    strerror_r(code, buffer, sizeof buffer));
}

mosaic_status mos_fail_memory(size_t bytes, const char *what) {
    return mos_fail(MOSAIC_ERR_MEMORY, "out of memory: %zu bytes for %s", bytes, what);
}

void mos_error_copy(char *text, size_t size) {
    if (size == 0) return;
    size_t used = strnlen(detail, size - 1);
    memcpy(text, detail, used);
    text[used] = '\0';
}

void mos_error_restore(const char *text) {
    store(text);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Optimal string alignment distance: insertion, deletion, substitution, and swap of neighbours
 * cost 1. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb) {
    size_t rows[3][NAME_LIMIT + 1];
    size_t *two_up = rows[0], *up = rows[1], *row = rows[2];
    for (size_t j = 0; j <= nb; j++)
        up[j] = j;
    memset(two_up, 0, sizeof rows[0]);
    for (size_t i = 1; i <= na; i++) {
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t best = up[j - 1] + (a[i - 1] != b[j - 1]);
            best = least(best, least(up[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, two_up[j - 2] + 1);
            row[j] = best;
        }
        size_t *free_row = two_up;
        two_up = up;
        up = row;
        row = free_row;
    }
    return up[nb];
}

const char *mos_nearest_name(const char *word, const char *const *names, size_t count) {
    size_t word_size = strnlen(word, NAME_LIMIT + 1);
    if (word_size == 0 || word_size > NAME_LIMIT) return NULL;
    const char *nearest = NULL;
    size_t best = word_size / 3 + 1; /* further than this is another word, not a slip */
    for (size_t i = 0; i < count; i++) {
        size_t size = strnlen(names[i], NAME_LIMIT + 1);
        if (size > NAME_LIMIT) continue;
        size_t distance = edit_distance(word, word_size, names[i], size);
        if (distance < best || (distance == best && nearest == NULL)) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
