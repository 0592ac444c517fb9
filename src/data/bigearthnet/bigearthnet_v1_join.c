#include "data/bigearthnet/bigearthnet_v1_join.h"

#include "base/memory.h"
#include "data/bigearthnet/bigearthnet_options.h"
#include "data/data_options.h"
#include "data/names/class_lookup.h"
#include "data/names/nomenclature.h"
#include "data/names/nomenclature_v1.h"
#include "data/names/patch_name_v1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One S2 name with what is known of it. */
typedef struct v1_place {
    const char *name;
    size_t size;
    int64_t at[MOS_BEN_MODALITIES]; /* in the stored names; -1: not stored */
    const mos_v1_listed *listed;
} v1_place;

typedef struct v1_join {
    mos_dataset *dataset;
    const mos_v1_lists *lists;
    mos_v1_patches *patches; /* [MOS_BEN_MODALITIES] */
    mos_name_set names;
    v1_place *places; /* [names.count] until sorted */
    size_t capacity;
    int64_t class_of[MOS_BEN43_CLASSES]; /* -1: dropped */
    int epsg;                            /* of the last sample with a place */
    const char *crs;
    int64_t labelled, strange; /* samples with a class, and with nothing but strangers */
} v1_join;

static mosaic_status add_classes(v1_join *join) {
    mos_dataset *dataset = join->dataset;
    bool all = dataset->options.classes == MOS_CLASSES_43;
    if (!all) {
        MOS_TRY(mos_default_classes(dataset));
    } else {
        bool paper = dataset->options.class_order == MOS_ORDER_PAPER;
        for (int i = 0; i < MOS_BEN43_CLASSES; i++) {
            const char *name = mos_ben43_classes[paper ? i : mos_ben43_lexicographic[i]].name;
            MOS_TRY(mos_dataset_add_class(dataset, name, strlen(name)));
        }
    }
    for (int i = 0; i < MOS_BEN43_CLASSES; i++) {
        int of_19 = mos_ben43_to_19(i);
        const char *name = all          ? mos_ben43_classes[i].name
                           : of_19 >= 0 ? mos_ben_classes[of_19]
                                        : NULL;
        join->class_of[i] = -1;
        for (int64_t c = 0; name != NULL && c < dataset->class_count; c++) {
            if (strcmp(dataset->classes[c], name) == 0) join->class_of[i] = c;
        }
    }
    return MOSAIC_OK;
}

static mosaic_status place_of(v1_join *join, const char *name, size_t size, v1_place **out) {
    bool added;
    MOS_TRY(mos_name_set_add(&join->names, name, size, &added));
    const mos_name_entry *entry = mos_name_set_find(&join->names, name, size);
    size_t at = (size_t)(entry - join->names.entries);
    MOS_TRY(mos_grow(&join->places, &join->capacity, join->names.count, sizeof *join->places,
                     "places of patches"));
    if (added)
        join->places[at] = (v1_place){.name = entry->name,
                                      .size = size,
                                      .at = {-1, -1},
                                      .listed = mos_v1_lists_find(join->lists, name, size)};
    *out = &join->places[at];
    return MOSAIC_OK;
}

static const char *stored_name(const v1_join *join, int modality, int64_t at) {
    return join->patches[modality].names.entries[at].name;
}

/* Of two S1 patches that name one place the first by name counts, whatever order the folder has. */
static mosaic_status set_s1(v1_join *join, const char *s2, size_t size, int64_t at) {
    v1_place *place;
    MOS_TRY(place_of(join, s2, size, &place));
    int64_t *held = &place->at[MOS_BEN_S1];
    const char *name = stored_name(join, MOS_BEN_S1, at);
    join->patches[MOS_BEN_S1].names.entries[at].used = true;
    if (join->patches[MOS_BEN_S1].notes[at].damaged) return MOSAIC_OK;
    if (*held < 0) {
        *held = at;
        return MOSAIC_OK;
    }
    bool first = strcmp(name, stored_name(join, MOS_BEN_S1, *held)) < 0;
    mos_dataset_defect(join->dataset, "second s1 patch of one s2 patch", "%s of %s",
                       first ? stored_name(join, MOS_BEN_S1, *held) : name, s2);
    if (first) *held = at;
    return MOSAIC_OK;
}

