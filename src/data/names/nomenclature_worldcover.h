/* The 11 classes of ESA WorldCover (10 m, 2020 and 2021): names and map codes of its Product User
 * Manual, table "Land cover class definitions". */
#ifndef MOS_DATA_NAMES_NOMENCLATURE_WORLDCOVER_H
#define MOS_DATA_NAMES_NOMENCLATURE_WORLDCOVER_H

#include <stddef.h>

enum { MOS_WORLDCOVER_CLASSES = 11 };

typedef struct mos_worldcover_class {
    int code;
    const char *name;
} mos_worldcover_class;

/* In the order of codes; 0 is no data. */
extern const mos_worldcover_class mos_worldcover_classes[MOS_WORLDCOVER_CLASSES];

/* Name of a code written in digits ("10"); NULL: it is none. */
const char *mos_worldcover_name(const char *code, size_t size);

#endif
