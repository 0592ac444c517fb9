#include "data/scene/scene_file.h"
#include "fuzz/fuzz_target.h"
#include "io/yaml_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_cover(const mos_scene_land_cover *cover) {
    if (!(cover->minimum_share >= 0 && cover->minimum_share <= 1) || cover->band < 1) abort();
    for (size_t c = 0; c < cover->map_count; c++)
        if (!isfinite(cover->map[c].value) || cover->map[c].name == NULL) abort();
}

static void check_scene(const mos_scene_options *scene) {
    if (scene->name == NULL || scene->modality_count == 0) abort();
    for (size_t m = 0; m < scene->modality_count; m++) {
        const mos_scene_modality *modality = &scene->modalities[m];
        if (modality->name == NULL || modality->name[0] == '\0') abort();
        if ((modality->file != NULL) == (modality->files.count > 0)) abort();
        if (!(modality->resolution >= 0)) abort();
    }
    check_cover(&scene->land_cover);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_yaml root;
    mos_scene_file file;
    if (mos_yaml_parse((const char *)data, size, "fuzz.yaml", &root) == MOSAIC_OK) {
        if (mos_scene_file_parse("fuzz.yaml", &root, &file) == MOSAIC_OK) {
            if (file.count == 0 || strcmp(file.folder, ".") != 0) abort();
            if (file.grid.size < 1 || file.grid.stride < 0) abort();
            for (size_t s = 0; s < file.count; s++)
                check_scene(&file.scenes[s]);
        } else if (file.path != NULL || strchr(mosaic_error(), '\n') != NULL) {
            abort();
        }
        mos_scene_file_release(&file);
    }
    mos_yaml_release(&root);
    return 0;
}
