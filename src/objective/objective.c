/* The objective: its terms in the order of their table, its memory, its queue. */
#include "objective/objective.h"

#include "base/memory.h"
#include "objective/objective_parts.h"

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

static mosaic_status allocate_queue(mos_objective *o) {
    const int64_t size = (o->needs & MOS_NEEDS_POSITIVES) != 0 ? o->options.msc_queue : 0;
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
    size_t scratch = scratch_size(o);
    return scratch == 0 ? MOSAIC_OK : device->ops->alloc(device, scratch, &o->scratch);
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

void mos_objective_warm(mos_objective *objective, const double *weight, double share) {
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if (mos_terms[t]->warms) objective->options.weight[t] = weight[t] * share;
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

mosaic_status mos_objective_run(mos_objective *o, const mos_objective_input *in,
                                mos_objective_result *result) {
    const double *weight = o->options.weight;
    *result = (mos_objective_result){0};
    MOS_TRY(check_input(o, in));
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if ((o->terms & 1u << t) != 0 && (weight[t] != 0 || mos_terms[t]->always))
            mos_terms[t]->run(o, in, weight[t], result);
    fill_queue(o, in);
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        result->total += weight[t] * result->term[t];
    return MOSAIC_OK;
}
