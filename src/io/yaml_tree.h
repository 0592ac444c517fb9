/* YAML documents as a small tree that remembers where every value came from. Anchors, aliases and
 * tags are refused (hostile files grow through them); depth and size are limited. */
#ifndef MOS_IO_YAML_TREE_H
#define MOS_IO_YAML_TREE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum mos_yaml_kind {
    MOS_YAML_NULL,
    MOS_YAML_SCALAR,
    MOS_YAML_LIST,
    MOS_YAML_MAP
} mos_yaml_kind;
typedef struct mos_yaml {
    mos_yaml_kind kind;
    char *key;                /* in a map; NULL otherwise */
    char *value;              /* of a scalar */
    bool quoted;              /* the scalar was quoted: always text */
    int line, column;         /* 1-based */
    int key_line, key_column; /* of the key, in a map; 0 otherwise */
    struct mos_yaml *items;   /* children of a list or map */
    size_t count;
} mos_yaml;

/* Duplicate keys are an error. Messages start with what:line:column. */
mosaic_status mos_yaml_parse(const char *data, size_t size, const char *what, mos_yaml *out);
mosaic_status mos_yaml_read(const char *path, mos_yaml *out);
void mos_yaml_release(mos_yaml *node);
const mos_yaml *mos_yaml_find(const mos_yaml *map, const char *key);

#endif
