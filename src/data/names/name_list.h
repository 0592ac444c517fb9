/* Lists of patches as archives publish them: one record a line, no header line, cells between
 * commas, tabs or semicolons. */
#ifndef MOS_DATA_NAMES_NAME_LIST_H
#define MOS_DATA_NAMES_NAME_LIST_H

#include "data/dataset.h"
#include "io/csv.h"

typedef struct mos_name_list {
    mos_csv csv; /* its header is the first record */
    size_t rows, columns;
} mos_name_list;

mosaic_status mos_name_list_read(const char *path, mos_name_list *out);
void mos_name_list_release(mos_name_list *list);
/* [row, column], row 0 the first line of the file. */
const char *mos_name_list_cell(const mos_name_list *list, size_t row, size_t column);
uint32_t mos_name_list_line(const mos_name_list *list, size_t row);

/* The split that a list's file name tells: its stem is train, val, validation or test, or ends with
 * or begins with one of them and "_" ("test_list.txt"); NONE otherwise. */
mos_split mos_name_list_split(const char *path);
/* The folder to look for lists in: `path` itself, or the one that holds it. */
mosaic_status mos_name_list_folder(const char *path, char *out, size_t size);

#endif
