#include "data/class_names.h"

#include "data/sample_table.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What programs write where there is nothing. */
static bool is_nothing(const char *name) {
    static const char *const nothing[] = {
        "nan",     "none",       "null",      "na",      "n/a",      "<na>",
        "nat",     "-",          "undefined", "#n/a",    "unknown",  "no label",
        "missing", "unlabelled", "unlabeled", "no data", "no_label", "nodata"};
    for (size_t n = 0; n < sizeof nothing / sizeof *nothing; n++)
        if (strcasecmp(name, nothing[n]) == 0) return true;
    return false;
}

/* Bytes of what looks like nothing: a blank, a hyphen, the space that does not break (U+00A0). */
static size_t blank(const char *at) {
    if (memcmp(at, "\xc2\xa0", strnlen(at, 2)) == 0 && at[0] != '\0' && at[1] != '\0') return 2;
    return at[0] == ' ' || at[0] == '\t' || at[0] == '_' || at[0] == '-';
}

/* Equal but for case, blanks, underscores and hyphens. */
static bool same_letters(const char *a, const char *b) {
    for (;; a++, b++) {
        while (blank(a) > 0)
            a += blank(a);
        while (blank(b) > 0)
            b += blank(b);
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return false;
        if (*a == '\0') return true;
    }
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* One letter typed wrongly, left out, doubled, or swapped with its neighbour. Numbers count on
 * purpose, and short names differ by a letter. */
static bool one_slip(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b), at = 0;
    if (n < m) return one_slip(b, a);
    if (m < 4 || n > m + 1) return false;
    while (at < m && a[at] == b[at])
        at++;
    const char *p = a + at, *q = b + at;
    if (is_digit(p[0]) || is_digit(q[0])) return false;
    if (n > m) return strcmp(p + 1, q) == 0;
    if (p[0] == '\0') return false;
    if (strcmp(p + 1, q + 1) == 0) return true;
    return p[1] != '\0' && p[0] == q[1] && p[1] == q[0] && strcmp(p + 2, q + 2) == 0;
}

/* A plural is a slip too: "Tree" and "Trees" are seldom two classes. */
static void judge_pairs(mos_dataset *dataset) {
    for (int64_t a = 0; a < dataset->class_count; a++) {
        for (int64_t b = a + 1; b < dataset->class_count; b++) {
            const char *one = dataset->classes[a], *other = dataset->classes[b];
            if (same_letters(one, other))
                mos_dataset_defect(dataset, "two classes that differ in case or blanks alone",
                                   "'%s' and '%s'", one, other);
            else if (one_slip(one, other))
                mos_dataset_defect(dataset, "two classes that differ by one letter",
                                   "'%s' and '%s'", one, other);
        }
    }
}

/* The next part of a name between commas, without the blanks around it. */
static const char *next_part(const char **at, size_t *size) {
    const char *begin = *at + strspn(*at, " ");
    *size = strcspn(begin, ",");
    *at = begin + *size + (begin[*size] == ',');
    while (*size > 0 && begin[*size - 1] == ' ')
        (*size)--;
    return begin;
}

static bool has_part(const char *name, const char *part, size_t size) {
    while (name[0] != '\0') {
        size_t own;
        const char *begin = next_part(&name, &own);
        if (own == size && memcmp(begin, part, size) == 0) return true;
    }
    return false;
}

/* Names have commas in them; the same part in another name tells that they separate. */
static void judge_commas(mos_dataset *dataset) {
    for (int64_t a = 0; a < dataset->class_count; a++) {
        const char *name = dataset->classes[a], *at = name;
        bool shared = false;
        if (strchr(name, ',') == NULL) continue;
        while (at[0] != '\0' && !shared) {
            size_t size;
            const char *part = next_part(&at, &size);
            for (int64_t b = 0; size > 0 && b < dataset->class_count; b++)
                shared = shared || (b != a && has_part(dataset->classes[b], part, size));
        }
        if (shared)
            mos_dataset_defect(dataset, "class that looks like several, comma between",
                               "'%s', wanted A;B or ['A', 'B']", name);
    }
}

/* A class of its own, or a number: codes are seldom words of a name. */
static bool stands_alone(const mos_dataset *dataset, const char *part, size_t size) {
    size_t digits = 0;
    while (digits < size && is_digit(part[digits]))
        digits++;
    for (int64_t c = 0; c < dataset->class_count; c++)
        if (strncmp(dataset->classes[c], part, size) == 0 && dataset->classes[c][size] == '\0')
            return true;
    return digits == size;
}

/* "Trees/Crops" beside "Trees" and "Crops": every part is a class. Commas are judged above, where a
 * part in common is enough. */
static void judge_joined(mos_dataset *dataset) {
    static const char between[] = "/+&: ";
    for (int64_t c = 0; c < dataset->class_count; c++) {
        const char *name = dataset->classes[c], *at = name;
        int64_t parts = 0, alone = 0;
        while (*(at += strspn(at, between)) != '\0') {
            size_t size = strcspn(at, between);
            parts++;
            alone += stands_alone(dataset, at, size);
            at += size;
        }
        if (parts > 1 && alone == parts)
            mos_dataset_defect(dataset, "class whose parts are classes",
                               "'%s', wanted A;B or ['A', 'B']", name);
    }
}

void mos_class_names_judge(mos_dataset *dataset) {
    for (int64_t c = 0; c < dataset->class_count; c++) {
        if (is_nothing(dataset->classes[c]))
            mos_dataset_defect(dataset, "class whose name says that there is none",
                               "'%s'; an empty cell is a sample without labels",
                               dataset->classes[c]);
    }
    judge_pairs(dataset);
    judge_commas(dataset);
    judge_joined(dataset);
}
