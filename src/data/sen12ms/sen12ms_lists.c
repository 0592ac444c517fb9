#include "data/sen12ms/sen12ms_lists.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/names/name_list.h"

#include <stdlib.h>
#include <string.h>

static const char hold_out_name[] = "SEN12MS_holdOutScenes.txt";

typedef struct list_state {
    mos_dataset *dataset;
    mos_sen12ms_tree *tree;
    bool seen[MOS_SPLIT_COUNT], any;
} list_state;

/* One name of a list: sets the split of the patch, wherever else it is listed. */
static mosaic_status set_split(list_state *state, const char *name, mos_split split,
                               const char *path, uint32_t line) {
    mos_sen12ms_key key;
    int kind;
    if (!mos_sen12ms_patch_parse(name, &kind, &key))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s:%u: '%.80s' is no patch name, as in ROIs1158_spring_s2_124_p100.tif",
                        path, line, name);
    state->dataset->metadata_rows++;
    mos_sen12ms_patch *patch = mos_sen12ms_tree_find(state->tree, key);
    if (patch == NULL) {
        if (!mos_sen12ms_damaged(key))
            mos_dataset_defect(state->dataset, "row without files", "%s", name);
        return MOSAIC_OK;
    }
    if (patch->listed && patch->split != (uint8_t)split)
        return mos_fail(MOSAIC_ERR_DATA, "%s:%u: '%s' is listed as %s here, as %s before", path,
                        line, name, mos_split_names[split], mos_split_names[patch->split]);
    if (patch->listed) mos_dataset_defect(state->dataset, "listed twice", "%s", name);
    patch->listed = true;
    patch->split = (uint8_t)split;
    return MOSAIC_OK;
}

static mosaic_status read_patch_list(list_state *state, const mos_name_list *list,
                                     const char *path) {
    mos_split split = mos_name_list_split(path);
    if (split == MOS_SPLIT_NONE)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: the file's name tells no split, as in train_list.txt or test_list.txt",
                        path);
    state->seen[split] = state->any = true;
    for (size_t r = 0; r < list->rows; r++)
        MOS_TRY(set_split(state, mos_name_list_cell(list, r, 0), split, path,
                          mos_name_list_line(list, r)));
    return MOSAIC_OK;
}

static int by_key(const void *a, const void *b) {
    mos_sen12ms_key left = *(const mos_sen12ms_key *)a, right = *(const mos_sen12ms_key *)b;
    return (left > right) - (left < right);
}

/* Scenes in the list are test, all others train. */
static mosaic_status read_hold_out(list_state *state, const mos_name_list *list, const char *path) {
    mos_sen12ms_tree *tree = state->tree;
    mos_sen12ms_key *scenes;
    MOS_TRY(mos_alloc(list->rows, sizeof *scenes, "hold-out scenes", &scenes));
    mosaic_status status = MOSAIC_OK;
    for (size_t r = 0; r < list->rows; r++) {
        const char *name = mos_name_list_cell(list, r, 0);
        if (mos_sen12ms_scene_parse(name, &scenes[r])) continue;
        status =
            mos_fail(MOSAIC_ERR_DATA, "%s:%u: '%.80s' is no scene, as in ROIs1158_spring/s1_63",
                     path, mos_name_list_line(list, r), name);
        goto done;
    }
    qsort(scenes, list->rows, sizeof *scenes, by_key);
    for (size_t i = 0; i < tree->count; i++) {
        mos_sen12ms_key scene = mos_sen12ms_scene_of(tree->patches[i].key);
        bool held = bsearch(&scene, scenes, list->rows, sizeof *scenes, by_key) != NULL;
        tree->patches[i].split = held ? MOS_SPLIT_TEST : MOS_SPLIT_TRAIN;
    }
    state->seen[MOS_SPLIT_TRAIN] = state->seen[MOS_SPLIT_TEST] = state->any = true;
done:
    mos_free(scenes);
    return status;
}

/* Which of the two a list is, its first line tells. */
static mosaic_status read_list(list_state *state, const char *path) {
    mos_name_list list;
    mos_sen12ms_key key;
    MOS_TRY(mos_name_list_read(path, &list));
    mosaic_status status = MOSAIC_OK;
    if (mos_sen12ms_scene_parse(mos_name_list_cell(&list, 0, 0), &key))
        status = read_hold_out(state, &list, path);
    else
        status = read_patch_list(state, &list, path);
    mos_name_list_release(&list);
    return status;
}

/* Lists of patches where there are any; the hold-out scenes where not. */
static mosaic_status read_folder(list_state *state, const char *folder) {
    static const char *const names[] = {"train_list.txt", "val_list.txt", "test_list.txt"};
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        MOS_TRY(mos_path_join(path, sizeof path, folder, names[i]));
        if (mos_path_exists(path)) MOS_TRY(read_list(state, path));
    }
    MOS_TRY(mos_path_join(path, sizeof path, folder, hold_out_name));
    return state->any || !mos_path_exists(path) ? MOSAIC_OK : read_list(state, path);
}

static void finish(const list_state *state) {
    mos_sen12ms_tree *tree = state->tree;
    bool rest_is_train = state->seen[MOS_SPLIT_TEST] && !state->seen[MOS_SPLIT_TRAIN];
    for (size_t i = 0; state->any && i < tree->count; i++) {
        mos_sen12ms_patch *patch = &tree->patches[i];
        if (patch->split != MOS_SPLIT_NONE) continue;
        if (rest_is_train) {
            patch->split = MOS_SPLIT_TRAIN;
            continue;
        }
        char name[MOS_SEN12MS_NAME_SIZE];
        mos_sen12ms_name(patch->key, MOS_SEN12MS_S2, name);
        mos_dataset_defect(state->dataset, "in no split list: split none", "%s", name);
    }
}

static bool is_list(const char *path) {
    size_t size = strlen(path);
    return size > 4 && strcmp(path + size - 4, ".txt") == 0;
}

mosaic_status mos_sen12ms_lists_read(mos_dataset *dataset, mos_sen12ms_tree *tree) {
    list_state state = {.dataset = dataset, .tree = tree};
    const char *given = dataset->options.metadata;
    char folder[4096];
    if (given != NULL && !mos_path_is_dir(given) && is_list(given)) {
        MOS_TRY(read_list(&state, given));
    } else if (given != NULL) {
        MOS_TRY(mos_name_list_folder(given, folder, sizeof folder));
        MOS_TRY(read_folder(&state, folder));
    }
    if (!state.any) MOS_TRY(read_folder(&state, dataset->root));
    finish(&state);
    return MOSAIC_OK;
}
