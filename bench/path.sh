#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The whole path: 5 Mbps of 1080p from a pipe at 4 times real time, through `s3hls record -` into a
# radosgw over HTTPS, beside `ffmpeg -c copy -f hls` into a local directory: CPU seconds per MB of
# video, the most memory held, and how much of it recording adds to what the program holds at its start
# (libavformat, for both). Then the same pictures with AAC in a transport stream, to fragmented MP4.
# Prints a line a figure; appends JSON lines to $S3HLS_BENCH_JSON.
#   S3HLS=program (build/release/s3hls)   S3HLS_BENCH_SECONDS=60 of media
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
s3hls=${S3HLS:-build/release/s3hls}
seconds=${S3HLS_BENCH_SECONDS:-60}
[ -x "$s3hls" ] || { echo "bench/path.sh: $s3hls is not built: make build" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/s3hls-bench.XXXXXX")
export S3HLS_LAB_DIR=$work/lab
trap 'tests/lab/rgw-down.sh --wipe >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
tests/lab/rgw-up.sh >"$work/lab.log" 2>&1 || { cat "$work/lab.log" >&2; exit 1; }
. "$S3HLS_LAB_DIR/env"

ffmpeg -hide_banner -v error -nostdin -f lavfi -i "testsrc2=s=1920x1080:r=25:d=4,noise=alls=8:allf=t" \
    -c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 0 -g 50 -sc_threshold 0 \
    -b:v 5M -maxrate 5M -bufsize 5M "$work/4s.h264"
for _ in $(seq $((seconds / 4))); do cat "$work/4s.h264"; done >"$work/clip.h264"
ffmpeg -hide_banner -v error -nostdin -r 25 -i "$work/clip.h264" -f lavfi -i "sine=r=16000:d=$seconds" -map 0:v -map 1:a \
    -c:v copy -c:a aac -b:a 32k "$work/clip.ts"

# measure FILE COMMAND...: fed at 4 times real time; prints "user+system seconds, peak KiB".
measure() {
    local clip=$1
    shift
    megabytes=$(stat -c %s "$clip" | awk '{ print $1 / 1e6 }')
    rate=$(awk -v mb="$megabytes" -v s="$seconds" 'BEGIN { printf "%d", mb * 4e6 / s }')
    python3 -c '
import sys, time
rate, chunk, start, sent = float(sys.argv[2]), 16384, time.monotonic(), 0
for data in iter(lambda f=open(sys.argv[1], "rb"): f.read(chunk), b""):
    time.sleep(max(0, start + sent / rate - time.monotonic()))
    sys.stdout.buffer.write(data)
    sent += len(data)' "$clip" "$rate" |
        /usr/bin/time -o "$work/time" -f '%U %S %M' "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
    awk '{ print $1 + $2, $3 }' "$work/time"
}

report() { # report NAME OURS UNIT PEER
    local ratio
    ratio=$(awk -v a="$2" -v b="$4" 'BEGIN { printf "%.3f", a / b }')
    echo "$1: $2 $3, ffmpeg $4 $3, ratio $ratio"
    [ -z "${S3HLS_BENCH_JSON:-}" ] ||
        printf '{"name": "%s", "value": %s, "unit": "%s", "peer": "ffmpeg", "ratio": %s}\n' "$1" "$2" "$3" "$ratio" \
            >>"$S3HLS_BENCH_JSON"
}

read -r cpu rss < <(measure "$work/clip.h264" "$s3hls" record - \
    --to "s3://$S3HLS_LAB_BUCKET/bench" --fps 25 --endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA")
read -r peer_cpu peer_rss < <(mkdir "$work/hls" && measure "$work/clip.h264" ffmpeg -hide_banner -v error \
    -f h264 -r 25 -i - -c copy -f hls -hls_time 4 -hls_list_size 0 "$work/hls/list.m3u8")
per_mb() { awk -v s="$1" -v mb="$(stat -c %s "$work/clip.h264" | awk '{ print $1 / 1e6 }')" 'BEGIN { printf "%.5f", s / mb }'; }
report path.cpu "$(per_mb "$cpu")" "s/MB" "$(per_mb "$peer_cpu")"
report path.peak_rss "$rss" KiB "$peer_rss"
at_start() { /usr/bin/time -o "$work/time" -f %M "$@" >"$work/out" && cat "$work/time"; }
report path.added_rss $((rss - $(at_start "$s3hls" --version))) KiB $((peer_rss - $(at_start ffmpeg -version)))

read -r cpu rss < <(measure "$work/clip.ts" "$s3hls" record - --to "s3://$S3HLS_LAB_BUCKET/sound" --container fmp4 \
    --endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA")
read -r peer_cpu peer_rss < <(mkdir "$work/fmp4" && measure "$work/clip.ts" ffmpeg -hide_banner -v error \
    -f mpegts -i - -c copy -bsf:a aac_adtstoasc -f hls -hls_time 4 -hls_list_size 0 -hls_segment_type fmp4 \
    "$work/fmp4/list.m3u8")
report path.fmp4_audio.cpu "$(per_mb "$cpu")" "s/MB" "$(per_mb "$peer_cpu")"
report path.fmp4_audio.peak_rss "$rss" KiB "$peer_rss"
