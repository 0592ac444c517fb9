#include "study/comparison_ground.h"

#include "artifact/model_file.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct ground {
    const mos_compared_run *run, *reference;
    mos_text_list *out;
} ground;

static mosaic_status say(const ground *g, mos_text *text) {
    mosaic_status status = text->failed ? mos_fail_memory(text->size, "a comparison")
                                        : mos_text_list_add(g->out, text->data);
    mos_text_release(text);
    return status;
}

/* "s1 VV VH, s2 B02 B03" */
static void list_bands(const mos_model_card *card, mos_text *out) {
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        mos_text_add(out, "%s%s", m == 0 ? "" : ", ", card->spec.modality[m].name);
        for (int64_t b = 0; b < card->spec.modality[m].bands; b++)
            mos_text_add(out, " %s", card->spec.modality[m].band_names[b]);
    }
}

static mosaic_status compare_bands(const ground *g, const mos_model_card *a,
                                   const mos_model_card *b) {
    mos_text mine = {0}, theirs = {0}, text = {0};
    mosaic_status status = MOSAIC_OK;
    list_bands(a, &mine);
    list_bands(b, &theirs);
    bool same = mine.data != NULL && theirs.data != NULL && strcmp(mine.data, theirs.data) == 0;
    if (!same)
        mos_text_add(&text, "bands %s, those of '%s' are %s", mine.data == NULL ? "" : mine.data,
                     g->reference->name, theirs.data == NULL ? "" : theirs.data);
    if (!same) status = say(g, &text);
    mos_text_release(&mine);
    mos_text_release(&theirs);
    return status;
}

static bool differ(const char *a, const char *b) {
    return a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0;
}

/* The first band of one name whose unit or level is another. */
static mosaic_status compare_units(const ground *g, const mos_model_card *a,
                                   const mos_model_card *b) {
    for (int64_t m = 0; a->identified && b->identified && m < a->spec.modalities; m++) {
        for (int64_t n = 0; n < b->spec.modalities; n++) {
            if (strcmp(a->spec.modality[m].name, b->spec.modality[n].name) != 0) continue;
            const mos_band_identity *mine = &a->identity[m][0], *theirs = &b->identity[n][0];
            if (!differ(mine->unit, theirs->unit) && !differ(mine->level, theirs->level)) continue;
            mos_text text = {0};
            mos_text_add(&text, "%s in %s%s%s, of '%s' in %s%s%s", a->spec.modality[m].name,
                         mine->unit, mine->level[0] == '\0' ? "" : " of level ", mine->level,
                         g->reference->name, theirs->unit,
                         theirs->level[0] == '\0' ? "" : " of level ", theirs->level);
            MOS_TRY(say(g, &text));
        }
    }
    return MOSAIC_OK;
}

static mosaic_status compare_classes(const ground *g, const mos_model_card *a,
                                     const mos_model_card *b) {
    int64_t strange = 0;
    for (int64_t c = 0; c < a->spec.classes; c++) {
        bool known = false;
        for (int64_t k = 0; k < b->spec.classes && !known; k++)
            known = strcmp(a->class_names[c], b->class_names[k]) == 0;
        strange += !known;
    }
    if (strange == 0 && a->spec.classes == b->spec.classes) return MOSAIC_OK;
    mos_text text = {0};
    mos_text_add(&text, "%lld classes, '%s' has %lld; %lld of them are none of those",
                 (long long)a->spec.classes, g->reference->name, (long long)b->spec.classes,
                 (long long)strange);
    return say(g, &text);
}

static mosaic_status compare_cards(const ground *g) {
    mos_model_card a = {0}, b = {0};
    mosaic_status status = MOSAIC_OK;
    /* A run that is not complete has no model yet. */
    if (mos_model_file_card(g->run->document.path, &a) == MOSAIC_OK &&
        mos_model_file_card(g->reference->document.path, &b) == MOSAIC_OK) {
        status = compare_bands(g, &a, &b);
        if (status == MOSAIC_OK) status = compare_units(g, &a, &b);
        if (status == MOSAIC_OK) status = compare_classes(g, &a, &b);
    }
    mos_model_card_release(&a);
    mos_model_card_release(&b);
    return status;
}

