#include "data/name_set.h"

#include "base/memory.h"

#include <string.h>

/* Eight bytes at a time; the constants are those of MurmurHash3's finaliser (public domain). */
uint64_t mos_name_hash(const char *name, size_t size) {
    uint64_t hash = 0x9e3779b97f4a7c15ull ^ size;
    while (size > 0) {
        uint64_t word = 0;
        size_t step = size < 8 ? size : 8;
        memcpy(&word, name, step);
        hash = (hash ^ word) * 0xff51afd7ed558ccdull;
        hash ^= hash >> 32;
        name += step;
        size -= step;
    }
    hash *= 0xc4ceb9fe1a85ec53ull;
    return hash ^ (hash >> 33);
}

static uint32_t *slot_of(const mos_name_set *set, const char *name, size_t size) {
    size_t mask = set->slot_count - 1;
    for (size_t at = (size_t)mos_name_hash(name, size) & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &set->slots[at];
        if (*slot == 0) return slot;
        const mos_name_entry *entry = &set->entries[*slot - 1];
        if (entry->size == size && memcmp(entry->name, name, size) == 0) return slot;
    }
}

static mosaic_status grow_slots(mos_name_set *set) {
    size_t wanted = set->slot_count == 0 ? 64 : set->slot_count * 4;
    uint32_t *fresh;
    MOS_TRY(mos_alloc(wanted, sizeof *fresh, "a set of names", &fresh));
    mos_free(set->slots);
    set->slots = fresh;
    set->slot_count = wanted;
    for (size_t i = 0; i < set->count; i++)
        *slot_of(set, set->entries[i].name, set->entries[i].size) = (uint32_t)(i + 1);
    return MOSAIC_OK;
}

mosaic_status mos_name_set_add(mos_name_set *set, const char *name, size_t size, bool *added) {
    if (added != NULL) *added = false;
    if (size >= UINT32_MAX || set->count >= UINT32_MAX - 1)
        return mos_fail(MOSAIC_ERR_DATA, "too many names");
    if (set->count * 2 >= set->slot_count) MOS_TRY(grow_slots(set));
    uint32_t *slot = slot_of(set, name, size);
    if (*slot != 0) return MOSAIC_OK;
    MOS_TRY(mos_grow(&set->entries, &set->capacity, set->count + 1, sizeof *set->entries,
                     "a set of names"));
    mos_name_entry *entry = &set->entries[set->count];
    *entry = (mos_name_entry){.size = (uint32_t)size};
    MOS_TRY(mos_text_pool_add(&set->pool, name, size, &entry->name));
    *slot = (uint32_t)++set->count;
    if (added != NULL) *added = true;
    return MOSAIC_OK;
}

mos_name_entry *mos_name_set_find(const mos_name_set *set, const char *name, size_t size) {
    if (set->count == 0) return NULL;
    uint32_t slot = *slot_of(set, name, size);
    return slot == 0 ? NULL : &set->entries[slot - 1];
}

void mos_name_set_release(mos_name_set *set) {
    mos_free(set->entries);
    mos_free(set->slots);
    mos_text_pool_release(&set->pool);
    *set = (mos_name_set){0};
}
