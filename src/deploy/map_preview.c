#include "deploy/map_preview.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/csv.h"
#include "io/png.h"
#include "report/svg_chart.h"

#include <stdio.h>
#include <string.h>

enum { NOTHING = 238 /* grey of no data */ };

mosaic_status mos_map_preview_create(const mos_map_spec *spec, mos_map_preview *out) {
    int64_t longer = spec->width > spec->height ? spec->width : spec->height;
    *out =
        (mos_map_preview){.spec = spec, .step = (longer + MOS_PREVIEW_SIDE - 1) / MOS_PREVIEW_SIDE};
    out->width = (spec->width + out->step - 1) / out->step;
    out->height = (spec->height + out->step - 1) / out->step;
    return mos_alloc((size_t)(out->width * out->height), 3, "a picture of a map", &out->rgb);
}

static void paint(const mos_map_spec *spec, uint8_t code, uint8_t rgb[3]) {
    memset(rgb, NOTHING, 3);
    for (int c = 0; c < spec->code_count && code != 0; c++) {
        if (spec->codes[c].code != code) continue;
        rgb[0] = spec->codes[c].red;
        rgb[1] = spec->codes[c].green;
        rgb[2] = spec->codes[c].blue;
    }
}

void mos_map_preview_add(mos_map_preview *preview, int64_t x, int64_t y, int64_t width,
                         int64_t rows, const uint8_t *codes) {
    const int64_t step = preview->step, first = (x + step - 1) / step;
    for (int64_t i = 0; i < rows * width; i++)
        preview->pixels[codes[i]]++;
    for (int64_t r = 0; r < rows; r++) {
        if ((y + r) % step != 0) continue;
        uint8_t *row = preview->rgb + (y + r) / step * preview->width * 3;
        for (int64_t shown = first; shown * step < x + width; shown++)
            paint(preview->spec, codes[r * width + shown * step - x], row + 3 * shown);
    }
}

static mosaic_status write_table(const mos_map_preview *preview, const char *path) {
    const mos_map_spec *spec = preview->spec;
    mos_text text = {0};
    int64_t all = 0;
    for (int c = 0; c < spec->code_count; c++)
        all += preview->pixels[spec->codes[c].code];
    mos_text_add(&text, "code,class,red,green,blue,pixels,share\n");
    for (int c = 0; c < spec->code_count; c++) {
        const mos_map_class *code = &spec->codes[c];
        char share[40];
        int64_t pixels = preview->pixels[code->code];
        mos_text_add(&text, "%d,", code->code);
        mos_csv_add_field(&text, code->name);
        mos_text_add(
            &text, ",%d,%d,%d,%lld,%s\n", code->red, code->green, code->blue, (long long)pixels,
            mos_format_double(share, sizeof share, all == 0 ? 0 : (double)pixels / (double)all, 6));
    }
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "a table of classes")
                                       : mos_atomic_write(path, text.data, text.size);
    mos_text_release(&text);
    return status;
}

/* A colour table in a TIFF has 256 entries, and QGIS would list them all: a style beside the raster,
 * which it takes by itself, names those that are classes. */
static mosaic_status write_style(const mos_map_spec *spec, const char *path) {
    mos_text text = {0};
    mos_text_add(&text, "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
                        "<qgis version=\"3.22\">\n <pipe>\n  <rasterrenderer type=\"paletted\" "
                        "band=\"1\" opacity=\"1\" alphaBand=\"-1\">\n   <colorPalette>\n");
    for (int c = 0; c < spec->code_count; c++) {
        const mos_map_class *code = &spec->codes[c];
        mos_text_add(&text,
                     "    <paletteEntry value=\"%d\" color=\"#%02x%02x%02x\" alpha=\"255\" "
                     "label=\"",
                     code->code, code->red, code->green, code->blue);
        mos_html_add(&text, code->name);
        mos_text_add(&text, "\"/>\n");
    }
    mos_text_add(&text, "   </colorPalette>\n  </rasterrenderer>\n </pipe>\n</qgis>\n");
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "a style")
                                       : mos_atomic_write(path, text.data, text.size);
    mos_text_release(&text);
    return status;
}

mosaic_status mos_map_preview_write(const mos_map_preview *preview, const char *stem) {
    char path[4200];
    mos_text picture = {0};
    mosaic_status status;
    (void)snprintf(path, sizeof path, "%s.csv", stem);
    MOS_GOTO(write_table(preview, path));
    (void)snprintf(path, sizeof path, "%s.qml", stem);
    MOS_GOTO(write_style(preview->spec, path));
    (void)snprintf(path, sizeof path, "%s.png", stem);
    MOS_GOTO(mos_png_write(preview->rgb, preview->width, preview->height, &picture));
    status = picture.failed ? mos_fail_memory(picture.size, "a picture of a map")
                            : mos_atomic_write(path, picture.data, picture.size);
done:
    mos_text_release(&picture);
    return status;
}

void mos_map_preview_release(mos_map_preview *preview) {
    mos_free(preview->rgb);
    *preview = (mos_map_preview){0};
}
