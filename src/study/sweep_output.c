/* What the tables of a sweep share: writing a file, and which cells are the best or marked. */
#include "study/sweep_tables.h"

#include "base/file.h"
#include "base/memory.h"

#include <math.h>

mosaic_status mos_sweep_file(const char *folder, const char *name, mos_text *text) {
    char path[4096];
    mosaic_status status = text->failed ? mos_fail_memory(text->size, name) : MOSAIC_OK;
    if (status == MOSAIC_OK) status = mos_path_join(path, sizeof path, folder, name);
    if (status == MOSAIC_OK) status = mos_atomic_write(path, text->data, text->size);
    mos_text_release(text);
    return status;
}

int64_t mos_sweep_best_row(const mos_sweep_results *results, int fraction, int split, int metric) {
    int64_t best = -1;
    for (int64_t i = 0; i < results->rows; i++) {
        const mos_sweep_row *row = &results->row[i];
        double mean = row->cell[split].mean[metric];
        if (row->fraction != fraction || !isfinite(mean)) continue;
        double least = best < 0 ? mean : results->row[best].cell[split].mean[metric];
        bool ahead = mos_sweep_metric_is_loss(metric) ? mean < least : mean > least;
        if (best < 0 || ahead) best = i;
    }
    return best;
}

bool mos_sweep_is_marked(const mos_sweep_cell *cell, int metric) {
    return cell->pairs > 0 && mos_sweep_differs(&cell->difference[metric]);
}
