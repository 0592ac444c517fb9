"""Bad examples for every rule of lint.py: each must be found by its own rule, at its place, and by no other."""
import os
import shutil
import subprocess
import tempfile

import lint

CMAKE = """mosaic_room(base DEPENDS "" LIBRARIES m)
mosaic_room(io   DEPENDS base LIBRARIES GDAL::GDAL)
mosaic_room(data
            DEPENDS io)
mosaic_room(compute DEPENDS base)
"""

GOOD = {
    "CMakeLists.txt": CMAKE,
    ".clang-format": "BasedOnStyle: LLVM\nIndentWidth: 4\n",
    "include/mosaic/status.h": "#include <stddef.h>\n#include \"mosaic/version.h\"\n",
    "include/mosaic/good.h": "/* Threads: any. */\n\n/* Open it. Errors: MOSAIC_ERR_IO. The caller owns *out. */\n"
                             "MOSAIC_API mosaic_status mosaic_good_open(mosaic_good **out) MOSAIC_CHECKED;\n\n"
                             "/* Its name lives as long as it does. */\nMOSAIC_API const char *mosaic_good_name(int a);\n"
                             "MOSAIC_API int mosaic_good_size(void);\n",
    "src/base/error.c": "#include \"base/error.h\"\n#include \"mosaic/status.h\"\n#include <stdlib.h>\n",
    "src/base/error.h": "/* strcpy(a, b) in a comment */\n",
    "src/base/number_text.c": "double f(char *s) { return strtod(s, 0); }\n",
    "src/base/file.h": "mosaic_status mos_close(int a);\nmosaic_status mos_fail(int a);\n",
    "src/data/careful.c": "static void write(int a);\nstatic mosaic_status read(int a);\nvoid f(void) {\n"
                          "    (void)mos_close(1);\n    if (mos_close(1)) write(1);\n    MOS_TRY(read(1));\n"
                          "    mos_fail(1);\n    return mos_close(1);\n}\n",
    "src/data/first.c": "int mos_first(void) {\n    return mos_second();\n}\n",
    "src/data/second.c": "int mos_second(void) {\n    return 1;\n}\n",
    "src/data/third.c": "int mos_third(void) {\n    return mos_first() + INLINE;\n}\n",
    "src/data/fourth.c": "int mos_fourth(void) {\n    return 4;\n}\n",
    "src/data/fourth.h": "#define INLINE mos_fourth()\nint mos_fourth(void);\n",
    "src/data/fifth.c": "static int (*const table[])(void) = {mos_third};\n",
    "src/data/other.c": "static mosaic_status write(int a);\nint g(void) { return write(1); }\n",
    "src/io/gdal_table.h": "#include <gdal.h>\n",
    "src/io/raster.c": "#include \"base/error.h\"\n#include \"io/raster.h\"\n#include <lmdb.h>\n",
    "src/data/dataset.c": "#include \"base/error.h\"\n#include \"io/raster.h\"\n",
    "src/data/class_table.c": "\n" * 900,
    "src/data/csv/csv_layout.h": "#include \"data/csv/cells.h\"\n#include \"data/dataset.h\"\n"
                                 "#include \"data/names/bands.h\"\n",
    "src/compute/cpu/conv_onednn.c": "#include <oneapi/dnnl/dnnl.h>\nvoid f(void) { g(\"exit(1)\"); }\n",
    "src/compute/op_call.c": "#include \"base/error.h\"\nvoid f(op *o) { o->exit(1); }\n",
    "cli/command.h": "/* table */\n",
    "cli/main.c": "#include \"command.h\"\n#include \"mosaic/status.h\"\nint main(void) { exit(0); }\n",
    "tests/fuzz/csv_fuzz.c": "\n", "tests/fuzz/tests.cmake": "mosaic_fuzz(csv io)\n",
    "tests/fuzz/corpus/csv/a": "a,b\n",
    "docs/guide.md": "[a](../src/base/error.c) [b](https://example.org/x) [c](#part) [d](guide.md#part)\n",
    "docs/tour.md": "| file | functions | what |\n|---|---|---|\n"
                    "| `src/data/careful.c` | `f` | a |\n| `src/data/first.c` | `mos_first` | b |\n",
    "scripts/good.sh": "#!/usr/bin/env bash\necho \"$1\"\n",
}

LONG = "\n".join(["int f(void) {"] + ["    f();"] * 90 + ["}", ""])
LEFT = "/* TO" + "DO: later */\n"

HEAD = "/* Threads: any. */\n\n"

