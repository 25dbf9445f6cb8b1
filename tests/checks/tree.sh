#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The tree itself: licences, no paths of a machine, no function longer than 100 lines, every status explained.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
status=0
fail() { echo "FAILED: $*" >&2; status=1; }

while read -r file; do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT-0' || fail "$file names no licence"
done < <(git ls-files '*.c' '*.h' '*.sh')

paths='/(home/[a-z]+|root)/'
! git grep -nIE "$paths" -- ':!tests/checks/tree.sh' || fail "paths of a machine"

while read -r file; do
    awk -v file="$file" '
        /^[a-z].*\) \{$/ { begin = NR; name = $0 }
        /^\}/ && begin { if (NR - begin > 100) { print file ": " NR - begin " lines: " name; long = 1 } begin = 0 }
        END { exit long }' "$file" || fail "a function outgrew the screen"
done < <(git ls-files '*.c')

while read -r name; do
    grep -q "S3HLS_$name\b" docs/errors.md || fail "docs/errors.md does not explain S3HLS_$name"
done < <(sed -n 's/^ *XX(\([A-Z_0-9]*\),.*/\1/p' include/s3hls/status.h)

for page in README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE docs/guide.md docs/options.md docs/design.md; do
    [ -s "$page" ] || fail "$page is missing"
done
# links between pages lead somewhere
while IFS=: read -r file link; do
    [ -e "$(dirname "$file")/${link%%#*}" ] || fail "$file links to $link"
done < <(git ls-files '*.md' | xargs grep -oHE '\]\([^)#h][^)]*\)' | sed 's/](\(.*\))/\1/')
exit $status
