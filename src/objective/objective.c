#include "objective/objective.h"

#include "base/memory.h"

#include <string.h>

const char *const mos_term_names[MOS_TERM_COUNT] = {"intra", "inter", "msc", "bce"};

/* Problems are made of rows: some modalities' view sets one below the other. Labels, presence and
 * indices of such rows are gathered here; row k belongs to sample k mod batch. */
struct mos_objective {
    mos_device *device;
    mos_objective_options options;
    mos_objective_terms terms;
    mos_view_plan views;
    int64_t modalities, batch, classes, latent;
    int64_t most_rows;
    double *pos_weight; /* copy, [classes] or NULL */
    int32_t *self;      /* 0, 1, 2 ... */
    int32_t *partner;   /* [most_rows] */
    int8_t *labels;     /* [most_rows, classes]: the batch's, repeated */
    uint8_t *present;   /* [most_rows] */
    void *rows, *drows; /* real [most_rows + queued, latent], [most_rows, latent]: rows that do not
                           lie together in the model */
    mos_label_queue queue;
    int64_t queued;             /* rows the queue adds at most: modalities x size */
    int8_t *reference_labels;   /* [most_rows + queued, classes], with a queue */
    uint8_t *reference_present; /* [most_rows + queued] */
    void *scratch;              /* the backend's */
};

mos_objective_terms mos_objective_active(const mos_objective_options *options) {
    const mos_method *method = options->method;
    const double *weight = options->weight;
    mos_objective_terms terms = {
        .intra = method->intra && weight[MOS_TERM_INTRA] != 0,
        .inter = method->inter && weight[MOS_TERM_INTER] != 0,
        .bce = method->bce && weight[MOS_TERM_BCE] != 0,
    };
    if (method->msc != 0 && weight[MOS_TERM_MSC] != 0)
        terms.msc = options->msc_rows != 0 ? options->msc_rows : method->msc;
    return terms;
}

mos_view_plan mos_objective_views(const mos_objective_options *options) {
    mos_objective_terms terms = mos_objective_active(options);
    bool strong = terms.intra || (terms.msc & MOS_MSC_VIEWS) != 0;
    bool anchor = terms.inter || terms.bce || (terms.msc & (MOS_MSC_CROSS | MOS_MSC_JOINT)) != 0;
    if (!strong) return (mos_view_plan){.views = 1, .kinds = "a", .anchor = 0};
    if (!anchor || options->shared_anchor)
        return (mos_view_plan){.views = 2, .kinds = "ss", .anchor = 0};
    return (mos_view_plan){.views = 3, .kinds = "ssa", .anchor = 2};
}

/* ---- life
 * ------------------------------------------------------------------------------------------------------
 */

static mosaic_status check_options(const mos_objective *o) {
    const mos_objective_options *options = &o->options;
    const mos_objective_terms *terms = &o->terms;
    const char *name = options->method->name;
    if (o->modalities < 1 || o->modalities > MOS_MAX_MODALITIES || o->batch < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "an objective needs 1 to %d modalities and a batch",
                        MOS_MAX_MODALITIES);
    if (!terms->intra && !terms->inter && terms->msc == 0 && !terms->bce)
        return mos_fail(MOSAIC_ERR_USAGE, "method '%s': every term has weight 0", name);
    if (o->modalities < 2 && (terms->inter || (terms->msc & MOS_MSC_CROSS) != 0))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "method '%s': the %s term compares modalities, but there is only one; set "
                        "its weight to 0 or add a modality",
                        name, mos_term_names[terms->inter ? MOS_TERM_INTER : MOS_TERM_MSC]);
    if ((terms->msc != 0 || terms->bce) && o->classes < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "method '%s' needs classes, found none", name);
    if (terms->msc != 0 && options->positives == MOS_POSITIVES_PARTNER)
        return mos_fail(MOSAIC_ERR_USAGE, "the msc term needs positives that come from labels");
    if (!(options->tau_ntx > 0) || !(options->tau_msc > 0))
        return mos_fail(MOSAIC_ERR_USAGE, "temperatures must be positive, found %g and %g",
                        options->tau_ntx, options->tau_msc);
    if (options->msc_queue < 0 || options->msc_queue > MOS_OBJECTIVE_MAX_QUEUE)
        return mos_fail(MOSAIC_ERR_USAGE, "the queue of labelled latents: want 0 to %d, found %lld",
                        MOS_OBJECTIVE_MAX_QUEUE, (long long)options->msc_queue);
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if (!(options->weight[t] >= 0))
            return mos_fail(MOSAIC_ERR_USAGE, "weight of the %s term: want 0 or more, found %g",
                            mos_term_names[t], options->weight[t]);
    return MOSAIC_OK;
}

