#include "evaluate/result_cells.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/csv.h"

#include <math.h>

const char *const mos_result_score_names[MOS_RESULT_SCORES] = {
    "macro_f1", "micro_f1", "macro_average_precision", "micro_average_precision", "hamming_loss"};

const mos_interval *mos_result_score(const mos_bootstrap *b, int which) {
    const mos_interval *const scores[MOS_RESULT_SCORES] = {&b->macro_f1, &b->micro_f1, &b->macro_ap,
                                                           &b->micro_ap, &b->hamming_loss};
    return scores[which];
}

mosaic_status mos_result_file(const char *folder, const char *name, mos_text *text) {
    char path[4096];
    mosaic_status status = text->failed ? mos_fail_memory(text->size, name) : MOSAIC_OK;
    if (status == MOSAIC_OK) status = mos_path_join(path, sizeof path, folder, name);
    if (status == MOSAIC_OK) status = mos_atomic_write(path, text->data, text->size);
    mos_text_release(text);
    return status;
}

void mos_result_interval_cells(mos_text *out, const mos_interval *interval) {
    mos_csv_add_number(out, interval->value);
    mos_csv_add_number(out, interval->low);
    mos_csv_add_number(out, interval->high);
}

void mos_result_score_header(mos_text *out) {
    for (int k = 0; k < MOS_RESULT_SCORES; k++)
        mos_text_add(out, ",%s,%s_low,%s_high", mos_result_score_names[k],
                     mos_result_score_names[k], mos_result_score_names[k]);
    mos_text_add(out, "\n");
}

void mos_result_score_cells(mos_text *out, const mos_bootstrap *scores) {
    static const mos_interval none = {NAN, NAN, NAN, NAN};
    for (int k = 0; k < MOS_RESULT_SCORES; k++)
        mos_result_interval_cells(out, scores == NULL ? &none : mos_result_score(scores, k));
    mos_text_add(out, "\n");
}
