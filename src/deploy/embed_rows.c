#include "deploy/embed_rows.h"

#include <math.h>
#include <string.h>

/* A record: values, presence of the model's modalities, labels. */

static size_t values_bytes(const mos_embed_rows *rows) {
    return (size_t)(rows->modalities * rows->size) * sizeof(float);
}

size_t mos_embed_rows_room(const mos_embed_rows *rows) {
    return values_bytes(rows) + sizeof(uint32_t) + (size_t)rows->classes;
}

static void fill(void *context, const mos_inference *part, int64_t row, void *record) {
    const mos_embed_rows *rows = context;
    const size_t bytes = (size_t)rows->size * sizeof(float);
    char *to = record;
    uint32_t present = 0;
    for (int64_t m = 0; m < rows->modalities; m++, to += bytes) {
        const int64_t c = rows->chosen[m];
        const float *from = rows->kind == MOS_EMBED_LATENTS ? part->z[c] : part->feature[c];
        memcpy(to, from + row * rows->size, bytes);
    }
    for (int64_t m = 0; m < part->modalities; m++)
        present |= (uint32_t)(part->present[m][row] != 0) << m;
    memcpy(to, &present, sizeof present);
    memcpy(to + sizeof present, part->labels + row * part->classes, (size_t)part->classes);
}

static bool is_kept(const mos_embed_rows *rows, uint32_t present) {
    bool any = false;
    for (int64_t m = 0; m < rows->modalities; m++)
        any = any || present >> rows->chosen[m] & 1;
    return any;
}

static mosaic_status take(void *context, int64_t first, int64_t count, const void *records) {
    mos_embed_rows *rows = context;
    const char *record = records;
    (void)first;
    for (int64_t i = 0; i < count; i++, record += mos_embed_rows_room(rows)) {
        uint32_t present;
        memcpy(&present, record + values_bytes(rows), sizeof present);
        rows->with_data += present != 0;
        if (!is_kept(rows, present)) continue;
        rows->kept++;
        for (int64_t k = 0; k < rows->modalities * rows->size; k++) {
            float value;
            memcpy(&value, record + (size_t)k * sizeof value, sizeof value);
            rows->largest = fmax(rows->largest, fabs((double)value));
        }
    }
    return MOSAIC_OK;
}

mosaic_status mos_embed_rows_run(mos_session *session, const char *journal, const char *key,
                                 bool anew, mos_embed_rows *rows) {
    const mos_row_stream_options how = {.doing = "embedding",
                                        .journal = journal,
                                        .key = key,
                                        .anew = anew,
                                        .latents = rows->kind == MOS_EMBED_LATENTS,
                                        .bytes = mos_embed_rows_room(rows),
                                        .fill = fill,
                                        .take = take,
                                        .context = rows};
    return mos_row_stream_run(session, rows->index, rows->asked, &how, &rows->journal);
}

mosaic_status mos_embed_rows_read(const mos_embed_rows *rows, int64_t at, void *room,
                                  mos_embed_record *out) {
    const char *record = room;
    MOS_TRY(mos_row_journal_read(&rows->journal, at, 1, room));
    *out = (mos_embed_record){.values = room};
    memcpy(&out->present, record + values_bytes(rows), sizeof out->present);
    out->labels = (const int8_t *)(record + values_bytes(rows) + sizeof out->present);
    out->kept = is_kept(rows, out->present);
    return MOSAIC_OK;
}
