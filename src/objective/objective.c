/* The objective: its terms in the order of their table, its memory, its queue. */
#include "objective/objective.h"

#include "base/memory.h"
#include "objective/objective_internal.h"

#include <stddef.h>
#include <string.h>

/* ---- life ---- */

static mosaic_status check_term(const mos_objective *o, mos_term term) {
    const mos_term_row *row = mos_terms[term];
    const unsigned needs = row->needs(&o->options);
    const char *name = o->options.method->name;
    if (o->modalities < 2 && (needs & MOS_NEEDS_PAIRS) != 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "method '%s': the %s term compares modalities, but there is only one; set "
                        "its weight to 0 or add a modality",
                        name, row->name);
    if (o->classes < 1 && (needs & MOS_NEEDS_LABELS) != 0)
        return mos_fail(MOSAIC_ERR_USAGE, "method '%s' needs classes, found none", name);
    return row->check == NULL ? MOSAIC_OK : row->check(o);
}

static mosaic_status check_options(const mos_objective *o) {
    const mos_objective_options *options = &o->options;
    if (o->modalities < 1 || o->modalities > MOS_MAX_MODALITIES || o->batch < 1)
        return mos_fail(MOSAIC_ERR_USAGE, "an objective needs 1 to %d modalities and a batch",
                        MOS_MAX_MODALITIES);
    if (o->terms == 0)
        return mos_fail(MOSAIC_ERR_USAGE, "method '%s': every term has weight 0",
                        options->method->name);
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if ((o->terms & 1u << t) != 0) MOS_TRY(check_term(o, (mos_term)t));
    if (!(options->tau_ntx > 0) || !(options->tau_msc > 0))
        return mos_fail(MOSAIC_ERR_USAGE, "temperatures must be positive, found %g and %g",
                        options->tau_ntx, options->tau_msc);
    if (options->msc_queue < 0 || options->msc_queue > MOS_OBJECTIVE_MAX_QUEUE)
        return mos_fail(MOSAIC_ERR_USAGE, "the queue of labelled latents: want 0 to %d, found %lld",
                        MOS_OBJECTIVE_MAX_QUEUE, (long long)options->msc_queue);
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if (!(options->weight[t] >= 0))
            return mos_fail(MOSAIC_ERR_USAGE, "weight of the %s term: want 0 or more, found %g",
                            mos_terms[t]->name, options->weight[t]);
    return MOSAIC_OK;
}

static unsigned active_terms(const mos_objective_options *options) {
    unsigned terms = 0;
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if (mos_objective_uses(options, (mos_term)t)) terms |= 1u << t;
    return terms;
}

static size_t scratch_size(const mos_objective *o) {
    size_t most = 0;
    for (int t = 0; t < MOS_TERM_COUNT; t++) {
        if ((o->terms & 1u << t) == 0 || mos_terms[t]->bytes == NULL) continue;
        size_t bytes = mos_terms[t]->bytes(o);
        if (most < bytes) most = bytes;
    }
    return most;
}

/* to: the address of a pointer to device memory. */
static mosaic_status allocate(mos_objective *o, size_t bytes, void *to) {
    void *memory = NULL;
    MOS_TRY(o->device->ops->alloc(o->device, bytes, &memory));
    memcpy(to, &memory, sizeof memory);
    return MOSAIC_OK;
}

static mosaic_status allocate_queue(mos_objective *o) {
    const int64_t size = (o->needs & MOS_NEEDS_POSITIVES) != 0 ? o->options.msc_queue : 0;
    const size_t rows = (size_t)(o->most_rows + o->modalities * size);
    MOS_TRY(mos_label_queue_init(&o->queue, o->device, size, o->modalities, o->classes, o->latent));
    o->queued = o->modalities * size;
    if (size == 0) return MOSAIC_OK;
    MOS_TRY(allocate(o, rows * (size_t)o->classes, &o->reference_labels));
    return allocate(o, rows, &o->reference_present);
}

