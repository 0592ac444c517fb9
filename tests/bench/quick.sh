#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Every benchmark runs and says what it found, as a table and as JSON; sizes are small and no figure is judged.
source "$(dirname "$0")/../cli/cli_support.sh"
export TMPDIR=$work
small=(--quick --rounds 3 --batch 4 --size 48 --threads 1 --encoder resnet10-narrow)

expect 0 "augment +views" "$mosaic" bench
expect 0 "step +time a training step" "$mosaic" bench
expect 2 "did you mean 'augment'" "$mosaic" bench augmnet
expect 2 "rounds" "$mosaic" bench fma --rounds 2

mapfile -t names < <("$mosaic" bench | sed -n '/^benchmarks/,/^and/p' | sed -nE 's/^  ([a-z-]+) .*/\1/p')
[ ${#names[@]} -ge 9 ] || { echo "FAILED: only ${#names[@]} benchmarks listed"; failures=$((failures + 1)); }
"$mosaic" -q bench all "${small[@]}" --json --write-table "$work/choices.h" >"$work/all.json" || { echo "FAILED: bench all"; failures=$((failures + 1)); }
for name in "${names[@]}"; do
    line=$(grep "^{\"bench\": *\"$name\"" "$work/all.json" || true)
    [ "$(grep -c "^{\"bench\": *\"$name\"" "$work/all.json")" = 1 ] ||
        { echo "FAILED: no JSON line of '$name'"; failures=$((failures + 1)); }
    echo "$line" | grep -qE '"rows": *\[\{.*"[a-z_]+": *[0-9.]+' ||
        { echo "FAILED: no numbers from '$name': $line"; failures=$((failures + 1)); }
    if echo "$line" | grep -q '": *null'; then
        echo "FAILED: a figure of '$name' is not finite: $line"
        failures=$((failures + 1))
    fi
done
# A written table is C that the compiler takes; writing again replaces its own lines and keeps others'.
choice='^CHOICE\("[A-Za-z]+-[0-9]+-[0-9]+", 1, [01], [0-9]+, [0-9]+, [0-9]+, [0-9]+, [137], [12], (FORWARD|BACKWARD_DATA|BACKWARD_WEIGHTS), (DIRECT|WINOGRAD|F2X2|F3X3|F4X4|MAP2X2|GATHERED|STEM|IM2COL)\)$'
choices=$(grep -cE "$choice" "$work/choices.h" || true)
grep -qE '"fp32_step": *"convolutions as chosen now [0-9.]+ ms, by the table' "$work/all.json" || {
    echo "FAILED: bench conv does not say what the table is worth"
    failures=$((failures + 1))
}
if [ "$choices" -lt 30 ] || [ "$choices" != "$(grep -c '^CHOICE' "$work/choices.h")" ]; then
    echo "FAILED: $choices good lines in the table of choices"
    failures=$((failures + 1))
fi
sed -i '/^CHOICE/{s/^CHOICE("[^"]*"/CHOICE("Abacus-1-1"/;p;s/^.*$/CHOICE("Abacus-1-1", 9)/}' "$work/choices.h"
others=$(grep -c Abacus "$work/choices.h")
expect 0 "times_direct" "$mosaic" -q bench conv "${small[@]}" --write-table "$work/choices.h"
if [ "$(grep -c Abacus "$work/choices.h")" != "$others" ] || [ "$(grep -cE "$choice" "$work/choices.h")" != $((2 * choices)) ]; then
    echo "FAILED: rewriting the table lost or doubled lines"
    failures=$((failures + 1))
fi
# Those with a peer; a roof that moves on a busy machine is no failure here.
peers=$2/bench/peers modes=()
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then modes=(eager-nchw-fp32); else echo "skipped: the peer needs python3-torch"; fi
for name in step infer; do
    peer=torch_mosaic1.py
    [ $name = step ] || peer=torch_infer.py
    line=$("$mosaic" -q bench $name --batch 2 --size 48 --rounds 3 --encoder resnet50 --threads 1 --json --peer "$peers/$peer" \
        --peer-server "$peers/serve_step.py" --peer-modes "${modes[*]}" 2>"$work/$name.log" || true)
    for word in '"name": *"mosaic fp32"' '"ms_per_view": *[0-9.]+' ${modes[0]:+'"x_eager-nchw-fp32": *[0-9.]+'}; do
        grep -qE "$word" <<<"$line" && continue
        echo "FAILED: bench $name says nothing like $word: $line"
        cat "$work/$name.log"
        failures=$((failures + 1))
    done
done
# A cap is the peer's too, and is said; what it would only emulate is left out unless it is asked for.
printf 'import os, sys\nfor key in ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"): print(os.environ.get(key), file=sys.stderr)
print(sys.argv[2], file=sys.stderr)\nprint("ready fake", flush=True)\nfor line in sys.stdin: print("0.5", flush=True)\n' >"$work/capped.py"
capped=(--batch 2 --size 32 --rounds 3 --encoder resnet10-narrow --threads 1 --no-bf16 --peer-server "$work/capped.py")
"$mosaic" -q --isa base bench step "${capped[@]}" >"$work/capped.txt" 2>&1 || true # the roof may move
for word in '^default$' '^SSE41$' '^eager-nchw-fp32,eager-cl-fp32$' '^instruction_set: base, a cap' '^peer_modes_left_out: bf16'; do
    grep -q -- "$word" "$work/capped.txt" || { echo "FAILED: a capped step says nothing like $word:"; cat "$work/capped.txt"; failures=$((failures + 1)); }
done
"$mosaic" -q --isa base bench step "${capped[@]}" --peer-modes eager-cl-bf16 >"$work/capped.txt" 2>&1 || true
grep -q '^eager-cl-bf16$' "$work/capped.txt" && ! grep -q left_out "$work/capped.txt" ||
    { echo "FAILED: a mode asked for by name is left out:"; cat "$work/capped.txt"; failures=$((failures + 1)); }
# A peer that trains something else is refused; one that does not say what it trains is measured.
small_step=(--batch 2 --size 48 --rounds 3 --encoder resnet10-narrow --threads 1 --no-bf16 --peer-modes eager-nchw-fp32 --peer-server "$work/peer.py")
printf 'import sys\nprint("ready fake parameters 43271571", flush=True)\nfor line in sys.stdin: print("0.5", flush=True)\n' >"$work/peer.py"
expect 2 "fake.py: trains 43.3 million parameters, our resnet10-narrow" "$mosaic" -q bench step "${small_step[@]}" --peer fake.py
sed -i 's/ parameters [0-9]*//' "$work/peer.py"
"$mosaic" -q bench step "${small_step[@]}" >"$work/fake.txt" 2>&1 || true # the roof may move
grep -q '^peer: fake$' "$work/fake.txt" || { echo "FAILED: a peer without a parameter count:"; cat "$work/fake.txt"; failures=$((failures + 1)); }
line=$("$mosaic" -q bench step --side-by-side --batch 2 --size 48 --rounds 3 --encoder resnet10-narrow --threads 2 --peer-modes "" --json \
    2>"$work/side.log" || true)
grep -qE '"side_by_side_fp32": *"[0-9.]+ times as fast' <<<"$line" || {
    echo "FAILED: bench step does not compare encoders side by side: $line"
    cat "$work/side.log"
    failures=$((failures + 1))
}
# Search in embeddings: the peers' answers are compared with ours before they are timed.
python=${PYTHON:-/usr/bin/python3}
search=(--rows 3000 --size 24 --queries 5 --count 4 --rounds 3 --threads 2 --folder "$work" --peer "$peers/search_rows.py")
"$mosaic" -q bench search "${search[@]}" --python "$python" --json >"$work/search.json" 2>"$work/search.log" || true # the roof may move
words=('"name": *"mosaic"' '"ms": *[0-9.]+')
if "$python" -c 'import numpy' 2>/dev/null; then words+=('numpy [0-9.]+.*same answers' '"x_numpy": *[0-9.]+'); else echo "skipped: no python3-numpy, nothing beside our search"; fi
if "$python" -c 'import faiss' 2>/dev/null; then words+=('"x_faiss": *[0-9.]+'); else echo "skipped: no faiss here, it is not beside our search"; fi
for word in "${words[@]}"; do
    grep -qE "$word" "$work/search.json" && continue
    echo "FAILED: bench search says nothing like $word:"
    cat "$work/search.json" "$work/search.log"
    failures=$((failures + 1))
done
"$mosaic" -q bench search "${search[@]}" --type int8 >"$work/search.txt" 2>&1 || true
grep -q '^peer: not asked for' "$work/search.txt" || { echo "FAILED: bench search --type int8:"; cat "$work/search.txt"; failures=$((failures + 1)); }
sed 's/, axis=1)\[:, -args.count:\]/, axis=1)[:, :args.count]/' "$peers/search_rows.py" >"$work/wrong.py" # the worst, not the best
"$mosaic" -q bench search "${search[@]}" --python "$python" --peer "$work/wrong.py" >"$work/search.txt" 2>&1 || true
grep -qE 'numpy finds other rows|^skipped: .*numpy' "$work/search.txt" || { echo "FAILED: a peer that finds other rows was measured:"; cat "$work/search.txt"; failures=$((failures + 1)); }
expect 2 "the best 4000 of 3000 rows|--count" "$mosaic" -q bench search --rows 300 --count 400 --folder "$work"
expect 0 "times_faster_than_scalar" "$mosaic" -q bench augment "${small[@]}"
expect 3 "no-such-folder" "$mosaic" -q bench loader "${small[@]}" --data "$work/no-such-folder"
[ -z "$(find "$work" -name 'mosaic-bench-*')" ] || { echo "FAILED: a benchmark left its data set"; failures=$((failures + 1)); }
# A map of a scene: against inference alone, and a peer that is there or is not.
map=(--side 96 --size 48 --stride 24 --encoder resnet10-narrow --rounds 3 --threads 2 --folder "$work" --json)
printf 'import sys\nprint("ready fake " + sys.argv[sys.argv.index("--stride") + 1], flush=True)\nfor line in sys.stdin: print("0.5", flush=True)\n' >"$work/mapper.py"
"$mosaic" -q bench predict "${map[@]}" --peer "$work/mapper.py" >"$work/map.json" 2>"$work/map.log" || true # the roof may move
for word in '9 windows of 48 px every 24 px' '"peer": *"fake 24"' '"share_of_infer": *[0-9.]+' '"x_pytorch": *[0-9.]+' '"name": *"PyTorch", "seconds": *0.5' '"name": *"once opened", "seconds": *[0-9.]+, "windows_per_s": *[0-9.]+, "share_of_infer": *[0-9.]+, "x_pytorch"' \
    '"opening": *"[0-9.]+ s until'; do
    grep -qE "$word" "$work/map.json" || { echo "FAILED: bench predict says nothing like $word:"; cat "$work/map.json" "$work/map.log"; failures=$((failures + 1)); }
done
"$mosaic" -q bench predict "${map[@]}" --peer "$work/nothing.py" >"$work/map.json" 2>"$work/map.log" || true
grep -qE '"peer": *"skipped: ' "$work/map.json" && ! grep -q x_pytorch "$work/map.json" || { echo "FAILED: a peer that is missing is not said:"; cat "$work/map.json"; failures=$((failures + 1)); }
expect 2 "wanted a multiple of 6, and no larger stride" "$mosaic" bench predict --size 48 --stride 60
check "bench predict leaves nothing" test -z "$(find "$work" -maxdepth 1 -name 'mosaic-bench-*')"
finish
