/* Label cells of tables: "A;B", JSON ["A", "B"], Python or NumPy ['A' "B's"]. Never split on
 * commas: class names hold them. */
#ifndef MOS_DATA_NAMES_LABEL_TEXT_H
#define MOS_DATA_NAMES_LABEL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Calls visit for each label, blanks around it removed, escapes resolved in place (`cell` is
 * changed). Stops and answers false when the cell is malformed or visit answers false. */
typedef bool (*mos_label_visit)(void *context, const char *label, size_t size);
bool mos_labels_split(char *cell, mos_label_visit visit, void *context);

#endif
