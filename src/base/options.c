#include "base/options.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

mosaic_status mos_text_list_add(mos_text_list *list, const char *item) {
    MOS_TRY(mos_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items,
                     "a list of texts"));
    MOS_TRY(mos_copy_text(item, &list->items[list->count]));
    list->count++;
    return MOSAIC_OK;
}

void mos_text_list_release(mos_text_list *list) {
    for (size_t i = 0; i < list->count; i++)
        mos_free(list->items[i]);
    mos_free(list->items);
    *list = (mos_text_list){0};
}

static void *field_of(void *values, const mos_option *option) {
    return (char *)values + option->offset;
}

mosaic_status mos_options_init(const mos_option_table *table, void *values) {
    for (size_t i = 0; i < table->count; i++) {
        const mos_option *option = &table->options[i];
        if (option->fallback == NULL) continue;
        mosaic_status status =
            mos_options_set(table, values, option->key, option->fallback, false, "default");
        if (status != MOSAIC_OK) {
            mos_options_release(table, values);
            return status;
        }
    }
    return MOSAIC_OK;
}

void mos_options_release(const mos_option_table *table, void *values) {
    for (size_t i = 0; i < table->count; i++) {
        const mos_option *option = &table->options[i];
        if (option->type == MOS_OPTION_TEXT || option->type == MOS_OPTION_PATH) {
            char **text = field_of(values, option);
            mos_free(*text);
            *text = NULL;
        } else if (option->type == MOS_OPTION_LIST) {
            mos_text_list_release(field_of(values, option));
        }
    }
}

const mos_option *mos_options_find(const mos_option_table *table, const char *key) {
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->options[i].key, key) == 0) return &table->options[i];
    }
    return NULL;
}

static size_t count_parts(const char *key) {
    size_t parts = 1;
    for (; *key != '\0'; key++)
        parts += *key == '.';
    return parts;
}

/* The first `parts` components of a key: its length. */
static size_t prefix_size(const char *key, size_t parts) {
    size_t size = 0;
    for (; key[size] != '\0'; size++)
        if (key[size] == '.' && --parts == 0) break;
    return size;
}

/* Every key, and every group as deep as the one typed: "trian" is near to "train". */
static mosaic_status list_names(const mos_option_table *table, size_t parts, mos_text_list *out) {
    for (size_t i = 0; i < table->count; i++) {
        const char *key = table->options[i].key;
        char group[128];
        size_t size = prefix_size(key, parts);
        MOS_TRY(mos_text_list_add(out, key));
        if (key[size] == '\0' || size >= sizeof group) continue;
        (void)snprintf(group, sizeof group, "%.*s", (int)size, key);
        bool known = out->count > 1 && strcmp(out->items[out->count - 2], group) == 0;
        if (!known) MOS_TRY(mos_text_list_add(out, group));
    }
    return MOSAIC_OK;
}

/* "train.epochs" is also near to "epochs": people leave the group out. False: nothing is near. */
static bool nearest_key(const mos_option_table *table, const char *key, char *out, size_t size) {
    const char *dot = strrchr(key, '.'), *same_end = NULL, *nearest = NULL;
    const char *last = dot == NULL ? key : dot + 1;
    mos_text_list names = {0};
    size_t ends = 0;
    for (size_t i = 0; i < table->count; i++) {
        const char *end = strrchr(table->options[i].key, '.');
        if (end == NULL || strcmp(end + 1, last) != 0) continue;
        same_end = table->options[i].key;
        ends++;
    }
    if (ends == 1)
        nearest = same_end;
    else if (list_names(table, count_parts(key), &names) == MOSAIC_OK)
        nearest = mos_nearest_name(key, (const char *const *)names.items, names.count);
    if (nearest != NULL) (void)snprintf(out, size, "%s", nearest);
    mos_text_list_release(&names);
    return nearest != NULL;
}

