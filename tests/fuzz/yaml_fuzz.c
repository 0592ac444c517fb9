#include "fuzz/fuzz_target.h"
#include "io/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

static void check_node(const mos_yaml *node, bool in_map) {
    if (node->line < 1 || node->column < 1 || (node->key != NULL) != in_map) abort();
    if ((node->value != NULL) != (node->kind == MOS_YAML_SCALAR)) abort();
    for (size_t i = 0; i < node->count; i++) {
        check_node(&node->items[i], node->kind == MOS_YAML_MAP);
        if (node->kind == MOS_YAML_MAP &&
            mos_yaml_find(node, node->items[i].key) != &node->items[i])
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_yaml root;
    if (mos_yaml_parse((const char *)data, size, "fuzz", &root) == MOSAIC_OK) {
        check_node(&root, false);
    } else if (strchr(mosaic_error(), '\n') != NULL) {
        abort();
    }
    mos_yaml_release(&root);
    return 0;
}
