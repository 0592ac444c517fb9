/* What was asked for: the configuration file, --set, and what only the data set can fill in. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"

#include <string.h>

static mosaic_status read_config(mos_train_job *job) {
    const mos_train_options *options = job->options;
    char own[4096];
    const char *path = options->config;
    MOS_TRY(mos_config_create(&job->config));
    if (path == NULL && options->resume && options->out != NULL) {
        MOS_TRY(mos_path_join(own, sizeof own, options->out, "config.yaml"));
        path = own;
    }
    if (path == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "a configuration file is wanted: mosaic train CONFIG "
                                          "--out RUN");
    if (options->config_text != NULL)
        MOS_TRY(mos_config_read_text(job->config, options->config_text, path));
    else
        MOS_TRY(mos_config_read(job->config, path));
    for (size_t i = 0; options->set != NULL && i < options->set->count; i++)
        MOS_TRY(mos_config_set(job->config, options->set->items[i]));
    return mos_config_check(job->config);
}

mosaic_status mos_train_read_job(mos_train_job *job) {
    MOS_TRY(read_config(job));
    MOS_TRY(mos_config_objective(job->config, &job->objective));
    job->needs = mos_objective_needs(&job->objective);
    job->views = mos_objective_views(&job->objective);
    return MOSAIC_OK;
}

/* ---- modalities and bands ---- */

static const mos_modality *find_modality(const mos_dataset *dataset, const char *name) {
    const mos_modality *list;
    int64_t count = mos_dataset_modalities(dataset, &list);
    for (int64_t m = 0; m < count; m++) {
        if (strcmp(list[m].name, name) == 0) return &list[m];
    }
    return NULL;
}

/* The format's own choice where it has one, else every band. */
static mosaic_status add_default_bands(const mos_dataset *set, const mos_modality *source,
                                       mos_config_modality *modality) {
    const char *const *names = mos_dataset_default_bands(set, source->name);
    for (size_t b = 0; names != NULL && names[b] != NULL; b++)
        MOS_TRY(mos_text_list_add(&modality->bands, names[b]));
    for (int64_t b = 0; names == NULL && b < source->band_count; b++)
        MOS_TRY(mos_text_list_add(&modality->bands, source->bands[b].name));
    mos_text left = {0};
    for (int64_t b = 0; names != NULL && b < source->band_count; b++) {
        bool used = false;
        for (size_t u = 0; u < modality->bands.count; u++)
            used = used || strcmp(modality->bands.items[u], source->bands[b].name) == 0;
        if (!used) mos_text_add(&left, "%s%s", left.size == 0 ? "" : ", ", source->bands[b].name);
    }
    if (left.size > 0)
        mos_log(MOS_LOG_NOTICE,
                "data.modalities.%s.bands is not set: BigEarthNet's %zu bands are used, %s are not",
                source->name, modality->bands.count, left.data);
    mosaic_status status = left.failed ? mos_fail_memory(left.size, "names of bands") : MOSAIC_OK;
    mos_text_release(&left);
    return status;
}

static mosaic_status fail_modality(const mos_dataset *set, const mos_config_modality *modality) {
    const mos_modality *list;
    int64_t count = mos_dataset_modalities(set, &list);
    mos_text names = {0};
    for (int64_t m = 0; m < count; m++)
        mos_text_add(&names, "%s%s", m == 0 ? "" : ", ", list[m].name);
    mosaic_status status =
        mos_fail(MOSAIC_ERR_USAGE, "%s: '%s' has no modality '%s', only: %s", modality->origin,
                 mos_dataset_root(set), modality->name, names.data == NULL ? "none" : names.data);
    mos_text_release(&names);
    return status;
}

/* The configuration's modalities filled in from the data set, so that the resolved file says all.
 */
mosaic_status mos_train_resolve_modalities(mos_train_job *job, const mos_dataset *set) {
    mos_config *config = job->config;
    const mos_modality *list;
    int64_t count = mos_dataset_modalities(set, &list);
    mos_config_modality *modality;
    for (int64_t m = 0; m < count && config->modality_rank == MOS_ORIGIN_DEFAULT; m++)
        MOS_TRY(
            mos_config_add_modality(config, list[m].name, "default of the data format", &modality));
    for (int64_t m = 0; m < config->modality_count; m++) {
        modality = &config->modality[m];
        const mos_modality *source = find_modality(set, modality->name);
        if (source == NULL) return fail_modality(set, modality);
        if (modality->bands.count == 0) MOS_TRY(add_default_bands(set, source, modality));
        if (modality->bands.count > MOS_MAX_BANDS)
            return mos_fail(MOSAIC_ERR_USAGE, "modality '%s' has %zu bands, at most %d",
                            modality->name, modality->bands.count, MOS_MAX_BANDS);
    }
    return MOSAIC_OK;
}
