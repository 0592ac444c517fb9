#include "evaluate/score_groups.h"

#include "base/log.h"
#include "base/memory.h"
#include "data/names/patch_name.h"
#include "evaluate/group_column.h"
#include "evaluate/result_cells.h"
#include "io/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct grouping {
    const mos_score_input *input;
    const mos_dataset *dataset;
    const int64_t *samples;
    const mos_bootstrap_options *options;
    const char **text; /* [n] the column in hand */
    int64_t *rows;     /* [n] of the group in hand */
    size_t capacity;   /* of out->group */
    mos_score_groups *out;
} grouping;

static int64_t count_classes(const mos_score_input *input, const int64_t *rows, int64_t count) {
    int64_t classes = 0;
    for (int64_t j = 0; j < input->l; j++) {
        bool occurs = false;
        for (int64_t i = 0; i < count && !occurs; i++)
            occurs = input->labels[rows[i] * input->l + j] == 1;
        classes += occurs;
    }
    return classes;
}

static mosaic_status add_group(grouping *g, const char *column, const char *value, int64_t count) {
    mos_score_group *group = &g->out->group[g->out->count];
    (void)snprintf(group->column, sizeof group->column, "%.60s", column);
    (void)snprintf(group->value, sizeof group->value, "%s", value);
    group->rows = count;
    group->classes = count_classes(g->input, g->rows, count);
    MOS_TRY(mos_bootstrap_rows(g->input, g->rows, count, g->options, &group->scores));
    g->out->count++;
    return MOSAIC_OK;
}

/* The groups of g->text. One value for all tells nothing: `always` lists it all the same. */
static mosaic_status add_column(grouping *g, const char *column, const char *what, bool always) {
    mos_group_column c = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_group_column_make(g->text, g->input->n, what, &c));
    if (c.count < 2 && !always) goto done;
    MOS_GOTO(mos_grow(&g->out->group, &g->capacity, (size_t)(g->out->count + c.count),
                      sizeof *g->out->group, "groups"));
    for (int64_t k = 0; k < c.count; k++) {
        int64_t count = 0;
        for (int64_t i = 0; i < g->input->n; i++)
            if (c.group[i] == k) g->rows[count++] = i;
        MOS_GOTO(add_group(g, column, c.name[k], count));
    }
done:
    mos_group_column_release(&c);
    return status;
}

static mosaic_status add_country(grouping *g) {
    for (int64_t i = 0; i < g->input->n; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(g->dataset, g->samples[i], &sample));
        g->text[i] = sample.country;
    }
    return add_column(g, "country", "country", false);
}

static mosaic_status add_season(grouping *g) {
    for (int64_t i = 0; i < g->input->n; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(g->dataset, g->samples[i], &sample));
        g->text[i] = NULL;
        for (int64_t m = 0; m < MOS_DATA_MAX_MODALITIES; m++)
            if ((sample.present >> m & 1) && sample.time_s[m] != INT64_MIN)
                g->text[i] = mos_season_names[mos_time_season(sample.time_s[m])];
    }
    return add_column(g, "season", "season", false);
}

/* ---- a table of the user's ---- */

typedef struct id_row {
    const char *id;
    size_t row;
} id_row;

static int compare_ids(const void *a, const void *b) {
    return strcmp(((const id_row *)a)->id, ((const id_row *)b)->id);
}

/* The rows of the table by id. An id that occurs twice is an error. */
static mosaic_status index_rows(const mos_csv *csv, const char *path, int64_t column,
                                id_row *index) {
    for (size_t r = 0; r < csv->rows; r++)
        index[r] = (id_row){csv->cells[r * csv->columns + (size_t)column], r};
    qsort(index, csv->rows, sizeof *index, compare_ids);
    for (size_t r = 1; r < csv->rows; r++)
        if (strcmp(index[r].id, index[r - 1].id) == 0)
            return mos_fail(
                MOSAIC_ERR_DATA, "%s:%u: id '%s' is there twice", path,
                (unsigned)
                    csv->lines[index[r].row > index[r - 1].row ? index[r].row : index[r - 1].row],
                index[r].id);
    return MOSAIC_OK;
}

