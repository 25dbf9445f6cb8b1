#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# build.sh DIR: make the page in DIR. hls.js comes from npm, once; afterwards nothing is asked of the network.
set -euo pipefail
out=${1:?usage: build.sh DIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"

exec 9>.lock # several builds may want it at once
flock 9
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --silent || {
        echo "build.sh: hls.js could not be had from npm; -DS3HLS_PAGE_DIR=DIR takes a page made elsewhere, -DS3HLS_SERVER=OFF needs none" >&2
        exit 1
    }
fi

rm -rf "${out:?}"/*
cp src/* "$out"
sed '/^\/\/# sourceMappingURL/d' node_modules/hls.js/dist/hls.light.min.mjs >"$out/hls.mjs"
cp node_modules/hls.js/LICENSE "$out/hls.LICENSE.txt"
