/* The collapse monitor: is the embedding of the present batch alive? */
#include "train/train_state.h"

#include "score/health.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One bad batch is chance; so many checks in a row are a collapse. */
enum { IN_A_ROW = 3 };

/* Unit rows of view set `view` of modality m, [batch, latent]. */
static mosaic_status get_rows(mos_trainer *trainer, int64_t m, int64_t view, float *to) {
    mos_device *device = trainer->device;
    int64_t values = trainer->config->settings.train.batch * trainer->card->spec.latent;
    const unsigned char *z = mos_model_latents(trainer->model, m);
    return mos_get_f32(device, z + (size_t)(view * values) * device->real_bytes, to, values);
}

/* The view set that is compared across modalities. */
static int64_t anchor_of(const mos_trainer *trainer) {
    return trainer->views.anchor < 0 ? 0 : trainer->views.anchor;
}

/* Two strong views of the same modality, or one set of rows and no pair. */
static mosaic_status get_views(mos_trainer *trainer, int64_t m, bool *pair) {
    *pair = trainer->views.views >= 2 && trainer->views.kinds[1] == 's';
    MOS_TRY(get_rows(trainer, m, *pair ? 0 : anchor_of(trainer), trainer->rows_z));
    return *pair ? get_rows(trainer, m, 1, trainer->rows_pair) : MOSAIC_OK;
}

/* Rows of absent patches are no rows: they are exactly zero or not of unit length. */
static int64_t drop_absent(mos_trainer *trainer, bool pair) {
    int64_t batch = trainer->config->settings.train.batch, d = trainer->card->spec.latent;
    int64_t kept = 0;
    for (int64_t i = 0; i < batch; i++) {
        const float *z = trainer->rows_z + i * d, *other = trainer->rows_pair + i * d;
        double norm = 0, other_norm = 0;
        for (int64_t k = 0; k < d; k++) {
            norm += (double)z[k] * (double)z[k];
            other_norm += (double)other[k] * (double)other[k];
        }
        if (!(norm > 0.5) || (pair && !(other_norm > 0.5))) continue;
        memmove(trainer->rows_z + kept * d, z, (size_t)d * sizeof *z);
        memmove(trainer->rows_pair + kept * d, other, (size_t)d * sizeof *other);
        kept++;
    }
    return kept;
}

/* Mean |a - b|^2 of a patch's rows in this modality and the next one; NaN with one modality. */
static mosaic_status align_modalities(mos_trainer *trainer, int64_t m, double *out) {
    int64_t modalities = trainer->card->spec.modalities, d = trainer->card->spec.latent;
    *out = NAN;
    if (modalities < 2) return MOSAIC_OK;
    MOS_TRY(get_rows(trainer, m, anchor_of(trainer), trainer->rows_z));
    MOS_TRY(get_rows(trainer, (m + 1) % modalities, anchor_of(trainer), trainer->rows_pair));
    *out = mos_pair_alignment(trainer->rows_z, trainer->rows_pair, drop_absent(trainer, true), d);
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

static mosaic_status judge(mos_trainer *trainer, int64_t m, const mos_health *health) {
    char text[256];
    (void)snprintf(text, sizeof text,
                   "step %lld: the embedding of '%s' has collapsed: spread %.3f (1 is healthy), "
                   "mean cosine %.3f, RankMe %.1f",
                   (long long)trainer->at.step, trainer->card->spec.modality[m].name,
                   health->spread, health->mean_cosine, health->rankme);
    if (trainer->options->fail_on_collapse) return mos_fail(MOSAIC_ERR_NUMERIC, "%s", text);
    mos_log(MOS_LOG_WARNING, "%s", text);
    return MOSAIC_OK;
}

mosaic_status mos_trainer_check_health(mos_trainer *trainer) {
    mos_health health[MOS_MAX_MODALITIES];
    const mos_model_spec *spec = &trainer->card->spec;
    bool collapsed = false;
    if (trainer->rows_z == NULL) return MOSAIC_OK; /* no latents, nothing to collapse */
    mos_metric_row_begin(&trainer->row, "health", trainer->at.step, trainer->at.epoch + 1);
    for (int64_t m = 0; m < spec->modalities; m++) {
        bool pair;
        double across;
        MOS_TRY(get_views(trainer, m, &pair));
        int64_t rows = drop_absent(trainer, pair);
        health[m] = (mos_health){0};
        if (rows < 2) continue;
        MOS_TRY(mos_health_measure(trainer->rows_z, pair ? trainer->rows_pair : NULL, rows,
                                   spec->latent, &health[m]));
        MOS_TRY(align_modalities(trainer, m, &across));
        add_values(&trainer->row, spec->modality[m].name, &health[m], across);
        collapsed = collapsed || health[m].collapsed;
    }
    MOS_TRY(mos_run_log_write(&trainer->log, &trainer->row));
    trainer->at.collapsed_in_a_row = collapsed ? trainer->at.collapsed_in_a_row + 1 : 0;
    if (trainer->at.collapsed_in_a_row < IN_A_ROW) return MOSAIC_OK;
    for (int64_t m = 0; m < spec->modalities; m++) {
        if (health[m].collapsed) MOS_TRY(judge(trainer, m, &health[m]));
    }
    return MOSAIC_OK;
}