static mosaic_status place_listed(v1_join *join) {
    for (size_t i = 0; i < join->lists->names.count; i++) {
        const mos_name_entry *entry = &join->lists->names.entries[i];
        const char *s1 = join->lists->listed[i].s1;
        v1_place *place;
        MOS_TRY(place_of(join, entry->name, entry->size, &place));
        const mos_name_entry *stored =
            s1 == NULL ? NULL : mos_name_set_find(&join->patches[MOS_BEN_S1].names, s1, strlen(s1));
        if (stored != NULL)
            MOS_TRY(set_s1(join, entry->name, entry->size,
                           stored - join->patches[MOS_BEN_S1].names.entries));
    }
    return MOSAIC_OK;
}

static mosaic_status place_stored_s2(v1_join *join) {
    const mos_name_set *set = &join->patches[MOS_BEN_S2].names;
    bool snow_too = mos_ben_options_of(&join->dataset->options)->include_snow_cloud;
    for (size_t i = 0; i < set->count; i++) {
        const mos_name_entry *entry = &set->entries[i];
        v1_place *place;
        MOS_TRY(place_of(join, entry->name, entry->size, &place));
        mos_v1_note *note = &join->patches[MOS_BEN_S2].notes[i];
        if (!note->damaged) place->at[MOS_BEN_S2] = (int64_t)i;
        note->wanted = mos_v1_lists_choose(join->lists, snow_too, entry->name, entry->size);
    }
    return MOSAIC_OK;
}

/* S1 patches that no list joined: their own files name the partner. Where every listed patch has
 * its S1 patch named, the others belong to patches that are not listed. */
static mosaic_status place_stored_s1(v1_join *join) {
    const mos_name_set *set = &join->patches[MOS_BEN_S1].names;
    mos_v1_note *notes = join->patches[MOS_BEN_S1].notes;
    bool listed_all = mos_v1_lists_pair_all(join->lists);
    for (size_t i = 0; i < set->count; i++)
        notes[i].wanted = !set->entries[i].used && !listed_all;
    MOS_TRY(mos_v1_notes_read(&join->patches[MOS_BEN_S1]));
    for (size_t i = 0; i < set->count; i++) {
        const mos_v1_note *note = &notes[i];
        const char *name = set->entries[i].name;
        mos_patch_name parsed;
        if (set->entries[i].used) continue;
        if (listed_all) {
            mos_dataset_defect(join->dataset, "in no split list: left out (s1)", "%s", name);
            continue;
        }
        size_t size = strlen(note->text);
        if (note->status == MOSAIC_OK && mos_patch_name_parse_s2_v1(note->text, size, &parsed))
            MOS_TRY(set_s1(join, note->text, size, (int64_t)i));
        else
            mos_dataset_defect(join->dataset, "orphan s1 patch", "%s%s%s", name,
                               note->status == MOSAIC_OK ? ": corresponding_s2_patch is " : "",
                               note->text);
    }
    return MOSAIC_OK;
}

static const mos_v1_note *note_of(const v1_join *join, const v1_place *place, int modality) {
    int64_t at = place->at[modality];
    const mos_v1_note *note = at < 0 ? NULL : &join->patches[modality].notes[at];
    return note != NULL && note->wanted && note->read && note->status == MOSAIC_OK ? note : NULL;
}

/* The S2 file has the labels; where it does not, the S1 file has the same. */
static mosaic_status read_labels(v1_join *join) {
    MOS_TRY(mos_v1_notes_read(&join->patches[MOS_BEN_S2]));
    for (size_t i = 0; i < join->names.count; i++) {
        const v1_place *place = &join->places[i];
        bool wanted = !join->lists->given || place->listed != NULL;
        if (wanted && place->at[MOS_BEN_S1] >= 0 && note_of(join, place, MOS_BEN_S2) == NULL)
            join->patches[MOS_BEN_S1].notes[place->at[MOS_BEN_S1]].wanted = true;
    }
    MOS_TRY(mos_v1_notes_read(&join->patches[MOS_BEN_S1]));
    mos_v1_notes_report(join->dataset, &join->patches[MOS_BEN_S2]);
    mos_v1_notes_report(join->dataset, &join->patches[MOS_BEN_S1]);
    return MOSAIC_OK;
}

