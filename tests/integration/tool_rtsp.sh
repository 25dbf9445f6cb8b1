#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Record from an RTSP camera: one that ends, one that falls silent and is left with Ctrl-C, and one that comes back.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no camera"
clip=$S3HLS_STREAMS/small.h264

begin() { # begin STORE "ENDING..." [OPTION...]: a camera, and a recorder that looks at it
    # shellcheck disable=SC2086
    start_server python3 "$here/tool_rtsp_server.py" "$clip" 25 $2
    "$S3HLS" record "rtsp://me:pass-word@127.0.0.1:$port/live" --to "file://$work/$1" \
        --segment-duration 1 "${@:3}" >"$work/out" 2>&1 &
    recorder=$!
}

whole() { # whole STORE: every picture of the clip is there, at its time
    grep -q '^recorded 4.000 s' "$work/out" || fail "$(cat "$work/out")"
    "$S3HLS" playlist "file://$work/$1" >"$work/$1/all.m3u8"
    pictures "$clip" >"$work/want"
    pictures "$work/$1/all.m3u8" >"$work/got"
    same_pictures "$work/want" "$work/got"
    echo "ok: $1: $(wc -l <"$work/got") pictures identical"
}

begin end end --no-reconnect
wait "$recorder" || fail "exit status $?: $(cat "$work/out")"
wait "$server"
whole end

begin described described --no-reconnect
wait "$recorder" || fail "exit status $?: $(cat "$work/out")"
wait "$server"
whole described

begin stall stall
for _ in $(seq 100); do [ "$(segments "$work/stall" 2>/dev/null | wc -l)" -lt 1 ] || break; sleep 0.05; done
sleep 0.5
kill -INT "$recorder"
before=$SECONDS
wait "$recorder" || fail "after Ctrl-C: exit status $?: $(cat "$work/out")"
wait "$server"
[ $((SECONDS - before)) -le 3 ] || fail "a silent camera held the recorder for $((SECONDS - before)) s after Ctrl-C"
whole stall

# A camera that ends its session, falls silent, comes back in the middle of a GOP and then goes for good: each
# session is a timeline of its own, and nothing of what it sent from a keyframe on is missing.
begin back "end stall late end" --events "$work/events" --json
for _ in $(seq 900); do
    [ "$(grep -c '"input-lost"' "$work/events" 2>/dev/null)" != 4 ] || break
    sleep 0.1
done
! tr '\0' ' ' <"/proc/$recorder/cmdline" | grep -c pass-word >/dev/null || fail "ps shows the camera's password"
kill -INT "$recorder"
wait "$recorder" || fail "exit status $?: $(cat "$work/out")"
! grep -q pass-word "$work/out" "$work/events" || fail "the camera's password was told"
python3 - "$work/events" "$(tail -n 1 "$work/out")" <<'EOF' || fail "$(cat "$work/events" "$work/out")"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
summary = json.loads(sys.argv[2])
count = lambda name: sum(e["event"] == name for e in events)
assert count("input-lost") == 4 and count("input-back") == 3, "comings and goings"
assert all(e["duration_ms"] >= 400 for e in events if e["event"] == "input-back"), "the hole is told"
assert count("timeline") == 4, "timelines"
assert summary["frames"] == 100 + 100 + 50 + 100 and summary["frames_dropped"] == 0, summary
assert summary["segments_accepted"] == summary["segments_delivered"] == count("delivered"), summary
EOF
"$S3HLS" playlist "file://$work/back" >"$work/back/all.m3u8"
[ "$(grep -c '^#EXT-X-DISCONTINUITY$' "$work/back/all.m3u8")" = 3 ] || fail "holes: $(cat "$work/back/all.m3u8")"
pictures "$clip" >"$work/want"
cat "$work/want" "$work/want" <(tail -n 50 "$work/want") "$work/want" >"$work/want.all"
pictures "$work/back/all.m3u8" >"$work/got"
same_pictures "$work/want.all" "$work/got"
echo "ok: back: three times gone and found again, $(wc -l <"$work/got") pictures identical"
