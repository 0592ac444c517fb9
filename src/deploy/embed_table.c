#include "deploy/embed_table.h"

#include "io/csv.h"

static mosaic_status end_line(mos_embed_table *table) {
    mos_text_add_bytes(&table->line, "\n", 1);
    if (table->line.failed) return mos_fail_memory(table->line.size, "a table");
    if (fwrite(table->line.data, 1, table->line.size, table->file.stream) != table->line.size)
        return mos_fail_errno("write", table->file.path);
    table->line.size = 0;
    return MOSAIC_OK;
}

mosaic_status mos_embed_table_begin(const char *folder, const mos_embedding_about *about,
                                    mos_embed_table *out) {
    char path[4096];
    *out = (mos_embed_table){0};
    MOS_TRY(mos_path_join(path, sizeof path, folder, "embeddings.csv"));
    MOS_TRY(mos_atomic_open(&out->file, path));
    mos_text_add(&out->line, "id,split,country,date,longitude,latitude,labels");
    for (int64_t m = 0; m < about->modalities; m++)
        mos_text_add(&out->line, ",has:%s", about->modality[m]);
    mos_text_add(&out->line, ",crs,x,y,width,height,product,pixel_bbox");
    return end_line(out);
}

static void add_square(const mos_vector_square *square, mos_text *out) {
    if (square->crs == NULL) {
        mos_text_add(out, ",,,,,");
        return;
    }
    const double numbers[] = {square->x, square->y, square->width, square->height};
    mos_csv_add_cell(out, square->crs);
    for (int i = 0; i < 4; i++) {
        mos_text_add_bytes(out, ",", 1);
        mos_text_add_number(out, numbers[i]);
    }
}

mosaic_status mos_embed_table_add(mos_embed_table *table, const mos_embedding_about *about,
                                  const mos_embed_facts *facts) {
    mos_text *line = &table->line;
    mos_csv_add_field(line, facts->id);
    mos_text_add(line, ",%s", facts->split);
    mos_csv_add_cell(line, facts->country);
    mos_text_add(line, ",%s,%s,%s", facts->date, facts->longitude, facts->latitude);
    mos_csv_add_cell(line, facts->labels.data);
    for (int64_t m = 0; m < about->modalities; m++)
        mos_text_add(line, ",%d", facts->present >> m & 1);
    add_square(&facts->square, line);
    mos_csv_add_cell(line, facts->product);
    mos_text_add_bytes(line, ",", 1);
    if (facts->has_pixels)
        mos_text_add(line, "%d %d %d %d", facts->pixels[0], facts->pixels[1], facts->pixels[2],
                     facts->pixels[3]);
    return end_line(table);
}

mosaic_status mos_embed_table_commit(mos_embed_table *table) {
    return mos_atomic_commit(&table->file);
}

void mos_embed_table_close(mos_embed_table *table) {
    mos_atomic_abort(&table->file);
    mos_text_release(&table->line);
}
