/* What an option table says about itself: help, usage as JSON, JSON schema. */
#include "base/options_print.h"

#include <math.h>
#include <string.h>

static const char *const type_names[] = {"bool", "int", "real", "text", "path", "choice", "list"};
static const char *const placeholders[] = {"", "N", "X", "TEXT", "PATH", "NAME", "A,B,..."};

static const char *placeholder_of(const mos_option *option) {
    bool items = option->type == MOS_OPTION_LIST && option->unit != NULL;
    return items ? option->unit : placeholders[option->type];
}

static bool is_bounded(const mos_option *option) {
    return option->minimum != 0 || option->maximum != 0;
}

void mos_option_add_remarks(const mos_option *option, mos_text *out) {
    mos_text remarks = {0};
    if (option->choices != NULL) {
        for (size_t i = 0; option->choices[i] != NULL; i++)
            mos_text_add(&remarks, "%s%s", i == 0 ? "; one of " : ", ", option->choices[i]);
    }
    /* a switch is listed by the form that changes something */
    if (option->type == MOS_OPTION_BOOL && option->fallback != NULL &&
        strcmp(option->fallback, "true") == 0)
        mos_text_add(&remarks, "; on unless given");
    else if (option->type != MOS_OPTION_BOOL && option->fallback != NULL &&
             option->fallback[0] != '\0')
        mos_text_add(&remarks, "; default %s", option->fallback);
    if (is_bounded(option)) {
        mos_text_add(&remarks, "; from ");
        mos_text_add_number(&remarks, option->minimum);
        if (!isinf(option->maximum)) {
            mos_text_add(&remarks, " to ");
            mos_text_add_number(&remarks, option->maximum);
        } else {
            mos_text_add(&remarks, " up");
        }
    }
    if (option->unit != NULL && option->unit[0] != '\0' && option->type != MOS_OPTION_LIST)
        mos_text_add(&remarks, "; in %s", option->unit);
    if (option->source != NULL) mos_text_add(&remarks, "; %s", option->source);
    if (remarks.failed) out->failed = true;
    if (remarks.size > 2) mos_text_add(out, " (%s)", remarks.data + 2);
    mos_text_release(&remarks);
}

void mos_option_add_flag(const mos_option *option, mos_text *out) {
    bool negated = option->type == MOS_OPTION_BOOL && option->fallback != NULL &&
                   strcmp(option->fallback, "true") == 0;
    char flag[128];
    mos_option_flag(option->key, flag, sizeof flag);
    mos_text_add(out, "%s%s", negated ? "no-" : "", flag);
}

const char *mos_option_placeholder(const mos_option *option) {
    return option->type == MOS_OPTION_BOOL ? "" : placeholder_of(option);
}

static void add_left_column(const mos_option *option, mos_text *out) {
    if (option->letter != 0)
        mos_text_add(out, "  -%c, --", option->letter);
    else
        mos_text_add(out, "      --");
    mos_option_add_flag(option, out);
    if (option->type != MOS_OPTION_BOOL) mos_text_add(out, " %s", placeholder_of(option));
}

static void add_row(mos_text *out, const mos_text *left, const char *help,
                    const mos_option *option) {
    enum { COLUMN = 32 };
    if (left->failed) out->failed = true;
    if (left->data == NULL) return;
    if (left->size + 2 > COLUMN)
        mos_text_add(out, "%s\n%*s", left->data, COLUMN, "");
    else
        mos_text_add(out, "%-*s", COLUMN, left->data);
    mos_text_add(out, "%s", help);
    if (option != NULL) mos_option_add_remarks(option, out);
    mos_text_add(out, "\n");
}

void mos_options_help(const mos_option_table *table, const char *usage, const char *summary,
                      mos_text *out) {
    mos_text_add(out, "usage: %s\n", usage);
    if (summary != NULL && summary[0] != '\0') mos_text_add(out, "\n%s\n", summary);
    mos_text_add(out, "\noptions:\n");
    for (size_t i = 0; i < table->count; i++) {
        mos_text left = {0};
        add_left_column(&table->options[i], &left);
        const char *help = table->options[i].help;
        add_row(out, &left, help == NULL ? "" : help, &table->options[i]);
        mos_text_release(&left);
    }
    static const char *const common[][2] = {{"  -h, --help", "show this text"},
                                            {"      --json-usage", "show the options as JSON"}};
    for (size_t i = 0; i < 2; i++) {
        mos_text left = {0};
        mos_text_add(&left, "%s", common[i][0]);
        add_row(out, &left, common[i][1], NULL);
        mos_text_release(&left);
    }
}

static void add_choices(const mos_option *option, mos_text *out) {
    mos_text_add(out, "[");
    for (size_t i = 0; option->choices[i] != NULL; i++) {
        if (i > 0) mos_text_add(out, ", ");
        mos_text_add_json(out, option->choices[i]);
    }
    mos_text_add(out, "]");
}

/* "a,b" as ["a", "b"] */
static void add_list_default(const char *text, mos_text *out) {
    mos_text_add(out, "[");
    while (text[0] != '\0') {
        size_t size = strcspn(text, ",");
        mos_text item = {0};
        mos_text_add_bytes(&item, text, size);
        if (item.failed)
            out->failed = true;
        else
            mos_text_add_json(out, item.data);
        mos_text_release(&item);
        text += size;
        if (text[0] == ',') {
            text++;
            mos_text_add(out, ", ");
        }
    }
    mos_text_add(out, "]");
}

