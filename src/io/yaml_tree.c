#include "io/yaml_tree.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/file_map.h"

#include <string.h>
#include <yaml.h>

/* A configuration is a few kilobytes; libyaml's time grows faster than the size of nested flow
 * collections. */
enum { MAX_DEPTH = 32, MAX_KEYS = 4096, MAX_NODES = 1 << 18, MAX_YAML_BYTES = 4 << 20 };

typedef struct yaml_reader {
    yaml_parser_t parser;
    const char *what;
    size_t nodes;
} yaml_reader;

static mosaic_status fail_at(const yaml_reader *reader, yaml_mark_t mark, const char *message) {
    return mos_fail(MOSAIC_ERR_USAGE, "%s:%zu:%zu: %s", reader->what, mark.line + 1,
                    mark.column + 1, message);
}

static mosaic_status next_event(yaml_reader *reader, yaml_event_t *event) {
    if (yaml_parser_parse(&reader->parser, event)) return MOSAIC_OK;
    if (reader->parser.error == YAML_MEMORY_ERROR) return mos_fail_memory(0, "YAML");
    /* Reader errors (bytes that are not UTF-8) carry a byte offset, the others a mark. */
    const char *problem =
        reader->parser.problem != NULL ? reader->parser.problem : "cannot be read";
    if (reader->parser.error == YAML_READER_ERROR)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: byte %zu: %s", reader->what,
                        reader->parser.problem_offset, problem);
    return fail_at(reader, reader->parser.problem_mark, problem);
}

static bool is_null(const char *text) {
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0) return true;
    return false;
}

static mosaic_status check_plain(const yaml_reader *reader, yaml_mark_t mark,
                                 const yaml_char_t *anchor, const yaml_char_t *tag) {
    if (anchor != NULL) return fail_at(reader, mark, "anchors are not accepted");
    if (tag != NULL) return fail_at(reader, mark, "tags are not accepted");
    return MOSAIC_OK;
}

static mosaic_status copy_scalar(const yaml_reader *reader, const yaml_event_t *event, char **out) {
    const char *value = (const char *)event->data.scalar.value;
    MOS_TRY(
        check_plain(reader, event->start_mark, event->data.scalar.anchor, event->data.scalar.tag));
    if (memchr(value, '\0', event->data.scalar.length) != NULL)
        return fail_at(reader, event->start_mark, "NUL character in a text");
    return mos_copy_text(value, out);
}

static mosaic_status read_node(yaml_reader *reader, yaml_event_t *event, int depth, mos_yaml *out);

static mosaic_status add_item(mos_yaml *node, size_t *capacity, mos_yaml **item) {
    MOS_TRY(mos_grow(&node->items, capacity, node->count + 1, sizeof *node->items, "YAML"));
    *item = &node->items[node->count++];
    return MOSAIC_OK;
}

static mosaic_status read_list(yaml_reader *reader, int depth, mos_yaml *out) {
    size_t capacity = 0;
    for (;;) {
        yaml_event_t event;
        MOS_TRY(next_event(reader, &event));
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        mos_yaml *item;
        mosaic_status status = end ? MOSAIC_OK : add_item(out, &capacity, &item);
        if (!end && status == MOSAIC_OK) status = read_node(reader, &event, depth + 1, item);
        yaml_event_delete(&event);
        if (end || status != MOSAIC_OK) return status;
    }
}

static mosaic_status read_key(yaml_reader *reader, const yaml_event_t *event, const mos_yaml *map,
                              mos_yaml *item) {
    if (event->type == YAML_ALIAS_EVENT)
        return fail_at(reader, event->start_mark, "aliases are not accepted");
    if (event->type != YAML_SCALAR_EVENT)
        return fail_at(reader, event->start_mark, "a key must be a text");
    if (map->count > MAX_KEYS) return fail_at(reader, event->start_mark, "more than 4096 keys");
    char *key;
    MOS_TRY(copy_scalar(reader, event, &key));
    item->key = key;
    item->key_line = (int)event->start_mark.line + 1;
    item->key_column = (int)event->start_mark.column + 1;
    for (size_t i = 0; i + 1 < map->count; i++) {
        if (strcmp(map->items[i].key, key) != 0) continue;
        char shown[80];
        return mos_fail(MOSAIC_ERR_USAGE, "%s:%zu:%zu: key \"%s\" is there twice, first in line %d",
                        reader->what, event->start_mark.line + 1, event->start_mark.column + 1,
                        mos_shown_text(key, strlen(key), shown, sizeof shown),
                        map->items[i].key_line);
    }
    return MOSAIC_OK;
}

