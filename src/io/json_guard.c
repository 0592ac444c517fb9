#include "io/json_guard.h"

#include <stdbool.h>

mosaic_status mos_json_guard(const char *json, size_t size, size_t depth, size_t values,
                             const char *what, const char *part) {
    bool quoted = false;
    size_t level = 0, count = 0;
    for (size_t i = 0; i < size; i++) {
        char c = json[i];
        if (quoted) {
            if (c == '\\') i++;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            count++;
            if (++level > depth)
                return mos_fail(MOSAIC_ERR_DATA, "%s: %s nests deeper than %zu", what, part, depth);
        } else if (c == '}' || c == ']') {
            if (level > 0) level--;
        } else if (c == ',') {
            count++;
        }
    }
    if (values > 0 && count > values)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %s has more than %zu values", what, part, values);
    return MOSAIC_OK;
}
