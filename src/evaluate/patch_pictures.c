#include "evaluate/patch_pictures.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "evaluate/picture.h"
#include "evaluate/result_cells.h"
#include "io/csv.h"
#include "io/png.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    ROLES = 3, /* best, worst, uncertain */
    MOST_ROWS = ROLES * MOS_PICTURED_MOST + MOS_PICTURED_PAIRS * MOS_PICTURED_EXAMPLES
};
static const double least_probability = 1e-7; /* a float that is 0 or 1 is no infinite error */

typedef struct shown_patch {
    int64_t row;
    int rank[ROLES]; /* from 1; 0: not among them */
} shown_patch;

typedef struct picture_set {
    const mos_result_set *set;
    mos_dataset *dataset;
    const char *folder; /* of the evaluation */
    const mos_modality *modality;
    int64_t modalities;
    double *error, *entropy; /* [n]; NaN: no known label */
    bool *positive;          /* [n] has a known positive label */
    shown_patch patch[MOST_ROWS];
    int64_t count;
} picture_set;

/* ---- which patches ---- */

static void measure_rows(picture_set *p) {
    const mos_result_set *set = p->set;
    for (int64_t i = 0; i < set->n; i++) {
        double error = 0, entropy = 0;
        int64_t known = 0;
        for (int64_t j = 0; j < set->classes; j++) {
            double q = (double)set->probability[i * set->classes + j];
            int8_t label = set->labels[i * set->classes + j];
            q = fmin(fmax(q, least_probability), 1 - least_probability);
            entropy -= q * log2(q) + (1 - q) * log2(1 - q);
            if (label < 0) continue;
            error -= log(label ? q : 1 - q);
            known++;
            p->positive[i] = p->positive[i] || label > 0;
        }
        p->error[i] = known > 0 ? error / (double)known : NAN;
        p->entropy[i] = entropy / (double)set->classes;
    }
}

static shown_patch *find_patch(picture_set *p, int64_t row) {
    for (int64_t k = 0; k < p->count; k++)
        if (p->patch[k].row == row) return &p->patch[k];
    p->patch[p->count] = (shown_patch){.row = row};
    return &p->patch[p->count++];
}

/* How much a row wants to be shown in a role; NaN: it cannot be. */
static double merit(const picture_set *p, int role, int64_t row) {
    if (role == 0) return p->positive[row] ? -p->error[row] : NAN;
    return role == 1 ? p->error[row] : p->entropy[row];
}

/* The `each` rows of largest merit, in order: few, so each is searched for. */
static void choose_role(picture_set *p, int role, int64_t each) {
    double before = INFINITY;
    int64_t last = -1;
    for (int rank = 1; rank <= each; rank++) {
        int64_t best = -1;
        double most = -INFINITY;
        for (int64_t i = 0; i < p->set->n; i++) {
            double m = merit(p, role, i);
            if (isnan(m) || m > before || (m == before && i <= last)) continue;
            if (best >= 0 && !(m > most)) continue;
            best = i;
            most = m;
        }
        if (best < 0) return;
        find_patch(p, best)->rank[role] = rank;
        before = most;
        last = best;
    }
}

/* Rows of the evaluation by id; -1. */
static mosaic_status find_row(const picture_set *p, const char *id, int64_t *row) {
    *row = -1;
    int64_t index = id[0] != '\0' ? mos_dataset_find(p->dataset, id) : -1;
    for (int64_t i = 0; index >= 0 && i < p->set->n && *row < 0; i++)
        if (p->set->samples[i] == index) *row = i;
    return MOSAIC_OK;
}

static mosaic_status choose_confused(picture_set *p) {
    char path[4096], name[16];
    mos_csv csv = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_path_join(path, sizeof path, p->folder, "confusability.csv"));
    if (!mos_path_exists(path)) return MOSAIC_OK;
    MOS_TRY(mos_csv_read(path, ',', &csv));
    for (int e = 1; e <= MOS_PICTURED_EXAMPLES; e++) {
        (void)snprintf(name, sizeof name, "example_%d", e);
        int64_t column = mos_csv_column(&csv, name), row;
        for (size_t r = 0; column >= 0 && r < csv.rows && r < MOS_PICTURED_PAIRS; r++) {
            MOS_GOTO(find_row(p, csv.cells[r * csv.columns + (size_t)column], &row));
            if (row >= 0) (void)find_patch(p, row);
        }
    }
done:
    mos_csv_release(&csv);
    return status;
}

/* ---- their pictures ---- */

/* Writes one picture and its cells; a patch that cannot be read leaves them empty. */
static mosaic_status draw_modality(const picture_set *p, mos_reader *reader, int64_t rank,
                                   int64_t m, const mos_sample *sample, mos_text *out) {
    mos_picture_kind kind;
    mos_patch patch;
    mos_text png = {0};
    uint8_t *rgb = NULL;
    int bands[3], count = mos_picture_bands(&p->modality[m], &kind, bands);
    int64_t index = p->set->samples[p->patch[rank].row], width, height;
    char name[64];
    mosaic_status status = MOSAIC_OK;
    bool there = count > 0 && (sample->present >> m & 1);
    if (there && mos_reader_read(reader, index, m, bands, count, &patch) != MOSAIC_OK) {
        mos_log(MOS_LOG_WARNING, "no picture of '%s': %s", sample->id, mosaic_error());
        there = false;
    }
    if (!there) {
        mos_text_add(out, ",,");
        return MOSAIC_OK;
    }
    mos_picture_size(&patch, &width, &height);
    (void)snprintf(name, sizeof name, "patches/%03lld-%d.png", (long long)rank, (int)m);
    MOS_GOTO(mos_alloc((size_t)(3 * width * height), 1, "picture", &rgb));
    MOS_GOTO(mos_picture_draw(kind, &patch, rgb));
    MOS_GOTO(mos_png_write(rgb, width, height, &png));
    MOS_GOTO(mos_result_file(p->folder, name, &png));
    mos_text_add(out, ",%s,%s", name, mos_picture_kind_names[kind]);
done:
    mos_text_release(&png);
    mos_free(rgb);
    return status;
}