/* ---- data and how they are read ---- */

/* Keys that change what a sample or its label is. */
static bool is_of_data(const char *key) {
    static const char *const others[] = {"data.root",      "data.format", "data.accept",
                                         "data.lmdb",      "data.csv",    "data.metadata",
                                         "data.modalities"};
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        if (strcmp(key, others[k]) == 0) return false;
    }
    return strncmp(key, "data.", 5) == 0;
}

static mosaic_status compare_keys(const ground *g) {
    mos_text text = {0}, mine = {0}, theirs = {0};
    const char *key = NULL;
    bool is_free;
    mosaic_status status = MOSAIC_OK;
    int found = 0;
    if (g->run->config == NULL || g->reference->config == NULL) return MOSAIC_OK;
    for (size_t i = 0;; i++) {
        mos_text_release(&mine);
        mos_text_release(&theirs);
        MOS_GOTO(mos_config_entry(g->reference->config, i, &key, &is_free, &theirs));
        MOS_GOTO(mos_config_entry(g->run->config, i, &key, &is_free, &mine));
        if (key == NULL) break;
        const char *a = mine.data == NULL ? "" : mine.data,
                   *b = theirs.data == NULL ? "" : theirs.data;
        if (!is_of_data(key) || strcmp(a, b) == 0) continue;
        mos_text_add(&text, "%s%s %s (there %s)", found++ == 0 ? "read with " : ", ", key,
                     a[0] == '\0' ? "unset" : a, b[0] == '\0' ? "unset" : b);
    }
    if (found > 0) status = say(g, &text);
done:
    mos_text_release(&mine);
    mos_text_release(&theirs);
    mos_text_release(&text);
    return status;
}

static mosaic_status compare_evaluations(const ground *g) {
    const mos_report_evaluation *a = g->run->evaluation, *b = g->reference->evaluation;
    mos_text text = {0};
    if (a == NULL || b == NULL) return MOSAIC_OK;
    if (differ(a->scorer, b->scorer)) {
        mos_text_add(&text, "scored by its %s, '%s' by its %s", a->scorer, g->reference->name,
                     b->scorer);
        MOS_TRY(say(g, &text));
    }
    if (a->sets != b->sets) {
        mos_text_add(&text, "thresholds %s, those of '%s' %s",
                     a->sets > 1 ? "tuned on validation" : "of 0.5 alone", g->reference->name,
                     b->sets > 1 ? "tuned on validation" : "of 0.5 alone");
        MOS_TRY(say(g, &text));
    }
    if (a->samples != b->samples) {
        mos_text_add(&text, "over %lld samples, '%s' over %lld", (long long)a->samples,
                     g->reference->name, (long long)b->samples);
        return say(g, &text);
    }
    return MOSAIC_OK;
}

mosaic_status mos_comparison_ground(const mos_comparison *comparison, int64_t r,
                                    mos_text_list *out) {
    const ground g = {.run = &comparison->run[r],
                      .reference = &comparison->run[comparison->reference],
                      .out = out};
    if (r == comparison->reference) return MOSAIC_OK;
    MOS_TRY(compare_cards(&g));
    const char *mine = mos_run_document_fact(&g.run->document, "data.fingerprint", ""),
               *theirs = mos_run_document_fact(&g.reference->document, "data.fingerprint", "");
    if (differ(mine, theirs)) {
        mos_text text = {0};
        mos_text_add(&text, "trained on other data: ids, splits or labels are not those of '%s'",
                     g.reference->name);
        MOS_TRY(say(&g, &text));
    }
    MOS_TRY(compare_keys(&g));
    return compare_evaluations(&g);
}
