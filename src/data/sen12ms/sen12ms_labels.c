#include "data/sen12ms/sen12ms_labels.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"
#include "data/names/name_list.h"
#include "io/csv.h"
#include "io/raster.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK = 512, FEW = 16 /* not worth waking threads for */, SHOWN = 3 };
static const char table_name[] = "IGBP_probability_labels.tsv";

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* "" where there is no table; `write` when it is to be made. */
static mosaic_status table_path(const mos_dataset *dataset, char *out, size_t size, bool *write) {
    const char *given = dataset->options.metadata;
    *write = false;
    if (given != NULL && !mos_path_is_dir(given) && !ends_with(given, ".txt")) {
        *write = !mos_path_exists(given) && ends_with(given, ".tsv");
        return mos_dataset_path(dataset, given, "", out, size);
    }
    if (given != NULL) {
        char folder[4096];
        MOS_TRY(mos_name_list_folder(given, folder, sizeof folder));
        MOS_TRY(mos_path_join(out, size, folder, table_name));
        if (mos_path_exists(out)) return MOSAIC_OK;
    }
    MOS_TRY(mos_path_join(out, size, dataset->root, table_name));
    if (!mos_path_exists(out)) out[0] = '\0';
    return MOSAIC_OK;
}

typedef struct share_columns {
    int64_t name, share[MOS_IGBP_CLASSES];
} share_columns;

static mosaic_status find_columns(const mos_csv *csv, const char *path, share_columns *out) {
    out->name = mos_csv_column(csv, "name");
    if (out->name < 0) return mos_fail(MOSAIC_ERR_DATA, "%s: no column 'name'", path);
    for (int k = 0; k < MOS_IGBP_CLASSES; k++) {
        char name[16];
        snprintf(name, sizeof name, "igbp%d", k + 1);
        out->share[k] = mos_csv_column(csv, name);
        if (out->share[k] < 0)
            return mos_fail(MOSAIC_ERR_DATA, "%s: no column '%s' (wanted igbp1 to igbp%d)", path,
                            name, MOS_IGBP_CLASSES);
    }
    return MOSAIC_OK;
}

static mosaic_status read_row(const mos_csv *csv, size_t row, const share_columns *at,
                              const char *path, const mos_sen12ms_tree *tree,
                              mos_sen12ms_shares *shares) {
    char *const *cells = csv->cells + row * csv->columns;
    uint32_t line = csv->lines[row];
    mos_sen12ms_key key;
    mos_sen12ms_shares found = {0};
    double sum = 0;
    int kind;
    if (!mos_sen12ms_patch_parse(cells[at->name], &kind, &key))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s:%u: '%.80s' is no patch name, as in ROIs1158_spring_s2_124_p100.tif",
                        path, line, cells[at->name]);
    for (int k = 0; k < MOS_IGBP_CLASSES; k++) {
        const char *cell = cells[at->share[k]];
        double value;
        if (!mos_parse_double(cell, &value) || !(value >= 0 && value <= 1))
            return mos_fail(MOSAIC_ERR_DATA, "%s:%u: igbp%d is '%.40s', wanted a share in [0, 1]",
                            path, line, k + 1, cell);
        found.share[k] = value;
        sum += value;
    }
    const double rounding = 1e-3;
    if (sum > 1 + rounding)
        return mos_fail(MOSAIC_ERR_DATA, "%s:%u: the shares of '%s' add up to more than 1", path,
                        line, cells[at->name]);
    found.known = sum > 0;
    const mos_sen12ms_patch *patch = mos_sen12ms_tree_find(tree, key);
    if (patch != NULL) shares[patch - tree->patches] = found;
    return MOSAIC_OK;
}

