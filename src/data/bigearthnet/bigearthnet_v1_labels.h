/* The *_labels_metadata.json of many patches: what they tell, and what is wrong with them. A full
 * set has 1.2 million. */
#ifndef MOS_DATA_BIGEARTHNET_BIGEARTHNET_V1_LABELS_H
#define MOS_DATA_BIGEARTHNET_BIGEARTHNET_V1_LABELS_H

#include "data/bigearthnet/patch_files.h"
#include "data/name_set.h"

typedef struct mos_v1_note {
    uint64_t labels; /* bit i: class i of the 43 (data/names/nomenclature_v1.h) */
    uint16_t strangers;
    bool wanted, read, has_time, odd_time;
    bool damaged; /* the patch's bands cannot be used: it counts as not there */
    mosaic_status status;
    int64_t time_s;
    int epsg; /* 0: the file tells no place */
    double west, north, width, height;
    char *said;    /* of an unreadable file the message, else the first stranger; or NULL */
    char text[72]; /* S1: its S2 patch; S2: the ESA product, cut off; "" unknown */
} mos_v1_note;

/* The patches of one modality. */
typedef struct mos_v1_patches {
    const mos_patch_files *files; /* where JSON is read that no note has yet */
    mos_name_set names;
    mos_v1_note *notes; /* [names.count] */
    size_t capacity;
} mos_v1_patches;

/* A note, empty at first, for each name. */
mosaic_status mos_v1_patches_reserve(mos_v1_patches *patches);
void mos_v1_patches_release(mos_v1_patches *patches);
/* Fill one note from the bytes of its JSON; `what` names it in messages. Only lack of memory is an
 * error; a file that cannot be understood says so in its note. */
mosaic_status mos_v1_note_take(mos_v1_note *note, const void *data, size_t size, const char *what);
/* Fill the notes that are wanted and not read yet, with several threads. Errors as above. */
mosaic_status mos_v1_notes_read(mos_v1_patches *patches);
/* After that: what is wrong with the wanted notes becomes defects. */
void mos_v1_notes_report(mos_dataset *dataset, const mos_v1_patches *patches);

#endif
