#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# record_stream.sh STREAM: record one stream of expected.txt into a directory and hold what comes out
# against what went in: the segments and the playlist obey their rules, the pictures decoded from the
# playlist are the source's, none is missing, and their times are right.
# Environment: S3HLS, TS_CHECK, M3U8_CHECK (programs), S3HLS_STREAMS (generated), S3HLS_SHARED (optional).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib.sh"

name=${1:?usage: record_stream.sh STREAM}
line=$(awk -v name="$name" '$1 == name { sub(/#.*/, ""); print }' "$here/expected.txt")
[ -n "$line" ] || fail "$name is not in expected.txt"
read -r _ expect facts <<<"$line"

fact() { # fact KEY: its value, or nothing
    local pair
    for pair in $facts; do
        [ "${pair%%=*}" = "$1" ] && echo "${pair#*=}"
    done
    return 0
}

case $name in
shared/*)
    [ -n "${S3HLS_SHARED:-}" ] || skip "S3HLS_SHARED is not set: no $name"
    source=$S3HLS_SHARED/streams/${name#shared/}
    ;;
*) source=$S3HLS_STREAMS/$name ;;
esac
[ -r "$source" ] || skip "no such file: $source"

fps=$(fact fps)
store=$work/store
status=0
"$S3HLS" record "$source" --to "file://$store" --start 2026-01-02T03:04:05Z --segment-duration 1 \
    ${fps:+--fps "$fps"} >"$work/out" 2>"$work/err" || status=$?

if [ "$expect" = refused ]; then
    [ "$status" = 4 ] || fail "exit code $status, not 4: $(cat "$work/err")"
    grep -q "$(fact status)" "$work/err" || fail "the message does not say $(fact status): $(cat "$work/err")"
    [ -z "$(find "$store" -type f 2>/dev/null)" ] || fail "refused, yet something was stored"
    echo "ok: $name refused: $(cat "$work/err")"
    exit
fi
want=$(fact exit)
[ "$status" = "${want:-0}" ] || fail "exit code $status, not ${want:-0}: $(cat "$work/err")"

# ---- the segments, one timeline after the other
mapfile -t timelines < <(segments "$store" | sed 's/.*-\([0-9]*\)\.ts$/\1/' | uniq)
units=0
for timeline in "${timelines[@]}"; do
    mapfile -t files < <(segments "$store" | grep -- "-$timeline\.ts$")
    "$TS_CHECK" --continuous "${files[@]}" >"$work/check" 2>&1 || fail "$(cat "$work/check")"
    count=$(sed -n 's/.*, \([0-9]*\) access units,.*/\1/p' "$work/check" | awk '{ n += $1 } END { print n + 0 }')
    cat "${files[@]}" >"$work/$timeline.ts"
    times "$work/$timeline.ts" >"$work/$timeline.times"
    [ "$(wc -l <"$work/$timeline.times")" = "$count" ] || fail "ffprobe and ts_check count differently"
    units=$((units + count))
done
"$S3HLS" verify "file://$store" >"$work/check" || fail "verify: $(cat "$work/check")"
breaks=$(fact timelines)
[ "${#timelines[@]}" = "${breaks:-1}" ] || fail "${#timelines[@]} timelines, not ${breaks:-1}"

read -r width height < <(ffprobe -v fatal -select_streams v:0 -show_entries stream=width,height -of csv "$source" |
    awk -F, '$1 == "stream" { print $2, $3 }')
grep -q "\"width\":$width,\"height\":$height," "$store/timelines/${timelines[0]}.json" ||
    fail "not ${width}x$height: $(cat "$store/timelines/${timelines[0]}.json")"

# ---- the playlist
"$S3HLS" playlist "file://$store" --from 2026-01-02 --to 2026-01-03 >"$store/all.m3u8"
"$M3U8_CHECK" "$store/all.m3u8" >"$work/check" 2>&1 || fail "$(cat "$work/check")"

