#!/usr/bin/env bash
# A report as people see it: of a made-up run whose class names try to break out, opened in headless Chromium.
#   browser.sh MOSAIC SOURCE
# Skipped without chromium.
set -eu
mosaic=$1 source=$2
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ]; then
    echo "skipped: the report's look needs chromium"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-browser.XXXXXX")
trap 'rm -rf "$work"' EXIT

python3 "$source/tests/report/sample_run.py" "$work/run"

# a class whose name is markup, wherever the run names it
python3 - "$work/run" <<'END'
import json, pathlib, sys
run = pathlib.Path(sys.argv[1])
old = json.loads((run / "data.json").read_text())["classes"][0]["name"]
new = "<img src=x onerror=document.title='broken'> & \"quoted\" <script>document.title='broken'</script>"
quoted = '"' + new.replace('"', '""') + '"'
for path in [run / "data.json", run / "eval/test/metrics.json"]:
    path.write_text(path.read_text().replace(json.dumps(old), json.dumps(new)))
for name in ["per_class", "confusability", "curves", "tsne", "patches"]:
    path = run / f"eval/test/{name}.csv"
    rows = []
    for line in path.read_text().split("\n"):
        rows.append(line.replace('"' + old + '"', quoted).replace("," + old + ",", "," + quoted + ",")
                    .replace(old + ",", quoted + ",") if old in line else line)
    path.write_text("\n".join(rows))
END
"$mosaic" report "$work/run" >/dev/null
python3 "$source/tests/report/browser_check.py" "$chromium" "$work/run/report.html" "$work"
