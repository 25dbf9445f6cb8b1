#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# make bench: runs every benchmark; prints the figures, and writes them as JSON lines to build/bench.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export S3HLS_BENCH_JSON=$PWD/build/bench.jsonl
rm -f "$S3HLS_BENCH_JSON"
build/release/bench/bench_mux
build/release/bench/bench_tracks
build/release/bench/bench_put
build/release/bench/bench_archive
bench/path.sh
bench/size.sh
bench/device.sh
bench/serve.sh build/release/s3hls
bench/site.sh
if command -v chromium >/dev/null; then
    (cd tests/browser && npm ci --silent)
    S3HLS=$PWD/build/release/s3hls node bench/page.mjs
else
    echo "SKIPPED: chromium is not installed: no figures of the page"
fi
