#include "data/sen12ms/sen12ms_tree.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tree_walk {
    mos_dataset *dataset;
    mos_sen12ms_tree *tree;
    int kind;
    bool first; /* of the walks through this root: it reports what is no patch */
    char season[4096], scene[4096];
    mos_sen12ms_key season_key, scene_key;
} tree_walk;

typedef mosaic_status (*entry_visit)(tree_walk *walk, const char *name);

static mosaic_status each_entry(tree_walk *walk, const char *folder, entry_visit visit) {
    DIR *stream = opendir(folder);
    if (stream == NULL) {
        /* A root that does not exist holds nothing; a file where a folder was expected is noted. */
        if (errno == ENOENT) return MOSAIC_OK;
        if (errno != ENOTDIR) return mos_fail_errno("list", folder);
        mos_dataset_defect(walk->dataset, "unexpected file", "%s", folder);
        return MOSAIC_OK;
    }
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        MOS_GOTO(visit(walk, entry->d_name));
    }
done:
    closedir(stream);
    return status;
}

static mosaic_status visit_file(tree_walk *walk, const char *name) {
    mos_sen12ms_tree *tree = walk->tree;
    mos_sen12ms_key key;
    int kind;
    size_t size = strlen(name);
    bool raster = size > 4 && strcmp(name + size - 4, ".tif") == 0;
    if (!raster || !mos_sen12ms_patch_parse(name, &kind, &key) || kind != walk->kind ||
        mos_sen12ms_scene_of(key) != walk->scene_key) {
        mos_dataset_defect(walk->dataset, "file that is no patch of its folder", "%s/%s",
                           walk->scene, name);
        return MOSAIC_OK;
    }
    if (mos_sen12ms_damaged(key)) {
        mos_dataset_defect(walk->dataset, "damaged patch: left out", "%s", name);
        return MOSAIC_OK;
    }
    MOS_TRY(mos_grow(&tree->patches, &tree->capacity, tree->count + 1, sizeof *tree->patches,
                     "patches of SEN12MS"));
    tree->patches[tree->count++] =
        (mos_sen12ms_patch){.key = key, .stored = (uint8_t)(1u << kind), .split = MOS_SPLIT_NONE};
    return MOSAIC_OK;
}

static mosaic_status visit_scene(tree_walk *walk, const char *name) {
    mos_sen12ms_key scene;
    int kind;
    if (!mos_sen12ms_folder_parse(name, strlen(name), &kind, &scene)) {
        if (walk->first)
            mos_dataset_defect(walk->dataset, "folder that is no scene", "%s/%s", walk->season,
                               name);
        return MOSAIC_OK;
    }
    if (kind != walk->kind) return MOSAIC_OK;
    walk->scene_key = walk->season_key | scene;
    MOS_TRY(mos_path_join(walk->scene, sizeof walk->scene, walk->season, name));
    return each_entry(walk, walk->scene, visit_file);
}

/* Lists and archives may lie beside the seasons. */
static mosaic_status visit_season(tree_walk *walk, const char *name) {
    if (!mos_sen12ms_season_parse(name, strlen(name), &walk->season_key)) return MOSAIC_OK;
    MOS_TRY(
        mos_path_join(walk->season, sizeof walk->season, walk->tree->folders[walk->kind], name));
    return each_entry(walk, walk->season, visit_scene);
}

static int by_key(const void *a, const void *b) {
    mos_sen12ms_key left = ((const mos_sen12ms_patch *)a)->key,
                    right = ((const mos_sen12ms_patch *)b)->key;
    return (left > right) - (left < right);
}

static void merge(mos_sen12ms_tree *tree) {
    size_t kept = 0;
    if (tree->count > 0) qsort(tree->patches, tree->count, sizeof *tree->patches, by_key);
    for (size_t i = 0; i < tree->count; i++) {
        if (kept > 0 && tree->patches[kept - 1].key == tree->patches[i].key)
            tree->patches[kept - 1].stored |= tree->patches[i].stored;
        else
            tree->patches[kept++] = tree->patches[i];
    }
    tree->count = kept;
}

mosaic_status mos_sen12ms_tree_list(mos_dataset *dataset, mos_sen12ms_tree *tree) {
    const mos_data_options *options = &dataset->options;
    const char *const given[MOS_SEN12MS_KINDS] = {options->s1, options->s2,
                                                  options->reference_maps};
    tree_walk *walk;
    MOS_TRY(mos_alloc(1, sizeof *walk, "a walk through folders", &walk));
    mosaic_status status = MOSAIC_OK;
    walk->dataset = dataset;
    walk->tree = tree;
    for (int k = 0; k < MOS_SEN12MS_KINDS; k++) {
        char *folder = tree->folders[k];
        MOS_GOTO(mos_dataset_path(dataset, given[k] != NULL ? given[k] : dataset->root, "", folder,
                                  sizeof tree->folders[k]));
        walk->kind = k;
        walk->first = true;
        for (int before = 0; before < k; before++)
            walk->first = walk->first && strcmp(tree->folders[before], folder) != 0;
        MOS_GOTO(each_entry(walk, folder, visit_season));
    }
    merge(tree);
done:
    mos_free(walk);
    return status;
}

void mos_sen12ms_tree_release(mos_sen12ms_tree *tree) {
    mos_free(tree->patches);
    tree->patches = NULL;
    tree->count = tree->capacity = 0;
}

mos_sen12ms_patch *mos_sen12ms_tree_find(const mos_sen12ms_tree *tree, mos_sen12ms_key key) {
    mos_sen12ms_patch wanted = {.key = key};
    if (tree->count == 0) return NULL;
    return bsearch(&wanted, tree->patches, tree->count, sizeof *tree->patches, by_key);
}

mosaic_status mos_sen12ms_tree_path(const mos_sen12ms_tree *tree, mos_sen12ms_key key, int kind,
                                    char *out, size_t size) {
    char below[MOS_SEN12MS_PATH_SIZE];
    mos_sen12ms_path(key, kind, below);
    return mos_path_join(out, size, tree->folders[kind], below);
}
