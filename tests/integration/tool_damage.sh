#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# An input that is damaged, cut off or not what it looks like: its exit status and its message say so, whatever could be
# recorded of it. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"

# a camera that never sends a keyframe, while the files are looked at
start_server python3 "$here/tool_rtsp_server.py" "$S3HLS_STREAMS/small.h264" 25 keyless
"$S3HLS" record "rtsp://127.0.0.1:$port/live" --to "file://$work/keyless" --events "$work/keyless.events" \
    --metrics 127.0.0.1:0 >"$work/keyless.out" 2>&1 &
recorder=$!

cd "$work"
for to in ts mkv mp4 flv avi; do
    ffmpeg -v error -nostdin -i "$S3HLS_STREAMS/bframes.mp4" -c copy "clip.$to"
done
ffmpeg -v error -nostdin -i clip.mp4 -c copy -movflags +faststart first.mp4
ffmpeg -v error -nostdin -i clip.mp4 -c copy -movflags +frag_keyframe+empty_moov fragments.mp4
python3 "$here/tool_damage.py" "$S3HLS_STREAMS/small.h264" clip.ts clip.mkv
for whole in clip.mp4 first.mp4 fragments.mp4 clip.flv clip.avi; do
    head -c $(($(stat -c %s "$whole") / 2)) "$whole" >"cut-$whole"
done

record() { # record EXIT-CODE WORDS INPUT [OPTION...]: exit status and words on standard error
    local want=$1 words=$2 got=0
    timeout -k 5 30 "$S3HLS" record "$3" --to "file://$work/store/$3" -q "${@:4}" >out 2>err || got=$?
    [ "$got" = "$want" ] || fail "record ${*:3}: exit status $got, not $want: $(cat err)"
    [ -z "$words" ] || grep -q -- "$words" err || fail "record ${*:3}: does not say \"$words\": $(cat err)"
}
none() { [ -z "$(find store/"$1" -name '*.ts' 2>/dev/null)" ] || fail "$1: something was stored"; }
some() { [ -n "$(find store/"$1" -name '*.ts' 2>/dev/null)" ] || fail "$1: what could be read was not stored"; }

# cut off, or with packets lost: what is there is stored, and the status says that it is not all
record 5 'data is missing from [0-9]* of its pictures' lost.ts
for input in cut.ts cut.mkv cut-first.mp4 cut-fragments.mp4 cut-clip.flv cut-clip.avi; do
    record 5 'the file was cut off' "$input"
    some "$input"
done
record 5 'the file was cut off' - < <(cat cut.mkv)
some -
for input in clip.ts clip.mkv clip.mp4 first.mp4 fragments.mp4 clip.flv clip.avi; do
    record 0 '' "$input"
done
echo "ok: files that were cut off, and files that were not"

# nothing could be recorded: why
rm -r store/-
record 4 'nothing was recorded: .*cut off\|cut off, or never finished' head.mkv
record 4 'its index (moov) is missing' cut-clip.mp4
record 4 'its index (moov) comes after the pictures, and a pipe' - < <(cat clip.mp4)
record 4 'its sequence parameter set (SPS) is missing' without_sps.h264
record 4 'its picture parameter set (PPS) is missing' without_pps.h264
record 4 'none of its pictures is a keyframe' without_key.h264
record 4 'begin with their lengths instead of start codes' lengths.h264
record 4 'its H.265 has no keyframe' hevc.h264
record 4 'private framing of recorders by Hikvision' hikvision.mp4
for input in head.mkv cut-clip.mp4 - without_sps.h264 without_pps.h264 without_key.h264 lengths.h264 hevc.h264; do
    none "$input"
done
! grep -r transcode err || fail "transcoding is of no use: $(cat err)"
record 5 'private framing around its pictures' xiongmai.h264
some xiongmai.h264
record 0 '' dahua.h264
echo "ok: what is wrong is said by its name"

# a container has times of its own
record 0 '--fps is ignored' clip.mp4 --fps 10 --start 2026-01-02
"$S3HLS" ls "file://$work/store/clip.mp4" --from 2026-01-01 --to 2026-01-03 | grep -c ' 6.000 s' >/dev/null ||
    fail "--fps changed the times of a container"

metrics=$(sed -n 's,.*metrics at \(http.*\)/metrics.*,\1,p' "$work/keyless.out")
for _ in $(seq 100); do
    ! grep -q '"input-unusable"' "$work/keyless.events" || break
    sleep 0.1
done
grep -q 'none of its pictures is a keyframe' "$work/keyless.events" || fail "keyless: no event: $(cat "$work/keyless.events")"
grep -q 'none of its pictures is a keyframe' "$work/keyless.out" || fail "keyless: no message: $(cat "$work/keyless.out")"
status=$(curl -s -o "$work/health" -w '%{http_code}' "$metrics/healthz")
[ "$status" = 503 ] || fail "keyless: /healthz: $status $(cat "$work/health")"
curl -s "$metrics/metrics" | grep -c '^s3hls_input_usable 0' >/dev/null || fail "keyless: s3hls_input_usable"
kill -INT "$recorder"
status=0
wait "$recorder" || status=$?
[ $status = 4 ] || fail "keyless: exit status $status: $(cat "$work/keyless.out")"
echo "ok: a camera without keyframes is reported and unhealthy"
