#include "deploy/predict.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "deploy/patch_table.h"
#include "deploy/predict_source.h"
#include "evaluate/inference.h"

static int64_t count_known(const mos_answers *answers) {
    int64_t known = 0;
    for (int64_t i = 0; i < answers->count; i++)
        known += answers->known[i];
    return known;
}

static void say_caveats(const mos_session *session, const mos_predict_summary *summary) {
    if (session->card.reduced)
        mos_log(MOS_LOG_WARNING, "the model comes from a reduced run: its training was cut short");
    if (!session->card.has_thresholds)
        mos_log(MOS_LOG_WARNING, "the model has no tuned thresholds: decisions are at 0.5");
    if (summary->predicted < summary->asked)
        mos_log(MOS_LOG_WARNING, "%lld of %lld patches have no prediction",
                (long long)(summary->asked - summary->predicted), (long long)summary->asked);
}

mosaic_status mos_predict(const mos_predict_options *options, mos_predict_summary *out) {
    mos_session session = {0};
    mos_answers answers = {0};
    int64_t *index = NULL, count = 0;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_predict_summary){0};
    if (options->out == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "--out is needed: the folder to write to");
    MOS_GOTO(mos_predict_open(options, &session));
    MOS_GOTO(mos_make_dirs(options->out));
    MOS_GOTO(mos_path_join(out->path, sizeof out->path, options->out, "predictions.csv"));
    MOS_GOTO(mos_inference_rows(session.dataset, MOS_SPLIT_COUNT, options->limit, &index, &count));
    MOS_GOTO(mos_answers_run(&session, index, count, &answers));
    MOS_GOTO(mos_patch_table_csv(&session, &answers, out->path));
    out->asked = count;
    out->predicted = count_known(&answers);
    say_caveats(&session, out);
done:
    mos_free(index);
    mos_answers_release(&answers);
    mos_session_close(&session);
    return status;
}
