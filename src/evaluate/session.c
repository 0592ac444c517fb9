#include "evaluate/session.h"

#include "artifact/card_identity.h"
#include "base/file.h"
#include "data/verdicts.h"
#include "evaluate/inference.h"
#include "evaluate/model_ahead.h"

#include <stdio.h>
#include <string.h>

/* RUN/model/model.safetensors belongs to RUN; a model file elsewhere to the folder it is in. */
static void find_run(const char *model_path, char *run, size_t size) {
    (void)snprintf(run, size, "%s", model_path);
    char *slash = strrchr(run, '/');
    if (!slash) {
        (void)snprintf(run, size, ".");
        return;
    }
    *slash = 0;
    slash = strrchr(run, '/');
    if (slash && strcmp(slash, "/model") == 0)
        *slash = 0;
    else if (strcmp(run, "model") == 0)
        (void)snprintf(run, size, ".");
}

static mosaic_status read_config(const mos_session_options *options, mos_session *session) {
    char what[4200];
    (void)snprintf(what, sizeof what, "%s (configuration)", session->model_path);
    MOS_TRY(mos_config_create(&session->config));
    if (session->card.config)
        MOS_TRY(mos_config_read_text(session->config, session->card.config, what));
    for (size_t i = 0; options->set && i < options->set->count; i++)
        MOS_TRY(mos_config_set(session->config, options->set->items[i]));
    return mos_config_check(session->config);
}

static mosaic_status open_data(const mos_session_options *options, mos_session *session) {
    MOS_TRY(read_config(options, session));
    MOS_TRY(mos_dataset_open(mos_config_data(session->config), &session->dataset));
    return mos_verdicts_consult(session->dataset, MOS_FOR_USE);
}

mosaic_status mos_session_open(const mos_session_options *options, mos_session *out) {
    *out = (mos_session){.threads = options->threads, .comm = options->comm};
    mos_model_ahead *ahead = NULL;
    char words[2048];
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_model_file_resolve(options->model, out->model_path, sizeof out->model_path));
    find_run(out->model_path, out->run, sizeof out->run);
    MOS_GOTO(mos_model_file_card(out->model_path, &out->card));
    MOS_GOTO(mos_model_device_open(&out->card, options->device, options->precision,
                                   options->threads, &out->device));
    const mos_model_plan plan = mos_inference_plan(&out->card, false);
    MOS_GOTO(mos_model_ahead_start(out->model_path, out->device, options->predicts ? &plan : NULL,
                                   &ahead));
    const mosaic_status opened = open_data(options, out);
    if (opened != MOSAIC_OK) mos_error_copy(words, sizeof words);
    /* The model's failure comes first. */
    MOS_GOTO(mos_model_ahead_take(&ahead, &out->model, out->model_sha256));
    if (opened != MOSAIC_OK) mos_error_restore(words);
    MOS_GOTO(opened);
    MOS_GOTO(mos_card_compare(&out->card, out->model_path, out->dataset));
done:
    if (status != MOSAIC_OK) mos_session_close(out);
    return status;
}

void mos_session_close(mos_session *session) {
    mos_dataset_close(&session->dataset);
    mos_config_destroy(&session->config);
    mos_model_destroy(&session->model);
    mos_model_card_release(&session->card);
    mos_device_close(&session->device);
}

mosaic_status mos_session_folder(const mos_session *session, const char *name, char *buffer,
                                 size_t size) {
    char parent[4096];
    MOS_TRY(mos_path_join(parent, sizeof parent, session->run, "eval"));
    return mos_path_join(buffer, size, parent, name);
}
