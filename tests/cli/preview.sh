#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# The page of augmented views: what it says was drawn is what its pictures show, and nothing is written but the page.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 24 --size 24 --classes 4 --seed 3 --missing-s1 0.3 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data}
method: mosaic-1
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 4, seed: 5}
END
off=()
for key in blur=0 gain=0 offset=0 noise=0 speckle_looks=0 shift_db=0 area_min=1 area_max=1; do off+=(--set "augment.$key"); done

expect 0 "page.html" "$mosaic" preview "$work/config.yaml" --out "$work/page.html" --patches 8
expect 0 "again.html" "$mosaic" preview "$work/config.yaml" --out "$work/again.html" --patches 8 --threads 2
same "$work/page.html" "$work/again.html"
expect 0 "" "$mosaic" preview "$work/config.yaml" --out "$work/next.html" --patches 8 --epoch 2
check "another epoch has other views" bash -c "! cmp -s '$work/page.html' '$work/next.html'"
expect 0 "" "$mosaic" preview "$work/config.yaml" --out "$work/turned.html" --patches 8 "${off[@]}"
expect 0 "" "$mosaic" preview "$work/config.yaml" --out "$work/plain.html" --patches 8 "${off[@]}" --set augment.flip=false --set augment.turn=false
check "nothing but pages was written" test "$(find "$work" -maxdepth 1 -newer "$work/config.yaml" -type f ! -name output | wc -l)" = 5

cat >"$work/look.py" <<'END'
import base64, re, struct, sys, zlib
kind, text = sys.argv[1], open(sys.argv[2]).read()


def pixels(data):
    """Rows of RGB of a PNG of one IDAT."""
    width, height, at, raw = *struct.unpack(">II", data[16:24]), 8, b""
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        raw += data[at + 8:at + 8 + size] if name == b"IDAT" else b""
        at += 12 + size
    raw, rows, above = zlib.decompress(raw), [], [0] * (3 * width)
    for y in range(height):
        line = raw[y * (3 * width + 1):(y + 1) * (3 * width + 1)]
        row = []
        for i, v in enumerate(line[1:]):
            a, b, c = row[i - 3] if i > 2 else 0, above[i], above[i - 3] if i > 2 else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row.append((v + (0, a, b, (a + b) // 2, nearest)[line[0]]) % 256)
        rows.append([tuple(row[3 * x:3 * x + 3]) for x in range(width)])
        above = row
    return rows


right = lambda rows: [list(r) for r in zip(*rows[::-1])]
ways = {"as it lies": lambda r: r, "mirrored left-right": lambda r: [x[::-1] for x in r],
        "mirrored top-bottom": lambda r: r[::-1], "turned by 180°": lambda r: right(right(r)),
        "turned by 90° to the right": right, "turned by 90° to the left": lambda r: right(right(right(r))),
        "transposed": lambda r: [list(x) for x in zip(*r)],
        "transposed and turned by 180°": lambda r: right(right([list(x) for x in zip(*r)]))}
groups = [re.findall(r'data-view="(\d)".*?base64,([^"]*)".*?<figcaption>(.*?)</figcaption>', part, re.S)
          for part in text.split('<div class="patches previews">')[1:]]
said = set()
assert len(groups) >= 8 and all([g[0] for g in group] == ["3", "0", "1", "2"] for group in groups), "plain, two strong, the anchor"
for group in groups:
    plain = pixels(base64.b64decode(group[0][1]))
    for _, data, caption in group[1:]:
        way = caption.split("<br>")[1].split(";")[0]
        said.add(way)
        assert "whole patch" in caption and "no change of values" in caption, caption
        assert pixels(base64.b64decode(data)) == ways[way](plain), way
if kind == "turned":
    assert len(said) >= 6, said
else:
    assert said == {"as it lies"}, said
END
check "turned as the page says" python3 "$work/look.py" turned "$work/turned.html"
check "views without augmentation are the patch" python3 "$work/look.py" plain "$work/plain.html"
check "an absent modality is said to be" grep -q "The patch lacks this modality" "$work/page.html"
for words in "crop of [0-9]* % of the area" "blur [01]\.[0-9]* px" "gain 0\.9[0-9]* to 1\.0" "noise 0.05 sd" "speckle of 8 looks" "shift [^ ]*[01]\.[0-9]* dB"; do
    check "the page says: $words" grep -q -- "$words" "$work/page.html"
done
check "no address of another place" bash -c "! grep -q '://' '$work/page.html'"
check "at most 5 MB" test "$(stat -c %s "$work/page.html")" -le 5000000

expect 2 "usage: mosaic preview" "$mosaic" preview
expect "1|2|3" "nowhere.yaml" "$mosaic" preview "$work/nowhere.yaml" --out "$work/none.html"
expect 2 "augment.blurr.*augment.blur" "$mosaic" preview "$work/config.yaml" --set augment.blurr=1 --out "$work/none.html"
expect 2 "patches.*32" "$mosaic" preview "$work/config.yaml" --patches 33 --out "$work/none.html"
check "no page of what failed" test ! -e "$work/none.html"
finish
