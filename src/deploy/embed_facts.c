#include "deploy/embed_facts.h"

#include <math.h>
#include <time.h>

/* That of the first modality that tells it. */
static void find_date(const mos_sample *sample, mos_embed_facts *out) {
    for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++) {
        struct tm utc;
        const time_t seconds = (time_t)sample->time_s[m];
        if (!(sample->present >> m & 1) || sample->time_s[m] == INT64_MIN) continue;
        if (gmtime_r(&seconds, &utc) != NULL &&
            strftime(out->date, sizeof out->date, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
            return;
        out->date[0] = '\0';
    }
}

static void add_degrees(double radians, char *out, size_t size) {
    if (isfinite(radians)) mos_format_double(out, size, radians * 180 / M_PI, 9);
}

static mosaic_status join_labels(const mos_model_card *card, const int8_t *labels, mos_text *out) {
    mos_text_add(out, "%s", "");
    for (int64_t l = 0; l < card->spec.classes; l++)
        if (labels[l] == 1)
            mos_text_add(out, "%s%s", out->size > 0 ? ";" : "", card->class_names[l]);
    return out->failed ? mos_fail_memory(out->size, "labels") : MOSAIC_OK;
}

static mosaic_status find_pixels(const mos_dataset *dataset, int64_t sample, mos_embed_facts *out) {
    mos_site site;
    int64_t x, y;
    if (mos_scene_frames(dataset) == 0 || !mos_dataset_site(dataset, sample, &site))
        return MOSAIC_OK;
    if (out->framed != site.scene + 1)
        MOS_TRY(mos_scene_frame_of(dataset, site.scene, &out->frame));
    out->framed = site.scene + 1;
    mos_scene_frame_place(dataset, site.scene, site.row, site.column, &x, &y);
    if (out->frame.product != NULL) out->product = out->frame.product;
    out->has_pixels = true;
    out->pixels[0] = (int32_t)x;
    out->pixels[1] = (int32_t)y;
    out->pixels[2] = (int32_t)(x + out->frame.size);
    out->pixels[3] = (int32_t)(y + out->frame.size);
    return MOSAIC_OK;
}

mosaic_status mos_embed_facts_find(const mos_session *session, mos_reader *reader, int64_t sample,
                                   const int8_t *labels, mos_embed_facts *out) {
    mos_sample about;
    mos_place place;
    MOS_TRY(mos_dataset_sample(session->dataset, sample, &about));
    out->labels.size = 0;
    out->id = about.id;
    out->split = mos_split_names[about.split];
    out->country = about.country;
    out->product = "";
    out->date[0] = out->longitude[0] = out->latitude[0] = '\0';
    out->present = 0;
    out->has_pixels = false;
    mos_place_find(reader, sample, &place);
    find_date(&about, out);
    add_degrees(place.known ? place.longitude : NAN, out->longitude, sizeof out->longitude);
    add_degrees(place.known ? place.latitude : NAN, out->latitude, sizeof out->latitude);
    MOS_TRY(join_labels(&session->card, labels, &out->labels));
    (void)mos_patch_square(reader, sample, out->crs, &out->square);
    return find_pixels(session->dataset, sample, out);
}

void mos_embed_facts_release(mos_embed_facts *facts) {
    mos_text_release(&facts->labels);
}
