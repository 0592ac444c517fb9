/* The <patch>_labels_metadata.json files of BigEarthNet v1.0, of which there are two kinds:
 *
 *   S2: labels, coordinates, projection, tile_source, acquisition_date "2017-06-13 10:10:31"
 *   S1: labels, coordinates, projection, scene_source, acquisition_time "2017-06-13T16:50:43",
 *       corresponding_s2_patch
 *
 * Foreign bytes: size, depth, number and length of labels are bounded, other keys are ignored. */
#ifndef MOS_IO_LABELS_JSON_H
#define MOS_IO_LABELS_JSON_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { MOS_LABELS_JSON_LABELS = 64, MOS_LABELS_JSON_TEXT = 200 };

typedef struct mos_labels_json {
    const char *labels[MOS_LABELS_JSON_LABELS]; /* as spelled in the file; names hold commas */
    size_t label_count;
    const char *partner;  /* S1: the S2 patch of the same place; NULL in an S2 file */
    const char *acquired; /* either kind's time, not parsed; NULL where absent */
    const char *source;   /* name of the ESA product; NULL where absent */
    bool has_place; /* coordinates and a projection with an EPSG code; anything else is no error */
    double west, north, east, south; /* in units of the projection */
    int epsg;
    void *tree; /* what the texts point into */
} mos_labels_json;

/* `what` goes before every message. `out` is released or empty after a failure. */
mosaic_status mos_labels_json_parse(const char *data, size_t size, const char *what,
                                    mos_labels_json *out);
void mos_labels_json_release(mos_labels_json *labels);

#endif
