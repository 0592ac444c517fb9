#include "command/score_lines.h"

#include "command/command_table.h"

#include <math.h>

static void add_score(mos_text *text, const char *name, double value) {
    if (!isnan(value)) mos_text_add(text, "%-18s %.4f\n", name, value);
}

mosaic_status mos_print_scores(const mos_evaluate_summary *summary, FILE *out) {
    mos_text text = {0};
    const mos_result_summary *s = &summary->scores;
    mos_text_add(&text, "%-18s %lld\n", "samples", (long long)summary->samples);
    if (summary->lacking > 0)
        mos_text_add(&text, "%-18s %lld\n", "lack modalities", (long long)summary->lacking);
    add_score(&text, "F1 macro", s->macro_f1);
    add_score(&text, "F1 micro", s->micro_f1);
    add_score(&text, "precision macro", s->macro_precision);
    add_score(&text, "precision micro", s->micro_precision);
    add_score(&text, "AP macro", s->macro_ap);
    add_score(&text, "AP micro", s->micro_ap);
    add_score(&text, "Hamming loss", s->hamming_loss);
    add_score(&text, "F1 macro, tuned", s->tuned_macro_f1);
    add_score(&text, "F1 micro, tuned", s->tuned_micro_f1);
    add_score(&text, "Hamming, tuned", s->tuned_hamming_loss);
    mos_text_add(&text, "%-18s %s\n", "written to", summary->folder);
    if (summary->reduced)
        mos_text_add(&text, "reduced: fewer samples or steps than the whole; not final scores\n");
    return mos_command_print(&text, out);
}
