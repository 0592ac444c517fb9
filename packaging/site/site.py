#!/usr/bin/env python3
"""The site, made from the repository: its documents, a C reference from the headers, an index of the errors.

    site.py SOURCE OUT          writes OUT/mkdocs.yml and OUT/docs; then: mkdocs build --strict -f OUT/mkdocs.yml
    site.py SOURCE --errors     prints the index of errors

A link to a file or a heading that is not there ends it with 1. Standard library only.
"""
import os
import re
import shutil
import sys

PAGES = [  # file, title, section of the navigation
    ("README.md", "Overview", None),
    ("docs/install.md", "Installing", "Start"), ("docs/guide.md", "Guide", "Start"),
    ("docs/maps.md", "Maps in QGIS", "Use"), ("docs/own_code.md", "A model in your own code", "Use"),
    ("docs/cluster.md", "Cluster", "Use"), ("docs/experiments.md", "Experiments", "Use"),
    ("docs/experiments_parts.md", "Experiments on the parts", "Use"),
    ("docs/configuration.md", "Configuration", "Reference"), ("docs/defects.md", "Defects of data", "Reference"),
    ("docs/formats.md", "File formats", "Reference"),
    ("docs/math.md", "Mathematics", "Background"), ("docs/performance.md", "Performance", "Background"),
    ("docs/adding.md", "Adding things", "Development"), ("CONTRIBUTING.md", "Contributing", "Development"),
    ("SECURITY.md", "Security", "Development"), ("CHANGELOG.md", "Changes", "Development"),
]
# A page for each data set: file, title, DATA as one types it, its sections of the guide, keys that matter for it.
DATA_SETS = [
    ("data-bigearthnet-v2.md", "BigEarthNet V2", "BigEarthNet-v2", ("BigEarthNet V2", "BigEarthNet V2 from tar", "An LMDB written by rico-hdl"),
     ("format", "metadata", "s1", "s2", "reference_maps", "include_snow_cloud", "countries", "class_order", "boa_offset")),
    ("data-bigearthnet-v1.md", "BigEarthNet V1", "BigEarthNet-v1", ("BigEarthNet V1",), ("format", "metadata", "classes", "class_order")),
    ("data-sen12ms.md", "SEN12MS", "SEN12MS", ("SEN12MS",), ("format", "metadata", "classes", "label_threshold", "reference_maps")),
    ("data-own-patches.md", "Patches of your own", "patches.csv", ("Patches of your own",),
     ("format", "csv", "bands", "scale", "nodata", "boa_offset", "s1_scale", "class_names", "nomenclature", "split_file")),
    ("data-scenes.md", "Scenes", "scene.yaml", ("A scene with a land-cover raster",), ("format", "grid", "label_threshold", "split_file")),
]
# class of error -> its name in messages, exit code, what to do
CLASSES = {
    "MEMORY": ("out of memory", 1, "Lower `train.batch`, `--batch` or `--threads`, or set a memory budget; the message says how many bytes were asked for."),
    "IO": ("file error", 1, "The operating system's reason stands at the end of the message: look at the path, its permissions and the free space."),
    "RUNTIME": ("runtime error", 1, "The message names what failed. Where it is a device or another program, `mosaic doctor` says what is there."),
    "UNSUPPORTED": ("unsupported", 1, "This build or machine cannot do it: the message names what it lacks; `mosaic doctor` lists what there is."),
    "USAGE": ("usage error", 2, "Mend the command or the key that the message names: `mosaic help COMMAND`, `mosaic help KEY`. What is wanted is part of the message."),
    "DATA": ("data error", 3, "Look at the file, sample or record that the message names; `mosaic data check ROOT` lists all defects of a data set."),
    "NUMERIC": ("numeric error", 4, "Lower `train.lr`, or use `train.precision: fp32`; look at the data with `mosaic data stats` first."),
    "RESUME": ("cannot resume", 5, "Give the configuration that the run began with, or begin a new run in another folder."),
    "INTERRUPTED": ("interrupted", 75, "Nothing is lost: `--resume` goes on where it stopped."),
}


def pages_of(source):
    pages = list(PAGES)
    listed = {page[0] for page in pages}
    for folder, section in (("docs", "Background"), ("docs/adr", "Decisions")):
        for name in sorted(os.listdir(os.path.join(source, folder))):
            path = f"{folder}/{name}"
            if name.endswith(".md") and path not in listed:
                with open(os.path.join(source, path), encoding="utf-8") as file:
                    title = file.readline().lstrip("# ").strip()
                pages.append((path, title, section))
    return pages


