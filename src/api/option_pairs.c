#include "api/option_pairs.h"

static mosaic_status take_pair(const char *key, const char *value, const mos_option_table *own,
                               void *values, mos_text_list *set, const char *where) {
    mos_text pair = {0};
    if (value == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: option '%s' has no value", where, key);
    if (mos_options_find(own, key) != NULL)
        return mos_options_set(own, values, key, value, false, where);
    mos_text_add(&pair, "%s=%s", key, value);
    mosaic_status status =
        pair.failed ? mos_fail_memory(pair.size, "an option") : mos_text_list_add(set, pair.data);
    mos_text_release(&pair);
    return status;
}

mosaic_status mos_pairs_take(const char *const *pairs, const mos_option_table *own, void *values,
                             mos_text_list *set, const char *where) {
    for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2)
        MOS_TRY(take_pair(pairs[i], pairs[i + 1], own, values, set, where));
    return MOSAIC_OK;
}
