/* A term of the test's own: the mean of all anchors' latents, whose gradient is 1 / count
 * everywhere. For the device ref, whose memory is the host's. */
#include "objective/objective_parts.h"

static unsigned mean_needs(const mos_objective_options *options) {
    (void)options;
    return MOS_NEEDS_ANCHOR | MOS_NEEDS_LATENTS_INTER;
}

static mosaic_status check_mean(const mos_objective *o) {
    return o->latent % 2 == 0 ? MOSAIC_OK
                              : mos_fail(MOSAIC_ERR_USAGE, "the mean term wants an even width");
}

static void run_mean(mos_objective *o, const mos_objective_input *in, double weight,
                     mos_objective_result *result) {
    double count = (double)(in->modalities * in->batch * in->latent);
    for (int64_t m = 0; m < in->modalities; m++) {
        mos_row_set rows = mos_view_rows(o, in, m, o->views.anchor, true);
        const double *z = rows.z;
        double *dz = rows.dz;
        for (int64_t i = 0; i < in->batch * in->latent; i++) {
            result->term[MOS_TERM_MEAN] += z[i] / count;
            dz[i] += weight / count;
        }
    }
}

const mos_term_row mos_term_mean = {
    .name = "mean", .needs = mean_needs, .check = check_mean, .run = run_mean};
