#include "deploy/patch_layer.h"

#include "base/memory.h"
#include "data/scene/scene_frame.h"
#include "deploy/patch_square.h"
#include "deploy/qgis_style.h"
#include "report/svg_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXTS = 3, PLAIN_NUMBERS = 3 };

typedef struct layer_work {
    const mos_session *session;
    const mos_answers *answers;
    mos_reader *reader;
    mos_layer_crs crs;
    char (*names)[160];
    const char *columns[TEXTS + PLAIN_NUMBERS + MOS_MAX_CLASSES];
    double numbers[PLAIN_NUMBERS + MOS_MAX_CLASSES];
    mos_text labels, style;
} layer_work;

static void choose_crs(layer_work *work) {
    char crs[MOS_SITE_CRS_BYTES];
    mos_vector_square square;
    for (int64_t i = 0; i < work->answers->count; i++) {
        if (!work->answers->known[i]) continue;
        (void)mos_patch_square(work->reader, work->answers->samples[i], crs, &square);
        mos_layer_crs_add(&work->crs, square.crs);
    }
}

static void make_style(layer_work *work) {
    const mos_model_card *card = &work->session->card;
    mos_text *out = &work->style;
    mos_text_add(out, "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
                      "<qgis version=\"3.22\" styleCategories=\"Symbology\">\n"
                      "<renderer-v2 type=\"categorizedSymbol\" attr=\"dominant\" "
                      "symbollevels=\"0\" forceraster=\"0\" enableorderby=\"0\">\n<categories>\n");
    for (int64_t c = 0; c < card->spec.classes; c++) {
        mos_text_add(out, "<category symbol=\"%lld\" render=\"true\" value=\"", (long long)c);
        mos_html_add(out, card->class_names[c]);
        mos_text_add(out, "\" label=\"");
        mos_html_add(out, card->class_names[c]);
        mos_text_add(out, "\"/>\n");
    }
    mos_text_add(out, "</categories>\n<symbols>\n");
    for (int64_t c = 0; c < card->spec.classes; c++)
        mos_qgis_fill_add(out, c, mos_map_colour_of(card, c), MOS_QGIS_PATCH_MARK);
    mos_text_add(out, "</symbols>\n</renderer-v2>\n</qgis>\n");
}

static mosaic_status name_columns(layer_work *work) {
    static const char *const plain[] = {"id", "dominant", "labels", "valid", "entropy", "lag_days"};
    const mos_model_card *card = &work->session->card;
    MOS_TRY(mos_alloc((size_t)card->spec.classes, sizeof *work->names, "columns", &work->names));
    memcpy(work->columns, plain, sizeof plain);
    for (int64_t c = 0; c < card->spec.classes; c++) {
        (void)snprintf(work->names[c], sizeof work->names[c], "probability:%s",
                       card->class_names[c]);
        work->columns[TEXTS + PLAIN_NUMBERS + c] = work->names[c];
    }
    return MOSAIC_OK;
}

static double lag_days(const mos_session *session, const mos_sample *sample) {
    const mos_modality *unused;
    if (mos_dataset_modalities(session->dataset, &unused) < 2 || sample->time_s[0] == INT64_MIN ||
        sample->time_s[1] == INT64_MIN)
        return NAN;
    return fabs((double)(sample->time_s[0] - sample->time_s[1])) / 86400;
}

static mosaic_status add_row(layer_work *work, mos_vector *vector, int64_t i) {
    const mos_answers *answers = work->answers;
    const mos_model_card *card = &work->session->card;
    const float *probability = answers->probability + i * answers->classes;
    int64_t best = 0, sample_index = answers->samples[i];
    char crs[MOS_SITE_CRS_BYTES];
    mos_sample sample;
    mos_site site;
    mos_vector_square square;
    MOS_TRY(mos_dataset_sample(work->session->dataset, sample_index, &sample));
    (void)mos_patch_square(work->reader, sample_index, crs, &square);
    work->labels.size = 0;
    mos_text_add(&work->labels, "%s", "");
    for (int64_t c = 0; c < answers->classes; c++) {
        if (probability[c] > probability[best]) best = c;
        work->numbers[PLAIN_NUMBERS + c] = (double)probability[c];
        if ((double)probability[c] >= mos_answer_threshold(card, c))
            mos_text_add(&work->labels, "%s%s", work->labels.size > 0 ? "; " : "",
                         card->class_names[c]);
    }
    if (work->labels.failed) return mos_fail_memory(work->labels.size, "labels");
    work->numbers[0] = mos_scene_frames(work->session->dataset) > 0 &&
                               mos_dataset_site(work->session->dataset, sample_index, &site)
                           ? mos_scene_frame_valid_share(work->session->dataset, &site)
                           : NAN;
    work->numbers[1] = mos_answer_entropy(probability, answers->classes);
    work->numbers[2] = lag_days(work->session, &sample);
    const char *const texts[TEXTS] = {sample.id, card->class_names[best], work->labels.data};
    return mos_vector_add(vector, &square, texts, work->numbers);
}

static mosaic_status write_rows(layer_work *work, const char *path) {
    const mos_vector_spec spec = {.layer = "predictions",
                                  .crs = mos_layer_crs_of(&work->crs),
                                  .texts = TEXTS,
                                  .numbers = PLAIN_NUMBERS + (int)work->answers->classes,
                                  .names = work->columns,
                                  .style = work->style.data,
                                  .description = "patches and what a model says of them"};
    mos_vector *vector = NULL;
    mosaic_status status;
    if (work->style.failed) return mos_fail_memory(work->style.size, "a style");
    MOS_TRY(mos_vector_create(path, &spec, &vector));
    for (int64_t i = 0; i < work->answers->count; i++)
        if (work->answers->known[i]) MOS_GOTO(add_row(work, vector, i));
    status = mos_vector_finish(&vector);
done:
    mos_vector_abandon(&vector);
    return status;
}

mosaic_status mos_patch_layer_write(const mos_session *session, const mos_answers *answers,
                                    const char *path, bool *written) {
    layer_work *work;
    mosaic_status status;
    *written = false;
    MOS_TRY(mos_alloc(1, sizeof *work, "a layer", &work));
    work->session = session;
    work->answers = answers;
    MOS_GOTO(mos_reader_open(session->dataset, &work->reader));
    choose_crs(work);
    *written = mos_layer_crs_of(&work->crs) != NULL;
    if (!*written) goto done;
    MOS_GOTO(name_columns(work));
    make_style(work);
    status = write_rows(work, path);
done:
    mos_reader_close(&work->reader);
    mos_text_release(&work->labels);
    mos_text_release(&work->style);
    mos_free(work->names);
    mos_free(work);
    return status;
}
