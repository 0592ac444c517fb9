/* A folder of one's own with a table: id, one column per modality with a multi-band raster or one
 * path per band, labels, split. */
#include "data/csv/csv_layout.h"
#include "data/csv/csv_options.h"
#include "data/data_options.h"
#include "data/file_layout.h"
#include "data/modality_keys.h"
#include "data/names/class_lookup.h"
#include "data/names/csv_cells.h"
#include "data/names/label_text.h"
#include "data/names/nomenclature_worldcover.h"
#include "data/names/patch_name.h"
#include "data/raster_buffers.h"
#include "data/sample_table.h"
#include "data/source_info.h"
#include "data/survey.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/csv.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool is_table(const char *name) {
    size_t size = strlen(name);
    return size > 4 &&
           (strcasecmp(name + size - 4, ".csv") == 0 || strcasecmp(name + size - 4, ".tsv") == 0);
}

/* root itself, root/patches.csv, or the only table in root. */
static mosaic_status table_path(const char *root, char *out, size_t size) {
    if (!mos_path_is_dir(root)) return mos_path_join(out, size, root, "");
    MOS_TRY(mos_path_join(out, size, root, "patches.csv"));
    if (mos_path_exists(out)) return MOSAIC_OK;
    DIR *stream = opendir(root);
    if (stream == NULL) return mos_fail_errno("list", root);
    mosaic_status status = MOSAIC_OK;
    int found = 0;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (!is_table(entry->d_name)) continue;
        found++;
        MOS_GOTO(mos_path_join(out, size, root, entry->d_name));
    }
    if (found != 1)
        status = mos_fail(MOSAIC_ERR_DATA,
                          "%s: %d csv tables here and none is patches.csv; data.csv names the one",
                          root, found);
done:
    closedir(stream);
    return status;
}

static bool recognise_csv(const char *root) {
    char path[4096];
    if (mos_path_is_dir(root)) return table_path(root, path, sizeof path) == MOSAIC_OK;
    return is_table(root) && mos_path_exists(root);
}

typedef struct csv_source {
    mos_dataset *dataset;
    const char *path;
    mos_csv csv;
    mos_csv_layout at;
    char **paths; /* [slots] of the row in hand */
    int64_t rows;
} csv_source;

static bool collect(void *context, const char *label, size_t size) {
    return mos_name_set_add(context, label, size, NULL) == MOSAIC_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const mos_name_entry *)a)->name, ((const mos_name_entry *)b)->name);
}

/* Labels that are likely not what was meant: several in one, or codes. */
static mosaic_status judge_labels(const csv_source *source, const mos_name_set *names) {
    size_t codes = 0, numbers = 0;
    for (size_t n = 0; n < names->count; n++) {
        const mos_name_entry *e = &names->entries[n];
        codes += mos_worldcover_name(e->name, e->size) != NULL;
        numbers += e->name[strspn(e->name, "0123456789")] == '\0';
        if (memchr(e->name, '|', e->size) != NULL)
            return mos_fail(
                MOSAIC_ERR_DATA,
                "%s: label '%.*s' looks like several with '|' between them: wanted ';', "
                "as in A;B, or a list ['A', 'B'] (a class of that very name: list all "
                "classes in data.class_names)",
                source->path, e->size < 80 ? (int)e->size : 80, e->name);
    }
    if (codes > 0 && codes == names->count)
        mos_log(MOS_LOG_WARNING,
                "%s: the labels are numbers that are codes of ESA WorldCover; "
                "data.nomenclature=worldcover makes them its classes, with their names",
                source->path);
    else if (numbers > 0 && numbers == names->count)
        mos_log(MOS_LOG_WARNING,
                "%s: the labels are numbers and no codes of ESA WorldCover: classes are called "
                "'%s' and so on, also in reports; write their names into the table",
                source->path, names->entries[0].name);
    return MOSAIC_OK;
}

