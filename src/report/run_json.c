#include "report/run_json.h"

#include "base/memory.h"
#include "base/text.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static mosaic_status parse(const char *text, const char *where, const char *name, json_t **out) {
    json_error_t error;
    *out = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!*out)
        return mos_fail(MOSAIC_ERR_DATA, "'%s/%s': line %d: %s", where, name, error.line,
                        error.text);
    if (json_is_object(*out)) return MOSAIC_OK;
    json_decref(*out);
    *out = NULL;
    return mos_fail(MOSAIC_ERR_DATA, "'%s/%s': wanted a JSON object", where, name);
}

static double number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int64_t integer(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static void text(const json_t *object, const char *key, char *to, size_t size) {
    const char *value = json_string_value(json_object_get(object, key));
    (void)snprintf(to, size, "%s", value ? value : "");
}

static mos_report_scores scores(const json_t *object, const char *key) {
    const json_t *s = json_object_get(object, key);
    return (mos_report_scores){
        number(s, "precision"),         number(s, "recall"), number(s, "f1"), number(s, "f2"),
        number(s, "average_precision"), number(s, "roc_auc")};
}

static mosaic_status read_classes(const json_t *root, mos_report_evaluation *out) {
    const json_t *list = json_object_get(root, "classes");
    MOS_TRY(
        mos_alloc(json_array_size(list), sizeof *out->classes, "report classes", &out->classes));
    for (size_t j = 0; j < json_array_size(list); j++) {
        const json_t *entry = json_array_get(list, j);
        mos_report_class *class = &out->classes[out->class_count++];
        text(entry, "name", class->name, sizeof class->name);
        class->positives = integer(entry, "positives");
        class->negatives = integer(entry, "negatives");
        class->average_precision = number(entry, "average_precision");
        class->roc_auc = number(entry, "roc_auc");
        for (int s = 0; s < out->sets; s++) {
            const json_t *at = json_object_get(entry, mos_report_set_names[s]);
            class->at[s].threshold = number(at, "threshold");
            class->at[s].precision = number(at, "precision");
            class->at[s].recall = number(at, "recall");
            class->at[s].f1 = number(at, "f1");
        }
    }
    return MOSAIC_OK;
}

static mos_report_interval interval(const json_t *object, const char *key) {
    const json_t *i = json_object_get(object, key);
    return (mos_report_interval){number(i, "value"), number(i, "low"), number(i, "high")};
}

static void read_confidence(const json_t *root, mos_report_analysis *out) {
    static const char *const sets[2] = {"0.5", "per_class"};
    const json_t *confidence = json_object_get(root, "confidence");
    out->level = number(confidence, "level");
    out->resamples = number(confidence, "resamples");
    for (int s = 0; s < 2; s++) {
        const json_t *set = json_object_get(json_object_get(confidence, "thresholds"), sets[s]);
        if (!json_is_object(set)) break;
        (void)snprintf(out->confidence[s].thresholds, sizeof out->confidence[s].thresholds, "%s",
                       sets[s]);
        for (int k = 0; k < MOS_REPORT_INTERVALS; k++) {
            out->confidence[s].score[k] = interval(set, mos_report_interval_names[k]);
        }
        out->confidence_sets = s + 1;
    }
}

/* Intervals of the classes, joined by name. */
static void read_class_confidence(const json_t *root, mos_report_evaluation *out) {
    const json_t *list = json_object_get(json_object_get(root, "confidence"), "classes");
    for (int64_t j = 0; j < out->class_count; j++) {
        mos_report_class *class = &out->classes[j];
        class->f1 = class->ap = (mos_report_interval){NAN, NAN, NAN};
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *entry = json_array_get(list, k);
            const char *name = json_string_value(json_object_get(entry, "name"));
            if (!name || strcmp(name, class->name) != 0) continue;
            class->f1 = interval(entry, "f1");
            class->ap = interval(entry, "average_precision");
        }
    }
}

static void read_calibration(const json_t *root, mos_report_analysis *out) {
    const json_t *calibration = json_object_get(root, "calibration");
    const json_t *bins = json_object_get(calibration, "bins");
    out->ece = number(calibration, "ece");
    out->brier = number(calibration, "brier");
    for (size_t b = 0; b < json_array_size(bins) && out->bins < MOS_REPORT_BINS; b++) {
        const json_t *bin = json_array_get(bins, b);
        if (!(number(bin, "count") > 0)) continue;
        out->bin[out->bins].confidence = number(bin, "confidence");
        out->bin[out->bins].frequency = number(bin, "frequency");
        out->bin[out->bins++].count = number(bin, "count");
    }
}

static void read_alignments(const json_t *root, mos_report_analysis *out) {
    const json_t *list = json_object_get(root, "alignment");
    for (size_t k = 0; k < json_array_size(list) && out->alignments < MOS_REPORT_SPACES; k++) {
        const json_t *from = json_array_get(list, k);
        mos_report_alignment *to = &out->alignment[out->alignments++];
        text(from, "kind", to->kind, sizeof to->kind);
        text(from, "a", to->a, sizeof to->a);
        text(from, "b", to->b, sizeof to->b);
        to->rows = number(from, "rows");
        to->alignment = number(from, "alignment");
        to->centre_gap = number(from, "centre_gap");
        to->finds[0] = number(from, "a_finds_b");
        to->finds[1] = number(from, "b_finds_a");
    }
}