/* False: counted and no sample. */
static bool is_sample(const v1_join *join, const v1_place *place) {
    mos_dataset *dataset = join->dataset;
    const mos_ben_options *own = mos_ben_options_of(&dataset->options);
    bool s1 = place->at[MOS_BEN_S1] >= 0, s2 = place->at[MOS_BEN_S2] >= 0;
    if (!s1 && !s2) {
        mos_dataset_defect(dataset, "row without files", "%s", place->name);
        return own->rows_without_files == MOS_ROWS_KEEP;
    }
    if (!own->include_snow_cloud &&
        mos_name_set_find(&join->lists->snowy, place->name, place->size) != NULL) {
        mos_dataset_defect(dataset, "snow, cloud or shadow: left out", "%s", place->name);
        return false;
    }
    if (join->lists->given && place->listed == NULL) {
        mos_dataset_defect(dataset, "in no split list: left out", "%s", place->name);
        return false;
    }
    return true;
}

/* False: the patch has labels and none of them is a class. */
static bool set_labels(v1_join *join, const v1_place *place, int8_t *labels) {
    mos_dataset *dataset = join->dataset;
    size_t classes = (size_t)dataset->class_count;
    const mos_v1_note *s1 = note_of(join, place, MOS_BEN_S1),
                      *s2 = note_of(join, place, MOS_BEN_S2), *note = s2 != NULL ? s2 : s1;
    if (s1 != NULL && s2 != NULL && s1->labels != s2->labels)
        mos_dataset_defect(dataset, "labels of s1 and s2 differ: those of s2 count", "%s",
                           place->name);
    memset(labels, -1, classes);
    if (note == NULL || (note->labels == 0 && note->strangers == 0)) {
        mos_dataset_defect(dataset, "labels unknown", "%s", place->name);
        return true;
    }
    int64_t known = 0;
    memset(labels, 0, classes);
    for (int i = 0; i < MOS_BEN43_CLASSES; i++) {
        if (!(note->labels >> i & 1) || join->class_of[i] < 0) continue;
        labels[join->class_of[i]] = 1;
        known++;
    }
    join->labelled += known > 0;
    if (known > 0) return true;
    if (note->strangers > 0) { /* it shows something, nobody knows what */
        memset(labels, -1, classes);
        join->strange++;
        return true;
    }
    mos_dataset_defect(dataset, "no label is one of the classes: left out", "%s", place->name);
    return false;
}

static void check_pair(const v1_join *join, const v1_place *place, const mos_patch_name *s2,
                       int64_t times[MOS_BEN_MODALITIES]) {
    mos_dataset *dataset = join->dataset;
    mos_patch_name s1;
    bool has_s1 = place->at[MOS_BEN_S1] >= 0, has_s2 = place->at[MOS_BEN_S2] >= 0;
    const char *name = has_s1 ? stored_name(join, MOS_BEN_S1, place->at[MOS_BEN_S1])
                       : place->listed != NULL ? place->listed->s1
                                               : NULL;
    times[MOS_BEN_S1] = MOS_TIME_UNKNOWN;
    times[MOS_BEN_S2] = s2->time_s;
    if (has_s1 != has_s2)
        mos_dataset_defect(dataset, has_s2 ? "missing partner (no s1)" : "missing partner (no s2)",
                           "%s%s%s", place->name, name != NULL ? " with " : "",
                           name != NULL ? name : "");
    if (name == NULL || !mos_patch_name_parse_s1(name, strlen(name), &s1)) return;
    times[MOS_BEN_S1] = s1.time_s;
    if (s1.column != s2->column || s1.row != s2->row)
        mos_dataset_defect(dataset, "s1 and s2 of different places", "%s with %s", place->name,
                           name);
}

/* Names of version 1 have no tile: the file of either modality tells the outline. crs NULL where
 * none does. */
