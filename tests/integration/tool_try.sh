#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# s3hls check --try: what each camera sends, what is wrong with it, and the checks of the store. Environment: S3HLS,
# S3HLS_STREAMS.
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no camera"
cd "$work"
umask 077
start_server python3 "$here/tool_rtsp_server.py" "$S3HLS_STREAMS/small.h264" 25 live
live=$port
server=
start_server python3 "$here/tool_rtsp_server.py" "$S3HLS_STREAMS/small.h264" 25 keyless
python3 - "$S3HLS_STREAMS/small.h264" <<'END' >one.h264
import sys
data = open(sys.argv[1], "rb").read()
sps = data.index(b"\0\0\1\x67") # of the first keyframe; the clip ends before the second one
sys.stdout.buffer.write(data[: data.index(b"\0\0\1\x67", sps + 4)])
END
cat >site.yaml <<END
store: store
pool: 16M
cameras:
  file: { input: $S3HLS_STREAMS/small.h264 }
  long-gop: { input: $S3HLS_STREAMS/small.h264, segment: 1s, tags: { a: b } }
  one-keyframe: { input: one.h264, segment: 1s }
  large: { input: $S3HLS_STREAMS/interlaced.h264, pool-share: 2% }
  h265: { input: $S3HLS_STREAMS/h265_aac.mp4, container: ts }
  g711: { input: $S3HLS_STREAMS/h264_alaw.mkv }
  quiet: { input: $S3HLS_STREAMS/h265_aac.mp4, audio: off }
  audio: { input: $S3HLS_STREAMS/audio_only.mp4 }
  missing: { input: missing.mp4 }
  refused: { input: "rtsp://me:S3CRET@127.0.0.1:9/x" }
  live: { input: "rtsp://127.0.0.1:$live/x" }
  keyless: { input: "rtsp://127.0.0.1:$port/x" }
END
status=0
"$S3HLS" check --try site.yaml >out 2>err || status=$?
[ $status = 1 ] || fail "status $status: $(cat out err)"
expect() { # expect CAMERA LINE...: these and no others
    grep -E "^(ok|warn|FAIL) +$1 " out | sed -E "s/ +$1 +/ /" >lines
    printf '%s\n' "${@:2}" | diff - lines >difference || fail "$1: $(cat difference)"
}
expect file 'ok H.264 320x240, 25 frames/s, 0.74 Mbit/s, a keyframe every 2 s, no sound'
expect long-gop 'ok H.264 320x240, 25 frames/s, 0.74 Mbit/s, a keyframe every 2 s, no sound' \
    'warn keyframes every 2 s: segments will be that long'
expect one-keyframe 'ok H.264 320x240, 25 frames/s, 0.71 Mbit/s, no sound' \
    'warn no second keyframe within 2.0 s: segments will be longer than that'
expect large 'ok H.264 640x576, 25 frames/s, 3.80 Mbit/s, a keyframe every 1 s, no sound' \
    'warn a segment of 1.8 MiB does not fit twice into its share of the pool, 0.3 MiB'
expect h265 'ok H.265 320x240, 25 frames/s, 0.33 Mbit/s, a keyframe every 1 s, AAC' \
    "warn H.265 in MPEG-TS: Apple's players do not play it"
expect g711 "$(grep -E '^ok +g711 .*, AAC$' out | sed -E 's/ +g711 +/ /')"
expect quiet 'ok H.265 320x240, 25 frames/s, 0.33 Mbit/s, a keyframe every 1 s, sound off'
expect audio 'FAIL no video in it (S3HLS_E_NOT_H264)'
expect missing 'FAIL No such file or directory (S3HLS_E_NOT_FOUND)'
expect refused 'FAIL Connection refused (S3HLS_E_CONNECT)'
grep -qE '^ok +live +H.264 320x240, 25 frames/s, .* Mbit/s, a keyframe every 1 s' out || fail "live: $(cat out)"
grep -qE '^FAIL +keyless +no keyframe arrived in [0-9.]+ s' out || fail "keyless: $(cat out)"
for check in put get list remove space; do grep -qE "^ok +$check " out || fail "the store: $(cat out)"; done
[ -z "$(find store -type f)" ] || fail "left behind: $(find store -type f)"
! grep -q S3CRET out err || fail "a password was printed"

# no fault: status 0; JSON: a line for each check
sed -i -E '/^  (long-gop|one-keyframe|large|h265|g711|quiet|audio|missing|refused|live|keyless):/d' site.yaml
"$S3HLS" check --try --json site.yaml >json || fail "status $?: $(cat json)"
python3 - json <<'END' || fail "$(cat json)"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert lines[0]["ok"] and lines[0]["cameras"] == 1, lines[0]
assert lines[-1]["check"] == "file" and lines[-1]["verdict"] == "ok", lines[-1]
END
# a store that cannot be written: status 1, and the cameras are tried all the same
sed -i 's,^store: .*,store: /proc/nowhere,' site.yaml
"$S3HLS" check --try site.yaml >out && fail "a store that is not writable: status 0"
grep -q '^FAIL *put' out || fail "no failure: $(cat out)"
grep -q '^ok *file' out || fail "the camera was not tried: $(cat out)"
echo "ok: 12 cameras, and their store"
