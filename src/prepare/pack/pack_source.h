/* Where a streamed pack comes from: which patches the archives of a format hold, which of them are
 * wanted, and the table of the samples that come of them. The engine (prepare/pack/pack_archive.h)
 * reads the archives. */
#ifndef MOS_PREPARE_PACK_PACK_SOURCE_H
#define MOS_PREPARE_PACK_PACK_SOURCE_H

#include "prepare/pack/pack_record.h"
#include "prepare/pack/pack_stream_v1.h"

typedef struct mos_pack_source mos_pack_source;

/* What a source does in its own way; an entry that may be NULL says what happens then. */
typedef struct mos_pack_source_kind {
    /* Finds the names that are known before the archives are read, and the fingerprint. */
    mosaic_status (*open)(mos_pack_source *source, bool progress);
    /* metadata.csv in `folder`, once every archive has been read for writing. */
    mosaic_status (*write_table)(mos_pack_source *source, const char *folder, int64_t *samples);
    /* The names are those of all rows: a patch without one is worth a warning. */
    bool names_all_rows;
    /* A patch is marked as used as soon as its record is in the store; else only by the table. */
    bool marks_stored;
    /* A patch comes by: its name is added. NULL: all names are known before, and every named patch
     * is needed; then the entries below are NULL too. */
    mosaic_status (*meet)(mos_pack_source *source, int kind, const char *name, size_t size);
    /* Is patch number `entry` part of a sample, as far as is known by now? */
    mos_v1_need (*need)(const mos_pack_source *source, int kind, size_t entry);
    /* The labels of a patch that is not known to be unneeded. */
    bool (*has_labels)(const mos_pack_source *source, int kind, size_t entry);
    mosaic_status (*take_labels)(mos_pack_source *source, int kind, size_t entry, const void *data,
                                 size_t size, const char *file);
    /* data.policy left the patch out. */
    void (*damaged)(mos_pack_source *source, int kind, size_t entry);
} mos_pack_source_kind;

struct mos_pack_source {
    const mos_pack_source_kind *kind;
    mos_dataset *dataset; /* begun, never opened: options, classes, countries; of data.limit, and of
                             V1 once its table is written, the samples */
    int kinds;            /* of patches: V2 has three, V1 two */
    int order[MOS_PATCHES_KINDS];    /* [kinds] in which their archives are read */
    const mos_patch_layout *layouts; /* [kinds] */
    mos_patch_files files[MOS_PATCHES_KINDS];
    /* [kinds]; `used`: once the table is written, that the record is of a sample */
    mos_name_set *names[MOS_PATCHES_KINDS];
    char fingerprint[65];                   /* tells one source from another */
    mos_name_set wanted[MOS_PATCHES_KINDS]; /* V2 and data.limit: the names */
    char metadata[4096];                    /* V2 */
    mos_v1_stream v1;                       /* V1: names, and what their labels tell */
};

/* Every patch of BigEarthNet V2's metadata; every patch of V1's archives that its lists choose;
 * what data.limit picks of either. */
extern const mos_pack_source_kind mos_pack_source_v2, mos_pack_source_v1, mos_pack_source_limit;

/* Release in every case. */
mosaic_status mos_pack_source_open(const mos_data_options *data, bool progress,
                                   mos_pack_source *out);
void mos_pack_source_release(mos_pack_source *source);
/* The key of a patch's record. */
mosaic_status mos_pack_source_key(const mos_pack_source *source, int kind, size_t entry,
                                  char key[MOS_PACK_KEY_BYTES]);
/* For the kinds: the fingerprint of what was marked. */
mosaic_status mos_pack_source_mark(mos_pack_source *source, const mos_text *mark);
/* For the kinds: the table of `dataset`, whose records are those that are used from now on. */
mosaic_status mos_pack_source_table(mos_pack_source *source, mos_dataset *dataset,
                                    const char *folder, int64_t *samples);
/* Opens the store as its users will, so that scale and order of S1 are judged as a tree's are. */
mosaic_status mos_pack_probe_v2(const mos_pack_source *source, const char *folder);

#endif
