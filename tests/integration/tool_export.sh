#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# export: the same pictures as the segments hold, from the asked moment on, gaps as long as they were; what fails leaves
# nothing. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cd "$work"
is() { # is WANT GOT
    [ "$1" = "$2" ] || fail "not \"$1\" but \"$2\""
}
probe() { ffprobe -v error -show_entries "$2" -of csv=p=0 "$1"; }
field() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(*(d[n] for n in sys.argv[1:]))' "$@"; }
store=file://$work/store
for start in 10 20; do
    "$S3HLS" record "$S3HLS_STREAMS/bframes.h264" --fps 25 -q --segment-duration 1 --to "$store" \
        --start "2026-01-02T03:00:${start}Z"
done

"$S3HLS" export "$store" -o all.mp4 >told 2>err
grep -q 'nothing for 4.000 s from 2026-01-02T03:00:16.000Z' err || fail "a gap goes untold: $(cat err)"
is 16.000000 "$(probe all.mp4 format=duration)"
pictures "$S3HLS_STREAMS/bframes.h264" >once
cat once once | cmp - <(pictures all.mp4) || fail "not the pictures that were recorded"
[[ $(probe all.mp4 packet=pts_time | sort -n) == *$'\n'5.960000*$'\n'10.000000* ]] || fail "the gap is not 4 s long"
echo "ok: all of it"

is "1767322811520 1767322810000 1480 0 0" "$("$S3HLS" export "$store" -o cut.mp4 --json --from 2026-01-02T03:00:11.52Z \
    --to 2026-01-02T03:00:13Z | field start_ms keyframe_ms duration_ms gaps gap_ms)"
sed -n '39,75p' once | cmp - <(pictures cut.mp4) || fail "does not begin and end as asked"
is 0.000000 "$(probe cut.mp4 format=start_time)"
is "1767322810000 6000" "$("$S3HLS" export "$store" -o first.mp4 -q --json --to 2026-01-02T03:00:18Z |
    field start_ms duration_ms)"
echo "ok: from the asked moment on"

expect() { # expect CODE WORDS OPTION...
    local code=0
    "$S3HLS" export "${@:3}" >out 2>err || code=$?
    is "$1" "$code"
    grep -q -- "$2" err || fail "$*: $(cat err)"
}
expect 2 'all.mp4: is there already' "$store" -o all.mp4
"$S3HLS" export "$store" -o all.mp4 -f -q
expect 2 '-o FILE is missing' "$store"
expect 2 '--from must be before --to' "$store" -o x.mp4 --from 2026-01-03 --to 2026-01-02
expect 1 'nothing was recorded' "$store" -o x.mp4 --from 2030-01-01
expect 1 'No such file' "$store" -o none/x.mp4
expect 2 "not a store's URL" /plain -o x.mp4
damaged=$(find store -name '14.000*.ts')
head -c 100000 /dev/zero >"$damaged"
expect 5 "left out: 2026/01/02/03/00/14.000" "$store" -o damaged.mp4 -q
[ "$(pictures damaged.mp4 | wc -l)" = 250 ] || fail "a damaged segment costs the others"
find store -name '*.ts' -type f -exec truncate -s 10 {} +
expect 1 'x.mp4' "$store" -o x.mp4
[ ! -e x.mp4 ] || fail "what failed is left behind"
echo "ok: mistakes"
