#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# run.sh [NAME...]: the page in a real browser, by the tests NAME.test.mjs (page, access, s3, players, gops, tracks,
# readers). Environment:
# S3HLS, M3U8_CHECK; S3HLS_LAB_DIR: of tests/lab/rgw-up.sh, for s3; S3HLS_SHOTS: a folder for pictures, by "shots" too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for program in chromium node npm ffmpeg; do
    command -v "$program" >/dev/null || { echo "SKIPPED: $program is not installed"; exit 77; }
done
exec 9>.lock # several may want it at once
flock 9
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    timeout 60 npm ci --silent || { echo "SKIPPED: npm has no playwright-core"; exit 77; }
fi
exec 9>&-
[ $# -gt 0 ] || set -- page access s3 players gops tracks readers
if [ -r "${S3HLS_LAB_DIR:-}/env" ]; then
    # shellcheck source=/dev/null
    . "$S3HLS_LAB_DIR/env"
elif [[ " $* " == *" s3 "* ]]; then
    echo "SKIPPED: s3 of the browser tests: no S3 server"
    node --test-reporter=spec run.mjs "$@"
    exit 77
fi
exec node --test-reporter=spec run.mjs "$@"