static mosaic_status allocate_tables(mos_objective *o) {
    const mos_backend *ops = o->device->ops;
    const size_t rows = (size_t)o->most_rows, masks = (size_t)(o->modalities * o->batch);
    MOS_TRY(mos_alloc(rows, sizeof *o->host_rows, "row indices", &o->host_rows));
    MOS_TRY(mos_alloc(masks, 1, "row presence", &o->host_presence));
    MOS_TRY(mos_alloc(1, sizeof *o->found, "losses", &o->found));
    MOS_TRY(allocate(o, sizeof *o->block, &o->block));
    MOS_TRY(allocate(o, rows * sizeof *o->self, &o->self));
    MOS_TRY(allocate(o, rows * sizeof *o->partner, &o->partner));
    MOS_TRY(allocate(o, masks, &o->presence));
    MOS_TRY(allocate(o, rows, &o->present));
    MOS_TRY(allocate(o, rows * (size_t)o->classes, &o->labels));
    if ((o->needs & MOS_NEEDS_LOGITS) != 0) {
        const size_t targets = (size_t)(o->batch * o->classes);
        MOS_TRY(mos_alloc(targets, sizeof *o->host_targets, "targets", &o->host_targets));
        MOS_TRY(allocate(o, targets * sizeof *o->targets, &o->targets));
    }
    for (int64_t i = 0; i < o->most_rows; i++)
        o->host_rows[i] = (int32_t)i;
    ops->put_bytes(o->device, o->self, o->host_rows, rows * sizeof *o->self);
    if (o->options.pos_weight == NULL) return MOSAIC_OK;
    const size_t bytes = (size_t)o->classes * sizeof *o->pos_weight;
    MOS_TRY(allocate(o, bytes, &o->pos_weight));
    ops->put_bytes(o->device, o->pos_weight, o->options.pos_weight, bytes);
    o->options.pos_weight = NULL; /* the caller's, and read */
    return MOSAIC_OK;
}

static mosaic_status allocate_all(mos_objective *o) {
    const size_t rows = (size_t)o->most_rows;
    const size_t row_bytes = (size_t)o->latent * o->device->real_bytes;
    MOS_TRY(allocate_tables(o));
    MOS_TRY(allocate_queue(o));
    MOS_TRY(allocate(o, (rows + (size_t)o->queued) * row_bytes, &o->rows));
    MOS_TRY(allocate(o, rows * row_bytes, &o->drows));
    const size_t scratch = scratch_size(o);
    return scratch == 0 ? MOSAIC_OK : allocate(o, scratch, &o->scratch);
}

size_t mos_objective_bytes(mos_device *device, const mos_objective_options *options,
                           int64_t modalities, int64_t batch, int64_t classes, int64_t latent) {
    mos_objective o = {.device = device,
                       .options = *options,
                       .terms = active_terms(options),
                       .modalities = modalities,
                       .batch = batch,
                       .classes = classes,
                       .latent = latent,
                       .most_rows = batch * (modalities > 2 ? modalities : 2)};
    size_t rows = (size_t)o.most_rows,
           row = 2 * (size_t)latent * device->real_bytes + 2 * sizeof(int32_t) + 1;
    const bool scores = (mos_objective_needs(options) & MOS_NEEDS_LOGITS) != 0;
    const size_t targets = scores ? (size_t)(batch * classes) * sizeof *o.targets : 0;
    return rows * (row + (size_t)classes) + targets + scratch_size(&o);
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
    o->terms = active_terms(options);
    o->needs = mos_objective_needs(options);
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
    void *blocks[] = {o->rows,   o->drows,      o->scratch, o->reference_labels,
                      o->block,  o->pos_weight, o->self,    o->reference_present,
                      o->labels, o->partner,    o->present, o->presence,
                      o->targets};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (blocks[i] != NULL) o->device->ops->free(o->device, blocks[i]);
    mos_label_queue_release(&o->queue);
    mos_free(o->host_rows);
    mos_free(o->host_presence);
    mos_free(o->host_targets);
    mos_free(o->found);
    mos_free(o);
    *objective = NULL;
}

mos_objective_options *mos_objective_settings(mos_objective *objective) {
    return &objective->options;
}

void mos_objective_warm(mos_objective *objective, const double *weight, double share) {
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if (mos_terms[t]->warms) objective->options.weight[t] = weight[t] * share;
}

void mos_objective_share(mos_objective *objective, int64_t first, int64_t count) {
    objective->own_first = first;
    objective->own_count = count;
}

mos_contrast_result *mos_objective_found(mos_objective *objective, int64_t *problems) {
    *problems = objective->problems;
    return objective->found->problem;
}

mos_label_queue *mos_objective_queue(mos_objective *objective) {
    return &objective->queue;
}

