#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# site.sh [N...]: N cameras of 2 Mbit/s over RTSP (TCP) into directories in memory: CPU per camera and minute, and memory
# per camera, of `s3hls run` and of N processes of `ffmpeg -c copy -f hls`, one after the other on the same machine.
# Environment: S3HLS_BENCH_SECONDS (30), of each measurement.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${S3HLS_BENCH_SECONDS:-30}
s3hls=build/release/s3hls
cameras=build/release/tests/support/rtsp_cameras
work=$(mktemp -d /dev/shm/s3hls-site.XXXXXX)
pids=()
trap 'kill "${pids[@]}" "$server" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
server=
ffmpeg -v error -f lavfi -i testsrc2=size=1280x720:rate=25 -t 20 -c:v libx264 -preset veryfast -b:v 2M -maxrate 2M \
    -bufsize 2M -g 50 -bf 0 -x264-params slices=1:sliced-threads=0 "$work/clip.h264"
"$cameras" "$work/clip.h264" 25 >"$work/port" &
server=$!
until [ -s "$work/port" ]; do sleep 0.05; done
port=$(cat "$work/port")

cpu_ticks() { # of all processes of $pids
    local pid sum=0
    for pid in "${pids[@]}"; do sum=$((sum + $(awk '{ print $14 + $15 }' "/proc/$pid/stat"))); done
    echo "$sum"
}
pss_kib() {
    local pid sum=0
    for pid in "${pids[@]}"; do sum=$((sum + $(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"))); done
    echo "$sum"
}
measure() { # measure NAME N: of $pids; sets cpu (seconds per camera and minute) and memory (KiB per camera)
    sleep $((10 + $2 / 10)) # until all have begun
    local before
    before=$(cpu_ticks)
    sleep "$seconds"
    cpu=$(awk "BEGIN { printf \"%.3f\", ($(cpu_ticks) - $before) / $(getconf CLK_TCK) * 60 / $seconds / $2 }")
    memory=$(($(pss_kib) / $2))
    kill -INT "${pids[@]}"
    wait "${pids[@]}" 2>/dev/null || true
    pids=()
    printf '| %s | %d | %s | %d |\n' "$1" "$2" "$cpu" "$memory"
    [ -z "${S3HLS_BENCH_JSON:-}" ] || printf '{"bench":"site","program":"%s","cameras":%d,"cpu_s_per_minute":%s,"pss_kib":%d}\n' \
        "$1" "$2" "$cpu" "$memory" >>"$S3HLS_BENCH_JSON"
}

echo "| program | cameras | CPU s per camera and minute | KiB (PSS) per camera |"
echo "|---|---|---|---|"
for n in "${@:-1 10 50}"; do
    for n in $n; do
        {
            printf 'store: file://%s/store\npool: %dM\ncameras:\n' "$work" $((n * 2 < 16 ? 16 : n * 2))
            for i in $(seq "$n"); do printf '  c%d: { input: "rtsp://127.0.0.1:%d/live" }\n' "$i" "$port"; done
        } >"$work/site.yaml"
        "$s3hls" run "$work/site.yaml" -q --socket "$work/sock" 2>"$work/log" &
        pids=($!)
        measure "s3hls run" "$n"
        ours=$cpu
        recorded=$(find "$work/store" -name '*.ts' | wc -l)
        rm -rf "$work/store"
        for i in $(seq "$n"); do
            mkdir -p "$work/hls/$i"
            ffmpeg -v quiet -nostdin -rtsp_transport tcp -i "rtsp://127.0.0.1:$port/live" -c copy -f hls -hls_time 4 \
                -hls_list_size 0 "$work/hls/$i/live.m3u8" &
            pids+=($!)
        done
        measure "ffmpeg -c copy" "$n"
        rm -rf "$work/hls"
        awk "BEGIN { printf \"ratio of CPU: %.2f; %d segments\n\", $ours / $cpu, $recorded }"
    done
done
