"""site_check.py SOURCE DOCS: every text of mos_fail is in errors.md, every public function in c.md."""
import os
import re
import sys

source, docs = sys.argv[1:]
with open(os.path.join(docs, "errors.md"), encoding="utf-8") as file:
    errors = file.read()
with open(os.path.join(docs, "c.md"), encoding="utf-8") as file:
    reference = file.read()
failures, calls = [], 0
room = None
for folder, _, names in os.walk(os.path.join(source, "src")):
    for name in names:
        if not name.endswith(".c"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        room = os.path.relpath(folder, os.path.join(source, "src")).split(os.sep)[0]
        section = errors.split(f"\n## {room}\n")[-1].split("\n## ")[0] if f"\n## {room}\n" in errors else ""
        # the first literal alone, found another way than the index finds it: its longest piece without a conversion
        for literal in re.findall(r'\bmos_fail\(\s*\w+,\s*"((?:[^"\\]|\\.)*)"', text):
            calls += 1
            pieces = re.split(r'%[-+ #0]*[\d.*]*(?:hh|ll|h|l|z|j|t)?[a-zA-Z]|%|\\.|`|\|', literal)
            longest = max(pieces, key=len)
            if longest not in section:
                failures.append(f"{room}/{name}: {literal!r} is not in the index")
if calls < 900:
    failures.append(f"only {calls} calls were found")
with open(os.path.join(source, "src/base/error.c"), encoding="utf-8") as file:
    classes = set(re.findall(r'return "([a-z ]+)";', file.read())) - {"ok", "unknown status"}
told = set(re.findall(r"^\| ([a-z ]+) \| \d+ \|", errors, re.M))
if told != classes:
    failures.append(f"classes {sorted(told)}, the program has {sorted(classes)}")
for line in re.findall(r"^\| `.*", errors, re.M):
    kind = re.search(r"\| ([a-z ]+) \|$", line)
    if not kind or kind.group(1) not in classes:
        failures.append(f"no class: {line}")
for name in os.listdir(os.path.join(source, "include/mosaic")):
    with open(os.path.join(source, "include/mosaic", name), encoding="utf-8") as file:
        for function in re.findall(r"\b(mosaic_\w+)\(", file.read()):
            if function not in reference:
                failures.append(f"{name}: {function} is not in the reference")
print("\n".join(failures) or f"{calls} texts of errors, all in the index")
sys.exit(1 if failures else 0)