/* What goes before every message: "config.yaml:12:7: ", or nothing. */
static const char *colon(const char *where) {
    return where == NULL || where[0] == '\0' ? "" : ": ";
}

static mosaic_status fail_unknown(const mos_option_table *table, const char *key,
                                  const char *where) {
    char nearest[128];
    where = where == NULL ? "" : where;
    if (!nearest_key(table, key, nearest, sizeof nearest))
        return mos_fail(MOSAIC_ERR_USAGE, "%s%sunknown key '%s' in %s", where, colon(where), key,
                        table->name);
    return mos_fail(MOSAIC_ERR_USAGE, "%s%sunknown key '%s' in %s, did you mean '%s'?", where,
                    colon(where), key, table->name, nearest);
}

static mosaic_status fail_value(const mos_option *option, const char *text, const char *where,
                                const char *wanted) {
    where = where == NULL ? "" : where;
    if (strncmp(where, "--", 2) == 0 && strchr(option->key, '.') == NULL) /* a flag, as typed */
        return mos_fail(MOSAIC_ERR_USAGE, "%s wants %s, found '%s'", where, wanted, text);
    return mos_fail(MOSAIC_ERR_USAGE, "%s%s'%s' wants %s, found '%s'", where, colon(where),
                    option->key, wanted, text);
}

/* "a whole number from 1 to 4096 (patches)" */
static mosaic_status fail_number(const mos_option *option, const char *text, const char *where) {
    char wanted[256], low[40], high[40];
    const char *kind = option->type == MOS_OPTION_INT ? "a whole number" : "a number";
    mos_format_double(low, sizeof low, option->minimum, 15);
    mos_format_double(high, sizeof high, option->maximum, 15);
    if (option->minimum == 0 && option->maximum == 0)
        (void)snprintf(wanted, sizeof wanted, "%s", kind);
    else if (isinf(option->maximum))
        (void)snprintf(wanted, sizeof wanted, "%s from %s up", kind, low);
    else
        (void)snprintf(wanted, sizeof wanted, "%s from %s to %s", kind, low, high);
    return fail_value(option, text, where, wanted);
}

static mosaic_status fail_choice(const mos_option *option, const char *text, const char *where) {
    mos_text wanted = {0};
    size_t count = 0;
    mos_text_add(&wanted, "one of");
    for (; option->choices[count] != NULL; count++)
        mos_text_add(&wanted, "%s %s", count == 0 ? "" : ",", option->choices[count]);
    const char *nearest = mos_nearest_name(text, option->choices, count);
    for (size_t i = 0; nearest == NULL && text[0] != '\0' && i < count; i++)
        if (strncmp(option->choices[i], text, strlen(text)) == 0) nearest = option->choices[i];
    mosaic_status status =
        fail_value(option, text, where, wanted.failed ? "a choice" : wanted.data);
    if (nearest != NULL) {
        char detail[2048];
        mos_error_copy(detail, sizeof detail);
        status = mos_fail(status, "%s, did you mean '%s'?", detail, nearest);
    }
    mos_text_release(&wanted);
    return status;
}

static bool within(const mos_option *option, double value) {
    if (option->minimum == 0 && option->maximum == 0) return true;
    return value >= option->minimum && value <= option->maximum;
}

/* Where the item ends: at the next comma; "s1=VV,VH,s2=B02" are two, since what has no = of its own
 * belongs to what is before it. */
static char *end_of_item(char *item) {
    char *comma = strchr(item, ',');
    const char *equals = strchr(item, '=');
    while (comma != NULL && equals != NULL && equals < comma) {
        size_t size = strcspn(comma + 1, ",");
        if (memchr(comma + 1, '=', size) != NULL) break;
        comma = comma[1 + size] == '\0' ? NULL : comma + 1 + size;
    }
    return comma;
}