static mosaic_status read_table(const char *path, const mos_sen12ms_tree *tree,
                                mos_sen12ms_shares *shares) {
    mos_csv csv;
    share_columns at;
    MOS_TRY(mos_csv_read(path, 0, &csv));
    mosaic_status status;
    MOS_GOTO(find_columns(&csv, path, &at));
    for (size_t r = 0; r < csv.rows; r++)
        MOS_GOTO(read_row(&csv, r, &at, path, tree, shares));
done:
    mos_csv_release(&csv);
    return status;
}

static void add_row(mos_text *text, const char *name, const mos_sen12ms_shares *shares) {
    mos_text_add(text, "%s.tif", name);
    for (int k = 0; k < MOS_IGBP_CLASSES; k++) {
        mos_text_add_bytes(text, "\t", 1);
        mos_text_add_number(text, shares->share[k]);
    }
    mos_text_add_bytes(text, "\n", 1);
}

static mosaic_status write_table(const char *path, const mos_sen12ms_tree *tree,
                                 const mos_sen12ms_shares *shares) {
    mos_text text = {0};
    int64_t rows = 0;
    mos_text_add(&text, "name");
    for (int k = 0; k < MOS_IGBP_CLASSES; k++)
        mos_text_add(&text, "\tigbp%d", k + 1);
    mos_text_add_bytes(&text, "\n", 1);
    for (size_t i = 0; i < tree->count; i++) {
        char name[MOS_SEN12MS_NAME_SIZE];
        if (!shares[i].known) continue;
        mos_sen12ms_name(tree->patches[i].key, MOS_SEN12MS_S2, name);
        add_row(&text, name, &shares[i]);
        rows++;
    }
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "a table of label shares")
                                       : mos_atomic_write(path, text.data, text.size);
    mos_text_release(&text);
    if (status == MOSAIC_OK)
        mos_log(MOS_LOG_NOTICE, "%s: written, label shares of %lld patches", path, (long long)rows);
    return status;
}

/* Counts the codes of one raster; `pixels` [height, width] is scratch. */
static mosaic_status count_codes(const mos_sen12ms_tree *tree, mos_sen12ms_key key, int64_t width,
                                 int64_t height, float *pixels, mos_sen12ms_shares *out) {
    char path[4096];
    int64_t counts[MOS_IGBP_CLASSES] = {0}, counted = 0, total = width * height;
    MOS_TRY(mos_sen12ms_tree_path(tree, key, MOS_SEN12MS_LC, path, sizeof path));
    MOS_TRY(mos_raster_read_band(path, 1, MOS_F32, pixels, width, height));
    for (int64_t i = 0; i < total; i++) {
        float code = pixels[i];
        if (!(code >= 1 && code <= MOS_IGBP_CLASSES) || code != (float)(int)code) continue;
        counts[(int)code - 1]++;
        counted++;
    }
    for (int k = 0; k < MOS_IGBP_CLASSES; k++)
        out->share[k] = (double)counts[k] / (double)total;
    out->known = counted > 0;
    out->strange = counted < total;
    return MOSAIC_OK;
}

typedef struct share_work {
    const mos_sen12ms_tree *tree;
    mos_sen12ms_shares *shares;
    int64_t width, height, first;
} share_work;

static bool wants_count(const mos_sen12ms_patch *patch, const mos_sen12ms_shares *shares) {
    const unsigned images = 1u << MOS_SEN12MS_S1 | 1u << MOS_SEN12MS_S2;
    return !shares->known && (patch->stored & images) != 0 && (patch->stored >> MOS_SEN12MS_LC & 1);
}

static void count_some(void *context, int64_t begin, int64_t end, int thread) {
    (void)thread;
    share_work *work = context;
    float *pixels = NULL;
    mosaic_status status = begin < end ? mos_alloc((size_t)(work->width * work->height),
                                                   sizeof *pixels, "land cover", &pixels)
                                       : MOSAIC_OK;
    for (int64_t i = work->first + begin; i < work->first + end; i++) {
        const mos_sen12ms_patch *patch = &work->tree->patches[i];
        mos_sen12ms_shares *shares = &work->shares[i];
        if (!wants_count(patch, shares)) continue;
        shares->status = status != MOSAIC_OK ? status
                                             : count_codes(work->tree, patch->key, work->width,
                                                           work->height, pixels, shares);
    }
    mos_free(pixels);
}

