/* Maps of scenes that lie in the run's folder map/, as `predict` leaves them there, and the contact
 * sheet of a search in search/. */
#include "base/base64.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/csv.h"
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SCENES = 4, MOST_BYTES = 1 << 20 /* of a picture */, NAME = 160 };

static const char tail[] = "_classes.csv";

/* Scenes with a table of classes, in order of name. */
static int find_scenes(const mos_run_document *run, char names[MOST_SCENES][NAME]) {
    char folder[4200];
    struct dirent **entries = NULL;
    int found = 0;
    (void)snprintf(folder, sizeof folder, "%s/map", run->path);
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        size_t size = strlen(entries[i]->d_name), end = sizeof tail - 1;
        if (size > end && size - end < NAME && found < MOST_SCENES &&
            strcmp(entries[i]->d_name + size - end, tail) == 0)
            (void)snprintf(names[found++], NAME, "%.*s", (int)(size - end), entries[i]->d_name);
        free(entries[i]); /* scandir's own */
    }
    free(entries);
    return found;
}

static void add_picture(const mos_run_document *run, const char *scene, mos_text *out) {
    char path[5200], *bytes = NULL;
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%s/map/%s_classes.png", run->path, scene);
    if (mos_file_read(path, MOST_BYTES, &bytes, &size) != MOSAIC_OK) return;
    mos_text_add(out, "<img style=\"max-width:100%%;image-rendering:pixelated\" alt=\"Most "
                      "probable class of every pixel of ");
    mos_html_add(out, scene);
    mos_text_add(out, "\" src=\"data:image/png;base64,");
    mos_text_add_base64(out, bytes, size);
    mos_text_add(out, "\">");
    mos_free(bytes);
}

/* A class of the map, unless it is nowhere. */
static void add_class(const mos_csv *table, size_t row, mos_text *out) {
    static const char *const keys[] = {"red", "green", "blue", "share", "class"};
    const char *cell[5];
    int64_t part[3];
    double share;
    for (int k = 0; k < 5; k++) {
        int64_t column = mos_csv_column(table, keys[k]);
        if (column < 0) return;
        cell[k] = table->cells[row * table->columns + (size_t)column];
        if (k < 3 && (!mos_parse_int(cell[k], &part[k]) || part[k] < 0 || part[k] > 255)) return;
    }
    if (!mos_parse_double(cell[3], &share) || !(share > 0)) return;
    char colour[16];
    (void)snprintf(colour, sizeof colour, "#%02x%02x%02x", (unsigned)part[0], (unsigned)part[1],
                   (unsigned)part[2]);
    mos_text_add(out, "<span>");
    mos_report_class_name(out, colour, cell[4]);
    mos_text_add(out, " ");
    mos_report_number(out, 100 * share, 1);
    mos_text_add(out, " %%</span> ");
}

static void add_legend(const mos_run_document *run, const char *scene, mos_text *out) {
    char path[5200];
    mos_csv table = {0};
    (void)snprintf(path, sizeof path, "%s/map/%s%s", run->path, scene, tail);
    if (mos_csv_read(path, ',', &table) != MOSAIC_OK) return;
    mos_text_add(out, "<p class=\"legend\">");
    for (size_t r = 0; r < table.rows; r++)
        add_class(&table, r, out);
    mos_text_add(out, "</p>");
    mos_csv_release(&table);
}

static void add_link(const mos_run_document *run, const char *name, const char *words,
                     mos_text *out) {
    char link[MOS_REPORT_LINK];
    if (!mos_report_link(run, NULL, name, link)) return;
    mos_text_add(out, " <a href=\"%s\">%s</a>", link, words);
}

static void add_scene(const mos_run_document *run, const char *scene, mos_text *out) {
    static const char *const files[][2] = {{"classes.tif", "classes"},
                                           {"probabilities.tif", "probabilities"},
                                           {"quality.tif", "quality"},
                                           {"classes.csv", "table"}};
    char name[1024];
    mos_text_add(out, "<figure><figcaption>");
    mos_html_add(out, scene);
    mos_text_add(out, ": the most probable class.");
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        (void)snprintf(name, sizeof name, "map/%s_%s", scene, files[f][0]);
        add_link(run, name, files[f][1], out);
    }
    add_link(run, "map/predictions.gpkg", "polygons", out);
    mos_text_add(out, "</figcaption>");
    add_picture(run, scene, out);
    add_legend(run, scene, out);
    mos_text_add(out, "</figure>");
}

void mos_section_scenes(const mos_run_document *run, mos_text *out) {
    char names[MOST_SCENES][NAME], link[MOS_REPORT_LINK];
    int count = find_scenes(run, names);
    bool sheet = mos_report_link(run, NULL, "search/sheet.html", link);
    if (count == 0 && !sheet) return;
    mos_text_add(out, "<section id=\"scenes\"><h2>Scenes</h2>");
    if (count > 0)
        mos_text_add(out, "<p class=\"soft\">Maps that <code>mosaic predict</code> made with this "
                          "run's model. The files open in QGIS with these colours.</p>");
    for (int s = 0; s < count; s++)
        add_scene(run, names[s], out);
    if (sheet)
        mos_text_add(out,
                     "<p>Patches that look alike, by <code>mosaic search</code>: <a "
                     "href=\"%s\">contact sheet</a>.</p>",
                     link);
    mos_text_add(out, "</section>\n");
}
