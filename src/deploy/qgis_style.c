#include "deploy/qgis_style.h"

#include "base/file.h"

void mos_qgis_fill_add(mos_text *out, int64_t name, mos_map_colour colour, int mark_mm) {
    mos_text_add(out,
                 "<symbol type=\"fill\" name=\"%lld\" alpha=\"1\"><layer class=\"SimpleFill\" "
                 "enabled=\"1\" locked=\"0\" pass=\"0\"><prop k=\"color\" v=\"%d,%d,%d,255\"/>"
                 "<prop k=\"style\" v=\"solid\"/><prop k=\"outline_style\" v=\"solid\"/>"
                 "<prop k=\"outline_color\" v=\"255,255,255,110\"/>"
                 "<prop k=\"outline_width\" v=\"0.1\"/><prop k=\"outline_width_unit\" v=\"MM\"/>"
                 "<prop k=\"joinstyle\" v=\"miter\"/></layer>",
                 (long long)name, colour.red, colour.green, colour.blue);
    mos_text_add(
        out,
        "<layer class=\"CentroidFill\" enabled=\"1\" locked=\"0\" pass=\"0\">"
        "<prop k=\"point_on_surface\" v=\"0\"/><symbol type=\"marker\" name=\"@%lld@1\" "
        "alpha=\"1\"><layer class=\"SimpleMarker\" enabled=\"1\" locked=\"0\" pass=\"0\">"
        "<prop k=\"name\" v=\"circle\"/><prop k=\"color\" v=\"%d,%d,%d,255\"/>"
        "<prop k=\"outline_style\" v=\"%s\"/><prop k=\"outline_color\" v=\"40,40,40,255\"/>"
        "<prop k=\"outline_width\" v=\"0.2\"/><prop k=\"outline_width_unit\" v=\"MM\"/>"
        "<prop k=\"size\" v=\"%d\"/><prop k=\"size_unit\" v=\"MM\"/></layer></symbol></layer>"
        "</symbol>\n",
        (long long)name, colour.red, colour.green, colour.blue,
        mark_mm == MOS_QGIS_ANSWER_MARK ? "solid" : "no", mark_mm);
}

mosaic_status mos_qgis_ramp_write(const char *path, int band) {
    /* viridis, in even steps */
    static const char *const colours[] = {"#440154", "#472c7a", "#3b518b", "#2c718e", "#21908d",
                                          "#27ad81", "#5cc863", "#aadc32", "#fde725"};
    enum { STEPS = sizeof colours / sizeof *colours - 1 };
    mos_text text = {0};
    mos_text_add(
        &text,
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        "<qgis version=\"3.22\">\n <pipe>\n  <rasterrenderer type=\"singlebandpseudocolor\" "
        "band=\"%d\" opacity=\"1\" alphaBand=\"-1\" classificationMin=\"0\" "
        "classificationMax=\"1\">\n   <rastershader>\n    <colorrampshader "
        "colorRampType=\"INTERPOLATED\" classificationMode=\"1\" clip=\"0\" "
        "minimumValue=\"0\" maximumValue=\"1\">\n",
        band);
    for (int i = 0; i <= STEPS; i++) {
        char value[40];
        mos_format_double(value, sizeof value, (double)i / STEPS, 4);
        mos_text_add(&text, "     <item value=\"%s\" label=\"%s\" color=\"%s\" alpha=\"255\"/>\n",
                     value, value, colours[i]);
    }
    mos_text_add(&text, "    </colorrampshader>\n   </rastershader>\n  </rasterrenderer>\n "
                        "</pipe>\n</qgis>\n");
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "a style")
                                       : mos_atomic_write(path, text.data, text.size);
    mos_text_release(&text);
    return status;
}
