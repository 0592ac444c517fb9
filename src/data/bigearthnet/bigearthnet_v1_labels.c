#include "data/bigearthnet/bigearthnet_v1_labels.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/thread.h"
#include "data/names/nomenclature_v1.h"
#include "data/names/patch_name_v1.h"
#include "io/labels_json.h"

#include <stdio.h>
#include <string.h>

_Static_assert(MOS_BEN43_CLASSES <= 64, "labels of a note are bits of one word");

enum { CHUNK = 4096, FEW = 64 /* not worth waking threads for */ };

mosaic_status mos_v1_patches_reserve(mos_v1_patches *patches) {
    return mos_grow(&patches->notes, &patches->capacity, patches->names.count,
                    sizeof *patches->notes, "labels of patches");
}

void mos_v1_patches_release(mos_v1_patches *patches) {
    for (size_t i = 0; i < patches->capacity; i++)
        mos_free(patches->notes[i].said);
    mos_free(patches->notes);
    mos_name_set_release(&patches->names);
    *patches = (mos_v1_patches){0};
}

/* The message at hand, kept: few files have one. */
static mosaic_status keep_failure(mos_v1_note *note) {
    char text[512];
    mos_error_copy(text, sizeof text);
    if (note->status == MOSAIC_ERR_MEMORY) return note->status;
    return mos_copy_text(text, &note->said);
}

mosaic_status mos_v1_note_take(mos_v1_note *note, const void *data, size_t size, const char *what) {
    mos_labels_json file;
    note->read = true;
    note->status = mos_labels_json_parse(data, size, what, &file);
    if (note->status != MOSAIC_OK) return keep_failure(note);
    mosaic_status status = MOSAIC_OK;
    for (size_t i = 0; i < file.label_count && status == MOSAIC_OK; i++) {
        int index = mos_ben43_find(file.labels[i], strlen(file.labels[i]));
        if (index >= 0)
            note->labels |= (uint64_t)1 << index;
        else if (note->strangers++ == 0)
            status = mos_copy_text(file.labels[i], &note->said);
    }
    note->has_time = file.acquired != NULL && mos_time_parse_v1(file.acquired, &note->time_s);
    note->odd_time = file.acquired != NULL && !note->has_time;
    if (file.has_place) {
        note->epsg = file.epsg;
        note->west = file.west;
        note->north = file.north;
        note->width = file.east - file.west;
        note->height = file.north - file.south;
    }
    const char *text = file.partner != NULL ? file.partner : file.source;
    /* A partner's name that is cut off is none any more; a product's is known by its beginning. */
    if (text != NULL) snprintf(note->text, sizeof note->text, "%.71s", text);
    mos_labels_json_release(&file);
    return status;
}

typedef struct note_work {
    mos_v1_patches *patches;
    int64_t first;
    mosaic_status *status; /* [threads] */
    mos_file_bytes *bytes; /* [threads] */
} note_work;

static mosaic_status read_note(mos_v1_patches *patches, int64_t i, mos_file_bytes *bytes) {
    mos_v1_note *note = &patches->notes[i];
    char path[4096];
    note->read = true;
    note->status = mos_patch_files_read(patches->files, patches->names.entries[i].name,
                                        patches->files->layout->count, bytes, path, sizeof path);
    return note->status == MOSAIC_OK ? mos_v1_note_take(note, bytes->data, bytes->size, path)
                                     : keep_failure(note);
}

static void read_range(void *context, int64_t begin, int64_t end, int thread) {
    note_work *work = context;
    for (int64_t i = work->first + begin; i < work->first + end; i++) {
        const mos_v1_note *note = &work->patches->notes[i];
        if (!note->wanted || note->read || work->status[thread] != MOSAIC_OK) continue;
        work->status[thread] = read_note(work->patches, i, &work->bytes[thread]);
    }
}

static mosaic_status read_chunks(note_work *work, int threads) {
    int64_t count = (int64_t)work->patches->names.count;
    mosaic_status status = MOSAIC_OK;
    mos_progress progress = {0};
    if (count > CHUNK) mos_progress_begin(&progress, "labels", count);
    for (; status == MOSAIC_OK && work->first < count; work->first += CHUNK) {
        int64_t left = count - work->first;
        mos_parallel_for(threads, left < CHUNK ? left : CHUNK, read_range, work);
        if (count <= CHUNK) continue;
        mos_progress_update(&progress, work->first);
        status = mos_stop_check(progress.label, work->first, count);
    }
    if (count > CHUNK) mos_progress_end(&progress);
    MOS_TRY(status);
    for (int t = 0; t < threads; t++) {
        if (work->status[t] != MOSAIC_OK) return mos_fail_memory(0, "labels of patches");
    }
    return MOSAIC_OK;
}

mosaic_status mos_v1_notes_read(mos_v1_patches *patches) {
    int threads = patches->names.count < FEW ? 1 : mos_cpu_count();
    note_work work = {.patches = patches};
    mosaic_status status;
    MOS_GOTO(mos_alloc((size_t)threads, sizeof *work.status, "labels of patches", &work.status));
    MOS_GOTO(mos_alloc((size_t)threads, sizeof *work.bytes, "labels of patches", &work.bytes));
    MOS_GOTO(read_chunks(&work, threads));
done:
    for (int t = 0; work.bytes != NULL && t < threads; t++)
        mos_file_bytes_release(&work.bytes[t]);
    mos_free(work.bytes);
    mos_free(work.status);
    return status;
}

void mos_v1_notes_report(mos_dataset *dataset, const mos_v1_patches *patches) {
    const int64_t day_s = 86400;
    for (size_t i = 0; i < patches->names.count; i++) {
        const mos_v1_note *note = &patches->notes[i];
        const char *name = patches->names.entries[i].name;
        size_t size = patches->names.entries[i].size;
        mos_patch_name parsed;
        if (!note->read || !note->wanted) continue;
        if (note->status != MOSAIC_OK)
            mos_dataset_defect(dataset, "labels_metadata.json unreadable", "%s", note->said);
        if (note->strangers > 0)
            mos_dataset_defect(dataset, "label not in the nomenclature", "%s: '%.100s'", name,
                               note->said);
        if (note->odd_time)
            mos_dataset_defect(dataset, "acquisition time not understood", "%s", name);
        bool known = mos_patch_name_parse_s1(name, size, &parsed) ||
                     mos_patch_name_parse_s2_v1(name, size, &parsed);
        if (known && note->has_time &&
            (note->time_s > parsed.time_s + day_s || note->time_s < parsed.time_s - day_s))
            mos_dataset_defect(dataset, "acquisition time far from the name's", "%s", name);
    }
}
