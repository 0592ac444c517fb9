#include "artifact/card_identity.h"

#include "base/log.h"
#include "data/identity_fields.h"
#include "data/verdicts.h"

#include <string.h>

/* Where a band of the card is in the data set; false where it is not. */
static bool find_band(const mos_model_card *card, int64_t m, int64_t b, const mos_dataset *dataset,
                      int64_t *modality, int64_t *band) {
    const mos_modality *list;
    int64_t count = mos_dataset_modalities(dataset, &list);
    for (*modality = 0; *modality < count; ++*modality) {
        const mos_modality *found = &list[*modality];
        if (strcmp(found->name, card->spec.modality[m].name) != 0) continue;
        for (*band = 0; *band < found->band_count; ++*band) {
            if (strcmp(found->bands[*band].name, card->spec.modality[m].band_names[b]) == 0)
                return true;
        }
    }
    return false;
}

void mos_card_identify(mos_model_card *card, const mos_dataset *dataset) {
    int64_t modality, band;
    card->identified = true;
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        for (int64_t b = 0; b < card->spec.modality[m].bands; b++) {
            card->identity[m][b] = find_band(card, m, b, dataset, &modality, &band)
                                       ? mos_dataset_identity(dataset, modality, band)
                                       : (mos_band_identity){.scale = 1};
        }
    }
}

/* Both known, and not the same. */
static bool differ(const char *wanted, const char *found) {
    return wanted[0] != '\0' && found[0] != '\0' && strcmp(wanted, found) != 0;
}

static mosaic_status compare_band(const mos_model_card *card, const char *what, int64_t m,
                                  int64_t b, const mos_dataset *dataset, int64_t modality,
                                  int64_t band) {
    const mos_band_identity *wanted = &card->identity[m][b];
    const mos_band_identity found = mos_dataset_identity(dataset, modality, band);
    const char *root = mos_dataset_root(dataset), *name = card->spec.modality[m].band_names[b],
               *of = card->spec.modality[m].name;
    if (differ(wanted->unit, found.unit))
        MOS_TRY(mos_verdict_refuse(dataset, MOS_CHECK_OTHER_IDENTITY,
                                   "%s: unit of %s of %s is %s, by %s; '%s' was trained on %s, by "
                                   "%s; data.scale makes it the same",
                                   root, name, of, found.unit, mos_identity_sources[found.unit_by],
                                   what, wanted->unit, mos_identity_sources[wanted->unit_by]));
    if (differ(wanted->level, found.level))
        MOS_TRY(mos_verdict_refuse(
            dataset, MOS_CHECK_PRODUCT_LEVEL,
            "%s: product level of %s of %s is %s, by %s; '%s' was trained on %s, by %s", root, name,
            of, found.level, mos_identity_sources[found.level_by], what, wanted->level,
            mos_identity_sources[wanted->level_by]));
    /* Of what nobody knows, the numbers are all there is. */
    if (wanted->role == MOS_ROLE_UNKNOWN &&
        (wanted->scale != found.scale || wanted->offset != found.offset))
        MOS_TRY(mos_verdict_refuse(dataset, MOS_CHECK_OTHER_IDENTITY,
                                   "%s: scale and offset of %s of %s are %g and %g, by %s; '%s' "
                                   "was trained with %g and %g, by %s",
                                   root, name, of, found.scale, found.offset,
                                   mos_identity_sources[found.scale_by], what, wanted->scale,
                                   wanted->offset, mos_identity_sources[wanted->scale_by]));
    return MOSAIC_OK;
}

mosaic_status mos_card_compare(const mos_model_card *card, const char *what,
                               const mos_dataset *dataset) {
    int64_t modality, band, guessed = 0;
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        for (int64_t b = 0; b < card->spec.modality[m].bands; b++) {
            if (!find_band(card, m, b, dataset, &modality, &band)) continue;
            if (card->identified) {
                MOS_TRY(compare_band(card, what, m, b, dataset, modality, band));
                guessed += card->identity[m][b].named_by == MOS_SAID_BY_GUESS;
            }
            MOS_TRY(mos_verdict_unit(dataset, card->spec.modality[m].name,
                                     card->spec.modality[m].band_names[b], card->mean[m][b],
                                     card->sd[m][b]));
        }
    }
    if (guessed > 0)
        mos_log(MOS_LOG_WARNING,
                "%s: names of %lld of its bands were guessed when it was trained: those of %s may "
                "mean others",
                what, (long long)guessed, mos_dataset_root(dataset));
    if (!card->identified)
        mos_log(MOS_LOG_NOTICE,
                "%s: a model of an earlier version: it does not say in which unit and of which "
                "level its bands were, so that only their means are compared",
                what);
    return MOSAIC_OK;
}
