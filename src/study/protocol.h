/* The field's evaluation protocols by name: which samples train, which are scored, and how. Where
 * the list of samples is ours, a rule makes it; where it is somebody else's, the file is asked for
 * and refused when it is another. */
#ifndef MOS_STUDY_PROTOCOL_H
#define MOS_STUDY_PROTOCOL_H

#include "data/dataset.h"
#include "data/split_file.h"

/* Lists a protocol may have; `labeled` is the part of training whose labels count. */
enum { MOS_PROTOCOL_TRAIN, MOS_PROTOCOL_VALIDATION, MOS_PROTOCOL_TEST, MOS_PROTOCOL_LISTS };

typedef struct mos_protocol {
    const char *name;
    const char *data;                  /* archive, in words */
    double fraction;                   /* ours: of the training split; 0: lists of their own */
    const char *rule;                  /* how the list was drawn, in words */
    int64_t count[MOS_PROTOCOL_LISTS]; /* samples of each list; -1: none, or any number */
    int64_t labeled;                   /* training samples with labels; -1: all */
    const char
        *labeled_sha256; /* of the sorted labelled ids, each with a line feed; NULL: unknown */
    const char *scored;  /* list that published figures are of: "validation" */
    const char *average; /* "micro AP" */
    const char *over;    /* "the whole list", or what theirs is over */
    const char *note;    /* traps; NULL: none */
    const char *source;
} mos_protocol;

extern const mos_protocol mos_protocols[]; /* up to name NULL */
mosaic_status mos_protocol_find(const char *name, const mos_protocol **out);
/* The protocol as YAML, and as last line the SHA-256 of what stands above it. */
void mos_protocol_describe(const mos_protocol *protocol, mos_text *out);

typedef struct mos_protocol_lists {
    const char *path[MOS_PROTOCOL_LISTS]; /* an id a line; NULL: not given */
    bool reduced; /* ours: of a data set of another size, which the file then says */
} mos_protocol_lists;

/* Columns of the protocol on a data set, checked: as many samples in each list as it says, none
 * twice, none unknown. labeled_sha256: of what counts as labelled. */
mosaic_status mos_protocol_apply(const mos_protocol *protocol, const mos_dataset *dataset,
                                 const mos_protocol_lists *lists, mos_split_columns **out,
                                 char labeled_sha256[65]);

#endif
