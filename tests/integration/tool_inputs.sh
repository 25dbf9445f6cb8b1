#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The same pictures come out whatever the video came in, and their times are those of the input.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cd "$work"
clip=$S3HLS_STREAMS/bframes.mp4
for to in mkv ts mp4; do
    ffmpeg -v error -nostdin -i "$clip" -c copy -movflags +faststart "clip.$to"
done
cp "$S3HLS_STREAMS/bframes.h264" clip.h264
pictures "$clip" >want

record() { # record EXIT-CODE INPUT STORE [OPTION...]
    local want=$1 got=0
    timeout -k 5 30 "$S3HLS" record "$2" --to "file://$work/$3" "${@:4}" >out 2>err || got=$?
    [ "$got" = "$want" ] || fail "record ${*:2}: exit status $got, not $want: $(cat err)"
}

says() { # says WORDS: of the summary or the messages
    grep -qe "$1" out err || fail "does not say \"$1\": $(cat out err)"
}

whole() { # whole STORE
    "$S3HLS" playlist "file://$work/$1" >"$1/all.m3u8"
    pictures "$1/all.m3u8" >got
    same_pictures want got
}

# files, a pipe, a named pipe
for input in clip.h264 clip.mkv clip.ts clip.mp4; do
    record 0 "$input" "file-$input"
    says '^recorded 6.000 s'
    whole "file-$input"
    record 0 - "pipe-$input" <"$input"
    whole "pipe-$input"
    mkfifo fifo
    cat "$input" >fifo &
    record 0 fifo "fifo-$input"
    wait $!
    rm fifo
    whole "fifo-$input"
done
echo "ok: $(wc -l <want) pictures identical from files, pipes and named pipes"

# names that look like something else
cp clip.mp4 'a:b %d [1].mp4'
record 0 'a:b %d [1].mp4' names
whole names

# what it is, is found by content, then by name; or it is said
{ echo "a camera's banner"; cat clip.h264; } >dump.bin
record 4 dump.bin dump
says 'S3HLS_E_UNSUPPORTED'
record 0 dump.bin dump --format h264
whole dump
cp dump.bin dump.264
record 0 dump.264 named
whole named
for codec in mpeg4 mpeg2video; do
    ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=160x120:r=25:d=0.2 -c:v $codec $codec.mkv
    record 4 $codec.mkv other
    says "its video is $codec"
done
record 4 "$S3HLS_STREAMS/audio_only.mp4" other
says 'no video in it'
echo "ok: found by content, by name, or as it was said; other codecs by their name"

# damage is told, and what could be read is stored
record 5 "$S3HLS_STREAMS/bad_header.h264" bad
says 'unreadable: 1 NAL'
head -c 600000 clip.mp4 >cut.mp4
record 5 cut.mp4 cut
says 'S3HLS_E_MALFORMED'
[ -n "$(segments cut)" ] || fail "nothing of the cut file was stored"
head -c 2000 clip.mp4 >header.mp4
record 4 header.mp4 header
echo "ok: damage"

# when it was taken, and how fast
touch -d 2026-01-02T03:04:10Z clip.h264 clip.mp4
for input in clip.h264 clip.mp4; do
    record 0 "$input" "taken-$input"
    says '^from 2026-01-02T03:04:04.000Z to 2026-01-02T03:04:10.000Z'
done
touch -d '+1 hour' clip.h264
before=$(date +%s)
record 0 clip.h264 future --json
python3 -c 'import json, sys
from_s = json.load(open("out"))["from_us"] / 1e6
sys.exit(not int(sys.argv[1]) <= from_s <= int(sys.argv[1]) + 10)' "$before" || fail "a file of the future: $(cat out)"
record 0 clip.h264 start --start 1767323045.5
says '^from 2026-01-02T03:04:05.500Z'
record 0 "$S3HLS_STREAMS/fps60.h264" fps
says '^recorded 4.000 s'
record 0 - fps-pipe <"$S3HLS_STREAMS/fps60.h264"
says '^recorded 4.000 s'
ffmpeg -v error -nostdin -i "$S3HLS_STREAMS/fps60.h264" -c copy -bsf:v h264_metadata=tick_rate=1200 fps600.h264
record 0 fps600.h264 fps600 # no camera's: 25
says '^recorded 9.600 s'
record 0 - fps600-pipe <fps600.h264
says '^recorded 9.600 s'
record 0 "$S3HLS_STREAMS/fps60.h264" fps --fps 30000/1001
says '^recorded 8.008 s'
before=$(date +%s%N)
record 0 "$S3HLS_STREAMS/fps60.h264" realtime --realtime --fps 240
elapsed_ms=$((($(date +%s%N) - before) / 1000000))
[ $elapsed_ms -ge 700 ] || fail "a second of video was read in $elapsed_ms ms: no real time"
echo "ok: times"
