/* The model as one ONNX file, checked in ONNX Runtime where there is one. */
#include "deploy/export_internal.h"

#include "base/json_writer.h"
#include "base/log.h"
#include "deploy/onnx_graph.h"

#include <stdio.h>
#include <unistd.h>

/* Deepness gives a model the bytes of one raster divided by 255, never decibels or digital numbers.
 * The band statistics tell which of these a model was trained on. */
static mosaic_status check_deepness(const mos_export *job) {
    const mos_model_card *card = &job->card;
    if (card->spec.modalities > 1)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "profile deepness: it gives a model one raster, this one wants %lld ('%s' "
                        "and '%s'); use mosaic predict and open its map in QGIS",
                        (long long)card->spec.modalities, card->spec.modality[0].name,
                        card->spec.modality[1].name);
    for (int64_t b = 0; b < card->spec.modality[0].bands; b++) {
        const double mean = card->mean[0][b], sd = card->sd[0][b];
        if (mean - sd < 0 || mean + sd > 255)
            return mos_fail(
                MOSAIC_ERR_UNSUPPORTED,
                "profile deepness: it gives a model 8-bit pixels from 0 to 255, band '%s' was "
                "learned on values of %.4g +- %.4g; use mosaic predict and open its map in QGIS",
                card->spec.modality[0].band_names[b], mean, sd);
    }
    return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                    "profile deepness: it wants a class per pixel, this model gives one answer per "
                    "patch of %lld x %lld; use mosaic predict and open its map in QGIS",
                    (long long)card->height, (long long)card->width);
}

/* What a reader of the file must know: classes, bands, units, thresholds, where it came from. */
static mosaic_status add_metadata(const mos_export *job, mos_onnx *onnx) {
    const mos_model_card *card = &job->card;
    mos_json classes = {.flat = true};
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    mos_json_open(&classes, NULL, '[');
    for (int64_t l = 0; l < card->spec.classes; l++)
        mos_json_string(&classes, NULL, card->class_names[l]);
    mos_json_close(&classes, ']');
    MOS_GOTO(mos_json_end(&classes));
    mos_model_card_json(card, &text);
    if (text.failed) MOS_GOTO(mos_fail_memory(text.size, "the model's card"));
    mos_onnx_metadata(onnx, "classes", classes.text.data);
    mos_onnx_metadata(onnx, "card", text.data);
    mos_onnx_metadata(onnx, "source_sha256", job->sha256);
    mos_onnx_metadata(onnx, "pixels",
                      "as in the files: radar in decibels, optical digital numbers without the "
                      "+1000 of later baselines; normalisation is in the graph; a pixel that is "
                      "not finite is left out, a patch of such pixels lacks the modality");
done:
    mos_json_release(&classes);
    mos_text_release(&text);
    return status;
}

mosaic_status mos_export_onnx(mos_export *job) {
    const char *path = job->options->out;
    mos_onnx onnx = {0};
    mos_onnx_weights weights = {0};
    bool checked = false;
    mosaic_status status = MOSAIC_OK;
    if (job->options->profile == MOS_PROFILE_DEEPNESS) return check_deepness(job);
    MOS_GOTO(mos_onnx_graph_make(job->model, &job->card, &onnx, &weights));
    MOS_GOTO(add_metadata(job, &onnx));
    MOS_GOTO(mos_onnx_write(&onnx, path, job->name, "mosaic", mosaic_version()));
    status = mos_onnx_check(job, path, &checked);
    if (status != MOSAIC_OK) (void)unlink(path);
    mos_text_add(job->files, "%s\n", path);
done:
    mos_onnx_release(&onnx);
    mos_onnx_weights_release(&weights);
    return status;
}
