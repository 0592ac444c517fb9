#!/usr/bin/env python3
"""Does a page hold together as people see it? Chromium lays it out at 390, 1200 and 2000 pixels, light and dark, and a
script measures: nothing sticks out sideways, no two labels of a kind lie on each other, every text has contrast 4.5,
no name of a legend is broken, no text of a chart is too small to read, numbers of an axis stand apart, marks in bars are
outlined so that they show on any colour, words of charts are whole, the navigation names every section; printed it has
few pages with numbers and no heading at their foot. Standard library only.

    layout_check.py CHROMIUM FOLDER PAGE.html [MOST_PRINTED_PAGES] ...
"""
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys

WIDTHS, SCHEMES = (390, 1200, 2000), ("light", "dark")
DARK = "@media(prefers-color-scheme:dark)"

MEASURE = r"""
function measure(frame, width) {
  var d = frame.contentDocument, w = frame.contentWindow, bad = [];
  function seen(e) { return e.checkVisibility({checkOpacity: true}) && e.getClientRects().length > 0; }
  function name(e) { return e.tagName.toLowerCase() + (e.getAttribute("class") ? "." + e.getAttribute("class") : "") + " '" +
                            (e.textContent || "").trim().slice(0, 40) + "'"; }
  function tell(kind, e) { bad.push(kind + ": " + name(e)); }
  // nothing sticks out, unless a box of its own scrolls
  function scrolls(e) { for (; e && e !== d.body; e = e.parentElement)
    if (/auto|scroll|hidden/.test(w.getComputedStyle(e).overflowX)) return true; return false; }
  if (d.documentElement.scrollWidth > width) bad.push("page wider than the window: " + d.documentElement.scrollWidth);
  d.querySelectorAll("body *").forEach(function (e) {
    if (!seen(e) || scrolls(e)) return;
    var r = e.getBoundingClientRect();
    if (r.width && (r.right > width + 1 || r.left < -1)) tell("sticks out", e);
  });
  // labels of one kind do not lie on each other
  function apart(all, slack) {
    all = Array.from(all).filter(seen).map(function (e) { return [e.getBoundingClientRect(), e]; });
    for (var i = 0; i < all.length; i++) for (var k = 0; k < i; k++) {
      var a = all[i][0], b = all[k][0];
      if (all[i][1].contains(all[k][1]) || all[k][1].contains(all[i][1])) continue;
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack)
        bad.push("overlap: " + name(all[i][1]) + " and " + name(all[k][1]));
    }
  }
  d.querySelectorAll("svg").forEach(function (s) { apart(s.querySelectorAll("text"), 1.5); });
  [["nav", "a"], [".legend", "span[data-s]"], [".tiles", ".tile"], [".about", "div"], [".charts", "figure"],
   [".multiples", "figure"], [".patches", "figure"], [".terms", "dt"], [".views-grid", "figure"]].forEach(function (p) {
    d.querySelectorAll(p[0]).forEach(function (box) { apart(box.querySelectorAll(p[1]), 1); });
  });
  d.querySelectorAll(".axis").forEach(function (box) { apart(box.querySelectorAll("span"), -2); });
  apart(d.querySelectorAll("h1,h2,h3,main>p,section>p,figure:not(figure figure),.tiles,.scroll"), 1);
  d.querySelectorAll("tr").forEach(function (row) { apart(row.cells, 1); });
  // a name is on one line in a legend unless it is wider than all of it, and stays with its square anywhere
  function wide(e) {
    var kept = e.style.whiteSpace, inner;
    e.style.whiteSpace = "nowrap";
    inner = e.scrollWidth;
    e.style.whiteSpace = kept;
    return e.parentElement.className === "legend" && inner >= e.parentElement.clientWidth;
  }
  d.querySelectorAll(".legend span[data-s], .nb, nav a").forEach(function (e) {
    var line = parseFloat(w.getComputedStyle(e).lineHeight) || 1.5 * parseFloat(w.getComputedStyle(e).fontSize);
    if (seen(e) && e.getBoundingClientRect().height > 1.8 * line && !wide(e)) tell("broken name", e);
  });
  // words of a chart are whole
  d.querySelectorAll("figure svg text").forEach(function (e) {
    if (!seen(e)) return;
    var box = /hidden/.test(w.getComputedStyle(e.ownerSVGElement).overflow) ? e.ownerSVGElement : e.closest("figure");
    var a = e.getBoundingClientRect(), b = box.getBoundingClientRect();
    if (a.width && !e.closest(".scroll") && (a.right > b.right + 1 || a.left < b.left - 1)) tell("cut off", e);
  });
  // the navigation leads to every section, and nowhere else
  var links = Array.from(d.querySelectorAll("nav a")).map(function (e) { return (e.getAttribute("href") || "#").slice(1); }).filter(Boolean);
  links.forEach(function (id) { if (!d.getElementById(id)) bad.push("link to nowhere: " + id); });
  if (links.length) d.querySelectorAll("section[id]").forEach(function (e) {
    if (e.querySelector("h2") && links.indexOf(e.id) < 0) bad.push("section without a link: " + e.id);
  });
  // text can be read
  function parse(text) {
    var n = (text.match(/-?[\d.]+(e-?\d+)?/g) || []).map(Number), k = /^color\(/.test(text) ? 255 : 1;
    return {c: n.slice(0, 3).map(function (v) { return v * k; }), a: n.length > 3 ? n[3] : 1};
  }
  function over(top, below) { return top.c.map(function (v, i) { return v * top.a + below[i] * (1 - top.a); }); }
  function ground(e) {
    var layers = [], c;
    for (; e; e = e.parentElement) {
      c = parse(w.getComputedStyle(e).backgroundColor);
      if (c.a > 0) layers.push(c);
      if (c.a === 1) break;
    }
    var all = [255, 255, 255];
    while ((c = layers.pop())) all = over(c, all);
    return all;
  }
  function light(c) {
    var p = c.map(function (v) { v /= 255; return v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4); });
    return .2126 * p[0] + .7152 * p[1] + .0722 * p[2];
  }
  var reader = d.createTreeWalker(d.body, NodeFilter.SHOW_TEXT), texts = 0, done = new Set();
  for (var t; (t = reader.nextNode());) {
    var e = t.parentElement;
    if (!t.data.trim() || /^(SCRIPT|STYLE|TITLE|title)$/.test(e.tagName) || done.has(e) || !seen(e)) continue;
    done.add(e);
    texts++;
    var style = w.getComputedStyle(e), svg = e.ownerSVGElement, back = ground(e);
    var ink = over(parse(svg ? style.fill : style.color), back), a = light(ink), b = light(back);
    var ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) tell("contrast " + ratio.toFixed(2), e);
    if (svg && e.getBoundingClientRect().height < 7) tell("small text", e);
  }
  if (texts === 0) bad.push("no text");
  var number = /(^|[^a-z])-?(nan|inf)([^a-z]|$)/.exec(d.body.innerText);
  if (number) bad.push("no number: " + number[0]);
  d.querySelectorAll(".bar .mark, .bar .chance, .bar .span").forEach(function (e) {
    if (!seen(e)) return;
    var style = w.getComputedStyle(e), a = light(parse(style.fill).c);
    var b = style.stroke === "none" ? a : light(parse(style.stroke).c);
    if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 3) tell("mark without an outline", e);
  });
  var more = bad.length - 25;
  return bad.slice(0, 25).concat(more > 0 ? ["and " + more + " more"] : []);
}
window.onload = function () {
  var said = {};
  document.querySelectorAll("iframe").forEach(function (f) {
    try { said[f.name] = measure(f, f.clientWidth); } catch (x) { said[f.name] = ["the measuring failed: " + x]; }
  });
  document.getElementById("said").textContent = JSON.stringify(said);
};
"""