/* The message that a thread had: the file is read once more, for the few that are shown. */
static mosaic_status report(mos_dataset *dataset, const share_work *work) {
    const mos_sen12ms_tree *tree = work->tree;
    float *pixels;
    int shown = 0;
    MOS_TRY(mos_alloc((size_t)(work->width * work->height), sizeof *pixels, "land cover", &pixels));
    for (size_t i = 0; i < tree->count; i++) {
        const mos_sen12ms_shares *shares = &work->shares[i];
        mos_sen12ms_shares again;
        char name[MOS_SEN12MS_NAME_SIZE];
        mos_sen12ms_name(tree->patches[i].key, MOS_SEN12MS_LC, name);
        if (shares->strange)
            mos_dataset_defect(dataset, "lc pixels outside IGBP 1..17", "%s", name);
        if (shares->status == MOSAIC_OK) continue;
        bool message = shown++ < SHOWN && count_codes(tree, tree->patches[i].key, work->width,
                                                      work->height, pixels, &again) != MOSAIC_OK;
        mos_dataset_defect(dataset, "lc unreadable", "%s", message ? mosaic_error() : name);
    }
    mos_free(pixels);
    return MOSAIC_OK;
}

static mosaic_status count_all(mos_dataset *dataset, share_work *work) {
    int64_t count = (int64_t)work->tree->count, wanted = 0;
    mosaic_status status = MOSAIC_OK;
    mos_progress progress = {0};
    for (int64_t i = 0; i < count; i++)
        wanted += wants_count(&work->tree->patches[i], &work->shares[i]);
    if (wanted == 0) return MOSAIC_OK;
    if (wanted > CHUNK) mos_progress_begin(&progress, "labels from land cover", count);
    for (; status == MOSAIC_OK && work->first < count; work->first += CHUNK) {
        int64_t left = count - work->first;
        mos_parallel_for(wanted < FEW ? 1 : mos_cpu_count(), left < CHUNK ? left : CHUNK,
                         count_some, work);
        if (wanted <= CHUNK) continue;
        mos_progress_update(&progress, work->first);
        status = mos_stop_check(progress.label, work->first, count);
    }
    if (wanted > CHUNK) mos_progress_end(&progress);
    MOS_TRY(status);
    for (int64_t i = 0; i < count; i++) {
        if (work->shares[i].status == MOSAIC_ERR_MEMORY) return mos_fail_memory(0, "land cover");
    }
    return report(dataset, work);
}

mosaic_status mos_sen12ms_shares_read(mos_dataset *dataset, const mos_sen12ms_tree *tree,
                                      int64_t width, int64_t height, mos_sen12ms_shares *shares) {
    char path[4096];
    bool write;
    MOS_TRY(table_path(dataset, path, sizeof path, &write));
    if (path[0] != '\0' && !write) MOS_TRY(read_table(path, tree, shares));
    share_work work = {.tree = tree, .shares = shares, .width = width, .height = height};
    MOS_TRY(count_all(dataset, &work));
    return write ? write_table(path, tree, shares) : MOSAIC_OK;
}

void mos_sen12ms_labels(const mos_sen12ms_shares *shares, bool full, double threshold,
                        int8_t *labels) {
    size_t classes = full ? MOS_IGBP_CLASSES : MOS_IGBP_SIMPLE_CLASSES;
    double share[MOS_IGBP_CLASSES] = {0};
    for (int k = 0; k < MOS_IGBP_CLASSES; k++)
        share[full ? k : mos_igbp_simple_of[k]] += shares->share[k];
    for (size_t c = 0; c < classes; c++)
        labels[c] = (int8_t)(!shares->known ? -1 : share[c] >= threshold);
}
