#include "data/bigearthnet/patch_layout.h"
#include "data/names/patch_name_v1.h"
#include "data/sen12ms/sen12ms_name.h"
#include "fuzz/fuzz_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 91 };

static void check(bool good, const mos_patch_name *name, size_t size) {
    if (!good) return;
    if (name->column < 0 || name->column >= GRID || name->row < 0 || name->row >= GRID) abort();
    if (name->folder_size >= size || name->platform < 'A' || name->platform > 'D') abort();
    char time[24];
    mos_time_format(name->time_s, time);
    int64_t again;
    if (time[0] != '\0' && (!mos_time_parse(time, &again) || again != name->time_s)) abort();
}

/* A SEN12MS name that was understood is written again as it was. */
static void check_sen12ms(const char *text) {
    mos_sen12ms_key key;
    int kind;
    char name[MOS_SEN12MS_NAME_SIZE];
    if (mos_sen12ms_scene_parse(text, &key) && mos_sen12ms_scene_of(key) != key) abort();
    if (!mos_sen12ms_patch_parse(text, &kind, &key)) return;
    mos_sen12ms_name(key, kind, name);
    size_t size = strlen(name);
    if (strncmp(text, name, size) != 0) abort();
    if (text[size] != '\0' && strcmp(text + size, ".tif") != 0) abort();
}

/* A member that was understood is [<tile>/]<patch>/<patch>_<file>, whatever stands before. */
static void check_member(const char *text, const mos_patch_layout *layout) {
    const char *patch;
    size_t size;
    int file;
    mos_patch_name name;
    if (!mos_patch_layout_split(layout, text, &patch, &size, &file)) return;
    if (patch < text || patch + size > text + strlen(text) || file < 0 ||
        file >= mos_patch_layout_files(layout) || !layout->parse(patch, size, &name))
        abort();
    char wanted[200];
    int group = layout->grouped ? (int)name.folder_size : 0;
    int length =
        snprintf(wanted, sizeof wanted, "%.*s%s%.*s/%.*s_%s%s", group, patch, group > 0 ? "/" : "",
                 (int)size, patch, (int)size, patch, mos_patch_layout_stem(layout, file),
                 mos_patch_layout_ending(layout, file));
    if (length < 0 || (size_t)length > strlen(text) ||
        strcmp(text + strlen(text) - length, wanted) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_patch_name name;
    const char *bytes = (const char *)data; /* not terminated: the size counts */
    check(mos_patch_name_parse_s2(bytes, size, &name), &name, size);
    check(mos_patch_name_parse_s1(bytes, size, &name), &name, size);
    check(mos_patch_name_parse_s2_v1(bytes, size, &name), &name, size);
    char *text = malloc(size + 1);
    if (text == NULL) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    int64_t time_s;
    if (mos_time_parse(text, &time_s) && !mos_time_parse_v1(text, &time_s)) abort();
    (void)mos_time_parse_v1(text, &time_s);
    int baseline = mos_product_baseline(text);
    if (baseline < -1 || baseline > 9999) abort();
    check_sen12ms(text);
    for (int kind = 0; kind < MOS_PATCHES_KINDS; kind++)
        check_member(text, &mos_patch_layouts[kind]);
    for (int kind = 0; kind < MOS_PATCHES_MAPS; kind++)
        check_member(text, &mos_patch_layouts_v1[kind]);
    free(text);
    return 0;
}
