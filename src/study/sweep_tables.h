/* Writes the results of a sweep as files. */
#ifndef MOS_STUDY_SWEEP_TABLES_H
#define MOS_STUDY_SWEEP_TABLES_H

#include "study/published_scores.h"
#include "study/sweep_results.h"

/* results.csv (a line a run and split), results.tsv (a line a setting and fraction on the last
 * split, as bench/results.tsv has them), results.json (everything), table.tex (booktabs) and
 * table.html, each atomically; classes.csv and details.csv of the runs one by one. command: the
 * line that made them, for the record. published: figures of the user's for the page; may be empty. */
mosaic_status mos_sweep_tables_write(const mos_sweep_results *results, const char *folder,
                                     const char *command, const mos_published_table *published);

/* Its parts: */
mosaic_status mos_sweep_json_write(const mos_sweep_results *results, const char *folder,
                                   const char *command);
mosaic_status mos_sweep_latex_write(const mos_sweep_results *results, const char *folder);
/* sections: HTML for below the tables. */
mosaic_status mos_sweep_page_write(const mos_sweep_results *results, const mos_text *sections,
                                   const char *folder, const char *command);
/* Writes folder/name and releases the text, also when it failed. */
mosaic_status mos_sweep_file(const char *folder, const char *name, mos_text *text);

/* Is the difference from the reference marked in both tables? Holm-adjusted p < 0.05. */
bool mos_sweep_is_marked(const mos_sweep_cell *cell, int metric);
/* The row with the best mean of a metric among rows of a fraction; -1: none has one. */
int64_t mos_sweep_best_row(const mos_sweep_results *results, int fraction, int split, int metric);

#endif
