#include "artifact/class_join.h"

#include "base/text.h"

#include <string.h>

enum { LISTED = 4 };

static int64_t find(const char *name, const char *const *names, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) return i;
    }
    return -1;
}

int64_t mos_names_join(const char *const *wanted, int64_t wanted_count, const char *const *found,
                       int64_t found_count, int64_t *map) {
    int64_t hits = 0;
    for (int64_t i = 0; i < wanted_count; i++) {
        map[i] = find(wanted[i], found, found_count);
        hits += map[i] >= 0;
    }
    return hits;
}

/* "'a', 'b' and 3 more" of those in `names` that are not in `others`; how many there are. */
static int64_t list_absent(const char *const *names, int64_t count, const char *const *others,
                           int64_t other_count, mos_text *out) {
    int64_t absent = 0;
    for (int64_t i = 0; i < count; i++) {
        if (find(names[i], others, other_count) >= 0) continue;
        if (absent < LISTED) mos_text_add(out, "%s'%s'", absent == 0 ? "" : ", ", names[i]);
        absent++;
    }
    if (absent > LISTED) mos_text_add(out, " and %lld more", (long long)(absent - LISTED));
    return absent;
}

mosaic_status mos_names_join_exactly(const char *const *wanted, int64_t wanted_count,
                                     const char *wanted_what, const char *const *found,
                                     int64_t found_count, const char *found_what, int64_t *map) {
    int64_t hits = mos_names_join(wanted, wanted_count, found, found_count, map);
    if (hits == wanted_count && wanted_count == found_count) return MOSAIC_OK;
    mos_text missing = {0}, extra = {0};
    int64_t absent = list_absent(wanted, wanted_count, found, found_count, &missing);
    int64_t left = list_absent(found, found_count, wanted, wanted_count, &extra);
    mosaic_status status;
    if (missing.failed || extra.failed)
        status = mos_fail_memory(missing.size + extra.size, "a message");
    else if (absent > 0)
        status =
            mos_fail(MOSAIC_ERR_DATA, "%s: %s not among %s", wanted_what, missing.data, found_what);
    else if (left > 0)
        status =
            mos_fail(MOSAIC_ERR_DATA, "%s: %s not among %s", found_what, extra.data, wanted_what);
    else
        status = mos_fail(MOSAIC_ERR_DATA, "%s and %s do not agree: %lld and %lld names",
                          wanted_what, found_what, (long long)wanted_count, (long long)found_count);
    mos_text_release(&missing);
    mos_text_release(&extra);
    return status;
}