static void fill_queue(mos_objective *o, const mos_objective_input *in) {
    const void *z[MOS_MAX_MODALITIES] = {NULL};
    for (int64_t m = 0; m < in->modalities && o->queue.size > 0; m++)
        z[m] = mos_view_rows(o, in, m, o->views.anchor, true).z;
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
    const char *method = o->options.method->name;
    if ((o->needs & MOS_NEEDS_LABELS) != 0 && in->labels == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "method '%s' needs labels", method);
    if ((o->needs & MOS_NEEDS_LOGITS) != 0 && (in->logits == NULL || in->dlogits == NULL))
        return mos_fail(MOSAIC_ERR_USAGE, "method '%s' needs logits", method);
    bool own = (o->needs & MOS_NEEDS_LATENTS) != 0;
    bool inter = (o->needs & MOS_NEEDS_LATENTS_INTER) != 0;
    for (int64_t m = 0; m < in->modalities; m++) {
        bool complete = (!own || (in->z[m] != NULL && in->dz[m] != NULL)) &&
                        (!inter || (in->z_inter[m] != NULL && in->dz_inter[m] != NULL));
        if (!complete)
            return mos_fail(MOSAIC_ERR_USAGE, "method '%s': modality %lld has no latents", method,
                            (long long)m);
    }
    return MOSAIC_OK;
}

/* What the cross entropy wants of each logit: the label, but of a mixed patch. */
static void put_targets(mos_objective *o, const mos_objective_input *in) {
    const int64_t count = in->batch * o->classes;
    for (int64_t i = 0; i < count; i++)
        o->host_targets[i] = in->targets != NULL ? in->targets[i] : (float)in->labels[i];
    o->device->ops->put_bytes(o->device, o->targets, o->host_targets,
                              (size_t)count * sizeof *o->targets);
}

/* The batch's labels, below each other as often as a problem has parts, and who is present. */
static void put_tables(mos_objective *o, const mos_objective_input *in) {
    const mos_backend *ops = o->device->ops;
    const size_t bytes = (size_t)(in->batch * o->classes), batch = (size_t)in->batch;
    for (int64_t m = 0; m < in->modalities; m++) {
        uint8_t *to = o->host_presence + m * in->batch;
        if (in->present[m] != NULL)
            memcpy(to, in->present[m], batch);
        else
            memset(to, 1, batch);
    }
    ops->put_bytes(o->device, o->presence, o->host_presence, (size_t)in->modalities * batch);
    if ((o->needs & MOS_NEEDS_LABELS) == 0) return;
    if (o->targets != NULL) put_targets(o, in);
    ops->put_bytes(o->device, o->labels, in->labels, bytes);
    for (int64_t part = 1; part < o->most_rows / o->batch; part++)
        ops->copy(o->device, o->labels + (size_t)part * bytes, o->labels, bytes);
}

/* Does the term take part in a step with these weights? */
static bool runs(const mos_objective *o, int term) {
    return (o->terms & 1u << term) != 0 &&
           (o->options.weight[term] != 0 || mos_terms[term]->always);
}

mosaic_status mos_objective_enqueue(mos_objective *o, const mos_objective_input *in) {
    MOS_TRY(check_input(o, in));
    o->problems = 0;
    put_tables(o, in);
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if (runs(o, t)) mos_terms[t]->run(o, in, o->options.weight[t]);
    fill_queue(o, in);
    o->device->ops->get_bytes(o->device, o->block, o->found,
                              offsetof(mos_objective_block, problem) +
                                  (size_t)o->problems * sizeof *o->block->problem);
    return MOSAIC_OK;
}

static void add_problem(const mos_problem *problem, const mos_contrast_result *found,
                        mos_objective_result *result) {
    const double share = problem->share;
    result->term[problem->term] += share * found->loss;
    if (mos_terms[problem->term]->floor == NULL) return;
    result->msc_floor += share * found->floor;
    result->anchors_used += found->anchors_used;
    result->anchors_without_positive += found->anchors_without_positive;
    result->positives += found->positives;
    result->queue_positives += found->frozen_positives;
}

void mos_objective_collect(const mos_objective *o, mos_objective_result *result) {
    *result = (mos_objective_result){0};
    for (int k = 0; k < o->problems; k++)
        add_problem(&o->problem[k], &o->found->problem[k], result);
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if (runs(o, t) && mos_terms[t]->collect != NULL) mos_terms[t]->collect(o, result);
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        result->total += o->options.weight[t] * result->term[t];
}

mosaic_status mos_objective_run(mos_objective *o, const mos_objective_input *in,
                                mos_objective_result *result) {
    *result = (mos_objective_result){0};
    MOS_TRY(mos_objective_enqueue(o, in));
    MOS_TRY(mos_settle(o->device));
    mos_objective_collect(o, result);
    return MOSAIC_OK;
}