def place_of(path):
    return "index.md" if path == "README.md" else re.sub("^docs/", "", path)


def without_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def slugs_of(text):
    found = set()
    for heading in re.findall(r"^#+ (.*)$", without_code(text), re.M):
        found.add(re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", re.sub(r"[`*]", "", heading)).strip().lower()))
    return found


def move_links(source, path, text, pages, out):
    """Links between documents become those of the site; those to other files of the tree become plain words."""
    wrong = []

    def move(match):
        mark, words, target = match.groups()
        if re.match(r"[a-z]+:", target):
            return match.group(0)
        name, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(os.path.join(source, file)):
            wrong.append(f"{path}: no file {target}")
        if file in pages:
            with open(os.path.join(source, file), encoding="utf-8") as other:
                if anchor and anchor not in slugs_of(other.read()):
                    wrong.append(f"{path}: no heading #{anchor} in {file}")
            to = os.path.relpath(place_of(file), os.path.dirname(place_of(path)) or ".")
            return f"{mark}[{words}]({to}{'#' + anchor if anchor else ''})"
        if mark and os.path.isfile(os.path.join(source, file)):
            place = os.path.join(out, place_of(file))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            shutil.copy(os.path.join(source, file), place)
            return f"{mark}[{words}]({os.path.relpath(place_of(file), os.path.dirname(place_of(path)) or '.')})"
        if not mark and file.rstrip("/") in ("docs/adr",):
            return f"[{words}]({os.path.relpath('adr/0001-record-architecture-decisions.md', os.path.dirname(place_of(path)) or '.')})"
        return words

    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    link = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
    return "".join(part if part.startswith("```") else link.sub(move, part) for part in parts), wrong


def string_of(source, at):
    """The string literals that follow, joined; macros between them in braces. None where none begins."""
    piece = re.compile(r'\s*("(?:[^"\\]|\\.)*"|PRI\w+)')
    text, match = [], piece.match(source, at)
    if not match or not match.group(1).startswith('"'):
        return None
    while match:
        word = match.group(1)
        text.append(word[1:-1] if word[0] == '"' else "d")
        match = piece.match(source, match.end())
    return "".join(text)


def errors_of(source):
    """(room, class, text) of every call of mos_fail that has a text, and the number of the calls without one."""
    found, bare = set(), 0
    for folder, _, names in os.walk(os.path.join(source, "src")):
        for name in names:
            if not name.endswith((".c", ".h")):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                text = file.read()
            room = os.path.relpath(folder, os.path.join(source, "src")).split(os.sep)[0]
            for call in re.finditer(r"\bmos_fail\(\s*", text):
                first = re.compile(r"[^,;]*,").match(text, call.end())
                words = first and string_of(text, first.end())
                if not words:
                    bare += 1
                    continue
                kind = re.match(r"MOSAIC_(?:ERR_)?(\w+)", first.group(0))
                found.add((room, kind.group(1) if kind and kind.group(1) in CLASSES else "RUNTIME", words))
    return sorted(found), bare


def shown(words):
    words = re.sub(r"%[-+ #0]*[\d.*]*(?:hh|h|ll|l|z|j|t)?([a-zA-Z])", lambda m: "…", words)
    return words.replace("\\n", " ").replace('\\"', '"').replace("\\\\", "\\").replace("`", "'").replace("|", "\\|")


def error_index(source):
    found, _ = errors_of(source)
    lines = ["# Errors", "", "Every message of the program, by the part of it that fails. `…` stands for a name or a number. What to do depends on the class, which stands",
             "before the message (`mosaic: data error: ...`); `mosaic_status` and the exit code say it too.", "",
             "| class | exit code | what to do |", "|---|---|---|"]
    lines += [f"| {name} | {code} | {remedy} |" for name, code, remedy in CLASSES.values()]
    last = None
    for room, kind, words in found:
        if room != last:
            lines += ["", f"## {room}", "", "| message | class |", "|---|---|"]
        last = room
        lines.append(f"| `{shown(words)}` | {CLASSES[kind][0]} |")
    return "\n".join(lines) + "\n"


def reference(source):
    folder = os.path.join(source, "include/mosaic")
    lines = ["# C reference", "", "The public headers, each with its contracts: `#include <mosaic/NAME.h>`, `pkg-config --cflags --libs mosaic`."]
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        opening = re.match(r"/\*(.*?)\*/", text, re.S)
        words = re.sub(r"^ \* ?", "", opening.group(1).strip(), flags=re.M)
        body = text[opening.end():]
        body = re.sub(r"#ifdef __cplusplus\n.*?#endif\n", "", body, flags=re.S)
        body = re.sub(r"^#(ifndef|define) MOSAIC_\w+_H\n", "", body, flags=re.M)
        body = re.sub(r"\n#endif\s*$", "\n", body)
        lines += ["", f"## {name}", "", re.sub(r"^[^:]*: ", "", words, count=1), "", "```c", re.sub(r"\n{3,}", "\n\n", body).strip(), "```"]
    return "\n".join(lines) + "\n"


def section_of(guide, title):
    """The text below a heading of the guide, up to the next one of its level."""
    parts = re.split(r"^## (.*)$", guide, flags=re.M)
    return parts[parts.index(title, 1) + 1].strip() if title in parts[1::2] else None


def data_set_page(guide, configuration, page):
    """From the guide and the reference of the keys; and what they lack."""
    _, title, data, sections, keys = page
    wrong = []
    lines = [f"# {title}", "", "Begin with these; each says what to do next, and `mosaic init` writes the configuration.", "", "```",
             f"mosaic init {data}", f"mosaic data check {data}", "mosaic train config.yaml --out run", "mosaic eval run --split test", "```"]
    for section in sections:
        text = section_of(guide, section)
        if text is None:
            wrong.append(f"docs/guide.md: no section {section!r}")
        lines += ["", f"## {section}" if len(sections) > 1 else "## What is read", "", text or ""]
    lines += ["", "## Keys", "", "All keys: [configuration.md](configuration.md).", "", "| key | type | default | source of the default | meaning |", "|---|---|---|---|---|"]
    for key in keys:
        row = re.search(rf"^\| `data\.{key}` \|.*$", configuration, re.M)
        if row is None:
            wrong.append(f"docs/configuration.md: no key data.{key}")
        lines.append(row.group(0) if row else "")
    return "\n".join(lines) + "\n", wrong


def write_data_sets(source, docs, names):
    """The pages, one that lists them, and their rows of the navigation."""
    with open(os.path.join(source, "docs/guide.md"), encoding="utf-8") as file:
        guide = file.read()
    with open(os.path.join(source, "docs/configuration.md"), encoding="utf-8") as file:
        configuration = file.read()
    rows, wrong = [], []
    for page in DATA_SETS:
        text, bad = data_set_page(guide, configuration, page)
        moved, broken = move_links(source, "docs/guide.md", text, names, docs)  # from the guide's place
        write(docs, page[0], moved)
        wrong += bad + broken
        rows.append((page[1], page[0]))
    listed = "\n".join(f"- [{title}]({place})" for title, place in rows)
    write(docs, "data.md", "# Data sets\n\nOne page for each kind of data that is read. `mosaic init DATA` says which of them a place is.\n\n"
          f"{listed}\n\nWhat can be wrong with them: [defects.md](defects.md).\n")
    return [("All", "data.md"), *rows], wrong


def write(out, name, text):
    path = os.path.join(out, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def make(source, out):
    pages, wrong = pages_of(source), []
    docs, names = os.path.join(out, "docs"), {page[0] for page in pages}
    navigation = {}
    for path, title, section in pages:
        with open(os.path.join(source, path), encoding="utf-8") as file:
            text, bad = move_links(source, path, file.read(), names, docs)
        wrong += bad
        write(docs, place_of(path), text)
        navigation.setdefault(section, []).append((title, place_of(path)))
        if path == "docs/guide.md":  # between the start and the uses
            navigation["Data sets"], bad = write_data_sets(source, docs, names)
            wrong += bad
    write(docs, "errors.md", error_index(source))
    write(docs, "c.md", reference(source))
    navigation["Reference"] += [("Errors", "errors.md"), ("C", "c.md")]
    lines = ["site_name: mosaic", "theme: {name: mkdocs}", "use_directory_urls: false", "plugins: [search]",
             "markdown_extensions: [tables, fenced_code, {toc: {permalink: true}}]", "nav:"]
    for section, entries in navigation.items():
        if section:
            lines.append(f"  - {section}:")
        for title, place in entries:
            lines.append(f"{'      ' if section else '  '}- \"{title.replace(chr(34), chr(39))}\": {place}")
    write(out, "mkdocs.yml", "\n".join(lines) + "\n")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if sys.argv[2] == "--errors":
        sys.stdout.write(error_index(sys.argv[1]))
    else:
        sys.exit(make(sys.argv[1], sys.argv[2]))