/* The sorted set of the labels that occur. */
static mosaic_status collect_classes(csv_source *source) {
    mos_name_set names = {0};
    mosaic_status status = MOSAIC_OK;
    char *cell = NULL;
    size_t capacity = 0;
    for (int64_t r = 0; r < source->rows; r++) {
        const char *text = source->csv.cells[r * (int64_t)source->csv.columns + source->at.labels];
        MOS_GOTO(mos_grow(&cell, &capacity, strlen(text) + 1, 1, "a cell of labels"));
        memcpy(cell, text, strlen(text) + 1);
        if (!mos_labels_split(cell, collect, &names)) {
            status = mos_fail(MOSAIC_ERR_DATA,
                              "%s:%u: labels '%.80s' are neither A;B nor a list ['A', 'B']",
                              source->path, source->csv.lines[r], text);
            goto done;
        }
    }
    qsort(names.entries, names.count, sizeof *names.entries, by_name);
    source->dataset->classes_found = true;
    MOS_GOTO(judge_labels(source, &names));
    for (size_t n = 0; n < names.count; n++)
        MOS_GOTO(
            mos_dataset_add_class(source->dataset, names.entries[n].name, names.entries[n].size));
done:
    mos_free(cell);
    mos_name_set_release(&names);
    return status;
}

static mosaic_status find_classes(csv_source *source) {
    mos_csv_layout *at = &source->at;
    MOS_TRY(mos_class_columns(source->dataset, &source->csv, true, source->path, &at->first_class,
                              &at->class_columns));
    if (at->class_columns > 0 || at->labels < 0) return MOSAIC_OK;
    const mos_data_options *options = &source->dataset->options;
    if (options->class_names.count > 0 || source->dataset->worldcover)
        return mos_default_classes(source->dataset);
    return collect_classes(source);
}

/* The files of a row that exist; others are named. */
static mosaic_status find_files(csv_source *source, char **cells, const char **sources) {
    mos_dataset *dataset = source->dataset;
    const char *id = cells[source->at.id];
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_modality_storage *storage = &dataset->storage[m];
        int64_t filled = 0, found = 0;
        for (int64_t s = storage->slot; s < storage->slot + storage->slots; s++) {
            const char *cell = cells[source->at.slot_column[s]];
            sources[s] = NULL;
            if (cell[0] == '\0') continue;
            filled++;
            MOS_TRY(mos_csv_cell_path(&source->at, cell, source->paths[s], 4096));
            if (access(source->paths[s], F_OK) != 0) {
                mos_dataset_defect(dataset, "missing file", "%s: %s", id, source->paths[s]);
                continue;
            }
            sources[s] = source->paths[s];
            found++;
        }
        if (filled == 0)
            mos_dataset_defect(dataset, "missing modality", "%s: %s", id,
                               dataset->modalities[m].name);
        else if (filled == found && filled != storage->slots)
            mos_dataset_defect(dataset, "missing band", "%s: %s has %lld of %lld bands", id,
                               dataset->modalities[m].name, (long long)filled,
                               (long long)storage->slots);
        if (filled == 0 || found < storage->slots || storage->width[0] != 0) continue;
        int64_t named = dataset->modalities[m].band_count;
        mosaic_status status = mos_csv_layout_bands(dataset, m, sources + storage->slot);
        if (status == MOSAIC_OK) continue;
        bool opened = dataset->modalities[m].band_count != named;
        if (!mos_survey_forgives(dataset, status,
                                 opened ? "bands not understood" : "first file unreadable"))
            return status;
        dataset->modalities[m].band_count = named; /* the next row's file tells */
        dataset->storage[m].width[0] = 0;
    }
    return MOSAIC_OK;
}

/* What the names of the product, of the folders of a file and of the sample say of the acquisition;
 * the table's own word counts, and is held against them. */
static void find_time(csv_source *source, int64_t m, const mos_sample_row *row, int64_t *time_s) {
    static const int64_t far_s = 86400;
    mos_dataset *dataset = source->dataset;
    const mos_modality_storage *storage = &dataset->storage[m];
    int64_t found = MOS_TIME_UNKNOWN;
    mos_band_role role = mos_dataset_role(dataset, m);
    const char *names[] = {row->product, row->sources[storage->slot], row->id};
    if (role == MOS_ROLE_UNKNOWN) return;
    for (size_t n = 0; n < sizeof names / sizeof *names && found == MOS_TIME_UNKNOWN; n++) {
        if (names[n] != NULL)
            (void)mos_product_time(names[n], role == MOS_ROLE_RADAR ? '1' : '2', &found);
    }
    if (found == MOS_TIME_UNKNOWN) return;
    if (*time_s == MOS_TIME_UNKNOWN)
        *time_s = found;
    else if (llabs(*time_s - found) > far_s)
        mos_dataset_defect(dataset, "acquisition time far from the name's", "%s", row->id);
}