/* Build the whole new list first, so that a failure leaves the old one. */
static mosaic_status set_list(mos_text_list *list, const char *text, bool append) {
    if (append) return mos_text_list_add(list, text);
    mos_text_list fresh = {0};
    char *copy;
    MOS_TRY(mos_copy_text(text, &copy));
    mosaic_status status = MOSAIC_OK;
    char *item = copy;
    while (text[0] != '\0' && item != NULL && status == MOSAIC_OK) {
        char *comma = end_of_item(item);
        if (comma != NULL) *comma++ = '\0';
        status = mos_text_list_add(&fresh, item);
        item = comma;
    }
    mos_free(copy);
    if (status == MOSAIC_OK) {
        mos_text_list_release(list);
        *list = fresh;
    } else {
        mos_text_list_release(&fresh);
    }
    return status;
}

static mosaic_status set_text(char **field, const char *text) {
    char *copy = NULL;
    if (text[0] != '\0') MOS_TRY(mos_copy_text(text, &copy));
    mos_free(*field);
    *field = copy;
    return MOSAIC_OK;
}

static mosaic_status set_choice(const mos_option *option, int *field, const char *text,
                                const char *where) {
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], text) != 0) continue;
        *field = i;
        return MOSAIC_OK;
    }
    return fail_choice(option, text, where);
}

mosaic_status mos_options_set(const mos_option_table *table, void *values, const char *key,
                              const char *text, bool append, const char *where) {
    const mos_option *option = mos_options_find(table, key);
    if (option == NULL) return fail_unknown(table, key, where);
    void *field = field_of(values, option);
    switch (option->type) {
    case MOS_OPTION_BOOL: {
        bool value;
        if (!mos_parse_bool(text, &value)) return fail_value(option, text, where, "true or false");
        *(bool *)field = value;
        return MOSAIC_OK;
    }
    case MOS_OPTION_INT: {
        int64_t value;
        if (!mos_parse_int(text, &value) || !within(option, (double)value))
            return fail_number(option, text, where);
        *(int64_t *)field = value;
        return MOSAIC_OK;
    }
    case MOS_OPTION_REAL: {
        double value;
        if (!mos_parse_double(text, &value) || !isfinite(value) || !within(option, value))
            return fail_number(option, text, where);
        *(double *)field = value;
        return MOSAIC_OK;
    }
    case MOS_OPTION_CHOICE:
        return set_choice(option, field, text, where);
    case MOS_OPTION_TEXT:
    case MOS_OPTION_PATH:
        return set_text(field, text);
    case MOS_OPTION_LIST:
        return set_list(field, text, append);
    }
    return mos_fail(MOSAIC_ERR_RUNTIME, "'%s' in %s has an unknown type", key, table->name);
}

void mos_options_get(const mos_option_table *table, const void *values, const mos_option *option,
                     mos_text *out) {
    (void)table;
    const void *field = (const char *)values + option->offset;
    switch (option->type) {
    case MOS_OPTION_BOOL:
        mos_text_add(out, "%s", *(const bool *)field ? "true" : "false");
        return;
    case MOS_OPTION_INT:
        mos_text_add(out, "%lld", (long long)*(const int64_t *)field);
        return;
    case MOS_OPTION_REAL:
        mos_text_add_number(out, *(const double *)field);
        return;
    case MOS_OPTION_CHOICE: {
        int wanted = *(const int *)field, i = 0;
        while (i < wanted && option->choices[i] != NULL)
            i++;
        if (option->choices[i] != NULL) mos_text_add(out, "%s", option->choices[i]);
        return;
    }
    case MOS_OPTION_TEXT:
    case MOS_OPTION_PATH: {
        const char *text = *(char *const *)field;
        mos_text_add(out, "%s", text == NULL ? "" : text);
        return;
    }
    case MOS_OPTION_LIST: {
        const mos_text_list *list = field;
        for (size_t i = 0; i < list->count; i++)
            mos_text_add(out, "%s%s", i == 0 ? "" : ",", list->items[i]);
        return;
    }
    }
}
