/* The card as the key and value texts of a safetensors file's metadata. Internal to the room. */
#ifndef MOS_ARTIFACT_MODEL_CARD_H
#define MOS_ARTIFACT_MODEL_CARD_H

#include "artifact/model_file.h"
#include "io/safetensors.h"

#define MOS_MODEL_FORMAT "mosaic-model-1"

enum { MOS_CARD_PAIRS = 9 };

/* Key, value, key, value: mos_card_texts_release. */
typedef struct mos_card_texts {
    mos_text value[MOS_CARD_PAIRS];
    const char *pairs[2 * MOS_CARD_PAIRS];
    size_t count;
} mos_card_texts;
mosaic_status mos_card_encode(const mos_model_card *card, mos_card_texts *out);
void mos_card_texts_release(mos_card_texts *texts);

/* The card of an open file; nothing in it is trusted. */
mosaic_status mos_card_decode(const mos_safetensors *file, const char *path, mos_model_card *out);
/* Does the file say it is one of ours? */
bool mos_card_exists(const mos_safetensors *file);

#endif
