/* Reads the text goldens: a line "name count", then that many numbers; '#' starts a comment line.
 */
#ifndef TEST_GOLDEN_GOLDEN_FILE_H
#define TEST_GOLDEN_GOLDEN_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/formula.h"

typedef struct golden_entry {
    char name[160];
    int64_t count;
    double *values;
} golden_entry;
typedef struct golden_file {
    golden_entry *entries;
    int64_t count;
} golden_file;

static inline void golden_read(const char *file, golden_file *golden) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/tests/golden/%s", MOSAIC_SOURCE_DIR, file);
    FILE *in = fopen(path, "r");
    if (in == NULL) fail_msg("cannot open %s", path);
    *golden = (golden_file){0};
    golden_entry entry;
    int c;
    while ((c = fgetc(in)) != EOF) {
        if (c == '#') {
            while ((c = fgetc(in)) != EOF && c != '\n') {
            }
            continue;
        }
        if (c == '\n' || c == ' ') continue;
        (void)ungetc(c, in);
        long long count;
        if (fscanf(in, "%159s %lld", entry.name, &count) != 2) fail_msg("%s: broken", path);
        entry.count = count;
        entry.values = calloc((size_t)(count > 0 ? count : 1), sizeof(double));
        for (int64_t i = 0; i < count; i++)
            if (fscanf(in, "%lf", &entry.values[i]) != 1)
                fail_msg("%s: %s ends early", path, entry.name);
        golden->entries =
            realloc(golden->entries, (size_t)(golden->count + 1) * sizeof *golden->entries);
        golden->entries[golden->count++] = entry;
    }
    (void)fclose(in);
    assert_true(golden->count > 0);
}

static inline void golden_release(golden_file *golden) {
    for (int64_t i = 0; i < golden->count; i++)
        free(golden->entries[i].values);
    free(golden->entries);
    *golden = (golden_file){0};
}

static inline const golden_entry *golden_find(const golden_file *golden, const char *name) {
    for (int64_t i = 0; i < golden->count; i++)
        if (strcmp(golden->entries[i].name, name) == 0) return &golden->entries[i];
    fail_msg("golden has no '%s'", name);
    return NULL;
}

/* |found - wanted| <= tolerance * scale, named. */
static inline void golden_near(const char *name, double found, double wanted, double scale,
                               double tolerance) {
    if (!(fabs(found - wanted) <= tolerance * scale))
        fail_msg("%s: found %.12g, want %.12g within %.3g", name, found, wanted, tolerance * scale);
}

/* The array's sketch against the entry of that name; `key` names the probes. */
static inline void golden_check_sketch(const golden_file *golden, const char *name, const char *key,
                                       const double *values, int64_t count, double tolerance,
                                       double floor) {
    const golden_entry *entry = golden_find(golden, name);
    double found[4];
    assert_int_equal(entry->count, 4);
    formula_sketch(key, values, count, found);
    for (int k = 0; k < 4; k++)
        golden_near(name, found[k], entry->values[k], entry->values[0] + floor, tolerance);
}

/* All values, relative to the largest. */
static inline void golden_check_all(const golden_file *golden, const char *name,
                                    const double *values, double tolerance) {
    const golden_entry *entry = golden_find(golden, name);
    double largest = 0;
    for (int64_t i = 0; i < entry->count; i++)
        largest = fmax(largest, fabs(entry->values[i]));
    for (int64_t i = 0; i < entry->count; i++)
        golden_near(name, values[i], entry->values[i], largest, tolerance);
}

#endif
