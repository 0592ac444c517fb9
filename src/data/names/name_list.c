#include "data/names/name_list.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

mosaic_status mos_name_list_read(const char *path, mos_name_list *out) {
    *out = (mos_name_list){0};
    MOS_TRY(mos_csv_read(path, 0, &out->csv));
    out->rows = out->csv.rows + 1;
    out->columns = out->csv.columns;
    return MOSAIC_OK;
}

void mos_name_list_release(mos_name_list *list) {
    mos_csv_release(&list->csv);
    *list = (mos_name_list){0};
}

const char *mos_name_list_cell(const mos_name_list *list, size_t row, size_t column) {
    return row == 0 ? list->csv.header[column]
                    : list->csv.cells[(row - 1) * list->columns + column];
}

uint32_t mos_name_list_line(const mos_name_list *list, size_t row) {
    return row == 0 ? 1 : list->csv.lines[row - 1];
}

static bool names_split(const char *stem, size_t size, const char *word) {
    size_t length = strlen(word);
    if (size < length) return false;
    if (memcmp(stem, word, length) == 0 && (size == length || stem[length] == '_')) return true;
    const char *tail = stem + size - length;
    return size > length && memcmp(tail, word, length) == 0 && tail[-1] == '_';
}

mos_split mos_name_list_split(const char *path) {
    static const struct {
        const char *word;
        mos_split split;
    } known[] = {{"train", MOS_SPLIT_TRAIN},
                 {"val", MOS_SPLIT_VALIDATION},
                 {"validation", MOS_SPLIT_VALIDATION},
                 {"test", MOS_SPLIT_TEST}};
    const char *slash = strrchr(path, '/'), *stem = slash == NULL ? path : slash + 1;
    size_t size = strcspn(stem, ".");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (names_split(stem, size, known[i].word)) return known[i].split;
    }
    return MOS_SPLIT_NONE;
}

mosaic_status mos_name_list_folder(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/');
    int length = (int)strlen(path);
    if (!mos_path_is_dir(path))
        length = slash == NULL ? 0 : slash == path ? 1 : (int)(slash - path);
    int written = snprintf(out, size, "%.*s", length, length == 0 ? "." : path);
    if (length == 0) written = snprintf(out, size, ".");
    if (written < 0 || (size_t)written >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "%.80s...: path is too long", path);
    return MOSAIC_OK;
}
