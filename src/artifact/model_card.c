/* A card as metadata texts: every value is a text of its own, JSON where it has structure. */
#include "artifact/model_card.h"

#include "base/memory.h"
#include "data/identity_fields.h"

#include <string.h>

void mos_model_card_release(mos_model_card *card) {
    if (card == NULL) return;
    mos_free(card->config);
    card->config = NULL;
}

static void add_numbers(const double *values, int64_t count, mos_text *out) {
    mos_text_add(out, "[");
    for (int64_t i = 0; i < count; i++) {
        if (i > 0) mos_text_add(out, ", ");
        mos_text_add_number(out, values[i]);
    }
    mos_text_add(out, "]");
}

static void add_architecture(const mos_model_card *card, mos_text *out) {
    const mos_model_spec *spec = &card->spec;
    mos_text_add(out,
                 "{\"encoder\": \"%s\", \"fusion\": \"%s\", \"stem_pool\": %s, "
                 "\"hidden\": %lld, \"latent\": %lld, \"inter_projector\": %s",
                 mos_encoder_names[spec->encoder], mos_fusion_names[spec->fusion],
                 spec->stem_pool ? "true" : "false", (long long)spec->hidden,
                 (long long)spec->latent, spec->inter_projector ? "true" : "false");
    if (spec->fusion != MOS_FUSION_CONCAT)
        mos_text_add(out, ", \"fusion_dim\": %lld, \"fusion_rank\": %lld, \"fusion_heads\": %lld",
                     (long long)spec->fusion_dim, (long long)spec->fusion_rank,
                     (long long)spec->fusion_heads);
    mos_text_add(out, ", \"missing\": \"%s\"}", mos_missing_names[spec->missing]);
}

static void add_identities(const mos_model_card *card, int64_t m, mos_text *out) {
    mos_text_add(out, ", \"identities\": [");
    for (int64_t b = 0; b < card->spec.modality[m].bands; b++) {
        mos_text_add(out, b == 0 ? "{" : ", {");
        for (int f = 0; f < MOS_IDENTITY_FIELDS; f++) {
            mos_text value = {0};
            mos_identity_write(&card->identity[m][b], card->spec.modality[m].band_names[b],
                               (mos_identity_field)f, &value);
            mos_text_add(out, "%s\"%s\": ", f == 0 ? "" : ", ", mos_identity_fields[f]);
            mos_text_add_json(out, value.data == NULL ? "" : value.data);
            out->failed = out->failed || value.failed;
            mos_text_release(&value);
        }
        mos_text_add(out, "}");
    }
    mos_text_add(out, "]");
}

static void add_modalities(const mos_model_card *card, mos_text *out) {
    mos_text_add(out, "[");
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        mos_text_add(out, "%s{\"name\": ", m == 0 ? "" : ", ");
        mos_text_add_json(out, modality->name);
        mos_text_add(out, ", \"bands\": [");
        for (int64_t b = 0; b < modality->bands; b++) {
            if (b > 0) mos_text_add(out, ", ");
            mos_text_add_json(out, modality->band_names[b]);
        }
        mos_text_add(out, "], \"mean\": ");
        add_numbers(card->mean[m], modality->bands, out);
        mos_text_add(out, ", \"sd\": ");
        add_numbers(card->sd[m], modality->bands, out);
        if (card->identified) add_identities(card, m, out);
        mos_text_add(out, "}");
    }
    mos_text_add(out, "]");
}

static void add_classes(const mos_model_card *card, mos_text *out) {
    mos_text_add(out, "[");
    for (int64_t l = 0; l < card->spec.classes; l++) {
        if (l > 0) mos_text_add(out, ", ");
        mos_text_add_json(out, card->class_names[l]);
    }
    mos_text_add(out, "]");
}

