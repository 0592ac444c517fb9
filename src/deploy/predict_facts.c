#include "deploy/predict_facts.h"

#include "data/scene/scene_own_options.h"
#include "evaluate/modality_subset.h"
#include "mosaic/status.h"

#include <string.h>

/* A fact to write to; its text is complete before the next is begun. */
static mos_text *begin_fact(mos_predict_facts *facts, const char *key) {
    mos_text *text = &facts->value[facts->count];
    facts->pairs[2 * facts->count++] = key;
    text->size = 0;
    return text;
}

static mosaic_status settle(mos_predict_facts *facts) {
    for (int f = 0; f < facts->count; f++) {
        if (facts->value[f].failed) return mos_fail_memory(facts->value[f].size, "metadata");
        facts->pairs[2 * f + 1] = facts->value[f].data;
    }
    facts->pairs[2 * facts->count] = NULL;
    return MOSAIC_OK;
}

static void add_thresholds(const mos_model_card *card, mos_predict_facts *facts) {
    mos_text *text = begin_fact(facts, "THRESHOLDS");
    for (int64_t c = 0; c < card->spec.classes; c++) {
        char number[40];
        mos_text_add(text, "%s%s=%s", c == 0 ? "" : "; ", card->class_names[c],
                     mos_format_double(number, sizeof number, mos_answer_threshold(card, c), 6));
    }
    mos_text_add(begin_fact(facts, "THRESHOLDS_FROM"), "%s",
                 card->has_thresholds ? "tuned on validation" : "none tuned: 0.5");
}

mosaic_status mos_predict_facts_make(const mos_predict_options *options, const mos_session *session,
                                     mos_predict_facts *out) {
    const mos_model_card *card = &session->card;
    const mos_data_options *data = mos_config_data(session->config);
    char names[256];
    *out = (mos_predict_facts){0};
    mos_text_add(begin_fact(out, "SOFTWARE"), "mosaic %s", mosaic_version());
    mos_text_add(begin_fact(out, "MODEL_SHA256"), "%s", session->model_sha256);
    mos_text_add(begin_fact(out, "MODEL_METHOD"), "%s", card->method);
    if (card->reduced) mos_text_add(begin_fact(out, "MODEL_REDUCED"), "its training was cut short");
    add_thresholds(card, out);
    mos_modality_subset_name(card, ((1u << card->spec.modalities) - 1) & ~card->without, names,
                             sizeof names);
    mos_text_add(begin_fact(out, "MODALITIES"), "%s", names);
    if (card->without != 0) {
        mos_modality_subset_name(card, card->without, names, sizeof names);
        mos_text_add(begin_fact(out, "WITHOUT"), "%s", names);
    }
    mos_text_add(begin_fact(out, "BLEND"), "%s", mos_blend_names[options->map.blend]);
    mos_text *windows = begin_fact(out, "WINDOWS");
    const mos_text_list *grid = &mos_scene_own_options_of(data)->grid;
    for (size_t i = 0; i < grid->count; i++)
        mos_text_add(windows, "%s%s", i == 0 ? "" : " ", grid->items[i]);
    out->shared = out->count;
    return settle(out);
}

mosaic_status mos_predict_facts_scene(mos_predict_facts *facts, const mos_scene_frame *frame) {
    facts->count = facts->shared;
    if (frame->product != NULL)
        mos_text_add(begin_fact(facts, "SOURCE_PRODUCT"), "%s", frame->product);
    mos_text *sources = begin_fact(facts, "SOURCES");
    for (int s = 0; s < frame->sources; s++) {
        const char *slash = strrchr(frame->source[s], '/');
        mos_text_add(sources, "%s%s", s == 0 ? "" : "; ",
                     slash == NULL ? frame->source[s] : slash + 1);
    }
    return settle(facts);
}

void mos_predict_facts_release(mos_predict_facts *facts) {
    for (int f = 0; f < MOS_FACTS; f++)
        mos_text_release(&facts->value[f]);
    *facts = (mos_predict_facts){0};
}
