/* Takes the folder for this run, once everything else is known to be fine: clears an earlier run or
 * compares with it, writes the configuration, opens the log. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/fraction.h"

#include <stdio.h>

enum { CONFIG_BYTES = 16 << 20 };

mosaic_status mos_train_path(const mos_train_run_files *run, const char *name, char *buffer,
                             size_t size) {
    return mos_run_path(&run->directory, name, buffer, size);
}

static mosaic_status compare_config(const mos_train_job *job, const mos_train_run_files *run,
                                    const char *path) {
    mos_config *was = NULL;
    mos_text text = {0};
    int64_t differing = 0;
    mosaic_status status;
    MOS_GOTO(mos_config_create(&was));
    MOS_GOTO(mos_config_read(was, path));
    MOS_GOTO(mos_config_check(was));
    MOS_GOTO(mos_config_compare(job->config, was, &text, &differing));
    if (differing > 0)
        status =
            mos_fail(MOSAIC_ERR_RESUME,
                     "run '%s' was started with another configuration, %lld key%s differ%s: %s",
                     run->directory.path, (long long)differing, differing == 1 ? "" : "s",
                     differing == 1 ? "s" : "", text.data);
done:
    mos_text_release(&text);
    mos_config_destroy(&was);
    return status;
}

/* The resolved file of a new run; a resumed one keeps its own, so that both carry the same text. */
static mosaic_status settle_config(const mos_train_job *job, const char *path, bool exists,
                                   mos_model_card *card) {
    mos_text text = {0};
    size_t size;
    if (exists) return mos_file_read(path, CONFIG_BYTES, &card->config, &size);
    mosaic_status status = mos_config_write(job->config, &text);
    if (status == MOSAIC_OK) status = mos_atomic_write(path, text.data, text.size);
    if (status == MOSAIC_OK) status = mos_copy_text(text.data, &card->config);
    mos_text_release(&text);
    return status;
}

static mosaic_status save_fraction(const mos_train_job *job, const mos_train_run_files *run,
                                   const mos_train_data *data) {
    const mos_settings_data *settings = &job->config->settings.data;
    char path[4096];
    if (data->keep == NULL) return MOSAIC_OK;
    MOS_TRY(mos_train_path(run, "labeled.txt", path, sizeof path));
    if (mos_path_exists(path)) return MOSAIC_OK;
    return mos_fraction_save(data->set, data->keep, settings->labeled_fraction,
                             (uint64_t)settings->labeled_seed, path);
}

static mosaic_status sweep(const mos_train_run_files *run) {
    int64_t files, bytes;
    MOS_TRY(mos_run_directory_sweep(&run->directory, &files, &bytes));
    if (files > 0)
        mos_log(MOS_LOG_NOTICE, "%lld unfinished file%s of killed processes removed, %.1f MiB",
                (long long)files, files == 1 ? "" : "s", (double)bytes / 1048576);
    return MOSAIC_OK;
}

mosaic_status mos_train_claim(const mos_train_job *job, const mos_train_data *data,
                              mos_train_run_files *run, mos_model_card *card) {
    char path[4096];
    MOS_TRY(mos_train_path(run, "config.yaml", path, sizeof path));
    if (job->options->overwrite) MOS_TRY(mos_run_directory_clear(&run->directory));
    bool exists = mos_path_exists(path);
    if (exists)
        MOS_TRY(compare_config(job, run, path));
    else if (job->options->resume)
        mos_log(MOS_LOG_NOTICE, "nothing to resume in '%s': starting a new run",
                run->directory.path);
    MOS_TRY(settle_config(job, path, exists, card));
    MOS_TRY(mos_train_path(run, "checkpoints", path, sizeof path));
    MOS_TRY(mos_make_dirs(path));
    MOS_TRY(sweep(run));
    MOS_TRY(mos_train_path(run, "train.log", path, sizeof path));
    run->text_log = fopen(path, "ae");
    if (run->text_log == NULL) return mos_fail_errno("open", path);
    mos_log_set_file(run->text_log);
    return save_fraction(job, run, data);
}
