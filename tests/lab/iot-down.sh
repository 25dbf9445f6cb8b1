#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
set -euo pipefail
: "${S3HLS_IOT_DIR:?}"
pid=$(cat "$S3HLS_IOT_DIR/nginx.pid" 2>/dev/null) || exit 0
tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$S3HLS_IOT_DIR/nginx.conf" && kill -TERM "$pid"
