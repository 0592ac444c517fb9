#include "data/scene/scene_file.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/scene/scene_keys.h"
#include "io/area.h"
#include "io/yaml_tree.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct file_reader {
    mos_scene_file *file;
    const char *path;
} file_reader;

static mosaic_status fail_at(const file_reader *reader, const mos_yaml *node, const char *wanted) {
    static const char *const kinds[] = {"nothing", "a value", "a list", "a map"};
    return mos_fail(MOSAIC_ERR_USAGE, "%s:%d:%d: '%s' wants %s, found %s", reader->path, node->line,
                    node->column, node->key == NULL ? "the file" : node->key, wanted,
                    kinds[node->kind]);
}

static mosaic_status want_map(const file_reader *reader, const mos_yaml *node) {
    return node->kind == MOS_YAML_MAP ? MOSAIC_OK : fail_at(reader, node, "a map");
}

/* A path as written to one that can be opened. */
static mosaic_status resolve(const file_reader *reader, const char *text, char **out) {
    char path[4096];
    mos_free(*out);
    *out = NULL;
    if (text[0] == '/') return mos_copy_text(text, out);
    MOS_TRY(mos_path_join(path, sizeof path, reader->file->folder, text));
    return mos_copy_text(path, out);
}

static mosaic_status resolve_in_place(const file_reader *reader, char **path) {
    char *text = *path;
    *path = NULL;
    mosaic_status status = resolve(reader, text, path);
    mos_free(text);
    return status;
}

/* One key by its table: a scalar, or a list for lists. */
static mosaic_status set_key(const file_reader *reader, const mos_option_table *table, void *values,
                             const mos_yaml *node) {
    char where[4200];
    const mos_option *option = mos_options_find(table, node->key);
    snprintf(where, sizeof where, "%s:%d:%d", reader->path, node->key_line, node->key_column);
    if (node->kind == MOS_YAML_NULL) return MOSAIC_OK;
    if (option == NULL || node->kind == MOS_YAML_SCALAR) {
        const char *text = node->kind == MOS_YAML_SCALAR ? node->value : "";
        MOS_TRY(mos_options_set(table, values, node->key, text, false, where));
        if (option == NULL || option->type != MOS_OPTION_PATH) return MOSAIC_OK;
        return resolve(reader, text, (char **)(void *)((char *)values + option->offset));
    }
    if (option->type != MOS_OPTION_LIST || node->kind != MOS_YAML_LIST)
        return fail_at(reader, node, option->type == MOS_OPTION_LIST ? "a list" : "a value");
    for (size_t i = 0; i < node->count; i++) {
        if (node->items[i].kind != MOS_YAML_SCALAR)
            return fail_at(reader, node, "a list of values");
        MOS_TRY(mos_options_set(table, values, node->key, node->items[i].value, true, where));
    }
    return MOSAIC_OK;
}

static mosaic_status read_table(const file_reader *reader, const mos_option_table *table,
                                void *values, const mos_yaml *node) {
    MOS_TRY(want_map(reader, node));
    for (size_t i = 0; i < node->count; i++)
        MOS_TRY(set_key(reader, table, values, &node->items[i]));
    return MOSAIC_OK;
}

/* files: a list of paths, or a map of band names to paths. */
static mosaic_status read_files(const file_reader *reader, const mos_yaml *node,
                                mos_scene_modality *modality) {
    if (node->kind != MOS_YAML_LIST && node->kind != MOS_YAML_MAP)
        return fail_at(reader, node, "a list of paths, or a map of band names to paths");
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        char *path = NULL;
        if (item->kind != MOS_YAML_SCALAR) return fail_at(reader, node, "one path for each band");
        MOS_TRY(resolve(reader, item->value, &path));
        mosaic_status status = mos_text_list_add(&modality->files, path);
        if (status == MOSAIC_OK && node->kind == MOS_YAML_MAP)
            status = mos_text_list_add(&modality->bands, item->key);
        mos_free(path);
        MOS_TRY(status);
    }
    return MOSAIC_OK;
}

