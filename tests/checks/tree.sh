#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The tree itself: licences, no paths of a machine, no function longer than 60 lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
status=0
fail() { echo "FAILED: $*" >&2; status=1; }
mapfile -t files < <(git ls-files)
[ ${#files[@]} -gt 0 ] || fail "git lists no files"

for file in "${files[@]}"; do
    [[ $file =~ \.(c|h|sh|py)$ ]] || continue
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT-0' || fail "$file names no licence"
    [[ $file == *.c ]] || continue
    awk -v file="$file" '
        /^[a-z].*[^;]$/ && !begin { name = $0 }
        /\) \{$/ && /^([a-z]| {8})/ && !begin { begin = NR }
        /^\}/ && begin { if (NR - begin - 1 > 60) { print file ": " NR - begin - 1 " lines: " name; long = 1 } begin = 0 }
        END { exit long }' "$file" >&2 || fail "a function of $file outgrew the screen"
done

for file in "${files[@]}"; do
    [ "$file" = tests/checks/tree.sh ] || ! grep -nIHE '/(home/[a-z]+|root)/' "$file" >&2 || fail "$file names a home folder"
done
exit $status
