#include "command/score_lines.h"

#include "command/command_table.h"

#include <math.h>

static void add_score(mos_text *text, const char *name, double value) {
    if (!isnan(value)) mos_text_add(text, "%-18s %.4f\n", name, value);
}

/* A mean over classes says over which: "0.5184 (3 classes with positives and negatives; 0.0818 over
 * all 19)". */
static void add_macro(mos_text *text, const char *name, const mos_result_summary *s, double value,
                      double all) {
    if (isnan(value)) return;
    if (s->averaged == s->classes)
        mos_text_add(text, "%-18s %.4f (%lld classes)\n", name, value, (long long)s->classes);
    else
        mos_text_add(text,
                     "%-18s %.4f (%lld class%s with positives and negatives; %.4f over all %lld)\n",
                     name, value, (long long)s->averaged, s->averaged == 1 ? "" : "es", all,
                     (long long)s->classes);
}

static void add_scores(mos_text *text, const mos_result_summary *s) {
    if (s->averaged == 0)
        mos_text_add(text, "%-18s no class has known positives and known negatives\n",
                     "no macro scores");
    add_macro(text, "macro F1", s, s->macro_f1, s->all_f1);
    add_score(text, "micro F1", s->micro_f1);
    add_macro(text, "macro precision", s, s->macro_precision, s->all_precision);
    add_score(text, "micro precision", s->micro_precision);
    add_macro(text, "macro AP", s, s->macro_ap, s->all_ap);
    add_score(text, "micro AP", s->micro_ap);
    add_score(text, "Hamming loss", s->hamming_loss);
    add_macro(text, "macro F1, tuned", s, s->tuned_macro_f1, s->tuned_all_f1);
    add_score(text, "micro F1, tuned", s->tuned_micro_f1);
    add_score(text, "Hamming, tuned", s->tuned_hamming_loss);
}

mosaic_status mos_print_scores(const mos_evaluate_summary *summary, FILE *out) {
    mos_text text = {0};
    const mos_result_summary *s = &summary->scores;
    mos_text_add(&text, "%-18s %lld\n", "samples", (long long)summary->samples);
    if (s->skipped > 0)
        mos_text_add(&text, "%-18s %lld without a prediction, in no score\n", "skipped",
                     (long long)s->skipped);
    if (summary->lacking > 0)
        mos_text_add(&text, "%-18s %lld\n", "lack modalities", (long long)summary->lacking);
    if (s->known_labels > 0)
        add_scores(&text, s);
    else
        mos_text_add(&text, "no labels: predictions only\n");
    mos_text_add(&text, "%-18s %s\n", "written to", summary->folder);
    if (summary->reduced)
        mos_text_add(&text, "reduced: fewer samples or steps than the whole; not final scores\n");
    return mos_command_print(&text, out);
}
