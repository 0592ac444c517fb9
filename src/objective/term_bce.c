/* Binary cross entropy of the head's logits x against the known labels y, each class on its own:
 *
 *   l = mean over known labels of  w_c y log(1 + exp(-x)) + (1 - y) log(1 + exp(x)),
 *   dl/dx = ((1 - y) s(x) - w_c y s(-x)) / count,  s the logistic function
 *
 * with w_c the positive weight of the class (loss.pos_weight), 1 by default; y between 0 and 1 is the
 * target of a patch that was mixed with another (augment.mix). */
#include "objective/objective_internal.h"

static void run_bce(mos_objective *o, const mos_objective_input *in, double weight) {
    o->device->ops->bce(o->device, in->batch, in->classes, in->logits, o->targets, o->pos_weight,
                        weight, in->dlogits, &o->block->bce);
}

static void collect_bce(const mos_objective *o, mos_objective_result *result) {
    result->term[MOS_TERM_BCE] = o->found->bce.loss;
    result->known_labels = o->found->bce.known;
}

static unsigned bce_needs(const mos_objective_options *options) {
    (void)options;
    return MOS_NEEDS_ANCHOR | MOS_NEEDS_LOGITS | MOS_NEEDS_LABELS;
}

const mos_term_row mos_term_bce = {
    .name = "bce", .always = true, .needs = bce_needs, .run = run_bce, .collect = collect_bce};
