#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Checks that each example works as its first lines describe. Environment: EXAMPLES (built programs), S3HLS_STREAMS.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

"$EXAMPLES/example_hello" "file://$work/cam" <"$S3HLS_STREAMS/small.h264" >"$work/said"
grep -q '^success$' "$work/said" || fail "hello said: $(cat "$work/said")"
"$EXAMPLES/example_play_range" "file://$work/cam" >"$work/all.m3u8" || fail "play_range found nothing"
frames=$(ffmpeg -v error -nostdin -allowed_extensions ALL -protocol_whitelist file -i "$work/all.m3u8" \
    -map 0:v:0 -fps_mode passthrough -f framemd5 - | grep -vc '^#')
[ "$frames" = 100 ] || fail "$frames frames in the playlist, not 100"
tail -c 300000 "$S3HLS_STREAMS/small.h264" | # from the middle of a GOP, as a pipe may begin
    "$EXAMPLES/example_hello" "file://$work/late" >"$work/said" || fail "hello said: $(cat "$work/said")"
"$EXAMPLES/example_play_range" "file://$work/late" | grep -q '^#EXTINF:2.000' || fail "what follows the keyframe is missing"
! echo "a letter" | "$EXAMPLES/example_hello" "file://$work/none" >"$work/said" || fail "a letter was recorded"
grep -q "no H.264 or H.265 video found" "$work/said" || fail "hello said: $(cat "$work/said")"
! "$EXAMPLES/example_put_object" 2>/dev/null || fail "put_object took no arguments"
! AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_ENDPOINT_URL_S3=http://127.0.0.1:9 \
    "$EXAMPLES/example_put_object" bucket key text >"$work/said" || fail "nobody listens there"
grep -q "no connection to the server" "$work/said" || fail "put_object said: $(cat "$work/said")"

# the store is unreachable, then reachable again: the next recording delivers the segments spooled to flash
: >"$work/store"
"$EXAMPLES/example_camera_spool" "file://$work/store" "$work/spool" <"$S3HLS_STREAMS/small.h264" \
    >"$work/said" 2>"$work/told" || fail "camera_spool: $(cat "$work/said" "$work/told")"
grep -q '^1 segments: 0 delivered, 1 in the spool, 0 lost$' "$work/said" || fail "camera_spool said: $(cat "$work/said")"
grep -q '^spooled ....*\.ts' "$work/told" || fail "camera_spool told: $(cat "$work/told")"
rm "$work/store"
"$EXAMPLES/example_camera_spool" "file://$work/store" "$work/spool" <"$S3HLS_STREAMS/small.h264" \
    >"$work/said" 2>"$work/told" || fail "camera_spool: $(cat "$work/said" "$work/told")"
grep -q '^2 segments: 2 delivered, 0 in the spool, 0 lost$' "$work/said" || fail "camera_spool said: $(cat "$work/said")"
[ "$(find "$work/store" -name '*.ts' | wc -l)" = 2 ] || fail "not both are in the store"
! "$EXAMPLES/example_camera_spool" 2>/dev/null || fail "camera_spool took no arguments"
