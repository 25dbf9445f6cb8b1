#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# End the nginx of iot-up.sh: by pid, checked to be ours by its command line.
set -euo pipefail
: "${S3HLS_IOT_DIR:?}"
pid=$(cat "$S3HLS_IOT_DIR/nginx.pid" 2>/dev/null) || exit 0
is_ours() { tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$S3HLS_IOT_DIR/nginx.conf"; }
is_ours || exit 0
kill -TERM "$pid"
while is_ours; do sleep 0.02; done