mosaic_status mos_run_json_clusters(const char *document, const char *where,
                                    mos_report_analysis *out) {
    json_t *root = NULL;
    MOS_TRY(parse(document, where, "clusters.json", &root));
    const json_t *spaces = json_object_get(root, "spaces");
    for (size_t k = 0; k < json_array_size(spaces) && out->spaces < MOS_REPORT_SPACES; k++) {
        const json_t *from = json_array_get(spaces, k);
        mos_report_space *space = &out->space[out->spaces++];
        text(from, "space", space->name, sizeof space->name);
        text(from, "kind", space->kind, sizeof space->kind);
        space->rows = number(from, "rows");
        space->silhouette = number(from, "silhouette");
        space->davies_bouldin = number(from, "davies_bouldin");
        space->neighbour_jaccard = number(from, "neighbour_jaccard");
        space->intra = number(from, "intra_class_cosine");
        space->inter = number(from, "inter_class_cosine");
        space->uniformity = number(from, "uniformity");
        space->rankme = number(from, "rankme");
        space->collapsed = json_is_true(json_object_get(from, "collapsed"));
    }
    read_alignments(root, out);
    json_decref(root);
    return MOSAIC_OK;
}

mosaic_status mos_run_json_maps(const char *document, const char *where, mos_report_analysis *out) {
    json_t *root = NULL;
    MOS_TRY(parse(document, where, "tsne.json", &root));
    const json_t *maps = json_object_get(root, "maps");
    for (size_t k = 0; k < json_array_size(maps); k++) {
        const json_t *from = json_array_get(maps, k);
        const char *name = json_string_value(json_object_get(from, "map"));
        for (int m = 0; name && m < out->maps; m++) {
            mos_report_map *map = &out->map[m];
            if (strcmp(map->name, name) != 0) continue;
            map->trustworthiness = number(from, "trustworthiness");
            map->divergence = number(from, "kl_divergence");
            map->rankme = number(from, "rankme");
            map->collapsed = json_is_true(json_object_get(from, "collapsed"));
            map->degenerate = json_is_true(json_object_get(from, "degenerate"));
        }
    }
    json_decref(root);
    return MOSAIC_OK;
}

mosaic_status mos_run_json_evaluation(const char *document, const char *where,
                                      mos_report_evaluation *out) {
    json_t *root = NULL;
    MOS_TRY(parse(document, where, "metrics.json", &root));
    text(root, "split", out->split, sizeof out->split);
    text(root, "scorer", out->scorer, sizeof out->scorer);
    text(root, "method", out->method, sizeof out->method);
    out->reduced = json_is_true(json_object_get(root, "reduced"));
    out->samples = integer(root, "samples");
    out->known_labels = integer(root, "known_labels");
    out->skipped = integer(root, "skipped_samples");
    out->averaged =
        json_object_get(root, "classes_averaged") ? integer(root, "classes_averaged") : -1;
    out->at_global_threshold = integer(root, "classes_at_global_threshold");
    out->invalid_pixels = integer(root, "invalid_pixels");
    const json_t *sets = json_object_get(root, "thresholds");
    for (int s = 0; s < MOS_REPORT_SETS; s++) {
        const json_t *set = json_object_get(sets, mos_report_set_names[s]);
        if (!json_is_object(set)) break;
        out->at[s].micro = scores(set, "micro");
        out->at[s].macro = scores(set, "macro");
        out->at[s].macro_all = scores(set, "macro_all");
        out->at[s].sample = scores(set, "sample");
        out->at[s].hamming_loss = number(set, "hamming_loss");
        out->at[s].subset_accuracy = number(set, "subset_accuracy");
        out->sets = s + 1;
    }
    read_confidence(root, &out->analysis);
    read_calibration(root, &out->analysis);
    mosaic_status status =
        out->sets > 0
            ? read_classes(root, out)
            : mos_fail(MOSAIC_ERR_DATA, "'%s/metrics.json': no scores at threshold 0.5", where);
    if (status == MOSAIC_OK) read_class_confidence(root, out);
    json_decref(root);
    return status;
}

static mosaic_status add_fact(mos_run_document *out, const char *name, const char *value) {
    MOS_TRY(mos_grow(&out->facts, &out->fact_capacity, out->fact_count + 1, sizeof *out->facts,
                     "report facts"));
    mos_report_fact *fact = &out->facts[out->fact_count++];
    (void)snprintf(fact->name, sizeof fact->name, "%s", name);
    (void)snprintf(fact->value, sizeof fact->value, "%s", value);
    return MOSAIC_OK;
}

/* Objects open up into dotted names, lists are joined; depth is limited by the name's length. */
static mosaic_status flatten(const json_t *value, const char *name, mos_run_document *out) {
    char longer[96], shown[64];
    const char *key;
    json_t *child;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key, child) {
            if (snprintf(longer, sizeof longer, "%s%s%s", name, name[0] ? "." : "", key) >=
                (int)sizeof longer)
                continue;
            MOS_TRY(flatten(child, longer, out));
        }
        return MOSAIC_OK;
    }
    if (json_is_array(value)) {
        size_t index;
        json_array_foreach(value, index, child) {
            if (snprintf(longer, sizeof longer, "%s.%zu", name, index) >= (int)sizeof longer)
                continue;
            MOS_TRY(flatten(child, longer, out));
        }
        return MOSAIC_OK;
    }
    if (json_is_string(value)) return add_fact(out, name, json_string_value(value));
    if (json_is_integer(value))
        (void)snprintf(shown, sizeof shown, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        (void)mos_format_double(shown, sizeof shown, json_real_value(value), 6);
    else
        (void)snprintf(shown, sizeof shown, "%s",
                       json_is_true(value)    ? "yes"
                       : json_is_false(value) ? "no"
                                              : "");
    return add_fact(out, name, shown);
}

mosaic_status mos_run_json_facts(const char *document, const char *where, mos_run_document *out) {
    json_t *root = NULL;
    MOS_TRY(parse(document, where, "provenance.json", &root));
    mosaic_status status = flatten(root, "", out);
    json_decref(root);
    return status;
}