static mosaic_status row_labels(csv_source *source, mos_class_lookup *lookup, char **cells,
                                int64_t r, int8_t *labels) {
    const mos_csv_layout *at = &source->at;
    lookup->row = source->csv.lines[r];
    lookup->id = cells[at->id];
    lookup->id_size = strlen(lookup->id);
    if (at->class_columns > 0)
        return mos_class_cells(cells + at->first_class, at->class_columns, source->path,
                               source->csv.lines[r], labels);
    mos_class_lookup_begin(lookup, labels);
    if (at->labels < 0) return MOSAIC_OK;
    return mos_class_lookup_cell(lookup, cells[at->labels], strlen(cells[at->labels]));
}

static mosaic_status add_row(csv_source *source, mos_class_lookup *lookup, int64_t r) {
    mos_dataset *dataset = source->dataset;
    const mos_csv_layout *at = &source->at;
    char **cells = source->csv.cells + r * (int64_t)source->csv.columns;
    uint32_t line = source->csv.lines[r];
    int8_t labels[MOS_DATA_MAX_CLASSES];
    int64_t times[MOS_DATA_MAX_MODALITIES];
    const char *sources[MOS_DATA_MAX_MODALITIES * MOS_DATA_MAX_BANDS];
    mos_sample_row row = {.id = cells[at->id],
                          .id_size = strlen(cells[at->id]),
                          .split = MOS_SPLIT_NONE,
                          .labels = labels,
                          .times = times,
                          .sources = sources};
    if (row.id_size == 0) return mos_fail(MOSAIC_ERR_DATA, "%s:%u: empty id", source->path, line);
    if (at->split >= 0 && cells[at->split][0] != '\0')
        MOS_TRY(mos_context(mos_split_parse(cells[at->split], &row.split), "%s:%u", source->path,
                            line));
    const char *country = at->country < 0 ? "" : cells[at->country];
    MOS_TRY(mos_dataset_country(dataset, country, strlen(country), &row.country));
    if (at->product >= 0 && cells[at->product][0] != '\0') row.product = cells[at->product];
    if (at->location >= 0 && cells[at->location][0] != '\0') row.location = cells[at->location];
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        times[m] = MOS_TIME_UNKNOWN;
        if (at->time_column[m] >= 0)
            MOS_TRY(mos_time_cell(cells[at->time_column[m]], source->path, line, &times[m]));
    }
    MOS_TRY(row_labels(source, lookup, cells, r, labels));
    MOS_TRY(find_files(source, cells, sources));
    for (int64_t m = 0; m < dataset->modality_count; m++)
        find_time(source, m, &row, &times[m]);
    bool any = false;
    for (int64_t s = 0; s < dataset->slots; s++)
        any = any || sources[s] != NULL;
    if (!any) {
        mos_dataset_defect(dataset, "row without files", "%s", row.id);
        return MOSAIC_OK;
    }
    return mos_dataset_add(dataset, &row);
}

static mosaic_status add_rows(csv_source *source) {
    mos_dataset *dataset = source->dataset;
    mosaic_status status;
    mos_class_lookup lookup = {.dataset = dataset, .path = source->path};
    MOS_GOTO(mos_alloc((size_t)dataset->slots, sizeof *source->paths, "paths", &source->paths));
    for (int64_t s = 0; s < dataset->slots; s++)
        MOS_GOTO(mos_alloc(4096, 1, "a path", &source->paths[s]));
    for (int64_t r = 0; r < source->rows; r++) {
        status = add_row(source, &lookup, r);
        if (status != MOSAIC_OK && mos_survey_forgives(dataset, status, "row not understood"))
            status = MOSAIC_OK;
        if (status != MOSAIC_OK) goto done;
    }
done:
    for (int64_t s = 0; source->paths != NULL && s < dataset->slots; s++)
        mos_free(source->paths[s]);
    mos_free(source->paths);
    return mos_class_lookup_end(&lookup, status);
}

static void close_csv(mos_dataset *dataset) {
    mos_file_layouts *layouts = dataset->handle;
    if (layouts != NULL) mos_file_layouts_release(layouts);
    mos_free(layouts);
    dataset->handle = NULL;
}

