#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# A device program (bench/device.c) that records to a radosgw over HTTPS in real time and at 4 times
# real time, beside one curl that PUTs the same bytes in as many objects: CPU seconds per minute of
# video; how often the library's threads wake per second while it records and while it is idle; its
# peak memory. Prints a line a figure; appends JSON lines to $S3HLS_BENCH_JSON.
#   DEVICE=program (build/release/bench/bench_device)   S3HLS_BENCH_SECONDS=60 of video
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
device=${DEVICE:-build/release/bench/bench_device}
seconds=${S3HLS_BENCH_SECONDS:-60}
[ -x "$device" ] || { echo "bench/device.sh: $device is not built: make build" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/s3hls-bench.XXXXXX")
export S3HLS_LAB_DIR=$work/lab
trap 'tests/lab/rgw-down.sh --wipe >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
tests/lab/rgw-up.sh >"$work/lab.log" 2>&1 || { cat "$work/lab.log" >&2; exit 1; }
. "$S3HLS_LAB_DIR/env"

per_minute() { awk -v s="$1" -v m="$seconds" 'BEGIN { printf "%.3f", s * 60 / m }'; }

# curl_cpu BYTES COUNT: CPU seconds of one curl that PUTs COUNT objects of BYTES together, over one connection.
curl_cpu() {
    head -c $(($1 / $2)) /dev/urandom >"$work/object"
    for i in $(seq "$2"); do
        echo "next"
        printf 'upload-file = "%s"\nurl = "%s/%s/curl/%s"\n' "$work/object" "$S3HLS_LAB_ENDPOINT_TLS" "$S3HLS_LAB_BUCKET" "$i"
        printf 'cacert = "%s"\naws-sigv4 = "aws:amz:us-east-1:s3"\nuser = "%s:%s"\n' "$S3HLS_LAB_CA" \
            "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
        printf 'header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"\nsilent\nshow-error\nfail\n'
    done | tail -n +2 >"$work/curl.conf"
    local TIMEFORMAT='%3U %3S'
    { time curl -K "$work/curl.conf" >"$work/curl.log" 2>&1; } 2>"$work/time" || { cat "$work/curl.log" >&2; return 1; }
    awk '{ print $1 + $2 }' "$work/time"
}

report() { # report NAME OURS UNIT [PEER]
    local ratio=null peer=null
    if [ -n "${4:-}" ]; then
        ratio=$(awk -v a="$2" -v b="$4" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "null" }') peer='"curl"'
    fi
    echo "$1: $2 $3${4:+, curl $4, ratio $ratio}"
    [ -z "${S3HLS_BENCH_JSON:-}" ] ||
        printf '{"name": "%s", "value": %s, "unit": "%s", "peer": %s, "ratio": %s}\n' "$1" "$2" "$3" "$peer" "$ratio" \
            >>"$S3HLS_BENCH_JSON"
}

for speed in 1 4; do
    read -r cpu awake idle rss bytes segments < <("$device" "s3://$S3HLS_LAB_BUCKET/device$speed" "$S3HLS_LAB_ENDPOINT_TLS" \
        "$S3HLS_LAB_CA" "$seconds" "$speed") || { echo "bench/device.sh: the device program failed" >&2; exit 1; }
    peer=$(curl_cpu "$bytes" "$segments")
    report "device.${speed}x.cpu" "$(per_minute "$cpu")" s/min "$(per_minute "$peer")"
    report "device.${speed}x.wakeups" "$awake" 1/s
    report "device.${speed}x.idle_wakeups" "$idle" 1/s
    report "device.${speed}x.peak_rss" "$rss" KiB
done
