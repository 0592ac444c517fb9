/* What is known of an embedded patch beside its numbers: the same in every file. */
#ifndef MOS_DEPLOY_EMBED_FACTS_H
#define MOS_DEPLOY_EMBED_FACTS_H

#include "base/text.h"
#include "data/scene/scene_frame.h"
#include "deploy/patch_square.h"
#include "evaluate/session.h"

/* Texts are "" where nothing is known; those that are pointers live as long as the data set. */
typedef struct mos_embed_facts {
    const char *id, *split, *country, *product;
    char date[32], longitude[40], latitude[40];
    mos_text labels;  /* names, joined by ";" */
    uint32_t present; /* bit of each modality that was asked for */
    char crs[MOS_SITE_CRS_BYTES];
    mos_vector_square square;
    bool has_pixels;       /* it is cut from a scene */
    int32_t pixels[4];     /* of the scene: left, top, right, bottom */
    mos_scene_frame frame; /* of the scene `framed` - 1, kept: finding it opens a raster */
    int32_t framed;
} mos_embed_facts;

/* labels [classes of the model]. *out is empty, or of an earlier sample of the same data set. */
mosaic_status mos_embed_facts_find(const mos_session *session, mos_reader *reader, int64_t sample,
                                   const int8_t *labels, mos_embed_facts *out);
void mos_embed_facts_release(mos_embed_facts *facts);

#endif
