#include "command/command_config.h"

#include "base/file.h"
#include "base/memory.h"
#include "config/config.h"
#include "data/data_options.h"
#include "data/format_options.h"
#include "io/yaml_tree.h"

#include <string.h>

static bool ends_with(const char *text, const char *end) {
    size_t size = strlen(text), tail = strlen(end);
    return size > tail && strcmp(text + size - tail, end) == 0;
}

bool mos_command_is_config(const char *path) {
    mos_yaml root = {0};
    bool found = false;
    if ((!ends_with(path, ".yaml") && !ends_with(path, ".yml")) || mos_path_is_dir(path) ||
        mos_yaml_read(path, &root) != MOSAIC_OK)
        return false; /* whoever opens it says what is wrong with it */
    for (size_t i = 0; root.kind == MOS_YAML_MAP && i < root.count; i++)
        found = found || strcmp(root.items[i].key, "data") == 0 ||
                strncmp(root.items[i].key, "data.", 5) == 0;
    mos_yaml_release(&root);
    return found;
}

mosaic_status mos_command_take_config(const char *path, mos_data_options *values,
                                      mos_text_list *positional) {
    mos_config *config = NULL;
    char *place = NULL;
    mosaic_status status;
    MOS_GOTO(mos_config_create(&config));
    MOS_GOTO(mos_config_read(config, path));
    const mos_data_options *data = mos_config_data(config);
    if (mos_data_place(data) == NULL)
        MOS_GOTO(mos_fail(MOSAIC_ERR_USAGE,
                          "%s: the configuration names no data set: data.root is "
                          "not set",
                          path));
    MOS_GOTO(mos_copy_text(mos_data_place(data), &place));
    mos_options_release(&mos_data_option_table, values);
    MOS_GOTO(mos_data_options_copy(data, values));
    mos_free(positional->items[0]);
    positional->items[0] = place;
    place = NULL;
done:
    mos_free(place);
    mos_config_destroy(&config);
    return status;
}

/* The value that was typed with an option: behind "=", else the next word. */
static const char *typed_value(int argc, char **argv, const char *option) {
    const size_t size = strlen(option);
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], option, size) != 0) continue;
        if (argv[i][size] == '=') return argv[i] + size + 1;
        if (argv[i][size] == '\0' && i + 1 < argc && argv[i + 1][0] != '-') return argv[i + 1];
    }
    return "VALUE";
}

/* Is the word a key, or the last part of one, as it stands? */
static bool names_key(const char *word, const char *key) {
    const char *last = strrchr(key, '.');
    return strcmp(word, key) == 0 || (last != NULL && strcmp(word, last + 1) == 0);
}

mosaic_status mos_command_suggest_key(const mos_option_table *table, mosaic_status status, int argc,
                                      char **argv) {
    static const char begin[] = "unknown option --";
    char option[128];
    mos_text key = {0};
    if (status != MOSAIC_ERR_USAGE || strncmp(mosaic_error(), begin, sizeof begin - 1) != 0 ||
        mos_options_find(table, "set") == NULL)
        return status;
    char said[512];
    mos_error_copy(said, sizeof said);
    (void)snprintf(option, sizeof option, "%.127s", said + sizeof begin - 3);
    char *comma = strchr(option, ','); /* an option that is spelt nearly so was named */
    if (comma != NULL) *comma = '\0';
    if (mos_config_find_key(option + 2, &key) == MOSAIC_OK && key.size > 0 &&
        (comma == NULL || names_key(option + 2, key.data)))
        status = mos_fail(MOSAIC_ERR_USAGE,
                          "unknown option %s; for the key of the configuration write --set %s=%s",
                          option, key.data, typed_value(argc, argv, option));
    else
        mos_error_restore(said);
    mos_text_release(&key);
    return status;
}
