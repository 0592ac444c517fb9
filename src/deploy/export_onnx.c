/* The model as one ONNX file, checked in ONNX Runtime where there is one. */
#include "deploy/export_internal.h"

#include "base/json_writer.h"
#include "base/log.h"
#include "deploy/onnx_graph.h"

#include <stdio.h>
#include <unistd.h>

/* ---- Deepness, a plugin of QGIS ----
 * It cuts one raster into square tiles, multiplies every pixel by 1/255 whatever its type, and draws
 * the first channel of each output of a "Regressor" as a layer. So the graph multiplies by 255 and
 * gives one output a class, the class's probability everywhere in the tile.
 * https://qgis-plugin-deepness.readthedocs.io/ */

static mosaic_status check_deepness(const mos_export *job) {
    const mos_model_card *card = &job->card;
    if (card->spec.classes == 0)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "profile deepness: it draws a layer for each class, and '%s' has no "
                        "classification head: `mosaic probe` makes a model with one",
                        job->path);
    if (card->height != card->width)
        return mos_fail(
            MOSAIC_ERR_UNSUPPORTED,
            "profile deepness: its tiles are square, and the patches of '%s' are %lld x "
            "%lld; use mosaic predict and open its map in QGIS",
            job->path, (long long)card->height, (long long)card->width);
    return MOSAIC_OK;
}

static void add_list(mos_onnx *onnx, const char *key, int64_t count, int value) {
    mos_text text = {0};
    for (int64_t i = 0; i < count; i++)
        mos_text_add(&text, "%s%d", i == 0 ? "[" : ", ", value);
    mos_text_add(&text, "]");
    if (text.failed)
        onnx->status = mos_fail_memory(text.size, "a list");
    else
        mos_onnx_metadata(onnx, key, text.data);
    mos_text_release(&text);
}

/* Centimetres of a pixel of a tile; the user says it in the plugin where the model does not. */
static void add_resolution(const mos_export *job, mos_onnx *onnx) {
    const mos_model_card *card = &job->card;
    char number[40];
    if (!(card->resolution_m > 0)) {
        mos_log(
            MOS_LOG_WARNING,
            "'%s' does not say how large its pixels are: set the resolution in Deepness to that "
            "of the training data",
            job->path);
        return;
    }
    const double shrunk = card->patch > 0 ? (double)card->patch / (double)card->height : 1;
    mos_format_double(number, sizeof number, card->resolution_m * 100 * shrunk, 9);
    mos_onnx_metadata(onnx, "resolution", number);
}

static mosaic_status add_deepness(const mos_export *job, mos_onnx *onnx) {
    const mos_model_card *card = &job->card;
    mos_json names = {.flat = true};
    char side[24];
    int64_t bands = 0;
    mosaic_status status = MOSAIC_OK;
    (void)snprintf(side, sizeof side, "%lld", (long long)card->height);
    for (int64_t m = 0; m < card->spec.modalities; m++)
        bands += card->spec.modality[m].bands;
    mos_json_open(&names, NULL, '[');
    for (int64_t l = 0; l < card->spec.classes; l++) {
        mos_json_open(&names, NULL, '{');
        mos_json_string(&names, "0", card->class_names[l]);
        mos_json_close(&names, '}');
    }
    mos_json_close(&names, ']');
    MOS_GOTO(mos_json_end(&names));
    mos_onnx_metadata(onnx, "model_type", "\"Regressor\"");
    mos_onnx_metadata(onnx, "class_names", names.text.data);
    mos_onnx_metadata(onnx, "tile_size", side); /* the key it reads; the other is in its manual */
    mos_onnx_metadata(onnx, "tiles_size", side);
    mos_onnx_metadata(onnx, "tiles_overlap", "50"); /* percent, as half a window in a map */
    add_list(onnx, "standardization_mean", bands, 0);
    add_list(onnx, "standardization_std", bands, 1);
    mos_onnx_metadata(onnx, "reg_output_scaling", "1.0");
    add_resolution(job, onnx);
    mos_log(MOS_LOG_NOTICE,
            "Deepness wants one raster with the bands of the model in its order, on one grid, not "
            "scaled, and knows no missing pixels: where the raster has no data its layers mean "
            "nothing (mosaic predict leaves them out)");
done:
    mos_json_release(&names);
    return status;
}

/* ---- the file ---- */

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
    mos_onnx_metadata(
        onnx, "pixels",
        job->options->profile == MOS_PROFILE_DEEPNESS
            ? "one raster, the bands of all modalities in the order of the card: radar in "
              "decibels, "
              "optical digital numbers without the +1000 of later baselines; times 1/255 as "
              "Deepness gives them, which the graph takes back; normalisation is in the graph"
            : "as in the files: radar in decibels, optical digital numbers without the +1000 of "
              "later baselines; normalisation is in the graph; a pixel that is not finite is left "
              "out, a patch of such pixels lacks the modality");
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
    const bool tiled = job->options->profile == MOS_PROFILE_DEEPNESS;
    if (tiled) MOS_TRY(check_deepness(job));
    MOS_GOTO(tiled ? mos_onnx_graph_make_tiled(job->model, &job->card, MOS_DEEPNESS_FACTOR, &onnx,
                                               &weights)
                   : mos_onnx_graph_make(job->model, &job->card, &onnx, &weights));
    MOS_GOTO(add_metadata(job, &onnx));
    if (tiled) MOS_GOTO(add_deepness(job, &onnx));
    MOS_GOTO(mos_onnx_write(&onnx, path, job->name, "mosaic", mosaic_version()));
    status = mos_onnx_check(job, path, &checked);
    if (status != MOSAIC_OK) (void)unlink(path);
    mos_text_add(job->files, "%s\n", path);
done:
    mos_onnx_release(&onnx);
    mos_onnx_weights_release(&weights);
    return status;
}
