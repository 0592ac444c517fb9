#include "prepare/pack/pack_table.h"

#include "base/file.h"
#include "base/text.h"
#include "data/names/patch_name.h"
#include "io/csv.h"

#include <string.h>

static void add_cell(mos_text *out, const char *cell) {
    mos_text_add(out, ",");
    mos_csv_add_field(out, cell);
}

static void add_prefixed(mos_text *out, const char *prefix, const char *name) {
    mos_text cell = {0};
    mos_text_add(&cell, "%s%s", prefix, name);
    add_cell(out, cell.data == NULL ? "" : cell.data);
    out->failed = out->failed || cell.failed;
    mos_text_release(&cell);
}

static void add_bigearthnet(const mos_dataset *dataset, mos_text *out) {
    mos_text_add(out, "patch_id,labels,split,country,s1_name\n");
    for (int64_t i = 0; i < dataset->count; i++) {
        mos_text labels = {0};
        const int8_t *row = dataset->labels + i * dataset->class_count;
        for (int64_t c = 0; c < dataset->class_count; c++) {
            if (row[c] == 1)
                mos_text_add(&labels, "%s%s", labels.size == 0 ? "" : ";", dataset->classes[c]);
        }
        const char *s1 = dataset->sources[i * dataset->slots];
        mos_csv_add_field(out, dataset->ids[i]);
        add_cell(out, labels.data == NULL ? "" : labels.data);
        add_cell(out, mos_split_names[dataset->splits[i]]);
        add_cell(out, dataset->countries[dataset->country[i]]);
        add_cell(out, s1 == NULL ? "" : s1);
        mos_text_add(out, "\n");
        out->failed = out->failed || labels.failed;
        mos_text_release(&labels);
    }
}

static void add_place(const mos_dataset *dataset, int64_t i, mos_text *out) {
    mos_site place;
    if (!mos_dataset_site(dataset, i, &place)) {
        mos_text_add(out, ",,,,,");
        return;
    }
    const double numbers[] = {place.x, place.y, place.width, place.height};
    add_cell(out, place.crs);
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        mos_text_add(out, ",");
        mos_text_add_number(out, numbers[n]);
    }
}

static void add_header(const mos_dataset *dataset, mos_text *out) {
    mos_text_add(out, "id,split,country,product");
    if (dataset->sites != NULL) mos_text_add(out, ",crs,x,y,width,height");
    for (int64_t m = 0; m < dataset->modality_count; m++)
        add_prefixed(out, "datetime_", dataset->modalities[m].name);
    for (int64_t m = 0; m < dataset->modality_count; m++)
        add_prefixed(out, "record:", dataset->modalities[m].name);
    for (int64_t c = 0; c < dataset->class_count; c++)
        add_prefixed(out, "class:", dataset->classes[c]);
    /* A set without classes still needs the column the reader asks for. */
    if (dataset->class_count == 0) mos_text_add(out, ",labels");
    mos_text_add(out, "\n");
}

static mosaic_status add_general(const mos_pack_plan *plan, mos_text *out) {
    const mos_dataset *dataset = plan->dataset;
    add_header(dataset, out);
    for (int64_t i = 0; i < dataset->count; i++) {
        const int8_t *row = dataset->labels + i * dataset->class_count;
        mos_csv_add_field(out, dataset->ids[i]);
        add_cell(out, mos_split_names[dataset->splits[i]]);
        add_cell(out, dataset->countries[dataset->country[i]]);
        add_cell(out, dataset->products[i] == NULL ? "" : dataset->products[i]);
        if (dataset->sites != NULL) add_place(dataset, i, out);
        for (int64_t m = 0; m < dataset->modality_count; m++) {
            char time[24];
            mos_time_format(dataset->times[i * dataset->modality_count + m], time);
            add_cell(out, time);
        }
        for (int64_t m = 0; m < dataset->modality_count; m++) {
            char key[MOS_PACK_KEY_BYTES];
            MOS_TRY(mos_pack_key(plan, i, m, key));
            add_cell(out, key);
        }
        for (int64_t c = 0; c < dataset->class_count; c++)
            mos_text_add(out, ",%s", row[c] < 0 ? "" : row[c] == 1 ? "1" : "0");
        mos_text_add(out, dataset->class_count == 0 ? ",\n" : "\n");
    }
    return MOSAIC_OK;
}

mosaic_status mos_pack_table_write(const mos_pack_plan *plan, const char *folder) {
    mos_text text = {0};
    char path[4096];
    mosaic_status status = MOSAIC_OK;
    if (plan->bigearthnet)
        add_bigearthnet(plan->dataset, &text);
    else
        MOS_GOTO(add_general(plan, &text));
    if (text.failed) MOS_GOTO(mos_fail_memory(text.size, "a metadata table"));
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "metadata.csv"));
    status = mos_atomic_write(path, text.data, text.size);
done:
    mos_text_release(&text);
    return status;
}
