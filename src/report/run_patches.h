/* patches.csv of an evaluation with the pictures beside it (evaluate/patch_pictures.h). */
#ifndef MOS_REPORT_RUN_PATCHES_H
#define MOS_REPORT_RUN_PATCHES_H

#include "base/error.h"
#include "io/csv.h"

#include <stdbool.h>

enum { MOS_REPORT_ROLES = 3, MOS_REPORT_PICTURES = 8 };
extern const char *const mos_report_role_names[MOS_REPORT_ROLES]; /* "best" "worst" "uncertain" */

typedef struct mos_report_picture {
    const char *modality, *shows; /* of the table */
    char *bytes;                  /* a PNG file, owned; NULL: none */
    size_t size;
    int width, height;
} mos_report_picture;

typedef struct mos_report_patch {
    const char *id, *labels, *predicted, *missed, *wrong; /* class names, ';' between */
    int rank[MOS_REPORT_ROLES];                           /* from 1; 0: not among them */
    double error, entropy;
    mos_report_picture picture[MOS_REPORT_PICTURES];
    int pictures;
    bool embedded; /* chosen to be in the page */
} mos_report_patch;

typedef struct mos_report_patches {
    mos_csv table;
    mos_report_patch *patch; /* [count], owned */
    size_t count;
} mos_report_patches;

/* No patches.csv: no patches. A picture that is missing or is no PNG is an error naming it. */
mosaic_status mos_run_patches_read(const char *folder, mos_report_patches *out);
void mos_run_patches_release(mos_report_patches *patches);
/* NULL: none of that id. */
const mos_report_patch *mos_run_patches_find(const mos_report_patches *patches, const char *id);

#endif
