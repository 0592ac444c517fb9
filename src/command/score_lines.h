/* The headline of an evaluation on a terminal. Internal to the room. */
#ifndef MOS_COMMAND_SCORE_LINES_H
#define MOS_COMMAND_SCORE_LINES_H

#include "evaluate/evaluate.h"

#include <stdio.h>

mosaic_status mos_print_scores(const mos_evaluate_summary *summary, FILE *out);

#endif
