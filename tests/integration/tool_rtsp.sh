#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Record from an RTSP camera: one that ends, and one that falls silent and is left with Ctrl-C.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no camera"
clip=$S3HLS_STREAMS/small.h264
camera='' recorder=''
cleanup() {
    [ -z "$recorder" ] || kill "$recorder" 2>/dev/null || true
    [ -z "$camera" ] || kill "$camera" 2>/dev/null || true
}

begin() { # begin end|stall: a camera, and a recorder that looks at it
    python3 "$here/tool_rtsp_server.py" "$clip" 25 "$1" >"$work/port" &
    camera=$!
    for _ in $(seq 100); do [ ! -s "$work/port" ] || break; sleep 0.05; done
    "$S3HLS" record "rtsp://127.0.0.1:$(cat "$work/port")/live" --to "file://$work/$1" --segment-duration 1 \
        >"$work/out" 2>&1 &
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

begin end
wait "$recorder" || fail "exit status $?: $(cat "$work/out")"
wait "$camera"
whole end

begin stall
for _ in $(seq 100); do [ "$(segments "$work/stall" 2>/dev/null | wc -l)" -lt 1 ] || break; sleep 0.05; done
sleep 0.5
kill -INT "$recorder"
before=$SECONDS
wait "$recorder" || fail "after Ctrl-C: exit status $?: $(cat "$work/out")"
wait "$camera"
camera='' recorder=''
[ $((SECONDS - before)) -le 3 ] || fail "a silent camera held the recorder for $((SECONDS - before)) s after Ctrl-C"
whole stall
