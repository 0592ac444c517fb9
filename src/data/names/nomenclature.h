/* The 19 classes of BigEarthNet: names, two orders in use, and their CORINE land cover codes. Join
 * by name, never by position. */
#ifndef MOS_DATA_NAMES_NOMENCLATURE_H
#define MOS_DATA_NAMES_NOMENCLATURE_H

#include <stddef.h>

enum { MOS_BEN_CLASSES = 19, MOS_BEN_UNLABELED = 999 };

/* Lexicographic order: reBEN, ConfigILM. */
extern const char *const mos_ben_classes[MOS_BEN_CLASSES];
/* mos_ben_paper_order[p] = lexicographic index of class p in the order of the paper and TorchGeo.
 */
extern const int mos_ben_paper_order[MOS_BEN_CLASSES];

/* Lexicographic index of a name; -1 if it is none of the 19. */
int mos_ben_class_find(const char *name, size_t size);
/* Lexicographic index of a CORINE level-3 code (111..523); -1: no class (also 999, unlabelled). */
int mos_ben_class_of_code(int code);

#endif
