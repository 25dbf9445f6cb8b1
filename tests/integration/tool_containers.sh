#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The distances between pictures are those of the input, whatever times its container gives: of presentation and decoding, of
# one of them, with edit lists, at an uneven rate, slowly, from below zero, over the wrap-around.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
cd "$work"
cp "$S3HLS_STREAMS/bframes.mp4" clip.mp4
copy() { ffmpeg -v error -nostdin "$@"; }

for to in mkv ts flv mov nut; do
    copy -i clip.mp4 -c copy "clip.$to"
done
copy -i clip.mp4 -c copy -bsf:v h264_mp4toannexb clip.avi
copy -i clip.mp4 -c copy -movflags +frag_keyframe+empty_moov fragments.mp4
copy -i clip.mp4 -c copy -copyts -output_ts_offset 95440 wrap.ts
copy -ss 1.5 -i clip.mp4 -c copy edit.mp4
copy -i clip.mp4 -itsoffset 2 -i clip.mp4 -map 1:v -c copy late.mp4
cp "$S3HLS_STREAMS/vfr.mp4" uneven.mp4
copy -i uneven.mp4 -c copy uneven.mkv
python3 "$here/tool_containers.py" edits clip.mp4 edits.mp4
python3 "$here/tool_containers.py" matroska clip.mp4 "$S3HLS_STREAMS/bframes.h264" slow.mkv 5 # 0, .8, .4, .2, .6 s
copy -i "$S3HLS_STREAMS/small.h264" -t 1 -c copy second.tmp.mp4
python3 "$here/tool_containers.py" matroska second.tmp.mp4 "$S3HLS_STREAMS/small.h264" quarter_minutes.mkv 375
# reordering begins in the third second, as with an encoder that adapts
copy -f lavfi -i testsrc2=s=160x120:r=25:d=5 -c:v libx264 -x264-params keyint=25:bframes=2:b-adapt=0:b-pyramid=none -f mp4 late.tmp.mp4
copy -i late.tmp.mp4 -c copy late.tmp.h264
python3 "$here/tool_containers.py" matroska late.tmp.mp4 late.tmp.h264 reorders_late.mkv 1 60

rm ./*.tmp.*

for input in *.mp4 *.mkv *.ts *.flv *.mov *.nut *.avi; do
    "$S3HLS" record "$input" --to "file://$work/store/$input" -q --start 2026-01-02 2>err || fail "$input: exit status $?: $(cat err)"
    "$S3HLS" playlist "file://$work/store/$input" >"store/$input/all.m3u8"
    python3 "$here/tool_containers.py" compare "$input" "store/$input/all.m3u8" || fail "$input"
    case $input in clip.*) python3 "$here/tool_containers.py" order clip.mp4 "store/$input/all.m3u8" || fail "$input" ;; esac
done