/* Rows 0..count of a problem that compares every row with every other one. */
static mos_contrast square_problem(const mos_objective *o, int64_t count) {
    return (mos_contrast){.anchors = count,
                          .references = count,
                          .d = o->latent,
                          .self = o->self,
                          .anchor_present = o->present,
                          .reference_present = o->present};
}

static void use_partners(const mos_objective *o, mos_contrast *problem) {
    problem->positives = MOS_POSITIVES_PARTNER;
    problem->tau = o->options.tau_ntx;
    problem->partner = o->partner;
}

static void use_labels(const mos_objective *o, mos_contrast *problem) {
    problem->positives = o->options.positives;
    problem->tau = o->options.tau_msc;
    problem->anchor_weighting = o->options.anchor_weighting;
    problem->anchor_labels = problem->reference_labels = o->labels;
    problem->classes = o->classes;
}

static size_t scratch_size(const mos_objective *o) {
    mos_device *device = o->device;
    size_t most = 0;
    int64_t sizes[] = {o->batch, o->most_rows};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        mos_contrast problem = square_problem(o, sizes[i]);
        use_partners(o, &problem);
        size_t bytes = device->ops->contrast_bytes(device, &problem);
        if (most < bytes) most = bytes;
        if (o->terms.msc == 0) continue;
        use_labels(o, &problem);
        problem.references += o->queued;
        problem.frozen = o->queued;
        bytes = device->ops->contrast_bytes(device, &problem);
        if (most < bytes) most = bytes;
    }
    return most;
}

static mosaic_status allocate_queue(mos_objective *o) {
    const int64_t size = o->terms.msc != 0 ? o->options.msc_queue : 0;
    const size_t rows = (size_t)(o->most_rows + o->modalities * size);
    MOS_TRY(mos_label_queue_init(&o->queue, o->device, size, o->modalities, o->classes, o->latent));
    o->queued = o->modalities * size;
    if (size == 0) return MOSAIC_OK;
    MOS_TRY(mos_alloc(rows, (size_t)o->classes, "reference labels", &o->reference_labels));
    return mos_alloc(rows, 1, "reference presence", &o->reference_present);
}

static mosaic_status allocate_all(mos_objective *o) {
    mos_device *device = o->device;
    size_t rows = (size_t)o->most_rows;
    size_t row_bytes = (size_t)o->latent * device->real_bytes;
    MOS_TRY(mos_alloc(rows, sizeof *o->self, "row indices", &o->self));
    MOS_TRY(mos_alloc(rows, sizeof *o->partner, "row partners", &o->partner));
    MOS_TRY(mos_alloc(rows, 1, "row presence", &o->present));
    MOS_TRY(mos_alloc(rows, (size_t)o->classes, "row labels", &o->labels));
    if (o->options.pos_weight != NULL) {
        size_t bytes = (size_t)o->classes * sizeof *o->pos_weight;
        MOS_TRY(
            mos_alloc((size_t)o->classes, sizeof *o->pos_weight, "class weights", &o->pos_weight));
        memcpy(o->pos_weight, o->options.pos_weight, bytes);
        o->options.pos_weight = o->pos_weight;
    }
    for (int64_t i = 0; i < o->most_rows; i++)
        o->self[i] = (int32_t)i;
    MOS_TRY(allocate_queue(o));
    MOS_TRY(device->ops->alloc(device, (rows + (size_t)o->queued) * row_bytes, &o->rows));
    MOS_TRY(device->ops->alloc(device, rows * row_bytes, &o->drows));
    return device->ops->alloc(device, scratch_size(o), &o->scratch);
}

size_t mos_objective_bytes(mos_device *device, const mos_objective_options *options,
                           int64_t modalities, int64_t batch, int64_t classes, int64_t latent) {
    mos_objective o = {.device = device,
                       .options = *options,
                       .terms = mos_objective_active(options),
                       .modalities = modalities,
                       .batch = batch,
                       .classes = classes,
                       .latent = latent,
                       .most_rows = batch * (modalities > 2 ? modalities : 2)};
    size_t rows = (size_t)o.most_rows,
           row = 2 * (size_t)latent * device->real_bytes + 2 * sizeof(int32_t) + 1;
    return rows * (row + (size_t)classes) + scratch_size(&o);
}

