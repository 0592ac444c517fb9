#include "data/offset_groups.h"

#include "base/memory.h"
#include "data/offset_guard.h"
#include "data/sample_place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SAMPLES = 200000, MAX_CELLS = 2048, PROBES = 16 };
static const double cell_m = 100e3; /* near the side of a Sentinel-2 tile */

typedef struct ground_cell {
    int64_t scene, epsg, x, y, day;
    int parent;
} ground_cell;

typedef struct cell_table {
    ground_cell cells[MAX_CELLS];
    int count;
} cell_table;

static int root_of(const cell_table *table, int cell) {
    while (table->cells[cell].parent != cell)
        cell = table->cells[cell].parent;
    return cell;
}

static bool touch(const ground_cell *a, const ground_cell *b) {
    return a->scene == b->scene && a->epsg == b->epsg && a->day == b->day &&
           llabs(a->x - b->x) <= 1 && llabs(a->y - b->y) <= 1;
}

/* The cell's number, new ones joined to what they touch; -1: the table is full. */
static int cell_number(cell_table *table, const ground_cell *wanted) {
    for (int c = 0; c < table->count; c++) {
        const ground_cell *cell = &table->cells[c];
        if (cell->scene == wanted->scene && cell->epsg == wanted->epsg && cell->x == wanted->x &&
            cell->y == wanted->y && cell->day == wanted->day)
            return c;
    }
    if (table->count == MAX_CELLS) return -1;
    int number = table->count++;
    table->cells[number] = *wanted;
    table->cells[number].parent = number;
    for (int c = 0; c < number; c++) {
        if (touch(&table->cells[c], wanted))
            table->cells[root_of(table, c)].parent = root_of(table, number);
    }
    return number;
}

static bool cell_of(mos_reader *reader, int64_t sample, int64_t modality, ground_cell *out) {
    const mos_dataset *dataset = reader->dataset;
    mos_site site;
    mos_place place;
    int64_t time_s = dataset->times[sample * dataset->modality_count + modality];
    *out = (ground_cell){.scene = -1, .day = time_s == MOS_TIME_UNKNOWN ? -1 : time_s / 86400};
    if (mos_dataset_site(dataset, sample, &site) && strcmp(dataset->format->name, "scene") == 0) {
        out->scene = site.scene;
        return true;
    }
    mos_place_find(reader, sample, &place);
    if (!place.known) return false;
    out->epsg = place.epsg;
    out->x = (int64_t)floor(place.x / cell_m);
    out->y = (int64_t)floor(place.y / cell_m);
    return true;
}

/* What some evenly spaced samples of a group show: a dark one speaks for all. */
static mosaic_status judge_group(mos_reader *reader, int64_t modality, const int64_t *members,
                                 int64_t count, mos_offset_state *out) {
    int64_t wanted = count < PROBES ? count : PROBES, shifted = 0, bright = 0;
    *out = MOS_OFFSET_UNDECIDED;
    for (int64_t p = 0; p < wanted; p++) {
        mos_brightness brightness;
        int64_t sample = members[p * count / wanted];
        if (mos_offset_brightness(reader, sample, modality, &brightness) != MOSAIC_OK) continue;
        if (brightness == MOS_BRIGHTNESS_DARK) {
            *out = MOS_OFFSET_ABSENT;
            return MOSAIC_OK;
        }
        shifted += brightness == MOS_BRIGHTNESS_SHIFTED;
        bright += brightness == MOS_BRIGHTNESS_BRIGHT;
    }
    if (shifted > 0) *out = MOS_OFFSET_PRESENT;
    return MOSAIC_OK;
}

static mosaic_status judge_groups(mos_reader *reader, int64_t modality, const cell_table *table) {
    mos_dataset *dataset = reader->dataset;
    int64_t *members;
    MOS_TRY(mos_alloc((size_t)dataset->count, sizeof *members, "samples of a group", &members));
    mosaic_status status = MOSAIC_OK;
    for (int c = 0; c < table->count && status == MOSAIC_OK; c++) {
        int64_t count = 0;
        mos_offset_state state;
        if (root_of(table, c) != c) continue;
        for (int64_t i = 0; i < dataset->count; i++) {
            if (dataset->offset_group[i] == c + 1) members[count++] = i;
        }
        status = judge_group(reader, modality, members, count, &state);
        dataset->offset_of_group[c] = (uint8_t)state;
    }
    mos_free(members);
    return status;
}

mosaic_status mos_offset_groups_make(mos_reader *reader, int64_t modality) {
    mos_dataset *dataset = reader->dataset;
    cell_table *table = NULL;
    mosaic_status status;
    /* A second optical modality of such a set, or too many files to ask for their place. */
    dataset->offset_singly = dataset->count > MAX_SAMPLES || dataset->offset_group != NULL;
    if (dataset->offset_singly) return MOSAIC_OK;
    MOS_GOTO(mos_alloc(1, sizeof *table, "places of samples", &table));
    MOS_GOTO(mos_alloc((size_t)dataset->count, sizeof *dataset->offset_group, "groups of samples",
                       &dataset->offset_group));
    MOS_GOTO(mos_alloc(MAX_CELLS, sizeof *dataset->offset_of_group, "groups of samples",
                       &dataset->offset_of_group));
    for (int64_t i = 0; i < dataset->count; i++) {
        ground_cell cell;
        if (!(dataset->present[i] >> modality & 1) ||
            mos_offset_baseline(dataset, i, modality) >= 0)
            continue;
        int number = cell_of(reader, i, modality, &cell) ? cell_number(table, &cell) : -1;
        dataset->offset_group[i] = (uint16_t)(number + 1);
    }
    for (int64_t i = 0; i < dataset->count; i++) {
        if (dataset->offset_group[i] > 0)
            dataset->offset_group[i] = (uint16_t)(root_of(table, dataset->offset_group[i] - 1) + 1);
    }
    status = judge_groups(reader, modality, table);
done:
    mos_free(table);
    return status;
}
