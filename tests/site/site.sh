#!/usr/bin/env bash
# site.sh SOURCE: the site is made without a broken link, its index of errors has every text, and mkdocs accepts it strictly.
set -euo pipefail
source=$1
python=${PYTHON:-/usr/bin/python3}
export PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$source/packaging/site/site.py" "$source" "$work/site"
"$python" "$source/tests/site/site_check.py" "$source" "$work/site/docs"
# A broken link, a heading that is not there: found.
mkdir -p "$work/broken/docs" && cp -r "$source/docs" "$source/include" "$source"/*.md "$work/broken"
mkdir "$work/broken/src"
for folder in packaging examples scripts tests bench cli LICENSE; do ln -s "$(realpath "$source")/$folder" "$work/broken/$folder"; done
printf '\n[a](nowhere.md) [b](guide.md#no-such-heading)\n' >>"$work/broken/docs/maps.md"
sed -i 's/^## SEN12MS$/## Sentinels/' "$work/broken/docs/guide.md"
sed -i 's/^| `data.nomenclature`/| `data.names`/' "$work/broken/docs/configuration.md"
if "$python" "$source/packaging/site/site.py" "$work/broken" "$work/other" 2>"$work/said"; then
    echo "FAILED: a broken link was not found"
    exit 1
fi
for wanted in "docs/guide.md: no section 'SEN12MS'" "docs/configuration.md: no key data.nomenclature"; do
    grep -q "$wanted" "$work/said" || { cat "$work/said"; echo "FAILED: '$wanted' is not said"; exit 1; }
done
grep -q 'docs/maps.md: no file nowhere.md' "$work/said" && grep -q 'docs/maps.md: no heading #no-such-heading in docs/guide.md' "$work/said" ||
    { cat "$work/said"; exit 1; }
if ! command -v mkdocs >/dev/null; then
    echo "skipped: mkdocs is not installed, the pages are not made"
    exit 77
fi
mkdocs build --strict -q -f "$work/site/mkdocs.yml"
for page in data-bigearthnet-v2 data-bigearthnet-v1 data-sen12ms data-own-patches data-scenes; do
    [ -s "$work/site/site/$page.html" ] || { echo "FAILED: no page $page"; exit 1; }
    grep -q "href=\"$page.html\"" "$work/site/site/data.html" || { echo "FAILED: data.html has no link to $page"; exit 1; }
    grep -q 'href="data.html"' "$work/site/site/index.html" || { echo "FAILED: the navigation has no data.html"; exit 1; }
done
for wanted in "v2:rico-hdl" "v1:classes 43" "sen12ms:igbp17" "own-patches:id,s1,s2,labels,split" "scenes:land_cover" "scenes:data.grid"; do
    grep -q "${wanted#*:}" "$work/site/docs"/data-*"${wanted%%:*}.md" || { echo "FAILED: no '${wanted#*:}' on the page of ${wanted%%:*}"; exit 1; }
done
for page in index guide maps configuration errors c adr/0001-record-architecture-decisions; do
    [ -s "$work/site/site/$page.html" ] || { echo "FAILED: no page $page"; exit 1; }
done
echo "the site is made, strictly"
