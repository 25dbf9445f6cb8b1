#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# A live recording begins at its first picture: the names of the segments say when it was taken, at any frame rate, behind
# a relay that sends first what it has kept, with audio that never comes, and when the camera comes back.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no camera"

declare -A recorders sessions
begin() { # begin NAME FPS ENDING...: a camera, and a recorder that looks at it
    start_server python3 "$here/tool_rtsp_server.py" "$S3HLS_STREAMS/small.h264" "${@:2}"
    mv "$work/port" "$work/$1.taken" # the camera goes on writing into it
    "$S3HLS" record "rtsp://127.0.0.1:$port/live" --to "file://$work/$1" --segment-duration 1 \
        --events "$work/$1.events" >"$work/$1.out" 2>&1 &
    recorders[$1]=$!
    sessions[$1]=$(($# - 2))
}

begin 25fps 25 live
begin 10fps 10 live live
begin 5fps 5 live live
begin audio 10 audio
begin cached 10 cached
for name in "${!recorders[@]}"; do
    for _ in $(seq 300); do
        [ "$(grep -c '"input-lost"' "$work/$name.events" 2>/dev/null)" != "${sessions[$name]}" ] || break
        sleep 0.1
    done
    kill -INT "${recorders[$name]}"
    wait "${recorders[$name]}" || fail "$name: exit status $?: $(cat "$work/$name.out")"
    "$S3HLS" ls "file://$work/$name" --json >"$work/$name.ls"
done
python3 - "$work" "${!recorders[@]}" <<'EOF'
import json, sys
NEAR_S = 0.3
wrong = []
for name in sys.argv[2:]:
    path = f"{sys.argv[1]}/{name}"
    sessions = [float(line) for line in open(path + ".taken").read().split()[1:]]
    want = [session + second for session in sessions for second in range(2)]
    segments = [json.loads(line) for line in open(path + ".ls")]
    got = [s["start_ms"] / 1e3 for s in segments]
    ends = [(s["start_ms"] + s["duration_ms"]) / 1e3 for s in segments]
    lengths = [s["duration_ms"] for s in segments]
    off = [round(g - w, 3) for g, w in zip(got, want)]
    print(f"{name}: off by {off} s, {lengths} ms long")
    if len(got) != len(want) or any(abs(o) > NEAR_S for o in off):
        wrong.append(f"{name}: taken at {want}, named {got}")
    if any(end > begin + 0.002 for end, begin in zip(ends, got[1:])):
        wrong.append(f"{name}: overlaps: {segments}")
    if any(abs(length - 1000) > 2 for length in lengths):
        wrong.append(f"{name}: a second lasts {lengths} ms")
    if sum(s["gap_before_ms"] > 0 for s in segments) > len(sessions) - 1:
        wrong.append(f"{name}: false gaps: {segments}")
sys.exit("FAILED: " + "; ".join(wrong) if wrong else 0)
EOF