/* row: [n] the table's row of each sample, NULL where it has none. */
static mosaic_status find_rows(const grouping *g, const mos_csv *csv, const char *path,
                               const id_row *index, const id_row **row) {
    int64_t found = 0;
    for (int64_t i = 0; i < g->input->n; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(g->dataset, g->samples[i], &sample));
        id_row wanted = {.id = sample.id};
        row[i] = bsearch(&wanted, index, csv->rows, sizeof *index, compare_ids);
        found += row[i] != NULL;
    }
    g->out->unknown_ids = (int64_t)csv->rows - found;
    if (found == 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: none of its %zu ids is a sample that was scored; the first is '%s'",
                        path, csv->rows, csv->rows > 0 ? index[0].id : "");
    if (found < g->input->n)
        mos_log(MOS_LOG_WARNING, "%s has no row for %lld of the %lld samples scored: 'unknown'",
                path, (long long)(g->input->n - found), (long long)g->input->n);
    return MOSAIC_OK;
}

static mosaic_status add_table(grouping *g, const char *path) {
    mos_csv csv = {0};
    id_row *index = NULL;
    const id_row **row = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_csv_read(path, 0, &csv));
    int64_t id = mos_csv_column(&csv, "id");
    if (id < 0) id = mos_csv_column(&csv, "patch_id");
    if (id < 0 || csv.columns < 2) {
        status = mos_fail(MOSAIC_ERR_DATA,
                          "%s: wanted a column 'id' or 'patch_id' and others to score by", path);
        goto done;
    }
    MOS_GOTO(mos_alloc(csv.rows + 1, sizeof *index, "ids of a table", &index));
    MOS_GOTO(mos_alloc((size_t)g->input->n, sizeof *row, "rows of a table", &row));
    MOS_GOTO(index_rows(&csv, path, id, index));
    MOS_GOTO(find_rows(g, &csv, path, index, row));
    for (size_t c = 0; c < csv.columns; c++) {
        char what[4200];
        if ((int64_t)c == id) continue;
        for (int64_t i = 0; i < g->input->n; i++)
            g->text[i] = row[i] == NULL ? NULL : csv.cells[row[i]->row * csv.columns + c];
        (void)snprintf(what, sizeof what, "%s: column '%s'", path, csv.header[c]);
        MOS_GOTO(add_column(g, csv.header[c], what, true));
    }
done:
    mos_free(index);
    mos_free(row);
    mos_csv_release(&csv);
    return status;
}

mosaic_status mos_score_groups_measure(const mos_score_input *input, const mos_dataset *dataset,
                                       const int64_t *samples, const char *table,
                                       const mos_bootstrap_options *options,
                                       mos_score_groups *out) {
    grouping g = {
        .input = input, .dataset = dataset, .samples = samples, .options = options, .out = out};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_score_groups){0};
    MOS_GOTO(mos_alloc((size_t)input->n, sizeof *g.text, "a column", &g.text));
    MOS_GOTO(mos_alloc((size_t)input->n, sizeof *g.rows, "rows of a group", &g.rows));
    MOS_GOTO(add_country(&g));
    MOS_GOTO(add_season(&g));
    if (table != NULL) MOS_GOTO(add_table(&g, table));
done:
    mos_free(g.text);
    mos_free(g.rows);
    if (status != MOSAIC_OK) mos_score_groups_release(out);
    return status;
}

void mos_score_groups_release(mos_score_groups *groups) {
    for (int64_t k = 0; k < groups->count; k++)
        mos_bootstrap_release(&groups->group[k].scores);
    mos_free(groups->group);
    *groups = (mos_score_groups){0};
}

mosaic_status mos_score_groups_write(const mos_score_groups *groups, const char *folder) {
    mos_text out = {0};
    if (groups->count == 0) return MOSAIC_OK;
    mos_text_add(&out, "column,value,rows,classes_averaged");
    mos_result_score_header(&out);
    for (int64_t k = 0; k < groups->count; k++) {
        const mos_score_group *group = &groups->group[k];
        mos_csv_add_field(&out, group->column);
        mos_text_add_bytes(&out, ",", 1);
        mos_csv_add_field(&out, group->value);
        mos_text_add(&out, ",%lld,%lld", (long long)group->rows, (long long)group->classes);
        mos_result_score_cells(&out, &group->scores);
    }
    return mos_result_file(folder, "groups.csv", &out);
}
