#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# build.sh DIR: make the page in DIR, of what fetch.sh has fetched.
set -euo pipefail
out=${1:?usage: build.sh DIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"

rm -rf "${out:?}"/*
cp src/* "$out"
sed '/^\/\/# sourceMappingURL/d' node_modules/hls.js/dist/hls.light.min.mjs >"$out/hls.mjs"
cp node_modules/hls.js/LICENSE "$out/hls.LICENSE.txt"