static mosaic_status read_map(yaml_reader *reader, int depth, mos_yaml *out) {
    size_t capacity = 0;
    for (;;) {
        yaml_event_t event;
        MOS_TRY(next_event(reader, &event));
        bool end = event.type == YAML_MAPPING_END_EVENT;
        mos_yaml *item;
        mosaic_status status = end ? MOSAIC_OK : add_item(out, &capacity, &item);
        if (!end && status == MOSAIC_OK) status = read_key(reader, &event, out, item);
        yaml_event_delete(&event);
        if (end || status != MOSAIC_OK) return status;
        MOS_TRY(next_event(reader, &event));
        status = read_node(reader, &event, depth + 1, item);
        yaml_event_delete(&event);
        if (status != MOSAIC_OK) return status;
    }
}

static mosaic_status read_scalar(const yaml_reader *reader, const yaml_event_t *event,
                                 mos_yaml *out) {
    out->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    char *value;
    MOS_TRY(copy_scalar(reader, event, &value));
    if (!out->quoted && is_null(value)) {
        mos_free(value);
        return MOSAIC_OK; /* stays MOS_YAML_NULL */
    }
    out->kind = MOS_YAML_SCALAR;
    out->value = value;
    return MOSAIC_OK;
}

/* The node that `event` begins; the caller deletes the event. */
static mosaic_status read_node(yaml_reader *reader, yaml_event_t *event, int depth, mos_yaml *out) {
    out->line = (int)event->start_mark.line + 1;
    out->column = (int)event->start_mark.column + 1;
    if (depth > MAX_DEPTH) return fail_at(reader, event->start_mark, "nested too deeply");
    if (++reader->nodes > MAX_NODES) return fail_at(reader, event->start_mark, "too many values");
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, event, out);
    case YAML_SEQUENCE_START_EVENT:
        MOS_TRY(check_plain(reader, event->start_mark, event->data.sequence_start.anchor,
                            event->data.sequence_start.tag));
        out->kind = MOS_YAML_LIST;
        return read_list(reader, depth, out);
    case YAML_MAPPING_START_EVENT:
        MOS_TRY(check_plain(reader, event->start_mark, event->data.mapping_start.anchor,
                            event->data.mapping_start.tag));
        out->kind = MOS_YAML_MAP;
        return read_map(reader, depth, out);
    case YAML_ALIAS_EVENT:
        return fail_at(reader, event->start_mark, "aliases are not accepted");
    default:
        return fail_at(reader, event->start_mark, "unexpected end");
    }
}

/* Exactly one document, or none. */
static mosaic_status read_stream(yaml_reader *reader, mos_yaml *out) {
    bool seen = false;
    for (;;) {
        yaml_event_t event;
        MOS_TRY(next_event(reader, &event));
        mosaic_status status = MOSAIC_OK;
        bool end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            if (seen)
                status = fail_at(reader, event.start_mark, "a second document, only one is read");
            seen = true;
        } else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_END_EVENT &&
                   !end) {
            status = read_node(reader, &event, 0, out);
        }
        yaml_event_delete(&event);
        if (end || status != MOSAIC_OK) return status;
    }
}

mosaic_status mos_yaml_parse(const char *data, size_t size, const char *what, mos_yaml *out) {
    memset(out, 0, sizeof *out);
    out->line = out->column = 1;
    if (size > MAX_YAML_BYTES)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: %zu bytes of YAML, at most %d are read", what, size,
                        MAX_YAML_BYTES);
    yaml_reader reader = {.what = what};
    if (!yaml_parser_initialize(&reader.parser))
        return mos_fail_memory(sizeof reader.parser, "YAML parser");
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)data, size);
    mosaic_status status = read_stream(&reader, out);
    yaml_parser_delete(&reader.parser);
    if (status != MOSAIC_OK) mos_yaml_release(out);
    return status;
}

mosaic_status mos_yaml_read(const char *path, mos_yaml *out) {
    memset(out, 0, sizeof *out);
    char *data;
    size_t size;
    MOS_TRY(mos_file_read(path, MAX_YAML_BYTES, &data, &size));
    mosaic_status status = mos_yaml_parse(data, size, path, out);
    mos_free(data);
    return status;
}

void mos_yaml_release(mos_yaml *node) {
    for (size_t i = 0; i < node->count; i++)
        mos_yaml_release(&node->items[i]);
    mos_free(node->items);
    mos_free(node->key);
    mos_free(node->value);
    memset(node, 0, sizeof *node);
}

const mos_yaml *mos_yaml_find(const mos_yaml *map, const char *key) {
    if (map->kind != MOS_YAML_MAP) return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->items[i].key, key) == 0) return &map->items[i];
    return NULL;
}