# ---- none is missing: in = out + those before the first keyframe
ffprobe -v fatal -select_streams v:0 -show_entries packet=flags -of csv "$source" |
    awk -F, '$1 == "packet" { print $2 }' >"$work/flags"
source_units=$(wc -l <"$work/flags")
leading=0
[ "$expect" != tail ] || leading=$(awk '/K/ { exit } { n++ } END { print n + 0 }' "$work/flags")
[ "$expect" != tail ] || [ "$leading" -gt 0 ] || fail "$name begins with a keyframe: expect 'same'"
lost=$(fact lost)
[ "$units" = $((source_units - leading - ${lost:-0})) ] ||
    fail "$source_units access units in, $units out, $leading before the first keyframe"

# ---- the pictures
pictures "$source" >"$work/want" 2>"$work/want.err"
pictures "$store/all.m3u8" >"$work/got" 2>"$work/got.err"
compared=$(fact compare) # where pictures are lost: those from the next keyframe on
[ "$expect$compared" = same ] || {
    [ -n "$compared" ] || compared=$(wc -l <"$work/got")
    tail -n "$compared" "$work/want" >"$work/want.tail" && mv "$work/want.tail" "$work/want"
    tail -n "$compared" "$work/got" >"$work/got.tail" && mv "$work/got.tail" "$work/got"
}
[ -s "$work/got" ] || fail "no picture was decoded"
same_pictures "$work/want" "$work/got"
[ -s "$work/want.err" ] || [ ! -s "$work/got.err" ] || fail "decoder complains: $(head -n 3 "$work/got.err")"

# ---- their times
even_times() { # as even as the frame rate, to a tick, and the playlist as long as the pictures, to 2 ms
    local timeline
    for timeline in "${timelines[@]}"; do
        awk -v fps="$fps" -v holes="${lost:-0}" '
            BEGIN { split(fps, rate, "/"); step = 90000 / rate[1] * (rate[2] ? rate[2] : 1) }
            NR > 1 && (d = $1 - last - step) * d > 1.01 && !(holes && d > 0) {
                print "step of " $1 - last " at access unit " NR; bad = 1 }
            { last = $1 }
            END { exit bad }' "$work/$timeline.times" || fail "uneven times at $fps frames per second"
    done
    awk -F'[:,]' -v fps="$fps" -v units="$units" -v lost="${lost:-0}" '
        BEGIN { split(fps, rate, "/"); frame = (rate[2] ? rate[2] : 1) / rate[1] }
        /^#EXTINF/ { sum += $2 }
        END { if (sum < units * frame - 0.002 || sum > (units + lost) * frame + 0.002) {
                  print "EXTINFs add up to " sum " s, not " units * frame; exit 1 } }' \
        "$store/all.m3u8" || fail "the playlist is not as long as the pictures"
}

container_times() { # as the container has them, to a ms; a timeline of longer segments runs on
    local timeline
    times "$source" >"$work/times.want"
    for timeline in "${timelines[@]}"; do cat "$work/$timeline.times"; done >"$work/times.got"
    paste "$work/times.want" "$work/times.got" | awk '
        NR == 1 { a = $1; b = $2 }
        (d = ($1 - a) - ($2 - b)) * d > 90 * 90 { print "off by " d / 90 " ms at access unit " NR; bad = 1 }
        END { exit bad }' || fail "times differ from those of the container"
}

right_pictures() { # each picture has its own time: in display order they rise
    local timeline
    for timeline in "${timelines[@]}"; do
        ffprobe -v fatal -strict strict -select_streams v:0 -show_entries frame=pts -of csv "$work/$timeline.ts" |
            awk -F, '$1 == "frame" { if (n++ && $2 <= last) { print last " and then " $2; exit 1 } last = $2 }' ||
            fail "times of pictures are mixed up"
    done
}

if [ "$(fact times)" != any ]; then
    if [ -n "$fps" ]; then even_times; else container_times; fi
    right_pictures
fi
echo "ok: $name: $units access units, $(wc -l <"$work/got") pictures identical," \
    "${#timelines[@]} timeline(s), $(segments "$store" | wc -l) segments"