static mosaic_status read_modality(const file_reader *reader, const mos_yaml *node,
                                   mos_scene_options *scene) {
    MOS_TRY(mos_grow(&scene->modalities, &scene->modality_capacity, scene->modality_count + 1,
                     sizeof *scene->modalities, "modalities"));
    mos_scene_modality *modality = &scene->modalities[scene->modality_count++];
    MOS_TRY(mos_options_init(&mos_scene_modality_table, modality));
    MOS_TRY(mos_copy_text(node->key, &modality->name));
    MOS_TRY(want_map(reader, node));
    bool mapped = false, named = false;
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        mapped = mapped || (strcmp(item->key, "files") == 0 && item->kind == MOS_YAML_MAP);
        named = named || strcmp(item->key, "bands") == 0;
        if (strcmp(item->key, "files") == 0)
            MOS_TRY(read_files(reader, item, modality));
        else
            MOS_TRY(set_key(reader, &mos_scene_modality_table, modality, item));
    }
    if (mapped && named)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s:%d:%d: '%s' names its bands twice: in files and in bands", reader->path,
                        node->key_line, node->key_column, node->key);
    if ((modality->file != NULL) == (modality->files.count > 0))
        return mos_fail(MOSAIC_ERR_USAGE, "%s:%d:%d: '%s' wants one of file and files",
                        reader->path, node->key_line, node->key_column, node->key);
    return MOSAIC_OK;
}

/* classes: {10: Tree cover, 20: Shrubland} */
static mosaic_status read_class_map(const file_reader *reader, const mos_yaml *node,
                                    mos_scene_land_cover *cover) {
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        double value;
        if (item->kind != MOS_YAML_SCALAR || !mos_parse_double(item->key, &value) ||
            !isfinite(value))
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s:%d:%d: classes wants <value>: <class name>, found '%.60s'",
                            reader->path, item->key_line, item->key_column, item->key);
        MOS_TRY(mos_grow(&cover->map, &cover->map_capacity, cover->map_count + 1,
                         sizeof *cover->map, "classes"));
        cover->map[cover->map_count].value = value;
        MOS_TRY(mos_copy_text(item->value, &cover->map[cover->map_count++].name));
    }
    return MOSAIC_OK;
}

static mosaic_status read_land_cover(const file_reader *reader, const mos_yaml *node,
                                     mos_scene_land_cover *cover) {
    if (node->kind == MOS_YAML_SCALAR) return resolve(reader, node->value, &cover->file);
    MOS_TRY(want_map(reader, node));
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        if (strcmp(item->key, "classes") == 0 && item->kind == MOS_YAML_MAP)
            MOS_TRY(read_class_map(reader, item, cover));
        else
            MOS_TRY(set_key(reader, &mos_scene_cover_table, cover, item));
    }
    return MOSAIC_OK;
}

static mosaic_status copy_option(const mos_option *option, const void *from, void *to) {
    mos_text text = {0};
    const mos_option_table *table = &mos_scene_cover_table;
    mos_options_get(table, from, option, &text);
    mosaic_status status =
        text.failed ? mos_fail_memory(text.size, "land cover")
                    : mos_options_set(table, to, option->key, text.data == NULL ? "" : text.data,
                                      false, "land_cover");
    mos_text_release(&text);
    return status;
}

/* A scene's land cover starts as what holds for all. */
static mosaic_status inherit_cover(const mos_scene_land_cover *from, mos_scene_land_cover *to) {
    for (size_t i = 0; i < mos_scene_cover_table.count; i++)
        MOS_TRY(copy_option(&mos_scene_cover_table.options[i], from, to));
    for (size_t c = 0; c < from->map_count; c++) {
        MOS_TRY(mos_grow(&to->map, &to->map_capacity, c + 1, sizeof *to->map, "classes"));
        to->map[c].value = from->map[c].value;
        MOS_TRY(mos_copy_text(from->map[c].name, &to->map[c].name));
        to->map_count++;
    }
    return MOSAIC_OK;
}

static mosaic_status read_scene(const file_reader *reader, const mos_yaml *node, bool top) {
    mos_scene_file *file = reader->file;
    MOS_TRY(
        mos_grow(&file->scenes, &file->capacity, file->count + 1, sizeof *file->scenes, "scenes"));
    mos_scene_options *scene = &file->scenes[file->count++];
    MOS_TRY(mos_options_init(&mos_scene_scene_table, scene));
    MOS_TRY(mos_options_init(&mos_scene_cover_table, &scene->land_cover));
    if (!top) MOS_TRY(inherit_cover(&file->land_cover, &scene->land_cover));
    MOS_TRY(want_map(reader, node));
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        if (strcmp(item->key, "modalities") == 0) {
            MOS_TRY(want_map(reader, item));
            for (size_t m = 0; m < item->count; m++)
                MOS_TRY(read_modality(reader, &item->items[m], scene));
        } else if (strcmp(item->key, "land_cover") == 0) {
            MOS_TRY(read_land_cover(reader, item, &scene->land_cover));
        } else if (!top || strcmp(item->key, "grid") != 0) {
            MOS_TRY(set_key(reader, &mos_scene_scene_table, scene, item));
        }
    }
    if (scene->modality_count == 0)
        return mos_fail(MOSAIC_ERR_USAGE, "%s:%d:%d: the scene has no modalities", reader->path,
                        node->line, node->column);
    if (scene->name != NULL) return MOSAIC_OK;
    char name[32];
    snprintf(name, sizeof name, top ? "scene" : "scene%zu", file->count);
    return mos_copy_text(name, &scene->name);
}

