/* A term of the test's own: the mean of all anchors' latents, whose gradient is 1 / count
 * everywhere. */
#include "objective/objective_internal.h"

#include <stdlib.h>

static unsigned mean_needs(const mos_objective_options *options) {
    (void)options;
    return MOS_NEEDS_ANCHOR | MOS_NEEDS_LATENTS_INTER;
}

static mosaic_status check_mean(const mos_objective *o) {
    return o->latent % 2 == 0 ? MOSAIC_OK
                              : mos_fail(MOSAIC_ERR_USAGE, "the mean term wants an even width");
}

enum { MOST = 4096 };
static double latents[MOS_MAX_MODALITIES][MOST];
static int64_t values, modalities;

static void run_mean(mos_objective *o, const mos_objective_input *in, double weight) {
    const mos_backend *ops = o->device->ops;
    double ones[MOST];
    values = in->batch * in->latent;
    modalities = in->modalities;
    if (values > MOST) abort();
    for (int64_t i = 0; i < values; i++)
        ones[i] = weight / (double)(modalities * values);
    for (int64_t m = 0; m < modalities; m++) {
        mos_row_set rows = mos_view_rows(o, in, m, o->views.anchor, true);
        ops->get_f64(o->device, rows.z, latents[m], values);
        ops->put_f64(o->device, o->rows, ones, values);
        ops->columns(o->device, in->batch, in->latent, o->rows, in->latent, rows.dz, in->latent,
                     true);
    }
}

static void collect_mean(const mos_objective *o, mos_objective_result *result) {
    (void)o;
    for (int64_t m = 0; m < modalities; m++)
        for (int64_t i = 0; i < values; i++)
            result->term[MOS_TERM_MEAN] += latents[m][i] / (double)(modalities * values);
}

const mos_term_row mos_term_mean = {.name = "mean",
                                    .needs = mean_needs,
                                    .check = check_mean,
                                    .run = run_mean,
                                    .collect = collect_mean};
