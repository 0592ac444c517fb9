#include "data/bigearthnet_v1_labels.h"

#include "base/log.h"
#include "base/thread.h"
#include "data/nomenclature_v1.h"
#include "data/patch_name_v1.h"
#include "io/labels_json.h"

#include <stdio.h>
#include <string.h>

_Static_assert(MOS_BEN43_CLASSES <= 64, "labels of a note are bits of one word");

enum { CHUNK = 4096, FEW = 64 /* not worth waking threads for */ };

static mosaic_status read_file(const char *folder, const char *name, mos_labels_json *out) {
    char path[4096];
    int written = snprintf(path, sizeof path, "%s/%s/%s_labels_metadata.json", folder, name, name);
    memset(out, 0, sizeof *out);
    if (written < 0 || (size_t)written >= sizeof path)
        return mos_fail(MOSAIC_ERR_USAGE, "%.80s...: path is too long", folder);
    return mos_labels_json_read(path, out);
}

static void take_note(const char *folder, const char *name, mos_v1_note *note) {
    mos_labels_json file;
    note->read = true;
    note->status = read_file(folder, name, &file);
    if (note->status != MOSAIC_OK) return;
    for (size_t i = 0; i < file.label_count; i++) {
        int index = mos_ben43_find(file.labels[i], strlen(file.labels[i]));
        if (index < 0)
            note->strangers++;
        else
            note->labels |= (uint64_t)1 << index;
    }
    note->has_time = file.acquired != NULL && mos_time_parse_v1(file.acquired, &note->time_s);
    note->odd_time = file.acquired != NULL && !note->has_time;
    const char *text = file.partner != NULL ? file.partner : file.source;
    /* A partner's name that is cut off is none any more; a product's is known by its beginning. */
    if (text != NULL) snprintf(note->text, sizeof note->text, "%.71s", text);
    mos_labels_json_release(&file);
}

typedef struct note_work {
    const char *folder;
    const mos_name_set *names;
    mos_v1_note *notes;
    int64_t first;
} note_work;

static void take_notes(void *context, int64_t begin, int64_t end, int thread) {
    (void)thread;
    note_work *work = context;
    for (int64_t i = work->first + begin; i < work->first + end; i++) {
        mos_v1_note *note = &work->notes[i];
        if (note->wanted && !note->read)
            take_note(work->folder, work->names->entries[i].name, note);
    }
}

mosaic_status mos_v1_notes_read(const char *folder, const mos_name_set *names, mos_v1_note *notes) {
    int64_t count = (int64_t)names->count;
    note_work work = {.folder = folder, .names = names, .notes = notes};
    mos_progress progress = {0};
    if (count > CHUNK) mos_progress_begin(&progress, "labels", count);
    for (; work.first < count; work.first += CHUNK) {
        int64_t left = count - work.first;
        mos_parallel_for(count < FEW ? 1 : mos_cpu_count(), left < CHUNK ? left : CHUNK, take_notes,
                         &work);
        if (count > CHUNK) mos_progress_update(&progress, work.first);
    }
    if (count > CHUNK) mos_progress_end(&progress);
    for (int64_t i = 0; i < count; i++) {
        if (notes[i].status == MOSAIC_ERR_MEMORY) return mos_fail_memory(0, "labels of patches");
    }
    return MOSAIC_OK;
}

/* The message that a thread had, or the stranger's name: read once more, for the few that are
 * shown. */
static void report_unreadable(mos_dataset *dataset, const char *folder, const char *name,
                              int shown) {
    mos_labels_json file = {0};
    bool again =
        (shown < 3 || dataset->survey != NULL) && read_file(folder, name, &file) != MOSAIC_OK;
    mos_dataset_defect(dataset, "labels_metadata.json unreadable", "%s",
                       again ? mosaic_error() : name);
    mos_labels_json_release(&file);
}

static void report_strangers(mos_dataset *dataset, const char *folder, const char *name,
                             int shown) {
    mos_labels_json file = {0};
    bool good =
        (shown < 3 || dataset->survey != NULL) && read_file(folder, name, &file) == MOSAIC_OK;
    const char *stranger = "";
    for (size_t i = 0; good && i < file.label_count && stranger[0] == '\0'; i++) {
        if (mos_ben43_find(file.labels[i], strlen(file.labels[i])) < 0) stranger = file.labels[i];
    }
    mos_dataset_defect(dataset, "label not in the nomenclature", "%s: '%.100s'", name, stranger);
    mos_labels_json_release(&file);
}

void mos_v1_notes_report(mos_dataset *dataset, const char *folder, const mos_name_set *names,
                         const mos_v1_note *notes) {
    int unreadable = 0, strange = 0;
    const int64_t day_s = 86400;
    for (size_t i = 0; i < names->count; i++) {
        const mos_v1_note *note = &notes[i];
        const char *name = names->entries[i].name;
        size_t size = names->entries[i].size;
        mos_patch_name parsed;
        if (!note->read) continue;
        if (note->status != MOSAIC_OK) report_unreadable(dataset, folder, name, unreadable++);
        if (note->strangers > 0) report_strangers(dataset, folder, name, strange++);
        if (note->odd_time)
            mos_dataset_defect(dataset, "acquisition time not understood", "%s", name);
        bool known = mos_patch_name_parse_s1(name, size, &parsed) ||
                     mos_patch_name_parse_s2_v1(name, size, &parsed);
        if (known && note->has_time &&
            (note->time_s > parsed.time_s + day_s || note->time_s < parsed.time_s - day_s))
            mos_dataset_defect(dataset, "acquisition time far from the name's", "%s", name);
    }
}
