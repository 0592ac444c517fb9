#!/usr/bin/env python3
"""table.tex and table.html of one sweep are the same table: the same rows, numbers, bold means and marks, and a mark stands
where results.json says that the settings differ, over patches and over seeds, in both and nowhere else. The runs are made up. Standard library only.

    sweep_tables_check.py MOSAIC SOURCE FOLDER
"""
import html
import json
import pathlib
import re
import sys

SPEC = """base: base.yaml
variants:
  first_one: {method: mosaic-1}
  equal & mirrored: {method: mosaic-2}
  ahead: {method: supcon}
reference: first_one
fractions: [0.1]
seeds: [0, 1, 2, 3, 4, 5]
"""
METRICS = ["macro_f1", "micro_f1", "macro_ap", "micro_ap", "hamming"]


def seed_of(_, name):
    """The second setting has the reference's runs with their seeds changed over, so that no difference is left; the third
    is ahead of both."""
    last = int(name[-1]) % 2
    return 4 if name.startswith("ahead") else last if name.startswith("first") else 1 - last


def of_tex(text):
    plain = {r"\_": "_", r"\&": "&"}
    rows = {}
    for line in text.splitlines():
        if " & " not in line or line.startswith(("%", "setting", r"\multicolumn")):
            continue
        cells = re.split(r" & ", line.removesuffix(r" \\"))
        name = re.sub(r"\\[_&]", lambda m: plain[m.group()], cells[0])
        rows[name] = [(re.search(r"\d\.\d+", c).group(), r"\textbf" in c, "^{*}" in c) for c in cells[1:]]
    return rows


def of_html(text):
    section = text[text.index('<section id="test">'):]
    table = section[section.index("<table>"):section.index("</table>")]
    rows = {}
    for row in re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", table, re.S):
        head, rest = row.split("</th>", 1)
        cells = re.findall(r"<td class=\"n\">(.*?)</td>", rest)[1:]  # without the number of seeds
        name = html.unescape(re.sub(r"<[^>]+>", "", head))
        rows[name] = [(re.search(r"\d\.\d+", c).group(), "<b>" in c, c.endswith("*")) for c in cells]
    return rows


def main():
    mosaic, source, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    sys.path.insert(0, str(source / "tests/report"))
    import sample_sweep
    sample_sweep.make(mosaic, folder, SPEC, seed_of)
    out = folder / "out"
    tex, page = of_tex((out / "table.tex").read_text()), of_html((out / "table.html").read_text())
    results = {row["setting"]: row["test"] for row in json.loads((out / "results.json").read_text())["table"]}
    assert set(tex) == set(page) == set(results) == {"first_one", "equal & mirrored", "ahead"}, (tex, page, set(results))
    marks = 0
    for setting, cells in results.items():
        assert tex[setting] == page[setting], (setting, tex[setting], page[setting])
        for metric, (value, _, marked) in zip(METRICS, tex[setting], strict=True):
            found = cells[metric]
            assert value == f"{found['mean']:.3f}", (setting, metric, value, found)
            difference = found.get("difference") or {}
            assert marked == difference.get("differs", False), (setting, metric, marked, difference)
            marks += marked
    assert all(mark for _, _, mark in tex["ahead"]), tex["ahead"]
    assert not any(mark for _, _, mark in tex["equal & mirrored"]), tex["equal & mirrored"]
    text = (out / "table.html").read_text()
    scores = json.loads(next(out.glob("runs/*/eval/test/metrics.json")).read_text())["classes"]
    shares = [c["positives"] / (c["positives"] + c["negatives"]) for c in scores if c["positives"]]
    chance = re.search(r">chance</th>(.*?)</tr>", text).group(1)
    wanted = [sum(2 * s / (1 + s) for s in shares) / len(shares), sum(shares) / len(shares)]
    cells = re.findall(r">([0-9.–]+)</td>", chance)
    assert [cells[0], cells[2], cells[4]] == [*(f"{w:.3f}" for w in wanted), "–"], (cells, wanted)
    assert not re.search(r">[-+]?-\d", text), "a hyphen stands where a minus should"
    assert [bold for _, bold, _ in tex["ahead"]] == [True] * len(METRICS)
    print(f"one table: {len(tex)} rows, {marks} marks")


if __name__ == "__main__":
    main()
