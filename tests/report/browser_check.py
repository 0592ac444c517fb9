#!/usr/bin/env python3
"""What a report has to be, asked of the page and of a browser. Standard library only.

    browser_check.py CHROMIUM REPORT.html FOLDER
"""
import html.parser
import pathlib
import re
import subprocess
import sys

SECTIONS = ["verdict", "metrics", "confidence", "classes", "rankings", "calibration", "confusability", "patches", "modalities",
            "lag", "groups", "curves", "health", "clusters", "maps", "data", "reproduce"]
MOST_BYTES = 5_000_000
failures = []


def check(what, good):
    if not good:
        failures.append(what)
        print(f"FAILED: {what}")


class Page(html.parser.HTMLParser):
    """Elements with their attributes; the text of style and script."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.raw, self.inside = [], {"style": "", "script": ""}, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside = tag if tag in self.raw else None

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.raw[self.inside] += data

    def all(self, *tags):
        return [attrs for tag, attrs in self.elements if tag in tags]


def luminance(colour):
    value = colour.lstrip("#")
    if len(value) == 3:
        value = "".join(c + c for c in value)
    parts = [int(value[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    parts = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


def check_contrast(style):
    """WCAG AA: 4.5 for text, 3 for what is drawn."""
    schemes = [s for s in re.findall(r":root\{([^}]*)\}", style) if "--ink" in s]
    check("light, dark and print have their colours", len(schemes) == 3)
    for k, scheme in enumerate(schemes):
        colour = dict(re.findall(r"--(\w+):(#[0-9a-f]+)", scheme))
        for text in ["ink", "soft", "accent", "warn"]:
            for ground in ["paper", "card"]:
                ratio = contrast(colour[text], colour[ground])
                check(f"scheme {k}: {text} on {ground} has contrast {ratio:.2f}", ratio >= 4.5)
        for line in ["c0", "c1", "c2", "c6", "c7", "heat"]:
            ratio = contrast(colour[line], colour["card"])
            check(f"scheme {k}: {line} on card has contrast {ratio:.2f}", ratio >= 3)


def check_page(text):
    page = Page(text)
    check(f"{len(text.encode())} bytes are at most {MOST_BYTES}", len(text.encode()) <= MOST_BYTES)
    check("no address of another place", "://" not in text and "url(" not in page.raw["style"] and "@import" not in text)
    for tag, attrs in page.elements:
        for name in ["src", "href", "action", "data", "srcset", "poster", "xlink:href"]:
            if name in attrs:
                local = attrs.get("class") == "csv" and re.fullmatch(r"[\w./%~+=,@-]+\.(csv|json)", attrs[name])
                check(f"<{tag} {name}> stays in the page or the run", attrs[name].startswith(("data:image/png;base64,", "#")) or local)
        check(f"<{tag}> has no handler", not any(name.startswith("on") for name in attrs))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    check("ids are unique", len(ids) == len(set(ids)))
    sections = [attrs.get("id") for attrs in page.all("section")]
    check(f"sections are {sections}", sections == SECTIONS)
    check("every section is linked", [a["href"] for a in page.all("a") if a.get("class") != "csv"] == ["#" + s for s in SECTIONS])
    check("pictures have texts", all(a.get("alt") for a in page.all("img")) and len(page.all("img")) >= 12)
    check("drawings have names or are decoration",
          all(a.get("aria-hidden") == "true" or (a.get("role") == "img" and a.get("aria-label")) for a in page.all("svg")))
    check("table heads say what they head", all("scope" in a for a in page.all("th")))
    check("one script, one style", len(page.all("script")) == 1 and len(page.all("style")) == 1)
    check("the language is named", page.all("html")[0].get("lang") == "en")
    check("the hostile class is there, as text", "&lt;img src=x" in text and "&lt;script&gt;document" in text)
    check("and nowhere as markup", "<img src=x" not in text)
    check_contrast(page.raw["style"])


def browse(chromium, folder, path, *flags):
    """The page after its scripts, and what the console said."""
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
               "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
               "--window-size=1300,900", f"--user-data-dir={folder}/profile", *flags, pathlib.Path(path).resolve().as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    console = [line for line in done.stderr.split("\n") if "CONSOLE" in line]
    return done.stdout, console


PROBE = """<script>
(function () {
  var said = [], d = document;
  function note(name, good) { said.push((good ? "" : "NOT ") + name); }
  window.onerror = function (m) { note("without errors: " + m, false); };
  function at(e, type, fx, fy) {
    e.scrollIntoView({behavior: "instant", block: "center"});
    var r = e.getBoundingClientRect();
    e.dispatchEvent(new PointerEvent(type, {bubbles: true, clientX: r.left + r.width * fx, clientY: r.top + r.height * fy}));
  }
  var tip = d.getElementById("tip"), chart = d.querySelector("#curves svg[data-x]"), box = d.querySelector("dialog");
  at(chart, "pointermove", .6, .5);
  note("values under the pointer", !tip.hidden && /loss  [0-9.]+/.test(tip.textContent));
  at(chart, "pointerleave", 2, 2);
  note("gone with it", tip.hidden);
  var cell = d.querySelector("#confusability .heat");
  at(cell, "pointermove", .5, .5);
  note("cells speak", !tip.hidden && tip.textContent.includes("also predicted"));
  at(cell, "pointerleave", 2, 2);
  var head = d.querySelector("#classes th:nth-child(2)"), rows = function () {
    return Array.from(d.querySelectorAll("#classes tr td:nth-child(2)")).map(function (c) { return +c.textContent; }); };
  head.click();
  var down = rows();
  note("sorted down", down.every(function (v, i) { return !i || v <= down[i - 1]; }) && head.getAttribute("aria-sort") === "descending");
  head.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true}));
  var up = rows();
  note("sorted up by key", up.every(function (v, i) { return !i || v >= up[i - 1]; }));
  function type(section, text) {
    var box = d.querySelector(section + " .filter input");
    box.value = text;
    box.dispatchEvent(new Event("input", {bubbles: true}));
  }
  function left(what) { return Array.from(d.querySelectorAll(what)).filter(function (e) { return e.checkVisibility(); }); }
  var every = left("#classes tr[data-class]").length;
  type("#classes", " FOREST ");
  note("a filter by class", every > 15 && left("#classes tr[data-class]").map(function (r) {
    return r.dataset.class; }).sort().join() === "Broad-leaved forest,Coniferous forest,Mixed forest");
  type("#classes", "no such class");
  note("nothing matches", left("#classes tr[data-class]").length === 0);
  type("#classes", "");
  note("all classes again", left("#classes tr[data-class]").length === every);
  var panels = left("#rankings figure[data-class]").length, overviews = d.querySelectorAll("#rankings figure.chart").length;
  type("#rankings", "pastures");
  note("one class of the curves", panels > 15 && left("#rankings figure[data-class]").length === 1);
  note("its line picked out, the others faint", d.querySelectorAll("#rankings .chart path.on").length === overviews &&
       d.querySelectorAll("#rankings .chart path.off").length > 15);
  type("#rankings", "");
  note("and all again", left("#rankings figure[data-class]").length === panels && !d.querySelector("#rankings path.off"));
  type("#confusability", "urban");
  note("pairs by either class", left("#confusability tr[data-class]").every(function (r) { return /urban/i.test(r.dataset.class); }));
  type("#confusability", "");
  d.querySelector("#maps .zoom").click();
  note("enlarged", box.open && !!box.querySelector("svg"));
  var svg = box.querySelector("svg"), wide = svg.viewBox.baseVal.width, r = svg.getBoundingClientRect();
  svg.dispatchEvent(new WheelEvent("wheel", {deltaY: -1, bubbles: true, cancelable: true, clientX: r.left + 50, clientY: r.top + 50}));
  note("zoomed", svg.viewBox.baseVal.width < wide);
  svg.dispatchEvent(new MouseEvent("dblclick", {bubbles: true}));
  note("whole again", svg.viewBox.baseVal.width === wide);
  box.querySelector("button").click();
  note("closed", !box.open);
  d.querySelector("#patches img").click();
  note("pictures enlarged", box.open && box.querySelector("img").getBoundingClientRect().width > 150);
  box.close();
  at(d.querySelector("#curves .legend [data-s]"), "pointerover", .5, .5);
  note("a line picked out", !!d.querySelector("#curves figure.dim path.on"));
  note("no wider than the window", d.documentElement.scrollWidth <= innerWidth);
  note("pictures load", Array.from(d.images).every(function (i) { return i.complete && i.naturalWidth > 0; }));
  d.body.dataset.said = said.join("|");
}());
</script></body>"""


def check_browser(chromium, report, folder, text):
    dom, console = browse(chromium, folder, report, "--dump-dom")
    check(f"the console is silent: {console}", dom != "" and not console)
    check("nothing broke out", "<title>run – mosaic report</title>" in dom)
    check("the script ran", 'class="zoom"' in dom and 'id="tip"' in dom)

    folder = pathlib.Path(folder)
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
    probed = folder / "probed.html"
    probed.write_text(policy.sub("", text).replace("</body>", PROBE))
    dom, console = browse(chromium, folder, probed, "--dump-dom")
    said = re.search(r'data-said="([^"]*)"', dom)
    check(f"the probe ran: {console}", said is not None and not console)
    for line in said.group(1).split("|") if said else []:
        check(line, not line.startswith("NOT "))

    # a script that is not the page's own does not run
    alien = folder / "alien.html"
    alien.write_text(text.replace("</body>", "<script>document.title='broken'</script></body>"))
    dom, console = browse(chromium, folder, alien, "--dump-dom")
    check("alien scripts are refused", "<title>run –" in dom and any("Content Security Policy" in c for c in console))

    # without scripts: all is there, and it is drawn
    still = folder / "still.html"
    still.write_text(re.sub(r"script-src '[^']*'", "script-src 'none'", text))
    dom, _ = browse(chromium, folder, still, "--dump-dom")
    check("readable without scripts", all(f'<section id="{s}"' in dom for s in SECTIONS) and 'class="zoom"' not in dom)
    shot = folder / "still.png"
    browse(chromium, folder, still, f"--screenshot={shot}")
    check("drawn without scripts", shot.exists() and shot.stat().st_size > 20_000)


def main():
    chromium, report, folder = sys.argv[1:4]
    text = pathlib.Path(report).read_text()
    check_page(text)
    check_browser(chromium, report, folder, text)
    print("the report holds" if not failures else f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
