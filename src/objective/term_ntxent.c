/* NT-Xent between rows of the same sample (Chen, Kornblith, Norouzi, Hinton, "A simple framework
 * for contrastive learning of visual representations", ICML 2020):
 *
 *   l_i = -log( exp(z_i . z_p(i) / tau) / sum over j != i of exp(z_i . z_j / tau) )
 *
 * with i over the rows of two parts of a batch and p(i) the same sample's row of the other part;
 * the loss is the mean of l_i over the rows that have a partner. Two terms: `intra` takes the two
 * strong views of each modality, `inter` the anchors of each pair of modalities. */
#include "objective/objective_internal.h"

static void use_partners(const mos_objective *o, mos_contrast *problem) {
    problem->positives = MOS_POSITIVES_PARTNER;
    problem->tau = o->options.tau_ntx;
    problem->partner = o->partner;
}

/* Two parts of one batch each: row i and row i + batch are the same sample's. Where either is
 * absent there is no positive. */
static void set_partners(mos_objective *o, int64_t batch) {
    if (o->partner_batch == batch) return;
    for (int64_t i = 0; i < batch; i++) {
        o->host_rows[i] = (int32_t)(batch + i);
        o->host_rows[batch + i] = (int32_t)i;
    }
    o->device->ops->put_bytes(o->device, o->partner, o->host_rows,
                              (size_t)(2 * batch) * sizeof *o->partner);
    o->partner_batch = batch;
}

static size_t scratch_bytes(const mos_objective *o) {
    mos_contrast problem = mos_rows_square(o, 2 * o->batch);
    use_partners(o, &problem);
    return o->device->ops->contrast_bytes(o->device, &problem);
}

/* The two strong views of a modality lie together in the model. */
static void run_intra(mos_objective *o, const mos_objective_input *in, double weight) {
    for (int64_t m = 0; m < in->modalities; m++) {
        mos_row_set rows = mos_view_rows(o, in, m, 0, false);
        mos_contrast problem = mos_rows_square(o, 2 * in->batch);
        use_partners(o, &problem);
        mos_rows_set_present(o, in, 0, m);
        mos_rows_set_present(o, in, 1, m);
        set_partners(o, in->batch);
        mos_rows_contrast(o, &problem, rows, rows, weight, (mos_problem){MOS_TERM_INTRA, 1});
    }
}

static void run_inter(mos_objective *o, const mos_objective_input *in, double weight) {
    for (int64_t p = 0; p < in->modalities; p++) {
        for (int64_t q = p + 1; q < in->modalities; q++) {
            int64_t pair[2] = {p, q};
            mos_row_set rows = mos_rows_gather(o, in, pair, 2);
            mos_contrast problem = mos_rows_square(o, 2 * in->batch);
            use_partners(o, &problem);
            set_partners(o, in->batch);
            mos_rows_contrast(o, &problem, rows, rows, weight, (mos_problem){MOS_TERM_INTER, 1});
            mos_rows_scatter(o, in, pair, 2);
        }
    }
}

static unsigned intra_needs(const mos_objective_options *options) {
    (void)options;
    return MOS_NEEDS_STRONG | MOS_NEEDS_LATENTS | MOS_NEEDS_UNLABELED;
}

static unsigned inter_needs(const mos_objective_options *options) {
    (void)options;
    return MOS_NEEDS_ANCHOR | MOS_NEEDS_LATENTS_INTER | MOS_NEEDS_PAIRS | MOS_NEEDS_UNLABELED;
}

const mos_term_row mos_term_intra = {
    .name = "intra", .needs = intra_needs, .bytes = scratch_bytes, .run = run_intra};
const mos_term_row mos_term_inter = {
    .name = "inter", .needs = inter_needs, .bytes = scratch_bytes, .run = run_inter};
