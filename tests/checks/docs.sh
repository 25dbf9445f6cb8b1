#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The pages say what the headers and the tables say: every status, every code of S3 and libcurl, every option; and
# their links lead somewhere.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
status=0
fail() { echo "FAILED: $*" >&2; status=1; }
has() { [ "$1" -ge "$2" ] || fail "found $1 of $3, which cannot be"; } # so that nothing passes unread

count=0
while read -r name number; do
    count=$((count + 1))
    grep -qE "^\| S3HLS_$name \| $number \| .+ \| .+ \|$" docs/errors.md || fail "errors.md does not explain S3HLS_$name, $number"
done < <(sed -nE 's/^ *XX\(([A-Z_0-9]*), (-?[0-9]+),.*/\1 \2/p' include/s3hls/status.h)
has $count 30 "the statuses"

count=0
while read -r code name; do
    count=$((count + 1))
    grep -qE "^\| $name \|.*\b$code\b" docs/errors.md || fail "errors.md does not map $code to $name"
done < <(grep -oE '\{("?[A-Za-z0-9_]+"?), S3HLS_(OK|E_[A-Z_]+)\}' src/s3/errors.c | tr -d '{"},' | grep -vE '^CURLE_(OK|SSL_)')
has $count 50 "the codes of src/s3/errors.c"

count=0
for struct in recorder_config object_options uploader_config s3_options iot_options s3_put_options playlist_config server_config source_config audio_config publisher_config prune_config env; do
    fields=$(cat include/s3hls/*.h | sed -n "/^typedef struct s3hls_$struct {/,/^}/{/^}/!p}" | tr '\n' ' ' |
        sed -E 's,/\*([^*]|\*[^/])*\*/,,g' | grep -oE '(\(\*[a-z0-9_]+\)\([^;]*|[a-z0-9_]+(\[[0-9]+\])?);' |
        sed -E 's/^\(\*([a-z0-9_]+).*/\1/; s/[;[].*//' | grep -vxE 'struct_size|reserved')
    for field in $fields; do
        count=$((count + 1))
        sed -n "/^## s3hls_$struct\$/,/^## /p" docs/options.md | grep -cE "^\| $field \|" >/dev/null ||
            fail "options.md does not have s3hls_$struct.$field"
    done
done
has $count 50 "the options"

while read -r variable; do
    grep -q "\b$variable\b" docs/options.md || fail "options.md does not have the variable $variable"
done < <(grep -rhoE '"(AWS|S3HLS)_[A-Z0-9_]+"' src tools compat | tr -d '"' | grep -vE '^S3HLS_(E|CONTAINER)_' | sort -u)

for page in README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE docs/guide.md docs/design.md; do
    [ -s "$page" ] || fail "$page is missing"
done
while IFS=: read -r file link; do
    [ -e "$(dirname "$file")/${link%%#*}" ] || fail "$file links to $link"
done < <(git ls-files -z '*.md' | xargs -0 grep -oHE '\]\([^)#h][^)]*\)' | sed 's/](\(.*\))/\1/')
exit $status
