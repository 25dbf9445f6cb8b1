#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# run.sh [NAME...]: the page in a real browser, and the playlists in other players, by the tests NAME.test.mjs (all). Environment: S3HLS,
# S3HLS_STREAMS, M3U8_CHECK, S3HLS_LAB_DIR; S3HLS_SHOTS: a folder for pictures of the page's states.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for program in chromium node npm; do
    command -v "$program" >/dev/null || { echo "SKIPPED: $program is not installed"; exit 77; }
done
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --silent
fi
if [ -r "${S3HLS_LAB_DIR:-}/env" ]; then
    . "$S3HLS_LAB_DIR/env"
fi
run() {
    node --test --test-reporter=spec "$1.test.mjs" >"$logs/$1" 2>&1
}
logs=$(mktemp -d)
trap 'cat "$logs"/*; rm -rf "$logs"' EXIT
if [ $# -gt 0 ]; then
    for name; do run "$name"; done
    exit 0
fi
status=0
run page || status=1
pids=()
for name in access s3 players; do # these wait most of the time
    run $name &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || status=1; done
exit $status