static mosaic_status fail_configuration(const file_reader *reader, const mos_yaml *root) {
    const mos_yaml *data = mos_yaml_find(root, "data");
    const mos_yaml *place =
        data != NULL && data->kind == MOS_YAML_MAP ? mos_yaml_find(data, "root") : NULL;
    bool told = place != NULL && place->kind == MOS_YAML_SCALAR;
    return mos_fail(MOSAIC_ERR_USAGE, "%s is a configuration of training, wanted a data set%s%s%s",
                    reader->path, told ? ": its data.root is '" : "", told ? place->value : "",
                    told ? "'" : "");
}

static mosaic_status read_root(const file_reader *reader, const mos_yaml *root) {
    mos_scene_file *file = reader->file;
    MOS_TRY(want_map(reader, root));
    const mos_yaml *grid = mos_yaml_find(root, "grid"), *scenes = mos_yaml_find(root, "scenes"),
                   *cover = mos_yaml_find(root, "land_cover");
    if (mos_yaml_find(root, "data") != NULL || mos_yaml_find(root, "method") != NULL)
        return fail_configuration(reader, root);
    if (grid != NULL) MOS_TRY(read_table(reader, &mos_scene_grid_table, &file->grid, grid));
    if (file->grid.area != NULL && !mos_area_is_box(file->grid.area))
        MOS_TRY(resolve_in_place(reader, &file->grid.area));
    if (scenes == NULL) return read_scene(reader, root, true);
    for (size_t i = 0; i < root->count; i++) {
        const mos_yaml *item = &root->items[i];
        if (item == grid || item == scenes || item == cover) continue;
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s:%d:%d: unknown key '%s': beside scenes there may be grid and "
                        "land_cover",
                        reader->path, item->key_line, item->key_column, item->key);
    }
    if (cover != NULL) MOS_TRY(read_land_cover(reader, cover, &file->land_cover));
    if (scenes->kind != MOS_YAML_LIST) return fail_at(reader, scenes, "a list");
    for (size_t s = 0; s < scenes->count; s++)
        MOS_TRY(read_scene(reader, &scenes->items[s], false));
    return MOSAIC_OK;
}

/* Ids begin with the name. */
static mosaic_status check_names(const mos_scene_file *file) {
    for (size_t s = 0; s < file->count; s++) {
        const char *name = file->scenes[s].name;
        if (strlen(name) > 128 || strchr(name, '/') != NULL)
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: a scene's name has at most 128 bytes and no '/', found '%.140s'",
                            file->path, name);
        for (size_t t = 0; t < s; t++) {
            if (strcmp(file->scenes[t].name, name) == 0)
                return mos_fail(MOSAIC_ERR_USAGE, "%s: two scenes have the name '%s'", file->path,
                                name);
        }
    }
    if (file->count > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "%s: no scene", file->path);
}

static mosaic_status set_folder(mos_scene_file *file) {
    const char *slash = strrchr(file->path, '/');
    if (slash == NULL) return mos_copy_text(".", &file->folder);
    MOS_TRY(mos_copy_text(file->path, &file->folder));
    file->folder[slash == file->path ? 1 : slash - file->path] = '\0';
    return MOSAIC_OK;
}

mosaic_status mos_scene_file_parse(const char *path, const mos_yaml *root, mos_scene_file *out) {
    mosaic_status status;
    *out = (mos_scene_file){0};
    const file_reader reader = {.file = out, .path = path};
    MOS_GOTO(mos_copy_text(path, &out->path));
    MOS_GOTO(set_folder(out));
    MOS_GOTO(mos_options_init(&mos_scene_grid_table, &out->grid));
    MOS_GOTO(mos_options_init(&mos_scene_cover_table, &out->land_cover));
    MOS_GOTO(read_root(&reader, root));
    MOS_GOTO(check_names(out));
done:
    if (status != MOSAIC_OK) mos_scene_file_release(out);
    return status;
}

