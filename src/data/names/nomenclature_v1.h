/* The 43 classes of BigEarthNet v1.0 (CORINE 2018 level 3 without glaciers) and what becomes of
 * each in the 19-class nomenclature: a class of it, or nothing. Names hold commas, and class 324 is
 * spelled with a slash here, with a comma among the 19. */
#ifndef MOS_DATA_NAMES_NOMENCLATURE_V1_H
#define MOS_DATA_NAMES_NOMENCLATURE_V1_H

#include <stddef.h>

enum { MOS_BEN43_CLASSES = 43 };

typedef struct mos_ben43_class {
    int code; /* CORINE, level 3 */
    const char *name;
} mos_ben43_class;

/* In the order of codes, which is that of the archive's own label list. */
extern const mos_ben43_class mos_ben43_classes[MOS_BEN43_CLASSES];
/* mos_ben43_lexicographic[i] = index above of the i-th name in byte order. */
extern const int mos_ben43_lexicographic[MOS_BEN43_CLASSES];

/* Index of a name; -1 if it is none of the 43. */
int mos_ben43_find(const char *name, size_t size);
/* Lexicographic index among the 19 (data/names/nomenclature.h); -1: dropped. */
int mos_ben43_to_19(int index);

#endif
