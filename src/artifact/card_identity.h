/* What the bands of a model are, against what those of a data set are: taken when a model is
 * trained, compared wherever data meet it. */
#ifndef MOS_ARTIFACT_CARD_IDENTITY_H
#define MOS_ARTIFACT_CARD_IDENTITY_H

#include "artifact/model_file.h"
#include "data/dataset.h"

/* The identities of the card's bands, joined by name, from the data it is trained on. */
void mos_card_identify(mos_model_card *card, const mos_dataset *dataset);
/* Bands of another unit or level than the model's are refused (data/verdicts.h), naming band,
 * wanted, found and the key that goes on regardless; so are means a hundredfold apart. Bands that
 * one of the two does not know are no matter here. A model of an earlier version says what it
 * lacks. `what` is its file. */
mosaic_status mos_card_compare(const mos_model_card *card, const char *what,
                               const mos_dataset *dataset);

#endif