mosaic_status mos_objective_create(mos_device *device, const mos_objective_options *options,
                                   int64_t modalities, int64_t batch, int64_t classes,
                                   int64_t latent, mos_objective **out) {
    *out = NULL;
    mos_objective *o;
    MOS_TRY(mos_alloc(1, sizeof *o, "an objective", &o));
    mosaic_status status;
    o->device = device;
    o->options = *options;
    o->terms = mos_objective_active(options);
    o->views = mos_objective_views(options);
    o->modalities = modalities;
    o->batch = batch;
    o->classes = classes;
    o->latent = latent;
    o->most_rows = batch * (modalities > 2 ? modalities : 2);
    MOS_GOTO(check_options(o));
    MOS_GOTO(allocate_all(o));
    *out = o;
    return MOSAIC_OK;
done:
    mos_objective_destroy(&o);
    return status;
}

void mos_objective_destroy(mos_objective **objective) {
    mos_objective *o = *objective;
    if (o == NULL) return;
    void *blocks[] = {o->rows, o->drows, o->scratch};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (blocks[i] != NULL) o->device->ops->free(o->device, blocks[i]);
    mos_label_queue_release(&o->queue);
    mos_free(o->reference_labels);
    mos_free(o->reference_present);
    mos_free(o->pos_weight);
    mos_free(o->self);
    mos_free(o->partner);
    mos_free(o->labels);
    mos_free(o->present);
    mos_free(o);
    *objective = NULL;
}

mos_objective_options *mos_objective_settings(mos_objective *objective) {
    return &objective->options;
}

mos_label_queue *mos_objective_queue(mos_objective *objective) {
    return &objective->queue;
}

/* ---- row sets
 * --------------------------------------------------------------------------------------------------
 */

/* Where a problem's rows and their gradients are. */
typedef struct row_set {
    const void *z;
    void *dz;
} row_set;

static void *row_at(const mos_objective *o, const void *rows, int64_t row) {
    union {
        const void *read;
        void *write;
    } at = {.read = rows};
    return (unsigned char *)at.write + (size_t)(row * o->latent) * o->device->real_bytes;
}

static row_set view_rows(const mos_objective *o, const mos_objective_input *in, int64_t m,
                         int64_t view, bool inter) {
    int64_t row = view * in->batch;
    return inter ? (row_set){row_at(o, in->z_inter[m], row), row_at(o, in->dz_inter[m], row)}
                 : (row_set){row_at(o, in->z[m], row), row_at(o, in->dz[m], row)};
}

/* Presence of part `part` of the problem's rows: those of modality m. */
static void set_present(mos_objective *o, const mos_objective_input *in, int64_t part, int64_t m) {
    uint8_t *to = o->present + part * in->batch;
    if (in->present[m] != NULL)
        memcpy(to, in->present[m], (size_t)in->batch);
    else
        memset(to, 1, (size_t)in->batch);
}

/* Two parts of one batch each: row i and row i + batch are the same sample's. Where either is
 * absent there is no positive. */
static void set_partners(mos_objective *o, int64_t batch) {
    for (int64_t i = 0; i < batch; i++) {
        bool both = o->present[i] != 0 && o->present[batch + i] != 0;
        o->partner[i] = both ? (int32_t)(batch + i) : -1;
        o->partner[batch + i] = both ? (int32_t)i : -1;
    }
}

/* Anchors of the modalities first..first+count-1 of list, one below the other, copied together. */
static row_set gather_anchors(mos_objective *o, const mos_objective_input *in, const int64_t *list,
                              int64_t count) {
    mos_device *device = o->device;
    size_t part_bytes = (size_t)(in->batch * o->latent) * device->real_bytes;
    for (int64_t k = 0; k < count; k++) {
        row_set from = view_rows(o, in, list[k], o->views.anchor, true);
        device->ops->copy(device, row_at(o, o->rows, k * in->batch), from.z, part_bytes);
        set_present(o, in, k, list[k]);
    }
    device->ops->zero(device, o->drows, (size_t)count * part_bytes);
    return (row_set){o->rows, o->drows};
}

static void scatter_gradients(mos_objective *o, const mos_objective_input *in, const int64_t *list,
                              int64_t count) {
    mos_device *device = o->device;
    for (int64_t k = 0; k < count; k++) {
        row_set to = view_rows(o, in, list[k], o->views.anchor, true);
        device->ops->columns(device, in->batch, o->latent, row_at(o, o->drows, k * in->batch),
                             o->latent, to.dz, o->latent, true);
    }
}

