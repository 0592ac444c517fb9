#include "prepare/pack/pack_table.h"

#include "base/file.h"
#include "base/text.h"
#include "data/bigearthnet/pack_bands.h"
#include "data/bigearthnet/pack_ground.h"
#include "data/names/patch_name.h"
#include "data/sample_place.h"
#include "io/csv.h"

#include <string.h>

static void add_prefixed(mos_text *out, const char *prefix, const char *name) {
    mos_text cell = {0};
    mos_text_add(&cell, "%s%s", prefix, name);
    mos_csv_add_cell(out, cell.data == NULL ? "" : cell.data);
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
        /* A partner that is not stored still says when it was taken. */
        const char *s1 = dataset->sources[i * dataset->slots];
        if (s1 == NULL) s1 = dataset->absent_s1[i];
        mos_csv_add_field(out, dataset->ids[i]);
        mos_csv_add_cell(out, labels.data == NULL ? "" : labels.data);
        mos_csv_add_cell(out, mos_split_names[dataset->splits[i]]);
        mos_csv_add_cell(out, dataset->countries[dataset->country[i]]);
        mos_csv_add_cell(out, s1 == NULL ? "" : s1);
        mos_text_add(out, "\n");
        out->failed = out->failed || labels.failed;
        mos_text_release(&labels);
    }
}

static void add_site(const mos_site *site, mos_text *out) {
    if (site == NULL) {
        mos_text_add(out, ",,,,,");
        return;
    }
    const double numbers[] = {site->x, site->y, site->width, site->height};
    mos_csv_add_cell(out, site->crs);
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        mos_text_add(out, ",");
        mos_text_add_number(out, numbers[n]);
    }
}

static void add_ground(mos_reader *reader, int64_t sample, int64_t modality, const mos_site *site,
                       mos_text *out) {
    mos_text cell = {0};
    mos_pack_ground_add(reader, sample, modality, site, &cell);
    mos_csv_add_cell(out, cell.data == NULL ? "" : cell.data);
    out->failed = out->failed || cell.failed;
    mos_text_release(&cell);
}

/* Of a scene and of version 1 the site is all there is to compare. */
static bool has_grounds(const mos_dataset *dataset, const mos_reader *reader) {
    return reader != NULL && (dataset->format == &mos_format_csv ||
                              dataset->format == &mos_format_sen12ms || dataset->grounds != NULL);
}

static void add_header(const mos_dataset *dataset, bool grounds, mos_text *out) {
    mos_text_add(out, "id,split,country,product,location,crs,x,y,width,height");
    for (int64_t m = 0; m < dataset->modality_count; m++)
        add_prefixed(out, "datetime_", dataset->modalities[m].name);
    for (int64_t m = 0; m < dataset->modality_count; m++)
        add_prefixed(out, "record:", dataset->modalities[m].name);
    for (int64_t m = 0; grounds && m < dataset->modality_count; m++)
        add_prefixed(out, "ground:", dataset->modalities[m].name);
    for (int64_t c = 0; c < dataset->class_count; c++)
        add_prefixed(out, "class:", dataset->classes[c]);
    /* A set without classes still needs the column the reader asks for. */
    if (dataset->class_count == 0) mos_text_add(out, ",labels");
    mos_text_add(out, "\n");
}

static mosaic_status add_sample(const mos_pack_plan *plan, mos_reader *reader, int64_t i,
                                mos_text *out) {
    const mos_dataset *dataset = plan->dataset;
    const int8_t *row = dataset->labels + i * dataset->class_count;
    char crs[MOS_SITE_CRS_BYTES];
    mos_site site;
    /* Version 1 tells it in its JSON; its rasters are not there when an archive streams by, and a
     * pack of either is the same. */
    bool files = reader != NULL && dataset->format != &mos_format_bigearthnet_v1;
    bool known = files ? mos_site_find(reader, i, crs, &site) : mos_dataset_site(dataset, i, &site);
    mos_csv_add_field(out, dataset->ids[i]);
    mos_csv_add_cell(out, mos_split_names[dataset->splits[i]]);
    mos_csv_add_cell(out, dataset->countries[dataset->country[i]]);
    mos_csv_add_cell(out, dataset->products[i] == NULL ? "" : dataset->products[i]);
    mos_csv_add_cell(out, dataset->locations[i] == NULL ? "" : dataset->locations[i]);
    add_site(known ? &site : NULL, out);
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        char time[24];
        mos_time_format(dataset->times[i * dataset->modality_count + m], time);
        mos_csv_add_cell(out, time);
    }
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        char key[MOS_PACK_KEY_BYTES];
        MOS_TRY(mos_pack_key(plan, i, m, key));
        mos_csv_add_cell(out, key);
    }
    for (int64_t m = 0; has_grounds(dataset, reader) && m < dataset->modality_count; m++) {
        if (dataset->present[i] >> m & 1)
            add_ground(reader, i, m, known ? &site : NULL, out);
        else
            mos_csv_add_cell(out, "");
    }
    for (int64_t c = 0; c < dataset->class_count; c++)
        mos_text_add(out, ",%s", row[c] < 0 ? "" : row[c] == 1 ? "1" : "0");
    mos_text_add(out, dataset->class_count == 0 ? ",\n" : "\n");
    return MOSAIC_OK;
}

/* The table comes last: without it nothing takes the folder for a pack. */
mosaic_status mos_pack_table_write(const mos_pack_plan *plan, mos_reader *reader,
                                   const char *folder) {
    const mos_dataset *dataset = plan->dataset;
    mos_text text = {0};
    char path[4096];
    mosaic_status status = MOSAIC_OK;
    if (plan->bigearthnet)
        add_bigearthnet(dataset, &text);
    else
        add_header(dataset, has_grounds(dataset, reader), &text);
    for (int64_t i = 0; !plan->bigearthnet && i < dataset->count; i++)
        MOS_GOTO(add_sample(plan, reader, i, &text));
    if (text.failed) MOS_GOTO(mos_fail_memory(text.size, "a metadata table"));
    MOS_GOTO(mos_pack_bands_write(dataset, folder));
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "metadata.csv"));
    status = mos_atomic_write(path, text.data, text.size);
done:
    mos_text_release(&text);
    return status;
}
