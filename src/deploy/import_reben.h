/* What is known of reBEN's published models. Internal to the room. */
#ifndef MOS_DEPLOY_IMPORT_REBEN_H
#define MOS_DEPLOY_IMPORT_REBEN_H

#include "artifact/model_file.h"
#include "deploy/import.h"

/* Name, bands, statistics and classes of a model with so many input channels. */
mosaic_status mos_import_reben(const mos_import_options *options, const char *path,
                               int64_t channels, mos_model_card *card);

#endif