static mos_contrast_result run_problem(mos_objective *o, const mos_contrast *problem,
                                       row_set anchors, row_set references, double scale) {
    mos_contrast_result found = {0};
    o->device->ops->contrast(o->device, problem, anchors.z, references.z, scale, anchors.dz,
                             references.dz, o->scratch, &found);
    return found;
}

/* ---- terms
 * -------------------------------------------------------------------------------------------------------
 */

/* NT-Xent between the strong views of each modality: they lie together in the model. */
static double intra_term(mos_objective *o, const mos_objective_input *in) {
    double loss = 0;
    for (int64_t m = 0; m < in->modalities; m++) {
        row_set rows = view_rows(o, in, m, 0, false);
        mos_contrast problem = square_problem(o, 2 * in->batch);
        use_partners(o, &problem);
        set_present(o, in, 0, m);
        set_present(o, in, 1, m);
        set_partners(o, in->batch);
        loss += run_problem(o, &problem, rows, rows, o->options.weight[MOS_TERM_INTRA]).loss;
    }
    return loss;
}

/* NT-Xent between the anchors of each pair of modalities. */
static double inter_term(mos_objective *o, const mos_objective_input *in) {
    double loss = 0;
    for (int64_t p = 0; p < in->modalities; p++) {
        for (int64_t q = p + 1; q < in->modalities; q++) {
            int64_t pair[2] = {p, q};
            row_set rows = gather_anchors(o, in, pair, 2);
            mos_contrast problem = square_problem(o, 2 * in->batch);
            use_partners(o, &problem);
            set_partners(o, in->batch);
            loss += run_problem(o, &problem, rows, rows, o->options.weight[MOS_TERM_INTER]).loss;
            scatter_gradients(o, in, pair, 2);
        }
    }
    return loss;
}

/* Puts what the queue holds of modalities first..first+count-1 behind the references, which are
 * then a copy; their gradients stay where they were. */
static row_set add_queue(mos_objective *o, row_set references, int64_t first, int64_t count,
                         mos_contrast *problem) {
    const int64_t own = problem->references;
    if (o->queue.cursor[0] == 0) return references;
    if (references.z != o->rows)
        o->device->ops->copy(o->device, o->rows, references.z,
                             (size_t)(own * o->latent) * o->device->real_bytes);
    memcpy(o->reference_labels, problem->reference_labels, (size_t)(own * o->classes));
    memcpy(o->reference_present, problem->reference_present, (size_t)own);
    for (int64_t m = first; m < first + count; m++) {
        const int64_t at = problem->references;
        problem->references +=
            mos_label_queue_copy(&o->queue, m, row_at(o, o->rows, at),
                                 o->reference_labels + at * o->classes, o->reference_present + at);
    }
    problem->frozen = problem->references - own;
    problem->reference_labels = o->reference_labels;
    problem->reference_present = o->reference_present;
    return (row_set){o->rows, references.dz};
}

/* The references are of modalities first..first+count-1. */
static void add_supervised(mos_objective *o, mos_contrast problem, row_set anchors,
                           row_set references, int64_t first, int64_t count, double share,
                           mos_objective_result *result) {
    references = add_queue(o, references, first, count, &problem);
    mos_contrast_result found =
        run_problem(o, &problem, anchors, references, share * o->options.weight[MOS_TERM_MSC]);
    result->term[MOS_TERM_MSC] += share * found.loss;
    result->msc_floor += share * found.floor;
    result->anchors_used += found.anchors_used;
    result->anchors_without_positive += found.anchors_without_positive;
    result->positives += found.positives;
    result->queue_positives += found.frozen_positives;
}

/* Anchors of one modality, references of another, both ways, averaged. A sample's own other
 * modality is a reference. */
static void cross_rows(mos_objective *o, const mos_objective_input *in,
                       mos_objective_result *result) {
    for (int64_t p = 0; p < in->modalities; p++) {
        for (int64_t q = 0; q < in->modalities; q++) {
            if (p == q) continue;
            row_set anchors = view_rows(o, in, p, o->views.anchor, true);
            row_set references = view_rows(o, in, q, o->views.anchor, true);
            set_present(o, in, 0, p);
            set_present(o, in, 1, q);
            mos_contrast problem = {.anchors = in->batch,
                                    .references = in->batch,
                                    .d = o->latent,
                                    .anchor_present = o->present,
                                    .reference_present = o->present + in->batch};
            use_labels(o, &problem);
            add_supervised(o, problem, anchors, references, q, 1, 0.5, result);
        }
    }
}

