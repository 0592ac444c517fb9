#!/usr/bin/env bash
# headers.sh ROOT CC [CXX]: every public header compiles alone, as pedantic C17 and as C++17.
set -euo pipefail
root=$1 cc=$2 cxx=${3:-}
failed=no count=0
for header in "$root"/include/mosaic/*.h; do
  count=$((count + 1))
  name=mosaic/${header##*/}
  echo "#include \"$name\"" | "$cc" -std=c17 -Wall -Wextra -Werror -pedantic-errors -Wstrict-prototypes \
    -fsyntax-only -I"$root/include" -x c - || { echo "$name is no C17 header"; failed=yes; }
  [ -z "$cxx" ] || echo "#include \"$name\"" | "$cxx" -std=c++17 -Wall -Wextra -Werror -pedantic-errors \
    -fsyntax-only -I"$root/include" -x c++ - || { echo "$name is no C++17 header"; failed=yes; }
done
[ -n "$cxx" ] || echo "skipped: C++: no compiler"
echo "$count headers"
[ $failed = no ] && [ $count -gt 0 ]
