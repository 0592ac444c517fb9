#include "data/names/label_text.h"

#include <string.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(const char **begin, const char **end) {
    while (*begin < *end && is_blank(**begin))
        (*begin)++;
    while (*end > *begin && is_blank((*end)[-1]))
        (*end)--;
}

/* A quoted item at *at (on the quote): undoes backslash escapes in place. */
static bool take_quoted(char **at, mos_label_visit visit, void *context) {
    char quote = **at, *from = *at + 1, *to = from, *start = from;
    while (*from != quote) {
        if (*from == '\0') return false;
        if (*from == '\\') {
            from++;
            /* Escapes other than of quotes, slashes and the backslash do not occur in class names.
             */
            if (strchr("\"'\\/", *from) == NULL || *from == '\0') return false;
        }
        *to++ = *from++;
    }
    *at = from + 1;
    return visit(context, start, (size_t)(to - start));
}

static bool split_list(char *at, mos_label_visit visit, void *context) {
    bool item_before = false;
    for (at++;;) {
        bool comma = false;
        while (is_blank(*at) || *at == ',') {
            if (*at == ',' && (comma || !item_before)) return false;
            comma = comma || *at == ',';
            at++;
        }
        if (*at == ']') break;
        if (*at != '"' && *at != '\'') return false;
        if (!take_quoted(&at, visit, context)) return false;
        item_before = true;
    }
    for (at++; *at != '\0'; at++) {
        if (!is_blank(*at)) return false;
    }
    return true;
}

bool mos_labels_split(char *cell, mos_label_visit visit, void *context) {
    while (is_blank(*cell))
        cell++;
    if (*cell == '\0') return true;
    if (*cell == '[') return split_list(cell, visit, context);
    for (const char *item = cell;;) {
        size_t size = strcspn(item, ";");
        const char *begin = item, *end = item + size;
        trim(&begin, &end);
        if (begin == end) {
            /* "A;" is a habit of spreadsheets; "A;;B" is a mistake. */
            if (item[size] != '\0' || item == cell) return false;
            return true;
        }
        if (!visit(context, begin, (size_t)(end - begin))) return false;
        if (item[size] == '\0') return true;
        item += size + 1;
    }
}
