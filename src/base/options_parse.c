/* The command line of an option table. */
#include "base/memory.h"
#include "base/options.h"

#include <stdio.h>
#include <string.h>

typedef struct command_line {
    const mos_option_table *table;
    void *values;
    int argc, next;
    char **argv;
    bool *used; /* per option: a list is replaced by its first use only */
} command_line;

void mos_option_flag(const char *key, char *out, size_t size) {
    size_t used = 0;
    for (; key[used] != '\0' && used + 1 < size; used++)
        out[used] = key[used] == '_' ? '-' : key[used];
    out[used] = '\0';
}

static bool same_key(const char *key, const char *typed, size_t size) {
    if (strlen(key) != size) return false;
    for (size_t i = 0; i < size; i++) {
        char a = key[i] == '_' ? '-' : key[i], b = typed[i] == '_' ? '-' : typed[i];
        if (a != b) return false;
    }
    return true;
}

static const mos_option *find_typed(const mos_option_table *table, const char *typed, size_t size) {
    for (size_t i = 0; i < table->count; i++) {
        if (same_key(table->options[i].key, typed, size)) return &table->options[i];
    }
    return NULL;
}

static mosaic_status set_typed(command_line *line, const mos_option *option, const char *shown,
                               const char *text) {
    bool *used = &line->used[option - line->table->options];
    bool first = !*used;
    *used = true;
    if (option->type != MOS_OPTION_LIST)
        return mos_options_set(line->table, line->values, option->key, text, false, shown);
    mos_text_list *list = (mos_text_list *)((char *)line->values + option->offset);
    if (first) mos_text_list_release(list);
    const char *equals = strchr(text, '='), *comma = strchr(text, ',');
    if (comma == NULL || (equals != NULL && equals < comma)) return mos_text_list_add(list, text);
    char *copy;
    MOS_TRY(mos_copy_text(text, &copy));
    mosaic_status status = MOSAIC_OK;
    for (char *item = copy; item != NULL && status == MOSAIC_OK;) {
        char *end = strchr(item, ',');
        if (end != NULL) *end++ = '\0';
        status = mos_text_list_add(list, item);
        item = end;
    }
    mos_free(copy);
    return status;
}

/* -5 and -.5 are numbers, - is standard input: not options. */
static bool is_positional(const char *word) {
    return word[0] != '-' || word[1] == '\0' || word[1] == '.' ||
           (word[1] >= '0' && word[1] <= '9');
}

/* "--set train.epochs 20" and "--set train.epochs: 20" are answered with the form that is meant. */
static mosaic_status fail_assignment(const command_line *line, const mos_option *option,
                                     const char *shown, const char *value) {
    const char *next = line->next < line->argc ? line->argv[line->next] : NULL;
    size_t size = strlen(value);
    bool colon = size > 1 && value[size - 1] == ':';
    bool meant = next != NULL && is_positional(next) && next[0] != '\0';
    if (next != NULL && next[0] == '=') next++;
    return mos_fail(MOSAIC_ERR_USAGE, "%s wants %s, found '%s'%s%s%s%.*s%s%s%s", shown,
                    option->unit, value, meant ? ", did you mean " : "", meant ? shown : "",
                    meant ? " " : "", meant ? (int)(size - colon) : 0, value, meant ? "=" : "",
                    meant ? next : "", meant ? "?" : "");
}

static mosaic_status take_value(command_line *line, const mos_option *option, const char *shown,
                                const char *value) {
    if (value == NULL) {
        const char *next = line->next < line->argc ? line->argv[line->next] : NULL;
        if (next == NULL || (next[0] == '-' && next[1] == '-'))
            return mos_fail(MOSAIC_ERR_USAGE, "%s wants a value%s", shown,
                            next == NULL ? "" : " (one that begins with -- goes after =)");
        value = next;
        line->next++;
    }
    bool assigns = option->type == MOS_OPTION_LIST && option->unit != NULL &&
                   strchr(option->unit, '=') != NULL;
    if (assigns && strchr(value, '=') == NULL) return fail_assignment(line, option, shown, value);
    return set_typed(line, option, shown, value);
}

