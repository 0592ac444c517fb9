#include "report/page.h"

#include "report/svg_chart.h"

/* Colours are variables, so that light, dark and print differ in one place. The palette keeps its
 * order under the common kinds of colour blindness (Okabe and Ito). */
static const char style[] =
    ":root{--ink:#1b1f23;--soft:#5b6570;--paper:#fff;--card:#f6f7f9;--rule:#d9dde2;--accent:#"
    "0b6e4f;--warn:#9a3412;"
    "--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#e69f00;--c5:#56b4e9;--c6:#6b4fa1;--"
    "c7:#5b6570}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--paper:#14181c;--card:#"
    "1d2329;--rule:#343c45;"
    "--accent:#4cc38a;--warn:#fdba74;--c0:#4ba3e3;--c1:#f58a42;--c2:#2fc69a;--c3:#e39cc4;--c4:#"
    "f2b632;--c5:#8ccff2;--c6:#a892dc;--c7:#9aa5b1}}"
    "@media "
    "print{:root{--ink:#000;--paper:#fff;--card:#fff;--rule:#bbb}section{break-inside:avoid}nav{"
    "display:none}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 "
    "system-ui,sans-serif}"
    "main{max-width:1060px;margin:0 auto;padding:24px 20px 64px}h1{font-size:26px;margin:8px 0 "
    "2px}h2{font-size:19px;"
    "margin:40px 0 12px;border-bottom:1px solid "
    "var(--rule);padding-bottom:4px}h3{font-size:15px;margin:20px 0 6px}"
    "p{margin:6px 0}.soft{color:var(--soft)}nav "
    "a{margin-right:14px;color:var(--accent);text-decoration:none}"
    ".tiles{display:flex;flex-wrap:wrap;gap:12px;margin:16px "
    "0}.tile{background:var(--card);border:1px solid var(--rule);"
    "border-radius:8px;padding:10px 16px;min-width:130px}.tile "
    "b{display:block;font-size:24px;font-variant-numeric:tabular-nums}"
    ".tile span{color:var(--soft);font-size:13px}.note{border-left:4px solid "
    "var(--warn);background:var(--card);"
    "padding:8px 14px;margin:10px "
    "0}.good{border-color:var(--accent)}table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums}th,td{text-align:left;padding:5px 10px 5px "
    "0;border-bottom:1px solid var(--rule);"
    "vertical-align:middle}th{font-weight:600;color:var(--soft);font-size:13px}td.n,th.n{text-"
    "align:right}"
    ".scroll{overflow-x:auto}.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax("
    "420px,1fr));gap:18px}"
    "figure{margin:0;background:var(--card);border:1px solid "
    "var(--rule);border-radius:8px;padding:10px 12px}"
    "figcaption{font-weight:600;font-size:14px}figure "
    "svg{width:100%;height:auto}.grid{stroke:var(--rule);stroke-width:1}"
    ".tick{fill:var(--soft);font-size:11px}.line{fill:none;stroke-width:2;stroke-linejoin:round}."
    "legend{font-size:13px;"
    "margin:4px 0 0}.key{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 "
    "5px 0 10px;"
    "vertical-align:-1px}.bar{width:120px;height:10px;vertical-align:middle;margin-right:8px}.back{"
    "fill:var(--rule)}"
    ".fill{fill:var(--c0)}.mark{fill:var(--ink)}.meter{white-space:nowrap}.number{display:inline-"
    "block;min-width:3.2em}"
    "pre{background:var(--card);border:1px solid "
    "var(--rule);border-radius:8px;padding:12px;overflow-x:auto;font-size:13px}"
    "details summary{cursor:pointer;color:var(--accent)}"
    ".s0{stroke:var(--c0)}.s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{"
    "stroke:var(--c4)}"
    ".s5{stroke:var(--c5)}.s6{stroke:var(--c6)}.s7{stroke:var(--c7)}.k0{background:var(--c0)}.k1{"
    "background:var(--c1)}"
    ".k2{background:var(--c2)}.k3{background:var(--c3)}.k4{background:var(--c4)}.k5{background:var("
    "--c5)}"
    ".k6{background:var(--c6)}.k7{background:var(--c7)}.dot.s0{fill:var(--c0)}.dot.s1{fill:var(--"
    "c1)}"
    ".dot.s2{fill:var(--c2)}.dot.s3{fill:var(--c3)}.dot.s4{fill:var(--c4)}.dot.s5{fill:var(--c5)}"
    ".dot.s6{fill:var(--c6)}.dot.s7{fill:var(--c7)}";

void mos_page_begin(mos_text *out, const char *kind, const char *title) {
    mos_text_add(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\"><title>");
    mos_html_add(out, title);
    mos_text_add(out, " – mosaic %s</title><style>", kind);
    mos_text_add_bytes(out, style, sizeof style - 1);
    mos_text_add(out, "</style></head><body><main><p class=\"soft\">mosaic %s %s</p><h1>",
                 MOSAIC_VERSION, kind);
    mos_html_add(out, title);
    mos_text_add(out, "</h1>");
}

void mos_page_end(mos_text *out) {
    mos_text_add(out, "</main></body></html>\n");
}
