/* The *_labels_metadata.json of many patches, read by several threads: a full set has 1.2 million.
 */
#ifndef MOS_DATA_BIGEARTHNET_V1_LABELS_H
#define MOS_DATA_BIGEARTHNET_V1_LABELS_H

#include "data/name_set.h"
#include "data/sample_table.h"

typedef struct mos_v1_note {
    uint64_t labels; /* bit i: class i of the 43 (data/nomenclature_v1.h) */
    uint16_t strangers;
    bool wanted, read, has_time, odd_time;
    mosaic_status status;
    int64_t time_s;
    char text[72]; /* S1: its S2 patch; S2: the ESA product, cut off; "" unknown */
} mos_v1_note;

/* Fill notes[i] of names->entries[i] where it is wanted and not read yet. Only lack of memory is an
 * error; a file that cannot be read says so in its note. */
mosaic_status mos_v1_notes_read(const char *folder, const mos_name_set *names, mos_v1_note *notes);
/* After that, one thread: what is wrong with the notes becomes defects. */
void mos_v1_notes_report(mos_dataset *dataset, const char *folder, const mos_name_set *names,
                         const mos_v1_note *notes);

#endif
