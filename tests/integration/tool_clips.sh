#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# export and the server's clips hold the pictures that the playlist plays, each once and in their places: field-coded
# streams, one picture, damaged and missing segments, times that cannot be. What is left out is reported. Environment:
# S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib_serve.sh"
store=file://$work/store
hour="start=2026-01-02T03:00:00Z&end=2026-01-02T04:00:00Z"
record() { # record CAMERA STREAM OPTION...
    "$S3HLS" record "$2" --fps 25 -q --to "$store/$1" --start 2026-01-02T03:00:00Z --segment-duration 1 "${@:3}" 2>/dev/null
}
duration() { ffprobe -v error -show_entries format=duration -of csv=p=0 "$1"; }
exports() { # exports CAMERA CODE: into CAMERA.mp4 and CAMERA.clip.mp4
    local code=0
    "$S3HLS" export "$store/$1" -o "$1.mp4" -f >"$1.out" 2>"$1.err" || code=$?
    [ "$code" = "$2" ] || fail "export of $1: exit code $code, not $2: $(cat "$1.err")"
    is 200 "/clip/$1.mp4?$hour"
    cp body "$1.clip.mp4"
    cp head "$1.head"
}
same() { # same CAMERA: both as the file CAMERA.want
    same_pictures "$1.want" <(pictures "$1.mp4")
    same_pictures "$1.want" <(pictures "$1.clip.mp4")
}

python3 "$here/../support/field_pairs.py" 100 >fields.h264
ffmpeg -v error -nostdin -i "$S3HLS_STREAMS/plain.h264" -c copy -frames:v 1 one.h264
record fields fields.h264
record one one.h264
record interlaced "$S3HLS_STREAMS/interlaced.h264"
record open "$S3HLS_STREAMS/open_gop.h264"
record inner "$S3HLS_STREAMS/plain.h264" --segment-max-bytes 100K
for camera in damaged missing stamps; do record "$camera" "$S3HLS_STREAMS/bframes.h264"; done
serve clips "$store"

for camera in fields interlaced open inner one; do
    "$S3HLS" playlist "$store/$camera" >"store/$camera/all.m3u8"
    pictures "store/$camera/all.m3u8" >"$camera.want"
    exports "$camera" 0
    same "$camera"
done
[ "$(wc -l <fields.want)" = 100 ] || fail "$(wc -l <fields.want) pictures of 100 pairs of fields"
[[ $(duration one.mp4) == 0.04* && $(duration one.clip.mp4) == 0.04* ]] ||
    fail "one picture lasts $(duration one.mp4) and $(duration one.clip.mp4) s"
is 200 "/clip/inner.mp4?start=2026-01-02T03:00:04.92Z&end=2026-01-02T03:00:05Z" # its last two pictures
same_pictures <(tail -n 25 inner.want) <(pictures body)
echo "ok: the pictures that the playlist plays"

pictures "$S3HLS_STREAMS/bframes.h264" >all
sed '51,100d' all | tee damaged.want >missing.want # a GOP of its own
head -c 100000 /dev/zero >"$(find store/damaged -name '02.000*.ts')"
rm "$(find store/missing -name '02.000*.ts')"
exports damaged 5
grep -q 'left out: 2026/01/02/03/00/02\.000.*: no picture' damaged.err || fail "not named: $(cat damaged.err)"
has '^S3hls-Left-Out: segments=1, pictures=0' damaged.head
has 'clip of damaged: left out: 2026/01/02/03/00/02\.000' clips.err
exports missing 0
grep -q 'nothing for 2.000 s from 2026-01-02T03:00:02.000Z' missing.err || fail "the gap is not told: $(cat missing.err)"
for camera in damaged missing; do
    same "$camera"
    for file in "$camera.mp4" "$camera.clip.mp4"; do
        [[ $(duration "$file") == 6.0* ]] || fail "$file lasts $(duration "$file") s: the gap is lost"
    done
done
echo "ok: a segment that is damaged or missing"

# The times of some pictures: far away, all the same, backwards. PES headers, ISO/IEC 13818-1 2.4.3.6.
python3 - store/stamps <<'PY'
import glob, sys

def stamp(p, at, prefix, value):
    p[at : at + 5] = [prefix << 4 | value >> 29 & 14 | 1, value >> 22 & 255, value >> 14 & 254 | 1, value >> 7 & 255, value << 1 & 254 | 1]

for name, change in (("00.000", lambda i, v: v if i % 7 else v + 7000000), ("02.000", lambda i, v: 900000),
                     ("04.000", lambda i, v: v if i != 20 else 1)):
    (path,) = glob.glob(f"{sys.argv[1]}/**/{name}*.ts", recursive=True)
    data, i = bytearray(open(path, "rb").read()), 0
    for at in range(0, len(data), 188):
        if data[at + 1] & 0x40 and (data[at + 1] & 31, data[at + 2]) == (1, 0):
            pes = at + 4 + (1 + data[at + 4] if data[at + 3] & 0x20 else 0)
            for place, prefix in ((9, data[pes + 7] >> 6), (14, 1))[: data[pes + 7] >> 6 & 1 and 2 or 1]:
                p = data[pes + place : pes + place + 5]
                value = (p[0] >> 1 & 7) << 30 | p[1] << 22 | p[2] >> 1 << 15 | p[3] << 7 | p[4] >> 1
                if prefix == 1 or place == 9:
                    stamp(data, pes + place, prefix, change(i, value))
            i += 1
    open(path, "wb").write(data)
PY
cp all stamps.want
exports stamps 0
same stamps
[[ $(duration stamps.mp4) == [56].* ]] || fail "6 s with wrong times last $(duration stamps.mp4) s"
stop
echo "ok: times that cannot be"
