/* A set of names with a mark on each: what is on disk, and what of it the metadata asked for. */
#ifndef MOS_DATA_NAME_SET_H
#define MOS_DATA_NAME_SET_H

#include "base/error.h"
#include "data/text_pool.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mos_name_entry {
    const char *name;
    uint32_t size;
    bool used;
} mos_name_entry;

typedef struct mos_name_set {
    mos_name_entry *entries; /* in order of adding */
    size_t count, capacity;
    uint32_t *slots;   /* entry + 1 */
    size_t slot_count; /* a power of two */
    mos_text_pool pool;
} mos_name_set;

uint64_t mos_name_hash(const char *name, size_t size);
/* Adds a copy; a name that is there already stays one (false in *added, which may be NULL). */
mosaic_status mos_name_set_add(mos_name_set *set, const char *name, size_t size, bool *added);
mos_name_entry *mos_name_set_find(const mos_name_set *set, const char *name, size_t size);
void mos_name_set_release(mos_name_set *set);

#endif
