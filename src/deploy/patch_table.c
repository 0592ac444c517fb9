#include "deploy/patch_table.h"

#include "base/file.h"
#include "data/scene/scene_frame.h"
#include "deploy/patch_square.h"
#include "io/csv.h"

#include <stdio.h>

static void add_heading(const mos_model_card *card, const char *kind, mos_text *out) {
    char name[160];
    for (int64_t c = 0; c < card->spec.classes; c++) {
        (void)snprintf(name, sizeof name, "%s:%s", kind, card->class_names[c]);
        mos_text_add_bytes(out, ",", 1);
        mos_csv_add_field(out, name);
    }
}

static void add_value(mos_text *out, double value, int digits) {
    char number[40];
    mos_text_add(out, ",%s", mos_format_double(number, sizeof number, value, digits));
}

static void add_place(mos_reader *reader, int64_t sample, mos_text *out) {
    char crs[MOS_SITE_CRS_BYTES];
    mos_vector_square site;
    if (!mos_patch_square(reader, sample, crs, &site)) {
        mos_text_add(out, ",,,,,");
        return;
    }
    mos_text_add_bytes(out, ",", 1);
    mos_csv_add_field(out, site.crs);
    const double numbers[] = {site.x, site.y, site.width, site.height};
    for (int i = 0; i < 4; i++) {
        mos_text_add_bytes(out, ",", 1);
        mos_text_add_number(out, numbers[i]);
    }
}

/* Known where patches are cut from a scene. */
static void add_valid(const mos_dataset *dataset, int64_t sample, mos_text *out) {
    mos_site place;
    if (mos_scene_frames(dataset) > 0 && mos_dataset_site(dataset, sample, &place))
        add_value(out, mos_scene_frame_valid_share(dataset, &place), 6);
    else
        mos_text_add(out, ",");
}

static mosaic_status add_row(const mos_session *session, mos_reader *reader, const mos_answers *p,
                             int64_t i, mos_text *out) {
    const float *probability = p->probability + i * p->classes;
    mos_sample sample;
    MOS_TRY(mos_dataset_sample(session->dataset, p->samples[i], &sample));
    mos_csv_add_field(out, sample.id);
    add_place(reader, p->samples[i], out);
    add_valid(session->dataset, p->samples[i], out);
    add_value(out, mos_answer_entropy(probability, p->classes), 6);
    for (int64_t c = 0; c < p->classes; c++)
        add_value(out, (double)probability[c], 9);
    for (int64_t c = 0; c < p->classes; c++)
        mos_text_add(out, (double)probability[c] >= mos_answer_threshold(&session->card, c) ? ",1"
                                                                                            : ",0");
    mos_text_add(out, "\n");
    return MOSAIC_OK;
}

mosaic_status mos_patch_table_csv(const mos_session *session, const mos_answers *answers,
                                  const char *path) {
    mos_text out = {0};
    mos_reader *reader = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_reader_open(session->dataset, &reader));
    mos_text_add(&out, "id,crs,x,y,width,height,valid,entropy");
    add_heading(&session->card, "probability", &out);
    add_heading(&session->card, "predicted", &out);
    mos_text_add(&out, "\n");
    for (int64_t i = 0; i < answers->count; i++)
        if (answers->known[i]) MOS_GOTO(add_row(session, reader, answers, i, &out));
    status = out.failed ? mos_fail_memory(out.size, "a table of predictions")
                        : mos_atomic_write(path, out.data, out.size);
done:
    mos_reader_close(&reader);
    mos_text_release(&out);
    return status;
}
