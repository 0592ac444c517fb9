"""abi.py SOURCE CC LIBRARY [--renew]: the binary interface is the one that tests/api/libmosaic.abi keeps.

The dump is of the public headers: every function of theirs is compiled, with debug information, into a library without
content, so that it does not depend on how libmosaic was built; the names are held against what LIBRARY exports.
--renew writes the dump again, for a change that is meant.
"""
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FUNCTION = re.compile(r"^MOSAIC_API\s+([^;]+?)(?:\s+MOSAIC_CHECKED)?;", re.M)


def names(headers):
    return {re.search(r"(\w+)\s*\(", text).group(1) for header in headers.glob("*.h")
            for text in FUNCTION.findall(header.read_text())}


def dump(include, cc, out):
    """The headers below `include` as abidw has them, into the file `out`."""
    # what is inside a stream is the C library's own
    text = '#define _STDIO_H 1\ntypedef struct stream FILE;\n#include "mosaic/mosaic.h"\n'
    for header in sorted((include / "mosaic").glob("*.h")):
        text += "".join(f"{found}\n{{\n    for (;;) {{\n    }}\n}}\n" for found in FUNCTION.findall(header.read_text()))
    source, library = out.with_suffix(".c"), out.with_suffix(".so")
    source.write_text(text)
    subprocess.run([cc, "-std=c17", "-w", "-g", "-O0", "-shared", "-fPIC", "-Wl,-soname,libmosaic.so",
                    f"-fdebug-prefix-map={out.parent}=.", f"-I{include}", str(source), "-o", str(library)], check=True)
    subprocess.run(["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed",
                    "--headers-dir", str(include), "--drop-private-types", "--out-file", str(out), str(library)],
                   check=True)


def difference(before, after):
    """What abidiff says of two dumps; "" without a difference."""
    done = subprocess.run(["abidiff", str(before), str(after)], stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() or "abidiff found a difference" if done.returncode != 0 else ""


def must_be_seen(work, include, cc, kept, header, old, new):
    """A change of the headers that abidiff has to find."""
    changed = work / "changed"
    shutil.rmtree(changed, ignore_errors=True)
    shutil.copytree(include, changed)
    path = changed / "mosaic" / header
    text = path.read_text()
    if text.count(old) != 1:
        sys.exit(f"FAILED: {header} has not one '{old}' to try a change on")
    path.write_text(text.replace(old, new))
    dump(changed, cc, work / "changed.abi")
    if not difference(kept, work / "changed.abi"):
        sys.exit(f"FAILED: '{new}' in place of '{old}' was not found")


def main():
    source, cc, library = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    kept, include = source / "tests" / "api" / "libmosaic.abi", source / "include"
    if shutil.which("abidw") is None or shutil.which("abidiff") is None:
        print("skipped: libabigail is not installed (abigail-tools)")
        sys.exit(77)
    if platform.machine() != "x86_64":
        print(f"skipped: the dump is of x86_64, this is {platform.machine()}")
        sys.exit(77)
    exported = subprocess.run(["nm", "-D", "--defined-only", library], stdout=subprocess.PIPE, text=True, check=True)
    exported = {line.split()[2].split("@")[0] for line in exported.stdout.splitlines() if line.split()[1] == "T"}
    declared = names(include / "mosaic")
    if exported != declared:
        sys.exit(f"FAILED: exported and not declared: {sorted(exported - declared)}; declared and not exported: "
                 f"{sorted(declared - exported)}")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        dump(include, cc, work / "now.abi")
        if "--renew" in sys.argv:
            shutil.copy(work / "now.abi", kept)
            print(f"{kept} is of {len(declared)} functions now")
            return
        said = difference(kept, work / "now.abi")
        if said:
            sys.exit(f"{said}\nFAILED: the binary interface changed. If it is meant: python3 tests/api/abi.py . cc "
                     f"{library} --renew, and the version says so (include/mosaic/version.h)")
        must_be_seen(work, include, cc, kept, "metrics.h", "int64_t zero_divisions;", "int32_t zero_divisions;")
        must_be_seen(work, include, cc, kept, "dataset.h", "const mosaic_dataset *dataset, const char *id)",
                     "const mosaic_dataset *dataset, int64_t id)")
        must_be_seen(work, include, cc, kept, "version.h", "MOSAIC_API int mosaic_version_number(void);", "")
    print(f"{len(declared)} functions, as they were")


main()