/* The two strong views of each modality, self excluded. */
static void views_rows(mos_objective *o, const mos_objective_input *in,
                       mos_objective_result *result) {
    for (int64_t m = 0; m < in->modalities; m++) {
        row_set rows = view_rows(o, in, m, 0, true);
        set_present(o, in, 0, m);
        set_present(o, in, 1, m);
        mos_contrast problem = square_problem(o, 2 * in->batch);
        use_labels(o, &problem);
        add_supervised(o, problem, rows, rows, m, 1, 1, result);
    }
}

/* The anchors of all modalities together, self excluded. */
static void joint_rows(mos_objective *o, const mos_objective_input *in,
                       mos_objective_result *result) {
    int64_t all[MOS_MAX_MODALITIES];
    for (int64_t m = 0; m < in->modalities; m++)
        all[m] = m;
    row_set rows = gather_anchors(o, in, all, in->modalities);
    mos_contrast problem = square_problem(o, in->modalities * in->batch);
    use_labels(o, &problem);
    add_supervised(o, problem, rows, rows, 0, in->modalities, 1, result);
    scatter_gradients(o, in, all, in->modalities);
}

static void supervised_term(mos_objective *o, const mos_objective_input *in,
                            mos_objective_result *result) {
    size_t bytes = (size_t)(in->batch * o->classes);
    for (int64_t part = 0; part < o->most_rows / o->batch; part++)
        memcpy(o->labels + (size_t)part * bytes, in->labels, bytes);
    if ((o->terms.msc & MOS_MSC_CROSS) != 0) cross_rows(o, in, result);
    if ((o->terms.msc & MOS_MSC_VIEWS) != 0) views_rows(o, in, result);
    if ((o->terms.msc & MOS_MSC_JOINT) != 0) joint_rows(o, in, result);
}

static void fill_queue(mos_objective *o, const mos_objective_input *in) {
    const void *z[MOS_MAX_MODALITIES] = {NULL};
    for (int64_t m = 0; m < in->modalities && o->queue.size > 0; m++)
        z[m] = view_rows(o, in, m, o->views.anchor, true).z;
    mos_label_queue_push(&o->queue, in->batch, z, in->labels, in->present);
}

static mosaic_status check_input(const mos_objective *o, const mos_objective_input *in) {
    if (in->modalities != o->modalities || in->batch < 1 || in->batch > o->batch ||
        in->classes != o->classes || in->latent != o->latent)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "objective made for %lld modalities, %lld samples, %lld classes, %lld "
                        "latents; found %lld, %lld, %lld, %lld",
                        (long long)o->modalities, (long long)o->batch, (long long)o->classes,
                        (long long)o->latent, (long long)in->modalities, (long long)in->batch,
                        (long long)in->classes, (long long)in->latent);
    bool labelled = o->terms.msc != 0 || o->terms.bce;
    if (labelled && in->labels == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "method '%s' needs labels", o->options.method->name);
    if (o->terms.bce && (in->logits == NULL || in->dlogits == NULL))
        return mos_fail(MOSAIC_ERR_USAGE, "method '%s' needs logits", o->options.method->name);
    bool inter = o->terms.inter || o->terms.msc != 0;
    for (int64_t m = 0; m < in->modalities; m++) {
        bool complete = (!o->terms.intra || (in->z[m] != NULL && in->dz[m] != NULL)) &&
                        (!inter || (in->z_inter[m] != NULL && in->dz_inter[m] != NULL));
        if (!complete)
            return mos_fail(MOSAIC_ERR_USAGE, "method '%s': modality %lld has no latents",
                            o->options.method->name, (long long)m);
    }
    return MOSAIC_OK;
}

mosaic_status mos_objective_run(mos_objective *o, const mos_objective_input *in,
                                mos_objective_result *result) {
    const double *weight = o->options.weight;
    *result = (mos_objective_result){0};
    MOS_TRY(check_input(o, in));
    if (o->terms.intra && weight[MOS_TERM_INTRA] != 0)
        result->term[MOS_TERM_INTRA] = intra_term(o, in);
    if (o->terms.inter && weight[MOS_TERM_INTER] != 0)
        result->term[MOS_TERM_INTER] = inter_term(o, in);
    if (o->terms.msc != 0 && weight[MOS_TERM_MSC] != 0) supervised_term(o, in, result);
    fill_queue(o, in);
    if (o->terms.bce)
        o->device->ops->bce(o->device, in->batch, in->classes, in->logits, in->labels,
                            o->options.pos_weight, weight[MOS_TERM_BCE], in->dlogits,
                            &result->term[MOS_TERM_BCE], &result->known_labels);
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        result->total += weight[t] * result->term[t];
    return MOSAIC_OK;
}
