#include "prepare/split/split_import.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/csv.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const id_names[] = {"id", "patch_id", "patch", "name", "sample", "file", NULL};
static const char *const split_names[] = {"split", "set", "subset", "partition", NULL};

typedef struct import_job {
    const mos_dataset *dataset;
    mos_split_columns *columns;
    mos_import_report *report;
    uint8_t *seen; /* [samples] */
    const char *path;
} import_job;

static void note(mos_import_names *names, const char *id) {
    if (names->count < MOS_IMPORT_SHOWN)
        (void)snprintf(names->shown[names->count], sizeof names->shown[0], "%.120s", id);
    names->count++;
}

/* "val", "VAL", "valid", "training": what people write. */
static bool read_split(const char *text, mos_split *out) {
    char word[16];
    size_t size = strlen(text);
    if (size == 0 || size >= sizeof word) return false;
    for (size_t i = 0; i <= size; i++)
        word[i] = (char)tolower((unsigned char)text[i]);
    if (strcmp(word, "training") == 0) snprintf(word, sizeof word, "train");
    if (strcmp(word, "valid") == 0 || strcmp(word, "dev") == 0) snprintf(word, sizeof word, "val");
    if (strcmp(word, "testing") == 0) snprintf(word, sizeof word, "test");
    for (int s = 0; s < MOS_SPLIT_COUNT; s++) {
        if (strcmp(word, mos_split_names[s]) != 0) continue;
        *out = (mos_split)s;
        return true;
    }
    *out = MOS_SPLIT_VALIDATION;
    return strcmp(word, "val") == 0;
}

/* As it stands; without folders; without an extension. */
static int64_t find_sample(const mos_dataset *dataset, const char *id) {
    char name[512];
    int64_t found = mos_dataset_find(dataset, id);
    const char *slash = strrchr(id, '/');
    if (found >= 0 || strlen(id) >= sizeof name) return found;
    (void)snprintf(name, sizeof name, "%s", slash == NULL ? id : slash + 1);
    found = mos_dataset_find(dataset, name);
    char *dot = strrchr(name, '.');
    if (found >= 0 || dot == NULL) return found;
    *dot = '\0';
    return mos_dataset_find(dataset, name);
}

static mosaic_status take(const import_job *job, const char *path, unsigned line, const char *id,
                          mos_split split) {
    mos_import_report *report = job->report;
    int64_t sample = find_sample(job->dataset, id);
    if (sample < 0) {
        note(&report->unknown, id);
        return MOSAIC_OK;
    }
    if (job->seen[sample]) {
        if (job->columns->split[sample] != split)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s:%u: sample '%.200s' is for %s here, and for %s further up", path,
                            line, id, mos_split_names[split],
                            mos_split_names[job->columns->split[sample]]);
        note(&report->doubled, id);
        return MOSAIC_OK;
    }
    job->seen[sample] = 1;
    job->columns->split[sample] = (uint8_t)split;
    report->taken++;
    report->counts[split]++;
    return MOSAIC_OK;
}

static int64_t find_column(const mos_csv *csv, const char *const *names) {
    for (int n = 0; names[n] != NULL; n++) {
        for (size_t c = 0; c < csv->columns; c++)
            if (strcasecmp(csv->header[c], names[n]) == 0) return (int64_t)c;
    }
    return -1;
}

/* One table. `fixed`: all its ids are for one split, and its first column has them. */
static mosaic_status read_table(const import_job *job, const char *path, const mos_split *fixed) {
    mos_csv csv = {0};
    mosaic_status status;
    mos_split split = fixed == NULL ? MOS_SPLIT_NONE : *fixed;
    MOS_GOTO(mos_csv_read(path, 0, &csv));
    int64_t id = find_column(&csv, id_names), at = find_column(&csv, split_names);
    bool header = id >= 0 || at >= 0;
    if (!header && fixed == NULL && csv.columns == 2) { /* which of the two is the split? */
        at = read_split(csv.header[1], &split) ? 1 : read_split(csv.header[0], &split) ? 0 : -1;
        id = at < 0 ? -1 : 1 - at;
    }
    if (!header && fixed != NULL) id = 0;
    if (id < 0 || (at < 0 && fixed == NULL))
        MOS_GOTO(mos_fail(MOSAIC_ERR_DATA,
                          "%s: wanted a column id (or patch_id, patch, name, sample, file) and a "
                          "column split (or set, subset, partition), or an id and a split on each "
                          "line",
                          path));
    if (!header) MOS_GOTO(take(job, path, 1, csv.header[id], split));
    for (size_t r = 0; r < csv.rows; r++) {
        char *const *cells = csv.cells + r * csv.columns;
        if (fixed == NULL && !read_split(cells[at], &split))
            MOS_GOTO(mos_fail(MOSAIC_ERR_DATA,
                              "%s:%u: split '%.60s' is none of train, validation, val, test, none",
                              path, csv.lines[r], cells[at]));
        MOS_GOTO(take(job, path, csv.lines[r], cells[id], split));
    }
done:
    mos_csv_release(&csv);
    return status;
}

