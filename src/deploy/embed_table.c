#include "deploy/embed_table.h"

#include "base/file.h"
#include "data/sample_place.h"
#include "data/scene/scene_frame.h"
#include "io/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef struct job {
    const mos_session *session;
    const mos_embedding_about *about;
    const mos_embed_rows *rows;
    mos_reader *reader;
} job;

static void add_date(const mos_sample *sample, mos_text *out) {
    for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++) {
        struct tm utc;
        char text[32];
        const time_t seconds = (time_t)sample->time_s[m];
        if (!(sample->present >> m & 1) || sample->time_s[m] == INT64_MIN) continue;
        if (gmtime_r(&seconds, &utc) == NULL ||
            strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
            continue;
        mos_text_add(out, "%s", text);
        return;
    }
}

static void add_degrees(mos_text *out, double radians) {
    char number[40];
    mos_text_add_bytes(out, ",", 1);
    if (isfinite(radians))
        mos_text_add(out, "%s", mos_format_double(number, sizeof number, radians * 180 / M_PI, 9));
}

static void add_labels(const job *j, int64_t row, mos_text *out) {
    const int64_t classes = j->rows->rows->classes;
    mos_text names = {0};
    for (int64_t l = 0; l < classes; l++)
        if (j->rows->rows->labels[row * classes + l] == 1)
            mos_text_add(&names, "%s%s", names.size > 0 ? ";" : "",
                         j->session->card.class_names[l]);
    mos_text_add_bytes(out, ",", 1);
    mos_csv_add_field(out, names.data == NULL ? "" : names.data);
    if (names.failed) out->failed = true;
    mos_text_release(&names);
}

/* The square as the source has it, to the bit; else that of the grid cell in the sample's name. */
static bool find_square(const job *j, int64_t index, const mos_place *place,
                        char crs[MOS_SITE_CRS_BYTES], mos_site *out) {
    if (mos_site_find(j->reader, index, crs, out) && strcmp(out->crs, "unnamed") != 0) return true;
    if (!place->known || place->epsg <= 0) return false;
    (void)snprintf(crs, MOS_SITE_CRS_BYTES, "EPSG:%d", place->epsg);
    *out = (mos_site){.crs = crs,
                      .x = place->x - place->half_width,
                      .y = place->y + place->half_height,
                      .width = 2 * place->half_width,
                      .height = 2 * place->half_height};
    return true;
}

static mosaic_status add_scene(const job *j, int64_t index, mos_text *out) {
    mos_scene_frame frame;
    mos_site site;
    int64_t x, y;
    if (mos_scene_frames(j->session->dataset) == 0 ||
        !mos_dataset_site(j->session->dataset, index, &site)) {
        mos_text_add(out, ",,");
        return MOSAIC_OK;
    }
    MOS_TRY(mos_scene_frame_of(j->session->dataset, site.scene, &frame));
    mos_scene_frame_place(j->session->dataset, site.scene, site.row, site.column, &x, &y);
    mos_text_add_bytes(out, ",", 1);
    mos_csv_add_field(out, frame.product == NULL ? "" : frame.product);
    mos_text_add(out, ",%lld %lld %lld %lld", (long long)x, (long long)y,
                 (long long)(x + frame.size), (long long)(y + frame.size));
    return MOSAIC_OK;
}

static mosaic_status add_ground(const job *j, int64_t index, const mos_place *place,
                                mos_text *out) {
    char crs[MOS_SITE_CRS_BYTES];
    mos_site site;
    if (find_square(j, index, place, crs, &site)) {
        const double numbers[] = {site.x, site.y, site.width, site.height};
        mos_text_add_bytes(out, ",", 1);
        mos_csv_add_field(out, site.crs);
        for (int i = 0; i < 4; i++) {
            mos_text_add_bytes(out, ",", 1);
            mos_text_add_number(out, numbers[i]);
        }
    } else {
        mos_text_add(out, ",,,,,");
    }
    return add_scene(j, index, out);
}

static mosaic_status add_row(const job *j, int64_t row, mos_text *out) {
    const mos_inference *rows = j->rows->rows;
    const int64_t index = rows->samples[row];
    mos_sample sample;
    mos_place place;
    MOS_TRY(mos_dataset_sample(j->session->dataset, index, &sample));
    mos_place_find(j->reader, index, &place);
    mos_csv_add_field(out, sample.id);
    mos_text_add(out, ",%s,", mos_split_names[sample.split]);
    mos_csv_add_field(out, sample.country);
    mos_text_add_bytes(out, ",", 1);
    add_date(&sample, out);
    add_degrees(out, place.known ? place.longitude : NAN);
    add_degrees(out, place.known ? place.latitude : NAN);
    add_labels(j, row, out);
    for (int64_t m = 0; m < j->about->modalities; m++)
        mos_text_add(out, ",%d", rows->present[j->rows->chosen[m]][row] != 0);
    MOS_TRY(add_ground(j, index, &place, out));
    mos_text_add_bytes(out, "\n", 1);
    return MOSAIC_OK;
}

mosaic_status mos_embed_table_write(const char *folder, const mos_session *session,
                                    const mos_embedding_about *about, const mos_embed_rows *rows) {
    job j = {.session = session, .about = about, .rows = rows};
    char path[4096];
    mos_text out = {0};
    mosaic_status status = MOSAIC_OK;
    mos_text_add(&out, "id,split,country,date,longitude,latitude,labels");
    for (int64_t m = 0; m < about->modalities; m++)
        mos_text_add(&out, ",has:%s", about->modality[m]);
    mos_text_add(&out, ",crs,x,y,width,height,product,pixel_bbox\n");
    MOS_GOTO(mos_reader_open(session->dataset, &j.reader));
    for (int64_t i = 0; i < rows->count; i++)
        MOS_GOTO(add_row(&j, rows->kept[i], &out));
    if (out.failed) MOS_GOTO(mos_fail_memory(out.size, "a table"));
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "embeddings.csv"));
    MOS_GOTO(mos_atomic_write(path, out.data, out.size));
done:
    mos_reader_close(&j.reader);
    mos_text_release(&out);
    return status;
}
