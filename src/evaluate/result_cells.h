/* Files of an evaluation's folder, and the cells of their tables. Internal to the room. */
#ifndef MOS_EVALUATE_RESULT_CELLS_H
#define MOS_EVALUATE_RESULT_CELLS_H

#include "base/text.h"
#include "score/bootstrap.h"

/* Writes folder/name atomically and releases the text, also when it failed. */
mosaic_status mos_result_file(const char *folder, const char *name, mos_text *text);
/* An interval as three cells: value, low, high. */
void mos_result_interval_cells(mos_text *out, const mos_interval *interval);

/* The scores that have intervals. */
enum { MOS_RESULT_SCORES = 5 };
extern const char *const mos_result_score_names[MOS_RESULT_SCORES];
const mos_interval *mos_result_score(const mos_bootstrap *scores, int which);
/* The end of a header line and of its rows: the scores with their bounds, and the line's end.
 * scores NULL: empty cells. */
void mos_result_score_header(mos_text *out);
void mos_result_score_cells(mos_text *out, const mos_bootstrap *scores);

#endif