static mosaic_status open_csv(mos_dataset *dataset) {
    char path[4096];
    csv_source *source;
    MOS_TRY(mos_alloc(1, sizeof *source, "table", &source));
    mosaic_status status;
    const mos_csv_options *own = mos_csv_options_of(&dataset->options);
    dataset->worldcover = own->nomenclature == MOS_NOMENCLATURE_WORLDCOVER;
    if (own->csv != NULL)
        MOS_GOTO(mos_dataset_path(dataset, own->csv, "", path, sizeof path));
    else
        MOS_GOTO(table_path(dataset->root, path, sizeof path));
    source->dataset = dataset;
    source->path = path;
    MOS_GOTO(mos_csv_read(path, 0, &source->csv));
    source->rows = (int64_t)source->csv.rows;
    if (source->rows == 0)
        MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s: a header and no rows: the table lists no samples",
                          path));
    MOS_GOTO(mos_csv_layout_find(dataset, &source->csv, path, &source->at));
    MOS_GOTO(mos_modality_keys_check(dataset));
    MOS_GOTO(find_classes(source));
    MOS_GOTO(mos_dataset_reserve(dataset, source->rows));
    dataset->metadata_rows = source->rows;
    mos_file_layouts *layouts;
    MOS_GOTO(mos_alloc(1, sizeof *layouts, "layouts of files", &layouts));
    dataset->handle = layouts;
    MOS_GOTO(mos_file_layouts_init(dataset, source->rows, layouts));
    MOS_GOTO(add_rows(source));
    mos_dataset_classify(dataset);
done:
    mos_csv_release(&source->csv);
    mos_free(source);
    return status;
}

static mosaic_status read_csv(mos_dataset *dataset, void *state, int64_t sample, int64_t modality,
                              const int *bands, int64_t count, mos_raw_band *out) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    const char *const *sources = dataset->sources + sample * dataset->slots + storage->slot;
    const mos_file_layout *layout;
    if (storage->slots == 1) {
        int band = storage->named_in_table ? 0 : -1;
        MOS_TRY(mos_file_layout_find(dataset->handle, dataset, sample, modality, storage->slot,
                                     band, sources[0], &layout));
        return mos_file_layout_read(dataset, state, layout, modality, sources[0], bands, count,
                                    out);
    }
    for (int64_t i = 0; i < count; i++) {
        MOS_TRY(mos_file_layout_find(dataset->handle, dataset, sample, modality,
                                     storage->slot + bands[i], bands[i], sources[bands[i]],
                                     &layout));
        MOS_TRY(mos_file_layout_read(dataset, state, layout, modality, sources[bands[i]], &bands[i],
                                     1, &out[i]));
    }
    return MOSAIC_OK;
}

static mosaic_status describe_csv(mos_dataset *dataset, void *state, int64_t sample,
                                  int64_t modality, int band, mos_source_info *out) {
    (void)state;
    const mos_modality_storage *storage = &dataset->storage[modality];
    const char *const *sources = dataset->sources + sample * dataset->slots + storage->slot;
    MOS_TRY(
        mos_path_join(out->path, sizeof out->path, sources[storage->slots == 1 ? 0 : band], ""));
    return mos_source_from_raster(out);
}

/* NULL: who reads the file gets the error. */
static const mos_file_layout *first_layout(mos_dataset *dataset, int64_t sample, int64_t modality) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    const mos_file_layout *layout;
    int band = storage->named_in_table ? 0 : -1;
    mosaic_status status =
        mos_file_layout_find(dataset->handle, dataset, sample, modality, storage->slot, band,
                             dataset->sources[sample * dataset->slots + storage->slot], &layout);
    return status == MOSAIC_OK ? layout : NULL;
}

static int csv_offset_tag(mos_dataset *dataset, int64_t sample, int64_t modality) {
    const mos_file_layout *layout = first_layout(dataset, sample, modality);
    return layout == NULL ? 0 : layout->offset_tag;
}

static const char *csv_level_tag(mos_dataset *dataset, int64_t sample, int64_t modality) {
    const mos_file_layout *layout = first_layout(dataset, sample, modality);
    return layout == NULL ? "" : layout->level;
}

const mos_format mos_format_csv = {
    .name = "csv",
    .summary = "a table with one raster per modality, or one per band",
    .files = true,
    .classes = 1u << MOS_CLASSES_DEFAULT | 1u << MOS_CLASSES_19,
    .options = &mos_csv_format_options,
    .open = open_csv,
    .close = close_csv,
    .recognise = recognise_csv,
    .reader_open = mos_raster_buffers_open,
    .reader_close = mos_raster_buffers_close,
    .read = read_csv,
    .offset_tag = csv_offset_tag,
    .level_tag = csv_level_tag,
    .describe = describe_csv,
};