/* Classes of one row for which `wanted` says yes: 0 labelled, 1 predicted, 2 missed, 3 wrong. */
static void add_classes(const mos_result_set *set, int64_t row, int wanted, mos_text *out) {
    mos_text names = {0};
    for (int64_t j = 0; j < set->classes; j++) {
        int8_t label = set->labels[row * set->classes + j];
        double threshold = set->tuned ? set->threshold[j] : 0.5;
        bool is = (double)set->probability[row * set->classes + j] >= threshold;
        bool listed = wanted == 0   ? label > 0
                      : wanted == 1 ? is
                      : wanted == 2 ? label > 0 && !is
                                    : label == 0 && is;
        if (!listed) continue;
        if (names.size > 0) mos_text_add_bytes(&names, ";", 1);
        mos_text_add(&names, "%s", set->class_names[j]);
    }
    mos_text_add_bytes(out, ",", 1);
    if (names.size > 0) mos_csv_add_field(out, names.data);
    if (names.failed) out->failed = true;
    mos_text_release(&names);
}

static mosaic_status add_patch(const picture_set *p, mos_reader *reader, int64_t rank,
                               mos_text *out) {
    const shown_patch *shown = &p->patch[rank];
    mos_sample sample;
    MOS_TRY(mos_dataset_sample(p->dataset, p->set->samples[shown->row], &sample));
    mos_csv_add_field(out, sample.id);
    for (int role = 0; role < ROLES; role++) {
        mos_text_add_bytes(out, ",", 1);
        if (shown->rank[role] > 0) mos_text_add(out, "%d", shown->rank[role]);
    }
    mos_csv_add_number(out, p->error[shown->row]);
    mos_csv_add_number(out, p->entropy[shown->row]);
    for (int wanted = 0; wanted < 4; wanted++)
        add_classes(p->set, shown->row, wanted, out);
    for (int64_t m = 0; m < p->modalities; m++)
        MOS_TRY(draw_modality(p, reader, rank, m, &sample, out));
    mos_text_add(out, "\n");
    return MOSAIC_OK;
}

static mosaic_status write_patches(const picture_set *p) {
    mos_reader *reader = NULL;
    mos_text out = {0};
    char path[4096];
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_path_join(path, sizeof path, p->folder, "patches"));
    MOS_GOTO(mos_make_dirs(path));
    MOS_GOTO(mos_reader_open(p->dataset, &reader));
    mos_text_add(&out, "id,best,worst,uncertain,error,entropy,labels,predicted,missed,wrong");
    for (int64_t m = 0; m < p->modalities; m++) {
        mos_text_add_bytes(&out, ",", 1);
        mos_csv_add_field(&out, p->modality[m].name);
        mos_text_add_bytes(&out, ",", 1);
        mos_text shows = {0};
        mos_text_add(&shows, "%s shows", p->modality[m].name);
        if (shows.data) mos_csv_add_field(&out, shows.data);
        mos_text_release(&shows);
    }
    mos_text_add(&out, "\n");
    for (int64_t k = 0; k < p->count; k++)
        MOS_GOTO(add_patch(p, reader, k, &out));
    MOS_GOTO(mos_result_file(p->folder, "patches.csv", &out));
done:
    mos_text_release(&out);
    mos_reader_close(&reader);
    return status;
}

/* Pictures of an earlier evaluation belong to other rows. */
static mosaic_status remove_old(const char *folder) {
    char path[4096];
    MOS_TRY(mos_path_join(path, sizeof path, folder, "patches.csv"));
    MOS_TRY(mos_remove_tree(path));
    MOS_TRY(mos_path_join(path, sizeof path, folder, "patches"));
    return mos_remove_tree(path);
}

mosaic_status mos_patch_pictures_write(const mos_result_set *set, mos_dataset *dataset,
                                       const char *folder, int64_t each) {
    picture_set *p = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(remove_old(folder));
    if (each <= 0 || set->n == 0) return MOSAIC_OK;
    if (each > MOS_PICTURED_MOST) each = MOS_PICTURED_MOST;
    MOS_GOTO(mos_alloc(1, sizeof *p, "pictures", &p));
    *p = (picture_set){.set = set, .dataset = dataset, .folder = folder};
    p->modalities = mos_dataset_modalities(dataset, &p->modality);
    size_t n = (size_t)set->n;
    MOS_GOTO(mos_alloc(n, sizeof *p->error, "errors of patches", &p->error));
    MOS_GOTO(mos_alloc(n, sizeof *p->entropy, "entropies of patches", &p->entropy));
    MOS_GOTO(mos_alloc(n, sizeof *p->positive, "labelled patches", &p->positive));
    measure_rows(p);
    for (int role = 0; role < ROLES; role++)
        choose_role(p, role, each);
    MOS_GOTO(choose_confused(p));
    MOS_GOTO(write_patches(p));
done:
    if (p) {
        mos_free(p->error);
        mos_free(p->entropy);
        mos_free(p->positive);
        mos_free(p);
    }
    return status;
}
