#include "report/page.h"

#include "base/base64.h"
#include "base/file.h"
#include "report/svg_chart.h"

#include <string.h>

static unsigned char digit(char c) {
    return (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void add_lines(mos_text *out, const char *const *lines) {
    for (; *lines; lines++)
        mos_text_add_bytes(out, *lines, strlen(*lines));
}

/* Only the page's own script may run, by its hash: no text that a data set or a configuration
 * brings along can become one. Pictures come from the page itself, nothing from elsewhere. */
static void add_policy(mos_text *out) {
    char hex[65];
    unsigned char hash[32];
    mos_text script = {0};
    add_lines(&script, mos_page_script);
    mos_sha256(script.data, script.size, hex);
    if (script.failed) out->failed = true;
    mos_text_release(&script);
    for (int i = 0; i < 32; i++)
        hash[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    mos_text_add(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                      "img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action "
                      "'none'; script-src 'sha256-");
    mos_text_add_base64(out, hash, sizeof hash);
    mos_text_add(out, "'\">");
}

void mos_page_begin(mos_text *out, const char *kind, const char *title) {
    mos_text_add(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    add_policy(out);
    mos_text_add(out, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                      "<title>");
    mos_html_add(out, title);
    mos_text_add(out, " – mosaic %s</title><style>", kind);
    add_lines(out, mos_page_style);
    mos_text_add(out, "</style></head><body><main><p class=\"soft\">mosaic %s %s</p><h1>",
                 MOSAIC_VERSION, kind);
    mos_html_add(out, title);
    mos_text_add(out, "</h1>");
}

void mos_page_end(mos_text *out) {
    mos_text_add(out, "</main><script>");
    add_lines(out, mos_page_script);
    mos_text_add(out, "</script></body></html>\n");
}
