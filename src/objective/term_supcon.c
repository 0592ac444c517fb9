/* Supervised contrast (Khosla et al., "Supervised contrastive learning", NeurIPS 2020; several
 * labels a sample: Zhang and Wu, "Multi-label supervised contrastive learning", AAAI 2024):
 *
 *   l_i = -sum over p of w_ip log( exp(z_i . z_p / tau) / sum over j != i of exp(z_i . z_j / tau) )
 *
 * with weights w_ip of the positives p that sum to 1 (compute/device.h: mos_positives says which
 * these are). Rows are compared in up to three ways, which add up: `cross` the anchors of one
 * modality with those of another, `views` the two strong views of a modality, `joint` the anchors
 * of all modalities with each other. Labelled latents of earlier batches may be references too. */
#include "objective/objective_internal.h"

static void use_labels(const mos_objective *o, mos_contrast *problem) {
    problem->positives = o->options.positives;
    problem->tau = o->options.tau_msc;
    problem->anchor_weighting = o->options.anchor_weighting;
    problem->anchor_labels = problem->reference_labels = o->labels;
    problem->classes = o->classes;
}

/* The larger of what a batch and what the most rows take. */
static size_t scratch_bytes(const mos_objective *o) {
    mos_device *device = o->device;
    const int64_t sizes[] = {o->batch, o->most_rows};
    size_t most = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        mos_contrast problem = mos_rows_square(o, sizes[i]);
        use_labels(o, &problem);
        problem.references += o->queued;
        problem.frozen = o->queued;
        size_t bytes = device->ops->contrast_bytes(device, &problem);
        if (most < bytes) most = bytes;
    }
    return most;
}

/* Puts what the queue holds of modalities first..first+count-1 behind the references, which are
 * then a copy; their gradients stay where they were. */
static mos_row_set add_queue(mos_objective *o, mos_row_set references, int64_t first, int64_t count,
                             mos_contrast *problem) {
    const int64_t own = problem->references;
    if (o->queue.cursor[0] == 0) return references;
    if (references.z != o->rows)
        o->device->ops->copy(o->device, o->rows, references.z,
                             (size_t)(own * o->latent) * o->device->real_bytes);
    o->device->ops->copy(o->device, o->reference_labels, problem->reference_labels,
                         (size_t)(own * o->classes));
    o->device->ops->copy(o->device, o->reference_present, problem->reference_present, (size_t)own);
    for (int64_t m = first; m < first + count; m++) {
        const int64_t at = problem->references;
        problem->references +=
            mos_label_queue_copy(&o->queue, m, mos_row_at(o, o->rows, at),
                                 o->reference_labels + at * o->classes, o->reference_present + at);
    }
    problem->frozen = problem->references - own;
    problem->reference_labels = o->reference_labels;
    problem->reference_present = o->reference_present;
    return (mos_row_set){o->rows, references.dz};
}

/* The references are of modalities first..first+count-1. */
static void add_supervised(mos_objective *o, mos_contrast problem, mos_row_set anchors,
                           mos_row_set references, int64_t first, int64_t count, double weight,
                           double share) {
    references = add_queue(o, references, first, count, &problem);
    mos_rows_contrast(o, &problem, anchors, references, weight, (mos_problem){MOS_TERM_MSC, share});
}

/* Anchors of one modality, references of another, both ways, averaged. A sample's own other
 * modality is a reference. */
static void cross_rows(mos_objective *o, const mos_objective_input *in, double weight) {
    for (int64_t p = 0; p < in->modalities; p++) {
        for (int64_t q = 0; q < in->modalities; q++) {
            if (p == q) continue;
            mos_row_set anchors = mos_view_rows(o, in, p, o->views.anchor, true);
            mos_row_set references = mos_view_rows(o, in, q, o->views.anchor, true);
            mos_rows_set_present(o, in, 0, p);
            mos_rows_set_present(o, in, 1, q);
            mos_contrast problem = {.anchors = in->batch,
                                    .references = in->batch,
                                    .d = o->latent,
                                    .anchor_present = o->present,
                                    .reference_present = o->present + in->batch};
            use_labels(o, &problem);
            add_supervised(o, problem, anchors, references, q, 1, weight, 0.5);
        }
    }
}

/* The two strong views of each modality, self excluded. */
static void views_rows(mos_objective *o, const mos_objective_input *in, double weight) {
    for (int64_t m = 0; m < in->modalities; m++) {
        mos_row_set rows = mos_view_rows(o, in, m, 0, true);
        mos_rows_set_present(o, in, 0, m);
        mos_rows_set_present(o, in, 1, m);
        mos_contrast problem = mos_rows_square(o, 2 * in->batch);
        use_labels(o, &problem);
        add_supervised(o, problem, rows, rows, m, 1, weight, 1);
    }
}

/* The anchors of all modalities together, self excluded. */
static void joint_rows(mos_objective *o, const mos_objective_input *in, double weight) {
    int64_t all[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < in->modalities; m++)
        all[m] = m;
    mos_row_set rows = mos_rows_gather(o, in, all, in->modalities);
    mos_contrast problem = mos_rows_square(o, in->modalities * in->batch);
    use_labels(o, &problem);
    add_supervised(o, problem, rows, rows, 0, in->modalities, weight, 1);
    mos_rows_scatter(o, in, all, in->modalities);
}

static int row_sets(const mos_objective_options *options) {
    return options->msc_rows != 0 ? options->msc_rows : options->method->msc;
}

static void run_msc(mos_objective *o, const mos_objective_input *in, double weight) {
    int rows = row_sets(&o->options);
    if ((rows & MOS_MSC_CROSS) != 0) cross_rows(o, in, weight);
    if ((rows & MOS_MSC_VIEWS) != 0) views_rows(o, in, weight);
    if ((rows & MOS_MSC_JOINT) != 0) joint_rows(o, in, weight);
}

static unsigned msc_needs(const mos_objective_options *options) {
    int rows = row_sets(options);
    return MOS_NEEDS_LABELS | MOS_NEEDS_LATENTS_INTER | MOS_NEEDS_POSITIVES |
           ((rows & MOS_MSC_VIEWS) != 0 ? MOS_NEEDS_STRONG : 0u) |
           ((rows & (MOS_MSC_CROSS | MOS_MSC_JOINT)) != 0 ? MOS_NEEDS_ANCHOR : 0u) |
           ((rows & MOS_MSC_CROSS) != 0 ? MOS_NEEDS_PAIRS : 0u);
}

static mosaic_status check_msc(const mos_objective *o) {
    if (o->options.positives == MOS_POSITIVES_PARTNER)
        return mos_fail(MOSAIC_ERR_USAGE, "the msc term needs positives that come from labels");
    return MOSAIC_OK;
}

const mos_term_row mos_term_msc = {.name = "msc",
                                   .floor = "msc_floor",
                                   .warms = true,
                                   .needs = msc_needs,
                                   .check = check_msc,
                                   .bytes = scratch_bytes,
                                   .run = run_msc};