mosaic_status mos_scene_file_read(const char *path, mos_scene_file *out) {
    mos_yaml root;
    *out = (mos_scene_file){0};
    mosaic_status status = mos_yaml_read(path, &root);
    if (status == MOSAIC_OK) status = mos_scene_file_parse(path, &root, out);
    mos_yaml_release(&root);
    return status;
}

static mosaic_status add_raster(mos_scene_file *file, mos_scene_options *scene, const char *name,
                                const char *raster) {
    MOS_TRY(mos_grow(&scene->modalities, &scene->modality_capacity, scene->modality_count + 1,
                     sizeof *scene->modalities, "modalities"));
    mos_scene_modality *modality = &scene->modalities[scene->modality_count++];
    MOS_TRY(mos_options_init(&mos_scene_modality_table, modality));
    MOS_TRY(mos_copy_text(name, &modality->name));
    return resolve(&(file_reader){.file = file, .path = file->path}, raster, &modality->file);
}

/* "path/to/T33UUP_10m.tif": T33UUP_10m */
static mosaic_status name_after(const char *raster, char **out) {
    const char *slash = strrchr(raster, '/'), *name = slash == NULL ? raster : slash + 1;
    MOS_TRY(mos_copy_text(name[0] == '\0' ? "scene" : name, out));
    char *dot = strrchr(*out, '.');
    if (dot != NULL && dot != *out) *dot = '\0';
    return MOSAIC_OK;
}

mosaic_status mos_scene_file_of_rasters(const char *path, const char *const *names,
                                        const char *const *rasters, int count,
                                        mos_scene_file *out) {
    mosaic_status status;
    *out = (mos_scene_file){0};
    MOS_GOTO(mos_copy_text(path, &out->path));
    MOS_GOTO(mos_copy_text(".", &out->folder));
    MOS_GOTO(mos_options_init(&mos_scene_grid_table, &out->grid));
    MOS_GOTO(mos_options_init(&mos_scene_cover_table, &out->land_cover));
    MOS_GOTO(mos_grow(&out->scenes, &out->capacity, 1, sizeof *out->scenes, "scenes"));
    mos_scene_options *scene = &out->scenes[out->count++];
    MOS_GOTO(mos_options_init(&mos_scene_scene_table, scene));
    MOS_GOTO(mos_options_init(&mos_scene_cover_table, &scene->land_cover));
    for (int i = 0; i < count; i++) {
        if (rasters[i] == NULL) continue;
        MOS_GOTO(add_raster(out, scene, names[i], rasters[i]));
        mos_free(scene->name);
        scene->name = NULL;
        MOS_GOTO(name_after(rasters[i], &scene->name));
    }
    status = check_names(out);
done:
    if (status != MOSAIC_OK) mos_scene_file_release(out);
    return status;
}

mosaic_status mos_scene_file_set_grid(mos_scene_file *file, const char *assignment) {
    char key[64];
    const char *equals = strchr(assignment, '=');
    if (equals == NULL || (size_t)(equals - assignment) >= sizeof key)
        return mos_fail(MOSAIC_ERR_USAGE, "data.grid wants KEY=VALUE, found '%.80s'", assignment);
    (void)snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    if (strcmp(key, "mask") == 0 || strcmp(key, "mask_values") == 0) {
        for (size_t s = 0; s < file->count; s++)
            MOS_TRY(mos_options_set(&mos_scene_scene_table, &file->scenes[s], key, equals + 1,
                                    false, "data.grid"));
        return MOSAIC_OK;
    }
    return mos_options_set(&mos_scene_grid_table, &file->grid, key, equals + 1, false, "data.grid");
}

static void release_cover(mos_scene_land_cover *cover) {
    for (size_t c = 0; c < cover->map_count; c++)
        mos_free(cover->map[c].name);
    mos_free(cover->map);
    mos_options_release(&mos_scene_cover_table, cover);
}

void mos_scene_file_release(mos_scene_file *file) {
    for (size_t s = 0; s < file->count; s++) {
        mos_scene_options *scene = &file->scenes[s];
        for (size_t m = 0; m < scene->modality_count; m++) {
            mos_free(scene->modalities[m].name);
            mos_options_release(&mos_scene_modality_table, &scene->modalities[m]);
        }
        mos_free(scene->modalities);
        release_cover(&scene->land_cover);
        mos_options_release(&mos_scene_scene_table, scene);
    }
    mos_free(file->scenes);
    release_cover(&file->land_cover);
    mos_options_release(&mos_scene_grid_table, &file->grid);
    mos_free(file->path);
    mos_free(file->folder);
    *file = (mos_scene_file){0};
}
