/* The collapse monitor: has the embedding of the present batch collapsed? */
#include "train/train_state.h"

#include "score/health.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A single bad batch may be chance; so many checks in a row are called a collapse. */
enum { IN_A_ROW = 3 };

/* Unit rows of view set `view` of modality m, [batch, latent]. */
static mosaic_status get_rows(const mos_train_learner *learner, int64_t batch, int64_t m,
                              int64_t view, float *to) {
    mos_device *device = learner->device;
    int64_t values = batch * learner->card->spec.latent;
    const unsigned char *z = mos_model_latents(learner->model, m);
    return mos_get_f32(device, z + (size_t)(view * values) * device->real_bytes, to, values);
}

/* The view set that is compared across modalities. */
static int64_t anchor_of(const mos_view_plan *views) {
    return views->anchor < 0 ? 0 : views->anchor;
}

/* Two strong views of the same modality, or one set of rows and no pair. */
static mosaic_status get_views(const mos_train_job *job, mos_train_learner *learner, int64_t m,
                               bool *pair) {
    const int64_t batch = job->config->settings.train.batch;
    *pair = job->views.views >= 2 && job->views.kinds[1] == 's';
    MOS_TRY(get_rows(learner, batch, m, *pair ? 0 : anchor_of(&job->views), learner->rows_z));
    return *pair ? get_rows(learner, batch, m, 1, learner->rows_pair) : MOSAIC_OK;
}

/* Moves the rows of present patches to the front and counts them. Those of absent patches are known
 * by their length: it is not 1. */
static int64_t drop_absent(mos_train_learner *learner, int64_t batch, bool pair) {
    int64_t d = learner->card->spec.latent;
    int64_t kept = 0;
    for (int64_t i = 0; i < batch; i++) {
        const float *z = learner->rows_z + i * d, *other = learner->rows_pair + i * d;
        double norm = 0, other_norm = 0;
        for (int64_t k = 0; k < d; k++) {
            norm += (double)z[k] * (double)z[k];
            other_norm += (double)other[k] * (double)other[k];
        }
        if (!(norm > 0.5) || (pair && !(other_norm > 0.5))) continue;
        memmove(learner->rows_z + kept * d, z, (size_t)d * sizeof *z);
        memmove(learner->rows_pair + kept * d, other, (size_t)d * sizeof *other);
        kept++;
    }
    return kept;
}

/* Mean |a - b|^2 of a patch's rows in this modality and the next one; NaN with one modality. */
static mosaic_status align_modalities(const mos_train_job *job, mos_train_learner *learner,
                                      int64_t m, double *out) {
    const int64_t batch = job->config->settings.train.batch, anchor = anchor_of(&job->views);
    int64_t modalities = learner->card->spec.modalities, d = learner->card->spec.latent;
    *out = NAN;
    if (modalities < 2) return MOSAIC_OK;
    MOS_TRY(get_rows(learner, batch, m, anchor, learner->rows_z));
    MOS_TRY(get_rows(learner, batch, (m + 1) % modalities, anchor, learner->rows_pair));
    *out = mos_pair_alignment(learner->rows_z, learner->rows_pair,
                              drop_absent(learner, batch, true), d);
    return MOSAIC_OK;
}

static void add_values(mos_metric_row *row, const char *modality, const mos_health *health,
                       double across) {
    const struct {
        const char *name;
        double value;
    } values[] = {{"spread", health->spread},
                  {"mean_cosine", health->mean_cosine},
                  {"rankme", health->rankme},
                  {"uniformity", health->uniformity},
                  {"view_alignment", health->alignment},
                  {"modality_alignment", across}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char name[MOS_ROW_NAME];
        (void)snprintf(name, sizeof name, "health.%s.%s", modality, values[i].name);
        mos_metric_row_add(row, name, values[i].value);
    }
}

static mosaic_status judge(const mos_train_job *job, int64_t step, const char *modality,
                           const mos_health *health) {
    char text[256];
    (void)snprintf(text, sizeof text,
                   "step %lld: the embedding of '%s' has collapsed: spread %.3f (1 is healthy), "
                   "mean cosine %.3f, RankMe %.1f",
                   (long long)step, modality, health->spread, health->mean_cosine, health->rankme);
    if (job->options->fail_on_collapse) return mos_fail(MOSAIC_ERR_NUMERIC, "%s", text);
    mos_log(MOS_LOG_WARNING, "%s", text);
    return MOSAIC_OK;
}

mosaic_status mos_train_check_health(const mos_train_job *job, mos_train_learner *learner,
                                     mos_train_run_files *run, mos_train_position *at) {
    mos_health health[MOS_MAX_MODALITIES];
    const mos_model_spec *spec = &learner->card->spec;
    const int64_t batch = job->config->settings.train.batch;
    bool collapsed = false;
    if (learner->rows_z == NULL) return MOSAIC_OK; /* no latents, nothing to collapse */
    mos_metric_row_begin(&run->row, "health", at->step, at->epoch + 1);
    for (int64_t m = 0; m < spec->modalities; m++) {
        bool pair;
        double across;
        MOS_TRY(get_views(job, learner, m, &pair));
        int64_t rows = drop_absent(learner, batch, pair);
        health[m] = (mos_health){0};
        if (rows < 2) continue;
        MOS_TRY(mos_health_measure(learner->rows_z, pair ? learner->rows_pair : NULL, rows,
                                   spec->latent, &health[m]));
        MOS_TRY(align_modalities(job, learner, m, &across));
        add_values(&run->row, spec->modality[m].name, &health[m], across);
        collapsed = collapsed || health[m].collapsed;
    }
    MOS_TRY(mos_run_log_write(&run->log, &run->row));
    at->collapsed_in_a_row = collapsed ? at->collapsed_in_a_row + 1 : 0;
    if (at->collapsed_in_a_row < IN_A_ROW) return MOSAIC_OK;
    for (int64_t m = 0; m < spec->modalities; m++) {
        if (health[m].collapsed) MOS_TRY(judge(job, at->step, spec->modality[m].name, &health[m]));
    }
    return MOSAIC_OK;
}