/* `typed` is what follows the two dashes. */
static mosaic_status take_long(command_line *line, const char *typed) {
    const char *equals = strchr(typed, '=');
    const char *value = equals == NULL ? NULL : equals + 1;
    size_t size = equals == NULL ? strlen(typed) : (size_t)(equals - typed);
    char shown[128];
    (void)snprintf(shown, sizeof shown, "--%.*s", size > 100 ? 100 : (int)size, typed);
    const mos_option *option = find_typed(line->table, typed, size);
    if (option != NULL && option->type == MOS_OPTION_BOOL)
        return set_typed(line, option, shown, value == NULL ? "true" : value);
    if (option != NULL) return take_value(line, option, shown, value);
    if (size > 3 && strncmp(typed, "no-", 3) == 0) {
        option = find_typed(line->table, typed + 3, size - 3);
        if (option != NULL && option->type == MOS_OPTION_BOOL && value == NULL)
            return set_typed(line, option, shown, "false");
        if (option != NULL && option->type == MOS_OPTION_BOOL)
            return mos_fail(MOSAIC_ERR_USAGE, "%s takes no value", shown);
    }
    /* Words of the shape people type, for the suggestion. */
    const mos_option_table *table = line->table;
    const char **names = NULL;
    MOS_TRY(mos_alloc(table->count, sizeof *names, "option names", &names));
    for (size_t i = 0; i < table->count; i++)
        names[i] = table->options[i].key;
    const char *nearest = mos_nearest_name(shown + 2, names, table->count);
    mos_free(names);
    char flag[128];
    mos_option_flag(nearest == NULL ? "" : nearest, flag, sizeof flag);
    if (nearest == NULL) return mos_fail(MOSAIC_ERR_USAGE, "unknown option %s", shown);
    return mos_fail(MOSAIC_ERR_USAGE, "unknown option %s, did you mean --%s?", shown, flag);
}

static mosaic_status take_letter(command_line *line, const char *word) {
    for (size_t i = 0; i < line->table->count; i++) {
        const mos_option *option = &line->table->options[i];
        if (option->letter != word[1] || option->letter == 0) continue;
        if (option->type != MOS_OPTION_BOOL)
            return take_value(line, option, (char[]){'-', word[1], '\0'},
                              word[2] ? word + 2 : NULL);
        if (word[2] == '\0') return set_typed(line, option, word, "true");
    }
    return mos_fail(MOSAIC_ERR_USAGE, "unknown option %s", word);
}

static mosaic_status take_words(command_line *line, mos_text_list *positional, int *help) {
    bool ended = false;
    while (line->next < line->argc) {
        const char *word = line->argv[line->next++];
        if (ended || is_positional(word)) {
            if (positional == NULL)
                return mos_fail(MOSAIC_ERR_USAGE, "unexpected argument '%s'", word);
            MOS_TRY(mos_text_list_add(positional, word));
        } else if (strcmp(word, "--") == 0) {
            ended = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            *help = 1;
        } else if (strcmp(word, "--json-usage") == 0) {
            *help = 2;
        } else if (word[1] == '-') {
            MOS_TRY(take_long(line, word + 2));
        } else {
            MOS_TRY(take_letter(line, word));
        }
        if (*help != 0) break; /* asking for help beats whatever is wrong further on */
    }
    return MOSAIC_OK;
}

mosaic_status mos_options_parse(const mos_option_table *table, void *values, int argc, char **argv,
                                mos_text_list *positional, int *help) {
    command_line line = {.table = table, .values = values, .argc = argc, .argv = argv};
    *help = 0;
    MOS_TRY(mos_alloc(table->count, sizeof *line.used, "options in use", &line.used));
    mosaic_status status = take_words(&line, positional, help);
    mos_free(line.used);
    return status;
}