# rule, path, content, line where it is found
BAD = [
    ("arrows", "src/base/low.c", "#include \"io/raster.h\"\n", 1),
    ("arrows", "src/compute/side.c", "\n#include \"data/dataset.h\"\n", 2),
    ("arrows", "src/io/up.c", "  #  include \"data/dataset.h\"\n", 1),
    ("arrows", "src/io/short.c", "#include \"raster.h\"\n", 1),
    ("arrows", "src/io/dots.c", "#include \"../base/error.h\"\n", 1),
    ("arrows", "src/attic/old.c", "\n", 1),
    ("unused", "CMakeLists.txt", CMAKE + "mosaic_room(model DEPENDS compute)\n", 6),
    ("dead", "src/data/unused.c", "\nint mos_unused(int a) {\n    return a;\n}\n", 2),
    ("dead", "src/data/fifth.c", "\n", None),
    ("circles", "src/data/second.c", "int mos_second(void) {\n    return mos_first();\n}\n", 2),
    ("circles", "src/data/second.c", "int mos_second(void) {\n    return mos_third();\n}\n", None),
    ("formats", "src/data/sen12ms/sen12ms.c", "\n#include \"data/csv/csv_layout.h\"\n", 2),
    ("formats", "src/data/names/bands.c", "#include \"data/csv/csv_layout.h\"\n", 1),
    ("formats", "src/data/reader.c", "#include \"data/csv/csv_layout.h\"\n", 1),
    ("vendors", "src/compute/plan.c", "#include <dnnl.h>\n", 1),
    ("vendors", "src/compute/cpu/cpu_state.h", "#include <oneapi/dnnl/dnnl.h>\n", 1),
    ("vendors", "src/compute/ref/types.h", "#include <dnnl_types.h>\n", 1),
    ("vendors", "src/data/read.c", "#include <gdal_priv.h>\n", 1),
    ("vendors", "src/io/linked.c", "#include <gdal.h>\n", 1),
    ("vendors", "src/data/vector.c", "\n#include <ogr_api.h>\n", 2),
    ("vendors", "src/data/quiet.c", "#include <cpl_error.h>\n", 1),
    ("vendors", "src/data/store.c", "#include <lmdb.h>\n", 1),
    ("vendors", "src/data/tree.c", "#include <yaml.h>\n", 1),
    ("vendors", "cli/json.c", "#include <jansson.h>\n", 1),
    ("vendors", "src/data/events.c", "#include <event.pb-c.h>\n", 1),
    ("vendors", "src/base/pack.c", "#include <zstd.h>\n", 1),
    ("public", "cli/short_cut.c", "#include \"base/error.h\"\n", 1),
    ("public", "cli/up.c", "#include \"../src/base/error.h\"\n", 1),
    ("public", "examples/embed.c", "\n\n#include \"data/dataset.h\"\n", 3),
    ("public", "include/mosaic/train.h", "#include \"base/error.h\"\n", 1),
    ("contracts", "include/mosaic/bare.h", HEAD + "MOSAIC_API int mosaic_bare(void);\n", 3),
    ("contracts", "include/mosaic/blank.h", HEAD + "/* One. */\n\nMOSAIC_API int mosaic_blank(void);\n", 5),
    ("contracts", "include/mosaic/failing.h", HEAD + "/* Does it. */\nMOSAIC_API mosaic_status mosaic_failing(int a);\n", 4),
    ("contracts", "include/mosaic/owner.h", HEAD + "/* Opens. Errors: MOSAIC_ERR_IO. */\n"
                                                   "MOSAIC_API mosaic_status mosaic_owner(mosaic_x **out);\n", 4),
    ("contracts", "include/mosaic/lent.h", HEAD + "/* The name. */\nMOSAIC_API const char *mosaic_lent(void);\n", 4),
    ("contracts", "include/mosaic/threads.h", "/* */\n/* One. */\nMOSAIC_API int mosaic_threads(void);\n", 3),
    ("names", "src/data/error.c", "\n", None),
    ("names", "cli/raster.c", "\n", None),
    ("lengths", "src/data/large.c", "\n" * 801, 1),
    ("functions", "src/data/endless.c", LONG, 1),
    ("functions", "src/data/endless_switch.c", "#define X {\n" + LONG, 2),
    ("calls", "src/data/copy.c", "void f(void) {\n    strcpy(a, b);\n}\n", 2),
    ("calls", "src/data/cat.c", "void f(void) { strcat (a, b); }\n", 1),
    ("calls", "src/data/print.c", "void f(void) { sprintf(a, b); }\n", 1),
    ("calls", "src/data/token.c", "char *f(void) { return strtok(a, b); }\n", 1),
    ("calls", "cli/number.c", "int f(char *s) { return atoi(s); }\n", 1),
    ("calls", "cli/line.c", "void f(char *s) { gets(s); }\n", 1),
    ("calls", "src/data/leave.c", "void f(void) { exit(1); }\n", 1),
    ("calls", "src/data/give_up.c", "void f(void) { abort(); }\n", 1),
    ("calls", "src/data/claim.c", "void f(int a) { assert(a); }\n", 1),
    ("calls", "src/data/speak.c", "void f(void) { printf(\"x\"); }\n", 1),
    ("calls", "src/data/shout.c", "void f(void) {\n    fputs(\"x\", stderr);\n}\n", 2),
    ("calls", "src/data/heap.c", "void *f(void) { return malloc(1); }\n", 1),
    ("calls", "src/data/comma.c", "double f(char *s) { return strtod(s, 0); }\n", 1),
    ("dropped", "src/data/drop.c", "void f(void) {\n    mos_close(1);\n}\n", 2),
    ("dropped", "src/data/drop_if.c", "void f(int a) {\n    if (a)\n        mos_close(1);\n}\n", 3),
    ("dropped", "src/data/drop_else.c", "void f(int a) {\n    if (a) a = 1; else mos_close(1);\n}\n", 2),
    ("dropped", "src/data/drop_own.c", "static mosaic_status own(void);\nvoid f(void) {\n    own();\n}\n", 3),
    ("leftovers", "src/data/later.c", LEFT, 1),
    ("leftovers", "docs/later.md", "a\n" + LEFT, 2),
    ("leftovers", "scripts/mine.sh", "#!/bin/sh\necho /ho" + "me/me\n", 2),
    ("links", "docs/map.md", "a\n[b](src/base/error.c)\n", 2),
    ("tours", "docs/tour.md", "\n| `src/data/gone.c` | `mos_first` | a |\n", 2),
    ("tours", "docs/tour.md", "| `src/data/first.c` | `mos_first`, `mos_second` | only called there |\n", 1),
    ("sizes", "tests/golden/huge.txt", "x" * 200001, 1),
    ("sizes", "docs/huge.svg", "x" * (1 << 20) + "x", 1),
    ("fuzzers", "tests/fuzz/unlisted_fuzz.c", "\n", 1),
    ("notebooks", "examples/run.ipynb", '{"cells": [{\n"outputs": [\n{}]}]}\n', 2),
    ("notebooks", "examples/counted.ipynb", '{"cells": [{"execution_count": null}, {\n"execution_count": 3, "outputs": []}]}\n', 2),
    ("scripts", "scripts/broken.sh", "if true; then\n", 1),
]


