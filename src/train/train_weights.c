/* Weights to start from, when they are not those of the seed: another model's or foreign ones. */
#include "train/train_state.h"

#include "artifact/card_identity.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/band_identity.h"

#include <stdio.h>
#include <string.h>

/* Names in one spelling, as the model has them. */
static mosaic_status spell_bands(const mos_text_list *given, mos_text_list *out) {
    for (size_t i = 0; given != NULL && i < given->count; i++) {
        const char *at = given->items[i];
        size_t size = strcspn(at, "=");
        mos_text text = {0};
        mos_text_add(&text, "%.*s=", (int)size, at);
        at += size + (at[size] == '=');
        for (const char *comma = ""; *at != '\0'; comma = ",") {
            char word[64], name[MOS_BAND_NAME_SIZE];
            size_t used = strcspn(at, ", ");
            (void)snprintf(word, sizeof word, "%.*s", (int)used, at);
            mos_text_add(&text, "%s%s", comma, mos_band_normalise(word, name) ? name : word);
            at += used + strspn(at + used, ", ");
        }
        mosaic_status status = text.failed ? mos_fail_memory(text.size, "names of bands")
                                           : mos_text_list_add(out, text.data);
        mos_text_release(&text);
        MOS_TRY(status);
    }
    return MOSAIC_OK;
}

/* A model file of our own says what it was trained on, which must agree with the data set. Foreign
 * weights say nothing. */
static mosaic_status compare_start(const mos_dataset *set, const char *path) {
    mos_model_card *card;
    MOS_TRY(mos_alloc(1, sizeof *card, "a model card", &card));
    mosaic_status status = MOSAIC_OK;
    if (mos_model_file_card(path, card) == MOSAIC_OK) status = mos_card_compare(card, path, set);
    mos_model_card_release(card);
    mos_free(card);
    return status;
}

mosaic_status mos_train_init_weights(const mos_train_job *job, const mos_train_data *data,
                                     mos_train_run_files *run, mos_train_learner *learner) {
    const mos_train_options *options = job->options;
    const char *names[MOS_MAX_CLASSES];
    char path[4096];
    int64_t loaded, skipped;
    if (options->init_from == NULL) return MOSAIC_OK;
    MOS_TRY(mos_model_file_resolve(options->init_from, path, sizeof path));
    MOS_TRY(compare_start(data->set, path));
    MOS_TRY(mos_sha256_file(path, run->init_sha256));
    MOS_TRY(mos_copy_text(path, &run->init_from));
    for (int64_t l = 0; l < data->classes; l++)
        names[l] = learner->card->class_names[l];
    mos_text_list bands = {0};
    mosaic_status status = spell_bands(options->init_bands, &bands);
    if (status == MOSAIC_OK)
        status = mos_model_file_init_named(options->init_from, options->init_pattern, names, &bands,
                                           learner->model, &loaded, &skipped);
    mos_text_list_release(&bands);
    return status;
}
