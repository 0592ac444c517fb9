#include "deploy/qgis_style.h"

void mos_qgis_fill_add(mos_text *out, int64_t name, mos_map_colour colour) {
    mos_text_add(out,
                 "<symbol type=\"fill\" name=\"%lld\" alpha=\"1\"><layer class=\"SimpleFill\" "
                 "enabled=\"1\" locked=\"0\" pass=\"0\"><prop k=\"color\" v=\"%d,%d,%d,255\"/>"
                 "<prop k=\"style\" v=\"solid\"/><prop k=\"outline_style\" v=\"solid\"/>"
                 "<prop k=\"outline_color\" v=\"255,255,255,110\"/>"
                 "<prop k=\"outline_width\" v=\"0.1\"/><prop k=\"outline_width_unit\" v=\"MM\"/>"
                 "<prop k=\"joinstyle\" v=\"miter\"/></layer></symbol>\n",
                 (long long)name, colour.red, colour.green, colour.blue);
}