def write(root, files):
    for path, content in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(content)


def findings(files, rules):
    with tempfile.TemporaryDirectory() as root:
        write(root, files)
        return lint.check(root, rules)


def self_test_trees(rules):
    wrong = [f"the good tree: {found}" for found in findings(GOOD, rules)]
    for rule, path, content, line in BAD:
        found = findings({**GOOD, path: content}, rules)
        if not found:
            wrong.append(f"{rule} did not find {path}")
        for where, number, name, what in found:
            at_place = line is None or (where == path and number == line)
            if name != rule or not at_place:
                wrong.append(f"{path}: wanted {rule} at line {line}, found {where}:{number}: {name}: {what}")
    # the median and the shares are properties of all files together
    many = {f"src/data/part{i}.c": "\n" * 300 for i in range(40)}
    if [f[2] for f in findings({**GOOD, **many}, rules)] != ["lengths", "shares"]:
        wrong.append("a large median or a large room was not found")
    untested = set(rules) - {case[0] for case in BAD} - {"format", "shares"}
    return wrong + [f"no bad example for rule {rule}" for rule in untested]


def self_test_format():
    bad = {**GOOD, "src/data/ugly.c": "int   f( void ){return 1 ;}\n"}
    found = findings(bad, ["format"])
    tool = shutil.which("clang-format") or shutil.which(f"clang-format-{lint.CLANG_FORMAT_MAJOR}")
    if tool is None:
        return []
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    if f"version {lint.CLANG_FORMAT_MAJOR}." not in version:
        return []
    return [] if ("src/data/ugly.c", 1) in {f[:2] for f in found} else ["format did not find src/data/ugly.c"]


def self_test_exports():
    compiler = shutil.which("cc")
    if compiler is None or shutil.which("nm") is None:
        print("skipped: the exports rule was not tried: no cc or nm")
        return []
    wrong = []
    with tempfile.TemporaryDirectory() as root:
        for source, wanted in (("int mosaic_a(void); int mosaic_a(void) { return 1; }", []),
                               ("int mosaic_a, mos_leak = 1;", ["exports 'mos_leak'"]),
                               ("static int hidden; int *f(void); __attribute__((visibility(\"hidden\"))) "
                                "int *f(void) { return &hidden; }", ["exports nothing"])):
            write(root, {"a.c": source})
            library = os.path.join(root, "liba.so")
            subprocess.run([compiler, "-shared", "-fPIC", "-o", library, os.path.join(root, "a.c")], check=True)
            found = [what for _, _, what in lint.check_exports(library, "nm")]
            if found != wanted:
                wrong.append(f"exports: wanted {wanted}, found {found}")
    return wrong


def run():
    rules = [rule for rule in lint.RULES if rule != "format"]  # the examples are not formatted
    wrong = self_test_trees(rules) + self_test_format() + self_test_exports()
    for line in wrong:
        print(line)
    print(f"{len(BAD) + 3} bad examples, {len(wrong)} surprises")
    return 1 if wrong else 0
