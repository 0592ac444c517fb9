#include "deploy/export_internal.h"

#include "base/file.h"
#include "base/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *const mos_export_kind_names[] = {"safetensors", "onnx", "huggingface", "stac", NULL};
const char *const mos_export_profile_names[] = {"general", "deepness", NULL};

static mosaic_status (*const writers[MOS_EXPORT_KINDS])(mos_export *job) = {
    [MOS_EXPORT_SAFETENSORS] = mos_export_safetensors,
    [MOS_EXPORT_ONNX] = mos_export_onnx,
    [MOS_EXPORT_HUGGINGFACE] = mos_export_huggingface,
    [MOS_EXPORT_STAC] = mos_export_stac,
};

/* The run's or the file's own name, in the letters that every catalogue takes. */
static void choose_name(mos_export *job) {
    char place[4096];
    const char *given = job->options->name;
    if (given == NULL || given[0] == '\0') {
        mos_export_run_folder(job, place, sizeof place);
        if (place[0] == '\0') (void)snprintf(place, sizeof place, "%s", job->path);
        char *slash = strrchr(place, '/'), *dot;
        given = slash == NULL ? place : slash + 1;
        dot = strrchr(given, '.');
        if (dot != NULL && strcmp(dot, ".safetensors") == 0) *dot = '\0';
    }
    (void)snprintf(job->name, sizeof job->name, "%s%.100s",
                   isalpha((unsigned char)given[0]) ? "" : "m-", given);
    for (char *at = job->name; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr("_.-", *at) == NULL) *at = '-';
}

mosaic_status mos_export_run(const mos_export_options *options, mos_text *files) {
    mos_export job = {.options = options, .files = files};
    mosaic_status status;
    MOS_GOTO(mos_model_file_resolve(options->model, job.path, sizeof job.path));
    MOS_GOTO(mos_device_open("cpu", MOS_PRECISION_FP32, options->threads, &job.device));
    MOS_GOTO(mos_model_file_load(job.path, job.device, &job.card, &job.model));
    MOS_GOTO(mos_sha256_file(job.path, job.sha256));
    choose_name(&job);
    if (job.card.reduced)
        mos_log(MOS_LOG_WARNING, "%s comes of a reduced run: it was not trained to the end",
                job.path);
    MOS_GOTO(mos_export_spare(&job, options->out));
    MOS_GOTO(writers[options->kind](&job));
    if (files->failed) MOS_GOTO(mos_fail_memory(files->size, "a list of files"));
done:
    mos_model_destroy(&job.model);
    mos_model_card_release(&job.card);
    mos_device_close(&job.device);
    return status;
}