static mosaic_status find_site(v1_join *join, const v1_place *place, mos_site *out) {
    const mos_v1_note *note = note_of(join, place, MOS_BEN_S2);
    char text[32];
    *out = (mos_site){0};
    if (note == NULL || note->epsg == 0) note = note_of(join, place, MOS_BEN_S1);
    if (note == NULL || note->epsg == 0) return MOSAIC_OK;
    if (note->epsg != join->epsg) {
        int size = snprintf(text, sizeof text, "EPSG:%d", note->epsg);
        MOS_TRY(mos_text_pool_add(&join->dataset->pool, text, (size_t)size, &join->crs));
        join->epsg = note->epsg;
    }
    *out = (mos_site){.crs = join->crs,
                      .x = note->west,
                      .y = note->north,
                      .width = note->width,
                      .height = note->height};
    return MOSAIC_OK;
}

static mosaic_status add_sample(v1_join *join, const v1_place *place, int8_t *labels) {
    mos_patch_name s2;
    int64_t times[MOS_BEN_MODALITIES];
    mos_site site;
    if (!mos_patch_name_parse_s2_v1(place->name, place->size, &s2))
        return mos_fail(MOSAIC_ERR_RUNTIME, "'%s' is not a patch name", place->name);
    if (!is_sample(join, place) || !set_labels(join, place, labels)) return MOSAIC_OK;
    check_pair(join, place, &s2, times);
    MOS_TRY(find_site(join, place, &site));
    const mos_v1_note *note = note_of(join, place, MOS_BEN_S2);
    int64_t at = place->at[MOS_BEN_S1];
    const char *sources[MOS_BEN_MODALITIES] = {
        [MOS_BEN_S1] = at >= 0 ? stored_name(join, MOS_BEN_S1, at) : NULL,
        [MOS_BEN_S2] = place->at[MOS_BEN_S2] >= 0 ? place->name : NULL};
    mos_sample_row row = {.id = place->name,
                          .id_size = place->size,
                          .split = place->listed != NULL ? (mos_split)place->listed->split
                                                         : MOS_SPLIT_NONE,
                          .labels = labels,
                          .times = times,
                          .sources = sources,
                          .product = note != NULL && note->text[0] != '\0' ? note->text : NULL,
                          .site = site.crs == NULL ? NULL : &site};
    return mos_dataset_add(join->dataset, &row);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const v1_place *)a)->name, ((const v1_place *)b)->name);
}

/* Sorted by name: the order of a folder is no order. */
static mosaic_status add_samples(v1_join *join) {
    mos_dataset *dataset = join->dataset;
    int8_t labels[MOS_DATA_MAX_CLASSES];
    qsort(join->places, join->names.count, sizeof *join->places, by_name);
    MOS_TRY(mos_dataset_reserve(dataset, (int64_t)join->names.count));
    for (size_t i = 0; i < join->names.count; i++)
        MOS_TRY(add_sample(join, &join->places[i], labels));
    if (join->labelled == 0 && join->strange > 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: no label of %lld patches is one of BigEarthNet's 43 classes",
                        dataset->root, (long long)join->strange);
    return MOSAIC_OK;
}

static mosaic_status fail_empty(const mos_dataset *dataset, const mos_v1_patches *patches) {
    char paths[MOS_BEN_MODALITIES][4096];
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        const mos_patch_files *files = patches[m].files;
        bool found = files->store != MOS_STORE_NONE;
        MOS_TRY(mos_dataset_path(dataset, found ? files->path : NULL, files->layout->folder,
                                 paths[m], sizeof paths[m]));
    }
    return mos_fail(MOSAIC_ERR_DATA, "no BigEarthNet v1.0 patch in %s or %s", paths[0], paths[1]);
}

mosaic_status mos_v1_join(mos_dataset *dataset, const mos_v1_lists *lists,
                          mos_v1_patches *patches) {
    v1_join join = {.dataset = dataset, .lists = lists, .patches = patches};
    mosaic_status status;
    if (patches[0].names.count + patches[1].names.count == 0) return fail_empty(dataset, patches);
    MOS_GOTO(add_classes(&join));
    dataset->metadata_rows = (int64_t)lists->names.count;
    MOS_GOTO(place_listed(&join));
    MOS_GOTO(place_stored_s2(&join));
    MOS_GOTO(place_stored_s1(&join));
    MOS_GOTO(read_labels(&join));
    MOS_GOTO(add_samples(&join));
done:
    mos_name_set_release(&join.names);
    mos_free(join.places);
    return status;
}