/* The default as a JSON value of the option's type. */
static void add_default(const mos_option *option, mos_text *out) {
    const char *text = option->fallback;
    bool truth;
    int64_t whole;
    double number;
    if (text == NULL)
        mos_text_add(out, "null");
    else if (option->type == MOS_OPTION_BOOL && mos_parse_bool(text, &truth))
        mos_text_add(out, "%s", truth ? "true" : "false");
    else if (option->type == MOS_OPTION_INT && mos_parse_int(text, &whole))
        mos_text_add(out, "%lld", (long long)whole);
    else if (option->type == MOS_OPTION_REAL && mos_parse_double(text, &number))
        mos_text_add_number(out, number);
    else if (option->type == MOS_OPTION_LIST)
        add_list_default(text, out);
    else
        mos_text_add_json(out, text);
}

static void add_bounds(const mos_option *option, mos_text *out) {
    if (!is_bounded(option)) return;
    if (isfinite(option->minimum)) {
        mos_text_add(out, ", \"minimum\": ");
        mos_text_add_number(out, option->minimum);
    }
    if (isfinite(option->maximum)) {
        mos_text_add(out, ", \"maximum\": ");
        mos_text_add_number(out, option->maximum);
    }
}

void mos_options_json(const mos_option_table *table, mos_text *out) {
    mos_text_add(out, "{\"name\": ");
    mos_text_add_json(out, table->name);
    mos_text_add(out, ", \"options\": [");
    for (size_t i = 0; i < table->count; i++) {
        const mos_option *option = &table->options[i];
        mos_text_add(out, "%s\n  {\"key\": ", i == 0 ? "" : ",");
        mos_text_add_json(out, option->key);
        if (option->letter != 0) mos_text_add(out, ", \"letter\": \"%c\"", option->letter);
        mos_text_add(out, ", \"type\": \"%s\", \"default\": ", type_names[option->type]);
        add_default(option, out);
        if (option->choices != NULL) {
            mos_text_add(out, ", \"choices\": ");
            add_choices(option, out);
        }
        add_bounds(option, out);
        mos_text_add(out, ", \"unit\": ");
        mos_text_add_json(out, option->unit == NULL ? "" : option->unit);
        mos_text_add(out, ", \"source\": ");
        mos_text_add_json(out, option->source);
        mos_text_add(out, ", \"help\": ");
        mos_text_add_json(out, option->help);
        mos_text_add(out, "}");
    }
    mos_text_add(out, "\n]}\n");
}

static void add_leaf(const mos_option *option, mos_text *out) {
    static const char *const types[] = {"\"boolean\"", "\"integer\"", "\"number\"", "\"string\"",
                                        "\"string\"",  "\"string\"",  "\"array\""};
    bool optional = option->fallback == NULL &&
                    (option->type == MOS_OPTION_TEXT || option->type == MOS_OPTION_PATH);
    mos_text_add(out, "{\"type\": ");
    if (optional)
        mos_text_add(out, "[\"string\", \"null\"]");
    else
        mos_text_add(out, "%s", types[option->type]);
    if (option->type == MOS_OPTION_LIST)
        mos_text_add(out, ", \"items\": {\"type\": [\"string\", \"number\"]}");
    if (option->type == MOS_OPTION_CHOICE) {
        mos_text_add(out, ", \"enum\": ");
        add_choices(option, out);
    }
    add_bounds(option, out);
    if (option->fallback != NULL) {
        mos_text_add(out, ", \"default\": ");
        add_default(option, out);
    }
    if (option->help != NULL) {
        mos_text_add(out, ", \"description\": ");
        mos_text_add_json(out, option->help);
    }
    mos_text_add(out, "}");
}

/* Is `key` below `prefix` ("train." or "")? Then the length of its next component, else 0. */
static size_t component_size(const char *key, const char *prefix, size_t prefix_size) {
    return strncmp(key, prefix, prefix_size) == 0 ? strcspn(key + prefix_size, ".") : 0;
}

/* The object of all keys that begin with the first `prefix_size` characters of `prefix`. */
static void add_object(const mos_option_table *table, const char *prefix, size_t prefix_size,
                       int depth, mos_text *out) {
    mos_text_add(out, "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {");
    bool any = false;
    for (size_t i = 0; i < table->count; i++) {
        const mos_option *option = &table->options[i];
        size_t size = component_size(option->key, prefix, prefix_size);
        if (size == 0) continue;
        bool seen = false; /* a group is written at its first key */
        for (size_t j = 0; j < i && !seen; j++) {
            const char *earlier = table->options[j].key;
            seen = component_size(earlier, prefix, prefix_size) == size &&
                   strncmp(earlier + prefix_size, option->key + prefix_size, size) == 0;
        }
        if (seen) continue;
        mos_text_add(out, "%s\n%*s\"%.*s\": ", any ? "," : "", 2 * depth, "", (int)size,
                     option->key + prefix_size);
        any = true;
        if (option->key[prefix_size + size] == '.')
            add_object(table, option->key, prefix_size + size + 1, depth + 1, out);
        else
            add_leaf(option, out);
    }
    mos_text_add(out, "}}");
}

void mos_options_schema(const mos_option_table *table, mos_text *out) {
    mos_text_add(out,
                 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"title\": ");
    mos_text_add_json(out, table->name);
    mos_text object = {0};
    add_object(table, "", 0, 1, &object);
    if (object.failed || object.data == NULL)
        out->failed = true;
    else
        mos_text_add(out, ", %s\n", object.data + 1);
    mos_text_release(&object);
}
