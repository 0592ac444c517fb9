#!/usr/bin/env python3
"""Rules of the tree that no compiler keeps. Standard library only.

    lint.py ROOT [--library libmosaic.so] [--nm NM]    check a tree; 1 if anything is found
    lint.py --self-test                                every rule must find its bad example, and nothing else

A finding is printed as path:line: rule: what is wrong.
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys

CODE = (".c", ".h")
MAX_FILE_LINES, MEDIAN_FILE_LINES, MAX_FUNCTION_LINES = 800, 250, 80
MAX_ROOM_SHARE = 0.18  # of the lines of src, once there are enough to speak of shares
LINES_FOR_SHARES = 10000
MAX_FILE_BYTES, MAX_GOLDEN_BYTES = 1 << 20, 200 * 1000
CLANG_FORMAT_MAJOR = 14  # what Debian 12 has; another version formats other lines

# vendor header -> the only folders that may include it
VENDOR_HOMES = [
    (re.compile(r"(oneapi/dnnl/)?dnnl\w*\.h$"), ("src/compute/cpu/conv_onednn.c",)),
    (re.compile(r"(gdal|ogr|cpl)\w*\.h$"), ("src/io/gdal_table.h",)),
    (re.compile(r"lmdb\.h$"), "src/io/"),
    (re.compile(r"(archive(_entry)?|tiff\w*)\.h$"), "src/io/"),
    (re.compile(r"yaml\.h$"), "src/io/"),
    # and the readers of JSON documents of our own, one file each
    (re.compile(r"jansson\w*\.h$"),
     ("src/io/", "src/artifact/model_card_read.c", "src/config/config_document.c", "src/report/run_json.c",
      "src/report/run_data.c", "src/deploy/embedding_store.c")),
    (re.compile(r"(protobuf-c/|.*\.pb-c\.h$)"), "src/io/"),
    (re.compile(r"mpi\w*\.h$"), "src/dist/module/mpi_module.c"),
    (re.compile(r"(zstd|zlib|snappy|snappy-c)\.h$"), "src/io/"),
]

# call -> why not; in src/ and cli/
BANNED = {
    "strcpy": "no bound", "strcat": "no bound", "sprintf": "no bound", "vsprintf": "no bound",
    "gets": "no bound", "strncpy": "may leave no end", "strtok": "hidden state",
    "atoi": "no errors; use mos_parse_int", "atol": "no errors", "atof": "no errors, locale",
    "alloca": "no failure", "rand": "use base/rng.h", "srand": "use base/rng.h", "system": "runs a shell",
    "popen": "runs a shell", "tmpnam": "race", "mktemp": "race",
}
# call -> why not, in src/ except the files named
BANNED_BELOW_CLI = {
    "exit": ("only cli/ ends the process", ()),
    "_exit": ("only cli/ ends the process", ("src/bench/peer.c", "src/base/child_program.c")),  # there the child, when exec failed
    "abort": ("return a status", ()), "assert": ("return a status", ()),
    "printf": ("stdout is the caller's", ()), "puts": ("stdout is the caller's", ()),
    "putchar": ("stdout is the caller's", ()), "perror": ("use mos_fail_errno", ()),
    "malloc": ("use mos_alloc", ()), "calloc": ("use mos_alloc", ()), "realloc": ("use mos_grow", ()),
    "strdup": ("use mos_copy_text", ()), "strndup": ("use mos_copy_text", ()),
    "asprintf": ("use mos_text_add", ()), "setlocale": ("process-wide", ()),
    "strtod": ("locale; use mos_parse_double", ("src/base/number_text.c",)),
    "strtof": ("locale; use mos_parse_double", ("src/base/number_text.c",)),
}

# They start other programs, whose streams they connect.
CHILDREN = ("src/bench/peer.c", "src/base/child_program.c")


class Tree:
    """The files of a checkout, read once."""

    def __init__(self, root):
        self.root = root
        self.paths = sorted(self._list())
        self._text, self._plain = {}, {}

    def _list(self):
        try:
            out = subprocess.run(["git", "-C", self.root, "ls-files", "-z", "--cached", "--others",
                                  "--exclude-standard"], capture_output=True, check=True).stdout
            top = subprocess.run(["git", "-C", self.root, "rev-parse", "--show-toplevel"],
                                 capture_output=True, check=True, text=True).stdout.strip()
            if os.path.realpath(top) == os.path.realpath(self.root):
                names = {n for n in out.decode().split("\0") if n}
                return [n for n in names if os.path.isfile(os.path.join(self.root, n))]
        except (OSError, subprocess.CalledProcessError):
            pass
        found = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = [f for f in folders if f not in (".git", "build", "demo", "__pycache__", ".cache")]
            found += [os.path.relpath(os.path.join(folder, f), self.root) for f in files]
        return found

    def full(self, path):
        return os.path.join(self.root, path)

    def text(self, path):
        if path not in self._text:
            with open(self.full(path), encoding="utf-8", errors="replace") as file:
                self._text[path] = file.read()
        return self._text[path]

    def plain(self, path):
        """C text with comments, strings and characters blanked; lines stay where they are."""
        if path not in self._plain:
            pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
            blank = lambda m: re.sub(r"[^\n]", " ", m.group())
            self._plain[path] = pattern.sub(blank, self.text(path))
        return self._plain[path]

    def code(self, *folders):
        return [p for p in self.paths if p.endswith(CODE) and p.startswith(folders)]


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def includes(tree, path):
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', tree.text(path), re.M):
        yield line_of(tree.text(path), match.start()), match.group(1) == '"', match.group(2)


def rooms_of(tree):
    """room -> all rooms it may include from, itself among them, by the mosaic_room lines of CMake."""
    direct = {room: [] for room in re.findall(r"^mosaic_room\((\w+)", tree.text("CMakeLists.txt"), re.M)}
    for _, room, below in direct_arrows(tree):
        direct[room].append(below)

    def reach(room, seen):
        if room not in seen:
            seen.add(room)
            for below in direct.get(room, []):
                reach(below, seen)
        return seen
    return {room: reach(room, set()) for room in direct}


def rule_arrows(tree):
    rooms = rooms_of(tree)
    for path in tree.code("src/"):
        room = path.split("/")[1]
        if room not in rooms:
            yield path, 1, f"'{room}' is no room of CMakeLists.txt"
            continue
        for line, quoted, name in includes(tree, path):
            first = name.split("/")[0]
            if not quoted or first == "mosaic":
                continue
            if "/" not in name or first not in rooms:
                yield path, line, f'write "{name}" as "room/file.h"'
            elif first not in rooms[room]:
                yield path, line, f"room '{room}' may not include from '{first}'"


def direct_arrows(tree):
    """(line, room, room below) of every arrow that CMake declares."""
    text = tree.text("CMakeLists.txt")
    for match in re.finditer(r"^mosaic_room\((\w+)([^)]*)\)", text, re.M):
        depends = re.search(r"\bDEPENDS\b(.*?)(?:\bLIBRARIES\b|$)", match.group(2), re.S)
        for below in re.findall(r"\w+", depends.group(1)) if depends else []:
            yield line_of(text, match.start()), match.group(1), below


def rule_unused(tree):
    """An arrow that no include goes along."""
    used = {(path.split("/")[1], name.split("/")[0]) for path in tree.code("src/")
            for _, quoted, name in includes(tree, path) if quoted}
    for line, room, below in direct_arrows(tree):
        if (room, below) not in used:
            yield "CMakeLists.txt", line, f"no file of '{room}' includes from '{below}'"


FORMAT_FOLDER = re.compile(r"(?:src/)?data/(\w+)/")


def rule_formats(tree):
    """A folder per format below data/; one format knows nothing of another, and the core of none."""
    for path in tree.code("src/data/"):
        folder = FORMAT_FOLDER.match(path)
        allowed = {"names", folder.group(1) if folder else "names"}
        for line, quoted, name in includes(tree, path):
            other = FORMAT_FOLDER.match(name)
            if quoted and other and other.group(1) not in allowed:
                yield path, line, f"'{other.group(1)}' is a format of its own: share by data/ or data/names/"


def rule_vendors(tree):
    for path in tree.code("src/", "cli/", "include/", "examples/", "bench/"):
        for line, _, name in includes(tree, path):
            for pattern, home in VENDOR_HOMES:
                if pattern.match(name) and not path.startswith(home):
                    yield path, line, f"{name} is for {home if isinstance(home, str) else ' and '.join(home)} alone"


def rule_public(tree):
    for path in tree.code("cli/", "examples/", "include/"):
        top = path.split("/")[0]
        for line, quoted, name in includes(tree, path):
            local = top == "cli" and os.path.basename(name) == name and f"cli/{name}" in tree.paths
            if top == "cli" and name.startswith("cli/") and name in tree.paths:
                local = True
            if quoted and not name.startswith("mosaic/") and not local:
                yield path, line, f'"{name}": only mosaic/*.h is public'


PUBLIC_FUNCTION = re.compile(r"^MOSAIC_API\b([^;(]*?)(\w+)\s*\(([^;]*)\)[^;]*;", re.M)


def contracts(text):
    """(position, result, name, arguments, comment) of every public function; a comment serves the declarations below it as
    far as the next blank line."""
    for match in PUBLIC_FUNCTION.finditer(text):
        above = text[:match.start()].rpartition("\n\n")[2]
        comments = re.findall(r"^/\*.*?\*/", above, re.M | re.S)
        yield match.start(), match.group(1).strip(), match.group(2), match.group(3), comments[-1] if comments else ""


def rule_contracts(tree):
    """The comment of a public function names its errors, who owns what it gives, and how long a text or array lives; its
    header says which threads may call it."""
    for path in tree.code("include/"):
        text = tree.text(path)
        head = text.split("*/", 1)[0]
        for position, result, name, arguments, comment in contracts(text):
            line = line_of(text, position)
            if not comment:
                yield path, line, f"no comment says what {name} does"
                continue
            said = " ".join(re.sub(r"\n \*", " ", comment).split())
            if result == "mosaic_status" and not re.search(r"MOSAIC_ERR_\w+|[Ee]rrors", said):
                yield path, line, f"the comment of {name} names no error"
            if re.search(r"\bmosaic_\w+ \*\*", arguments) and not re.search(r"caller (owns|has)|[Ss]ame|takes a pointer to NULL|"
                                                                            r"pointer to NULL is fine", said):
                yield path, line, f"the comment of {name} does not say who owns what it gives"
            if result.endswith("*") and not re.search(r"\blives?\b|\blent\b|Never NULL", said):
                yield path, line, f"the comment of {name} does not say how long its result lives"
            if not re.search(r"[Tt]hread", head + said):
                yield path, line, f"neither the header nor the comment of {name} says which threads may call it"


def rule_names(tree):
    seen = {}
    for path in tree.code("src/", "cli/"):
        name = os.path.basename(path)
        if name in seen:
            yield path, 1, f"the name is taken by {seen[name]}"
        seen.setdefault(name, path)
    seen = {}
    for path in tree.code("tests/"):
        name = os.path.basename(path)
        if name.endswith("_test.c") and name in seen:
            yield path, 1, f"the name is taken by {seen[name]}"
        seen.setdefault(name, path)


# Functions that nothing in the program calls, and why they stay.
FOR_TESTS = {
    "mos_alloc_fail_at": "tests make the n-th allocation fail",
    "mos_comm_barrier": "of the set of collectives; the ranks' tests meet there",
    "mos_comm_gather_v": "of the set of collectives, for parts of unlike length",
    "mos_comm_sum_f64": "of the set of collectives",
    "mos_comm_sum_scatter": "of the set of collectives",
    "mos_device_decorate": "tests put the device that is late over another one",
    "mos_device_open_table": "tests open a backend that is in no list",
    "mos_get_act": "tests read activations in a layout of their own",
    "mos_lmdb_count": "tests count records",
    "mos_lmdb_each": "tests and fuzzing look at every record",
    "mos_lmdb_writer_commit": "a test kills the writer just after it",
    "mos_model_backward": "one pass alone",
    "mos_model_forward": "one pass alone",
    "mos_objective_run": "the losses without a step",
    "mos_rng_fill_u32": "vectors are held against the scalar generator",
    "mos_step_losses": "the losses of a step without its gradients",
    "mos_survey_knows": "a test asks for every kind of defect",
    "mos_tar_open_memory": "fuzzing has no file",
}
DEFINITION = re.compile(r"^(?!static\b|typedef\b|extern\b)[A-Za-z_][^;{}()=#]*?\b(mos_\w+)\s*\([^;{}]*\)\s*\{", re.M)


def shared_functions(tree):
    """name -> (path, line) of every function that other files may call."""
    found = {}
    for path in tree.code("src/"):
        if path.endswith(".c"):
            for match in DEFINITION.finditer(tree.plain(path)):
                found[match.group(1)] = path, line_of(tree.plain(path), match.start(1))
    return found


def uses(tree, names):
    """(path, line, name) wherever a .c file names one of the functions, its definitions too."""
    for path in tree.code("src/", "cli/", "bench/", "examples/"):
        if path.endswith(".c"):
            plain = tree.plain(path)
            for match in re.finditer(r"\bmos_\w+", plain):
                if match.group() in names:
                    yield path, line_of(plain, match.start()), match.group()


def in_macros(tree, names):
    """The names that macros and inline functions of headers call."""
    for path in tree.code("src/"):
        if path.endswith(".h"):
            for line in tree.plain(path).splitlines():
                if line.startswith(("#define", "    ")):
                    yield from (name for name in re.findall(r"\bmos_\w+", line) if name in names)


def rule_dead(tree):
    """A function without a caller; a test alone is none."""
    names = shared_functions(tree)
    called = set(in_macros(tree, names))
    called |= {name for path, line, name in uses(tree, names) if (path, line) != names[name]}
    for name, (path, line) in names.items():
        if name not in called and name not in FOR_TESTS:
            yield path, line, f"nothing calls {name}"


def rule_circles(tree):
    """Files of a room that call each other in a circle."""
    names = shared_functions(tree)
    calls = {}  # file -> file that it calls -> (line, function)
    for path, line, name in uses(tree, names):
        other = names[name][0]
        if path != other and path.split("/")[:2] == other.split("/")[:2]:
            calls.setdefault(path, {}).setdefault(other, (line, name))

    def reaches(start, target):
        seen, open_ends = set(), [start]
        while open_ends:
            at = open_ends.pop()
            if at == target:
                return True
            if at not in seen:
                seen.add(at)
                open_ends += calls.get(at, {})
        return False
    for path, others in calls.items():
        for other, (line, name) in others.items():
            if path > other and reaches(other, path):
                yield path, line, f"{name} is of {other}, which comes back to this file"


def room_shares(tree):
    """room -> its share of the lines of src, the largest first; nothing in a small tree."""
    lines = {}
    for path in tree.code("src/"):
        room = path.split("/")[1]
        lines[room] = lines.get(room, 0) + tree.text(path).count("\n")
    total = sum(lines.values())
    if total < LINES_FOR_SHARES:
        return {}
    return {room: lines[room] / total for room in sorted(lines, key=lines.get, reverse=True)}


def rule_shares(tree):
    """A room that has become a house."""
    for room, share in room_shares(tree).items():
        if share > MAX_ROOM_SHARE:
            yield "src/" + room, 1, f"{100 * share:.1f} % of the lines, at most {100 * MAX_ROOM_SHARE:.0f} %"


def rule_lengths(tree):
    lengths = {}
    for path in tree.code("src/", "cli/", "include/"):
        lengths[path] = tree.text(path).count("\n")
        is_table = re.search(r"_tables?\.[ch]$", path)
        if lengths[path] > MAX_FILE_LINES and not is_table:
            yield path, 1, f"{lengths[path]} lines, at most {MAX_FILE_LINES} (a table is named *_table.c)"
    if lengths and statistics.median(lengths.values()) > MEDIAN_FILE_LINES:
        yield "src", 1, f"the median file has more than {MEDIAN_FILE_LINES} lines"


def functions(text):
    """(first line, last line) of each function body in C text without comments and strings."""
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group()), text,
                  flags=re.M)
    depth = start = 0
    is_function = False
    for match in re.finditer(r"[{}]", text):
        if match.group() == "{":
            if depth == 0:
                start = match.start()
                is_function = text[:start].rstrip()[-1:] == ")"
            depth += 1
        else:
            depth = max(depth - 1, 0)
            if depth == 0 and is_function:
                yield line_of(text, start), line_of(text, match.start())


def rule_functions(tree):
    for path in tree.code("src/", "cli/"):
        for first, last in functions(tree.plain(path)):
            if last - first + 1 > MAX_FUNCTION_LINES:
                yield path, first, f"a function of {last - first + 1} lines, at most {MAX_FUNCTION_LINES}"


def rule_calls(tree):
    for path in tree.code("src/", "cli/"):
        plain = tree.plain(path)
        found = [name for name in {**BANNED, **BANNED_BELOW_CLI} if name in plain]  # rare: no look at every call
        for match in re.finditer(rf"(?<![\w.>])({'|'.join(found)})[ \t]*\(", plain) if found else []:
            name = match.group(1)
            reason = BANNED.get(name)
            if reason is None and path.startswith("src/") and name in BANNED_BELOW_CLI:
                reason, homes = BANNED_BELOW_CLI[name]
                if path in homes:
                    reason = None
            if reason is not None:
                yield path, line_of(plain, match.start()), f"{name}: {reason}"
        if not path.startswith("src/") or path in CHILDREN:
            continue
        for match in re.finditer(r"\b(stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\b", plain):
            yield path, line_of(plain, match.start()), f"{match.group(1)}: only cli/ shows anything; use base/log.h"


# Recording a failure is a statement of its own in functions that answer something else.
RECORDERS = {"mos_fail", "mos_fail_errno", "mos_fail_memory", "mos_context"}
STATUS_NAMES = re.compile(r"\bmosaic_status\s+(\w+)\s*\(")


def rule_dropped(tree):
    """A call whose status nobody looks at. What is meant to be dropped is cast to void."""
    files = tree.code("src/", "cli/", "include/", "bench/", "examples/")
    shared = {n for p in files if p.endswith(".h") for n in STATUS_NAMES.findall(tree.plain(p))} - RECORDERS
    for path in files:
        plain = tree.plain(path)
        own = set(re.findall(r"^static\s[^;{}()=]*?\b(\w+)\s*\(", plain, re.M))
        names = (shared - own) | (set(STATUS_NAMES.findall(plain)) - RECORDERS)
        for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", plain):
            if match.group(1) not in names:
                continue
            before = plain[max(0, match.start() - 400):match.start()].rstrip()
            statement = before[-1:] in ("", ";", "{", "}") or re.search(r"\b(else|do)$", before)
            after_if = before.endswith(")") and not re.search(r"\(\s*void\s*\)$", before)
            if statement or after_if:
                yield path, line_of(plain, match.start()), f"the status of {match.group(1)} is dropped"


def rule_leftovers(tree):
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    places = re.compile(r"(?<![\w.])/(?:work|home|root)/")
    for path in tree.paths:
        if not path.endswith((".c", ".h", ".py", ".sh", ".md", ".cmake", ".txt", ".yaml", ".yml", ".json",
                              ".cff")) and os.path.basename(path) != "run":
            continue
        text = tree.text(path)
        for word in words.finditer(text):
            yield path, line_of(text, word.start()), f"'{word.group()}' left over"
        for place in places.finditer(text):
            yield path, line_of(text, place.start()), "a path of one machine"


def rule_links(tree):
    for path in tree.paths:
        if not path.endswith(".md"):
            continue
        for match in re.finditer(r"\]\(([^)#\s]+)[^)]*\)", tree.text(path)):
            target = match.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            if not os.path.exists(tree.full(os.path.normpath(os.path.join(os.path.dirname(path), target)))):
                yield path, line_of(tree.text(path), match.start()), f"{target} does not exist"


def rule_tours(tree):
    """A row of a tour (docs/tour.md) names a file and functions that are defined in it."""
    for path in tree.paths:
        if not path.startswith("docs/") or not path.endswith(".md"):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            row = re.match(r"\| `((?:src|cli)/[\w/]+\.[ch])` \| ((?:`\w+`(?:, )?)+) \|", line)
            if not row:
                continue
            if row.group(1) not in tree.paths:
                yield path, number, f"{row.group(1)} does not exist"
                continue
            plain = tree.plain(row.group(1))
            for name in re.findall(r"\w+", row.group(2)):
                if not re.search(rf"^\w[\w \t*()]*\b{name}\(", plain, re.M):
                    yield path, number, f"{row.group(1)} has no function {name}"


def rule_sizes(tree):
    for path in tree.paths:
        size = os.path.getsize(tree.full(path))
        limit = MAX_GOLDEN_BYTES if path.startswith("tests/golden/") else MAX_FILE_BYTES
        if size > limit:
            yield path, 1, f"{size} bytes, at most {limit}"


def rule_fuzzers(tree):
    listed = set()
    if "tests/fuzz/tests.cmake" in tree.paths:
        listed = set(re.findall(r"^mosaic_fuzz\((\w+)", tree.text("tests/fuzz/tests.cmake"), re.M))
    for path in tree.code("tests/fuzz/"):
        name = re.match(r"tests/fuzz/(\w+)_fuzz\.c$", path)
        if name is None:
            continue
        if name.group(1) not in listed:
            yield path, 1, "not listed in tests/fuzz/tests.cmake"
        if not any(p.startswith(f"tests/fuzz/corpus/{name.group(1)}/") for p in tree.paths):
            yield path, 1, f"no seed in tests/fuzz/corpus/{name.group(1)}/"


def rule_format(tree):
    tool = shutil.which(f"clang-format-{CLANG_FORMAT_MAJOR}") or shutil.which("clang-format")
    version = ""
    if tool:
        version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    if f"version {CLANG_FORMAT_MAJOR}." not in version:
        print(f"skipped: the format rule wants clang-format {CLANG_FORMAT_MAJOR}, found: {version.strip() or 'none'}")
        return
    files = tree.code("src/", "cli/", "include/", "tests/", "bench/", "examples/")
    if not files:
        return
    out = subprocess.run([tool, "--dry-run", "--style=file", *files], cwd=tree.root, capture_output=True,
                         text=True).stderr
    places = {}
    for match in re.finditer(r"^(\S+?):(\d+):\d+: (?:warning|error): code should be", out, re.M):
        places.setdefault(match.group(1), []).append(int(match.group(2)))
    for path, lines in places.items():
        yield path, min(lines), f"not as clang-format has it ({len(lines)} places)"


def rule_scripts(tree):
    tool, whole = shutil.which("shellcheck"), []
    for path in tree.paths:
        if not path.endswith(".sh") and path != ".ci/run":
            continue
        done = subprocess.run(["bash", "-n", tree.full(path)], capture_output=True, text=True)
        if done.returncode != 0:
            yield path, 1, done.stderr.strip().splitlines()[-1]
        else:
            whole.append(path)
    if tool and whole:
        done = subprocess.run([tool, "-S", "warning", "-f", "gcc", *whole], cwd=tree.root, capture_output=True, text=True)
        for match in re.finditer(r"^([^:\n]+):(\d+):\d+: (.*)$", done.stdout, re.M):
            yield match.group(1), int(match.group(2)), match.group(3)


def rule_notebooks(tree):
    """Notebooks are kept as nobody has run them: outputs would grow old, and tell of the machine."""
    for path in tree.paths:
        if not path.endswith(".ipynb"):
            continue
        for match in re.finditer(r'"outputs": \[(?!\])|"execution_count": (?!null)', tree.text(path)):
            yield path, line_of(tree.text(path), match.start()), "a notebook that was run: clear its outputs"


def exported(library, nm):
    """Names a shared library defines for others; version nodes (A) are no symbols."""
    out = subprocess.run([nm, "-D", "--defined-only", library], capture_output=True, text=True).stdout
    return [fields[2].split("@")[0] for fields in (line.split() for line in out.splitlines())
            if len(fields) == 3 and fields[1] != "A"]


def check_exports(library, nm):
    names = exported(library, nm)
    if not names:
        yield library, 1, "exports nothing"
    for name in names:
        if not name.startswith("mosaic_"):
            yield library, 1, f"exports '{name}'"


RULES = {name[5:]: value for name, value in sorted(globals().items()) if name.startswith("rule_")}


def check(root, rules=None):
    tree = Tree(root)
    return [(path, line, rule, what) for rule in (rules or RULES) for path, line, what in RULES[rule](tree)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?")
    parser.add_argument("--library")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        import lint_self_test
        return lint_self_test.run()
    if options.root is None:
        parser.error("which tree?")
    findings = check(options.root)
    if options.library:
        findings += [(path, line, "exports", what) for path, line, what in
                     check_exports(options.library, options.nm)]
    for path, line, rule, what in findings:
        print(f"{path}:{line}: {rule}: {what}")
    shares = [f"{room} {100 * share:.1f} %" for room, share in room_shares(Tree(options.root)).items()]
    if shares:
        print("lines of src: " + ", ".join(shares))
    print(f"{len(findings)} findings by {len(RULES) + bool(options.library)} rules")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
