#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# No word that CONTRIBUTING.md, Language, replaces by another one: in code, comments, messages and documents of the product,
# also as a part of a name. Allowed are terms of others: a black hole in a network, the seed of a random number, ftell().
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
words='mend(s|ed|ing)?|tells?|told|says?|said|rooms?|holes?|desks?|gone|goes|seed'
found=$(git ls-files 'src/*' 'include/*' 'tools/*' 'compat/*' docs README.md SECURITY.md CHANGELOG.md |
    grep -vE '\.(png|svg|css|yaml)$' |
    xargs grep -nIiE "(^|[^A-Za-z])($words)([^A-Za-z]|$)" |
    grep -vE 'black holes?|seeded, and the seed|rc5 seed bf|S3HLS_SEED|[a-z]+_tell\(|seed_name' || true)
[ -z "$found" ] || { echo "FAILED: discouraged words:"$'\n'"$found" >&2; exit 1; }
