/* The card of the model that is trained: modalities, bands, classes, and the size of its patches. */
#include "train/train_state.h"

#include "artifact/card_identity.h"
#include "base/memory.h"

#include <string.h>

static mosaic_status copy_name(const char *name, char *to, size_t size, const char *what) {
    if (strlen(name) >= size)
        return mos_fail(MOSAIC_ERR_DATA, "%s '%s' is longer than %zu bytes", what, name, size - 1);
    memcpy(to, name, strlen(name) + 1);
    return MOSAIC_OK;
}

mosaic_status mos_train_describe(const mos_train_job *job, const mos_train_data *data,
                                 mos_train_learner *learner) {
    const mos_config *config = job->config;
    const mos_settings_model *settings = &config->settings.model;
    MOS_TRY(mos_alloc(1, sizeof *learner->card, "a model card", &learner->card));
    mos_model_card *card = learner->card;
    mos_model_spec *spec = &card->spec;
    *spec = (mos_model_spec){.modalities = config->modality_count,
                             .encoder = (mos_encoder_kind)settings->encoder,
                             .stem_pool = settings->stem_pool,
                             .fusion = (mos_fusion_id)settings->fusion,
                             .fusion_dim = settings->fusion_dim,
                             .fusion_rank = settings->fusion_rank,
                             .fusion_heads = settings->fusion_heads,
                             .hidden = settings->hidden,
                             .latent = settings->latent,
                             .inter_projector = settings->inter_projector,
                             .classes = data->classes,
                             .missing = (mos_missing_kind)settings->missing};
    for (int64_t m = 0; m < spec->modalities; m++) {
        const mos_config_modality *modality = &config->modality[m];
        MOS_TRY(copy_name(modality->name, spec->modality[m].name, sizeof spec->modality[m].name,
                          "modality"));
        spec->modality[m].bands = (int64_t)modality->bands.count;
        for (size_t b = 0; b < modality->bands.count; b++)
            MOS_TRY(copy_name(modality->bands.items[b], spec->modality[m].band_names[b],
                              sizeof spec->modality[m].band_names[b], "band"));
    }
    const char *const *names;
    (void)mos_dataset_classes(data->set, &names);
    for (int64_t l = 0; l < data->classes; l++)
        MOS_TRY(copy_name(names[l], card->class_names[l], sizeof card->class_names[l], "class"));
    memcpy(card->dataset, data->fingerprint, sizeof card->dataset);
    mos_card_identify(card, data->set);
    return copy_name(job->objective.method->name, card->method, sizeof card->method, "method");
}

/* The first training row that has the modality, -1: none. */
static mosaic_status first_with(const mos_train_data *data, int64_t modality, int64_t *row) {
    *row = -1;
    for (int64_t i = 0; i < data->train_count && *row < 0; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(data->set, data->train_rows[i], &sample));
        if (sample.present >> modality & 1) *row = data->train_rows[i];
    }
    return MOSAIC_OK;
}

/* Size and resolution of a patch by its finest band, for the model's card. */
static void note_patch(const mos_train_data *data, const mos_loader_modality *modality,
                       const mos_patch *patch, mos_model_card *card) {
    const mos_modality *list;
    (void)mos_dataset_modalities(data->set, &list);
    for (int64_t b = 0; b < patch->bands; b++) {
        const mos_band *band = &list[modality->modality].bands[modality->band[b]];
        if (patch->band[b].height > card->height) card->height = patch->band[b].height;
        if (patch->band[b].width > card->width) card->width = patch->band[b].width;
        if (band->resolution_m > 0 &&
            (card->resolution_m == 0 || band->resolution_m < card->resolution_m))
            card->resolution_m = band->resolution_m;
    }
}

/* Side of the patches: data.size, or that of the finest band in each modality's first training patch.
 * The card also keeps the side they have on disk. */
mosaic_status mos_train_find_size(const mos_train_job *job, const mos_train_data *data,
                                  mos_model_card *card) {
    int64_t chosen = job->config->settings.data.size, row;
    mos_reader *reader = NULL;
    mosaic_status status;
    MOS_GOTO(mos_reader_open(data->set, &reader));
    for (int64_t m = 0; m < data->loader_options.modalities; m++) {
        const mos_loader_modality *modality = &data->loader_options.modality[m];
        mos_patch patch;
        MOS_GOTO(first_with(data, modality->modality, &row));
        if (row < 0 && chosen > 0) continue;
        if (row < 0) {
            status = mos_fail(MOSAIC_ERR_DATA, "no training patch of '%s' has modality '%s'",
                              mos_dataset_root(data->set), card->spec.modality[m].name);
            goto done;
        }
        status = mos_reader_read(reader, row, modality->modality, modality->band, modality->bands,
                                 &patch);
        if (status != MOSAIC_OK && chosen > 0)
            continue; /* the loader meets it again and applies data.policy */
        MOS_GOTO(status);
        note_patch(data, modality, &patch, card);
    }
    status = MOSAIC_OK;
    card->patch = card->height == card->width ? card->height : 0;
    if (chosen > 0) card->height = card->width = chosen;
done:
    mos_reader_close(&reader);
    return status;
}
