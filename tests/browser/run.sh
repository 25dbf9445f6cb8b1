#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# run.sh [NAME...]: the page in a real browser, by the tests NAME.test.mjs (all of them). Environment: S3HLS,
# S3HLS_STREAMS, S3HLS_LAB_DIR; S3HLS_SHOTS: a folder for pictures of the page's states.
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
[ $# -gt 0 ] || set -- page access s3
status=0
for name; do # one after the other: they measure time
    node --test --test-reporter=spec "$name.test.mjs" || status=1
done
exit $status
