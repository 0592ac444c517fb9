/* The headline of an evaluation on a terminal. Internal to the room. */
#ifndef MOS_API_SCORE_LINES_H
#define MOS_API_SCORE_LINES_H

#include "deploy/evaluate.h"

#include <stdio.h>

mosaic_status mos_print_scores(const mos_evaluate_summary *summary, FILE *out);

#endif
