#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# s3_rgw.sh PROGRAM: run the S3 client's tests against the server of tests/lab/rgw-up.sh.
set -euo pipefail
[ -r "${S3HLS_LAB_DIR:-}/env" ] || {
    echo "SKIPPED: no S3 server: tests/lab/rgw-up.sh has not run"
    exit 77
}
. "$S3HLS_LAB_DIR/env"
exec "$1"