static mosaic_status read_folder(const import_job *job) {
    static const struct {
        const char *name;
        mos_split split;
    } files[] = {{"train", MOS_SPLIT_TRAIN},
                 {"val", MOS_SPLIT_VALIDATION},
                 {"validation", MOS_SPLIT_VALIDATION},
                 {"test", MOS_SPLIT_TEST}};
    static const char *const ends[] = {".csv", ".txt"};
    int found = 0;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
            char name[32], path[4096];
            (void)snprintf(name, sizeof name, "%s%s", files[f].name, ends[e]);
            MOS_TRY(mos_path_join(path, sizeof path, job->path, name));
            if (!mos_path_exists(path)) continue;
            found++;
            MOS_TRY(read_table(job, path, &files[f].split));
        }
    }
    if (found > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: no list in this folder: wanted train, val (or validation) and test, .csv "
                    "or .txt",
                    job->path);
}

mosaic_status mos_split_import(const mos_dataset *dataset, const char *path,
                               mos_split_columns **out, mos_import_report *report) {
    import_job job = {.dataset = dataset, .report = report, .path = path};
    int64_t count = mos_dataset_count(dataset);
    mosaic_status status;
    *report = (mos_import_report){0};
    *out = NULL;
    MOS_GOTO(mos_split_columns_create(count, &job.columns));
    MOS_GOTO(mos_alloc((size_t)count, 1, "listed samples", &job.seen));
    MOS_GOTO(mos_path_is_dir(path) ? read_folder(&job) : read_table(&job, path, NULL));
    for (int64_t i = 0; i < count; i++) {
        mos_sample sample;
        if (job.seen[i]) continue;
        MOS_GOTO(mos_dataset_sample(dataset, i, &sample));
        note(&report->missing, sample.id);
    }
    if (report->taken == 0)
        MOS_GOTO(
            mos_fail(MOSAIC_ERR_DATA,
                     "%s: none of its %lld ids is a sample of '%s', as '%s'; a sample there is "
                     "'%s'",
                     path, (long long)report->unknown.count, mos_dataset_root(dataset),
                     report->unknown.shown[0], report->missing.shown[0]));
    mos_text made_by = {0};
    mos_text_add(&made_by, "rule=import unknown=%lld missing=%lld",
                 (long long)report->unknown.count, (long long)report->missing.count);
    job.columns->made_by = made_by.data;
    if (made_by.failed) MOS_GOTO(mos_fail_memory(made_by.size, "a split file"));
    *out = job.columns;
    job.columns = NULL;
done:
    mos_split_columns_destroy(&job.columns);
    mos_free(job.seen);
    return status;
}

static void describe(mos_text *out, const char *title, const mos_import_names *names) {
    if (names->count == 0) return;
    mos_text_add(out, "%-12s %lld, as in", title, (long long)names->count);
    for (int64_t i = 0; i < names->count && i < MOS_IMPORT_SHOWN; i++)
        mos_text_add(out, "%s %s", i == 0 ? "" : ",", names->shown[i]);
    mos_text_add(out, "\n");
}

void mos_split_import_describe(const mos_import_report *report, mos_text *out) {
    for (int s = 0; s < MOS_SPLIT_COUNT; s++) {
        int64_t count = report->counts[s] + (s == MOS_SPLIT_NONE ? report->missing.count : 0);
        mos_text_add(out, "%-12s %lld\n", mos_split_names[s], (long long)count);
    }
    describe(out, "unknown", &report->unknown);
    describe(out, "doubled", &report->doubled);
    describe(out, "missing", &report->missing);
}
