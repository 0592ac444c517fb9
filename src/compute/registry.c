/* Backends by name. */
#include "compute/backends.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS(name) &mos_backend_##name,
#define NAME(name)    #name,
static const mos_backend *const backends[] = {MOS_BACKENDS(ADDRESS)};
enum { BACKENDS = sizeof backends / sizeof backends[0], MAX_THREADS = 1024 };
const char *const mos_device_choices[] = {"auto", MOS_BACKENDS(NAME) NULL};

const char *const *mos_device_names(void) {
    return mos_device_choices + 1;
}

static int count_of(const mos_backend *table) {
    if (table->open == NULL) return 0;
    return table->count == NULL ? 1 : table->count();
}

static mosaic_status fail_unknown(const char *name) {
    char list[256] = "auto";
    size_t used = strlen(list);
    for (int i = 0; i < BACKENDS; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                 i + 1 < BACKENDS ? ", " : " or ", backends[i]->name);
    const char *near = mos_nearest_name(name, mos_device_choices, BACKENDS + 1);
    return mos_fail(MOSAIC_ERR_USAGE, "device: found '%s', want %s%s%s%s", name, list,
                    near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                    near != NULL ? "'?)" : "");
}

/* "name" or "name:index"; *rest: where the index begins, or the end. */
static bool is_named(const char *text, const char *name, const char **rest) {
    const size_t length = strlen(name);
    *rest = text + length;
    if (strncmp(text, name, length) != 0) return false;
    if (**rest == ':') ++*rest;
    return text[length] == '\0' || text[length] == ':';
}

static mosaic_status find_backend(const char *name, const mos_backend **out, int *index) {
    const bool any = strcmp(name, mos_device_choices[0]) == 0;
    *index = 0;
    for (int i = 0; i < BACKENDS; i++) {
        const char *rest = NULL;
        char *end = NULL;
        *out = backends[i];
        const int count = count_of(backends[i]);
        if (any && count > 0) return MOSAIC_OK;
        if (any || !is_named(name, backends[i]->name, &rest)) continue;
        const long number = rest[-1] == ':' ? strtol(rest, &end, 10) : 0;
        if (count == 0)
            return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                            "device '%s': this build or this machine has none", name);
        if (number < 0 || number >= count || (end != NULL && (end == rest || *end != '\0')))
            return mos_fail(MOSAIC_ERR_USAGE, "device: found '%s', want a number from 0 to %d",
                            name, count - 1);
        *index = (int)number;
        return MOSAIC_OK;
    }
    return fail_unknown(name);
}

mosaic_status mos_device_open(const char *name, mos_precision precision, int threads,
                              mos_device **out) {
    const mos_backend *table = NULL;
    int index;
    *out = NULL;
    if (threads < 0 || threads > MAX_THREADS)
        return mos_fail(MOSAIC_ERR_USAGE, "threads: found %d, want 0 (all) to %d", threads,
                        MAX_THREADS);
    MOS_TRY(find_backend(name, &table, &index));
    return mos_backend_open(table, index, precision, threads, out);
}