static void add_thresholds(const mos_model_card *card, mos_text *out) {
    if (!card->has_thresholds) {
        mos_text_add(out, "null");
        return;
    }
    mos_text_add(out, "{\"precision\": \"%s\", \"global\": ",
                 mos_precision_names[card->threshold_precision]);
    mos_text_add_number(out, card->global_threshold);
    mos_text_add(out, ", \"per_class\": {");
    for (int64_t l = 0; l < card->spec.classes; l++) {
        if (l > 0) mos_text_add(out, ", ");
        mos_text_add_json(out, card->class_names[l]);
        mos_text_add(out, ": ");
        mos_text_add_number(out, card->threshold[l]);
    }
    mos_text_add(out, "}}");
}

static void add_training(const mos_model_card *card, mos_text *out) {
    mos_text_add(out,
                 "{\"epochs\": %lld, \"steps\": %lld, \"reduced\": %s, \"probe_head\": %s, "
                 "\"dataset\": ",
                 (long long)card->epochs, (long long)card->steps, card->reduced ? "true" : "false",
                 card->probe_head ? "true" : "false");
    mos_text_add_json(out, card->dataset);
    mos_text_add(out, "}");
}

static void add_input(const mos_model_card *card, mos_text *out) {
    mos_text_add(out, "{\"height\": %lld, \"width\": %lld", (long long)card->height,
                 (long long)card->width);
    if (card->patch > 0) mos_text_add(out, ", \"patch\": %lld", (long long)card->patch);
    if (card->resolution_m > 0) {
        mos_text_add(out, ", \"resolution_m\": ");
        mos_text_add_number(out, card->resolution_m);
    }
    mos_text_add(out, "}");
}

static void add_format(const mos_model_card *card, mos_text *out) {
    (void)card;
    mos_text_add(out, "%s", MOS_MODEL_FORMAT);
}

static void add_method(const mos_model_card *card, mos_text *out) {
    mos_text_add(out, "%s", card->method);
}

static void add_config(const mos_model_card *card, mos_text *out) {
    mos_text_add(out, "%s", card->config == NULL ? "" : card->config);
}

/* What the card is made of: one row per metadata key. */
static const struct part {
    const char *key;
    bool json;
    void (*add)(const mos_model_card *card, mos_text *out);
} parts[MOS_CARD_PAIRS] = {
    {"format", false, add_format},        {"method", false, add_method},
    {"model", true, add_architecture},    {"modalities", true, add_modalities},
    {"classes", true, add_classes},       {"input", true, add_input},
    {"thresholds", true, add_thresholds}, {"training", true, add_training},
    {"config", false, add_config},
};

void mos_card_texts_release(mos_card_texts *texts) {
    for (size_t i = 0; i < MOS_CARD_PAIRS; i++)
        mos_text_release(&texts->value[i]);
    *texts = (mos_card_texts){0};
}

mosaic_status mos_card_encode(const mos_model_card *card, mos_card_texts *out) {
    *out = (mos_card_texts){0};
    for (size_t i = 0; i < MOS_CARD_PAIRS; i++) {
        mos_text *value = &out->value[i];
        mos_text_add(value, "%s", "");
        parts[i].add(card, value);
        if (value->failed || value->data == NULL) {
            mos_card_texts_release(out);
            return mos_fail_memory(0, "the model's card");
        }
        out->pairs[2 * i] = parts[i].key;
        out->pairs[2 * i + 1] = value->data;
    }
    out->count = MOS_CARD_PAIRS;
    return MOSAIC_OK;
}

void mos_model_card_json(const mos_model_card *card, mos_text *out) {
    mos_text_add(out, "{");
    const char *comma = "";
    for (size_t i = 0; i < MOS_CARD_PAIRS; i++) {
        if (parts[i].add == add_config) continue;
        mos_text_add(out, "%s\n  \"%s\": ", comma, parts[i].key);
        comma = ",";
        if (parts[i].json) {
            parts[i].add(card, out);
            continue;
        }
        mos_text plain = {0};
        parts[i].add(card, &plain);
        if (plain.failed) out->failed = true;
        mos_text_add_json(out, plain.data == NULL ? "" : plain.data);
        mos_text_release(&plain);
    }
    mos_text_add(out, "\n}\n");
}
