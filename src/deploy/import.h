/* Imports ResNets of other programs as model files of ours. Tensors are matched by name, never by
 * position. */
#ifndef MOS_DEPLOY_IMPORT_H
#define MOS_DEPLOY_IMPORT_H

#include "base/options.h"

typedef enum mos_import_layout {
    MOS_IMPORT_TORCHVISION, /* a state_dict of torchvision or timm, with any prefix */
    MOS_IMPORT_REBEN        /* BIFOLD-BigEarthNetv2-0/resnet50-{s1,s2,all}: bands, statistics and
                               classes are known, once the release is */
} mos_import_layout;
extern const char *const mos_import_layout_names[]; /* "torchvision" "reben" NULL */
/* Releases of reBEN's models, whose bands differ in order without the file saying so. */
extern const char *const mos_import_release_names[]; /* "from-id" "v0.1.1" "v0.2.0" NULL */

typedef struct mos_import_options {
    const char *file; /* safetensors, or a folder with model.safetensors */
    const char *out;
    mos_import_layout layout;
    int release;          /* index into the names above */
    const char *id;       /* "BIFOLD-BigEarthNetv2-0/resnet50-s2-v0.2.0"; NULL: the file's path */
    const char *modality; /* its name in the model; NULL: s1, s2 or all for reBEN */
    const mos_text_list *bands, *mean, *sd, *classes; /* torchvision: in channel order */
    int64_t size;                                     /* of the patches, pixels */
    bool stem_pool;
} mos_import_options;

/* Every tensor of the file is taken or named in `report` as left out (fc, where no class names are
 * given). A tensor that belongs to no ResNet is an error. `report` gets a line per tensor. The file has
 * no projectors: they start at random, and `report` says so. */
mosaic_status mos_import_run(const mos_import_options *options, mos_text *report);

#endif