BAD = """<!doctype html><style>:root{--x:0}.p{color:#777;background:#888}.w{width:9000px}.t{position:absolute}</style><body>
<p class=p>grey on grey, AP nan</p><div class=w>wide</div><nav><a class=t>one</a><a class=t>one above</a></nav>
<p class=axis><span>1</span><span>2</span></p><svg class=bar><rect class=mark width=9 height=9 /></svg>
<p class=legend><span data-s=0 style="display:inline-block;width:9px">a long name</span></p>
<nav><a href="#here">h</a><a href="#gone">g</a></nav><section id=here><h2>Here</h2></section><section id=there><h2>There</h2></section>
<figure style="width:90px"><svg width=90><text x=80 y=20>beyond the edge</text></svg></figure>"""
LAST = re.compile(r"^\d+ ?/ ?\d+$")  # the page's number


def chromium_run(chromium, folder, *arguments):
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
               "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars",
               "--window-size=2100,1000", f"--user-data-dir={folder}/layout-profile", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def measure(chromium, folder, text):
    """What is wrong at each width and scheme, by "390 light"."""
    frames = []
    for scheme in SCHEMES:
        page = text.replace(DARK, "@media all" if scheme == "dark" else "@media not all")
        page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        quoted = page.replace("&", "&amp;").replace('"', "&quot;")
        frames += [f'<iframe name="{width} {scheme}" style="width:{width}px;height:900px;border:0" srcdoc="{quoted}"></iframe>'
                   for width in WIDTHS]
    path = pathlib.Path(folder) / "layout.html"
    path.write_text('<!doctype html><meta charset="utf-8"><script>' + MEASURE + "</script><pre id=said></pre>" + "\n".join(frames))
    done = chromium_run(chromium, folder, "--dump-dom", path.resolve().as_uri())
    said = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.S)
    if not said or not said.group(1):
        return {"all": ["nothing was measured: " + done.stderr[-300:]]}
    return json.loads(said.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def printed_pages(chromium, folder, path):
    out = pathlib.Path(folder) / "printed.pdf"
    out.unlink(missing_ok=True)
    chromium_run(chromium, folder, f"--print-to-pdf={out}", "--no-pdf-header-footer", pathlib.Path(path).resolve().as_uri())
    return len(re.findall(rb"/Type\s*/Page\b", out.read_bytes())) if out.exists() else 0


def orphans(folder, text):
    """Headings that stand last on a printed page, by the PDF's text; pages without a number."""
    if not shutil.which("pdftotext"):
        print("skipped: headings at the foot of printed pages need pdftotext (poppler-utils)")
        return []
    heads = {" ".join(html.unescape(re.sub("<[^>]+>", "", h)).split()) for h in re.findall(r"<h[23]>(.*?)</h[23]>", text)}
    done = subprocess.run(["pdftotext", "-layout", str(pathlib.Path(folder) / "printed.pdf"), "-"], capture_output=True, text=True,
                          timeout=60, check=True)
    bad = []
    for number, page in enumerate(done.stdout.split("\f")[:-1], 1):
        lines = [" ".join(line.split()) for line in page.splitlines() if line.strip()]
        if not lines or not LAST.match(lines[-1]):
            bad.append(f"printed page {number} has no number")
        body = [line for line in lines if not LAST.match(line)]
        if body and body[-1] in heads:
            bad.append(f"printed page {number} ends with the heading '{body[-1]}'")
    return bad


def self_test(chromium, folder):
    found = " ".join(measure(chromium, folder, BAD).get("390 light", []))
    return [f"a bad page passes: {kind}" for kind in ("page wider", "sticks out", "overlap", "contrast", "broken name", "overlap: span '2'", "mark without", "cut off", "no number", "nowhere: gone",
                         "without a link: there")
            if kind not in found]


def main():
    chromium, folder = sys.argv[1:3]
    failures = self_test(chromium, folder)
    pages = [(sys.argv[k], int(sys.argv[k + 1])) for k in range(3, len(sys.argv), 2)]
    for path, most in pages:
        text = pathlib.Path(path).read_text()
        for where, bad in measure(chromium, folder, text).items():
            failures += [f"{path}, {where}: {what}" for what in bad]
        count = printed_pages(chromium, folder, path)
        print(f"{path}: {count} pages printed")
        if not 1 <= count <= most:
            failures.append(f"{path}: {count} pages printed, wanted 1 to {most}")
        failures += [f"{path}: {what}" for what in orphans(folder, text)]
    for line in failures:
        print("FAILED:", line)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
