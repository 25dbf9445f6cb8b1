#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# record --publish: a plain web server over the store plays live and past, through an hour's turn, a kill, and an
# outage whose segments come late. Each change of live.m3u8 is kept, and compared with the one before.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams), M3U8_CHECK.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib_store.sh"
cd "$work"
mkdir -p store polls

python3 -u -m http.server --bind 127.0.0.1 --directory "$work" 0 >web 2>/dev/null &
for _ in $(seq 100); do grep -q port web && break; sleep 0.1; done
base=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' web)/store

poll() { # each change of live.m3u8; what a new one lists has to be there, but while the store is away
    local n=1000 uri gap=
    while sleep 0.1; do
        curl -sf -m 5 -o poll "$base/live.m3u8" || continue
        if ! grep -q EXTM3U poll || cmp -s poll "polls/$n"; then continue; fi
        n=$((n + 1))
        mv poll "polls/$n"
        while read -r uri; do
            [ -n "$gap" ] || [ "${uri:0:1}" = '#' ] || curl -sf -m 5 -o /dev/null -I "$base/$uri" || [ -e away ] ||
                echo "$n lists $uri" >>absent
            gap=$([ "$uri" != '#EXT-X-GAP' ] || echo 1)
        done <"polls/$n"
    done
}
poll &

camera() { # camera COPIES FROM [OPTION...]: copies of 4 s, as fast as a camera
    for _ in $(seq "$1"); do cat "$S3HLS_STREAMS/small.h264"; done |
        exec "$S3HLS" record - --fps 25 --realtime --segment-duration 1 --start "$2" -q --publish \
            --to "file://$work/store" "${@:3}"
}
listed() { grep -c '\.ts$' "$1" || true; }

# an hour turns, and the camera is killed
"$S3HLS" record <(for _ in 1 2 3 4; do cat "$S3HLS_STREAMS/small.h264"; done) --fps 25 --realtime -q --publish \
    --segment-duration 1 --start 2026-01-02T03:59:56Z --to "file://$work/store" &
recorder=$!
sleep 9
[ "$(listed store/2026/01/02/03/index.m3u8)" = 2 ] || fail "the hour that was over: $(cat store/2026/01/02/03/index.m3u8)"
grep -q ENDLIST store/2026/01/02/03/index.m3u8 || fail "the hour that is over has no end"
kill -KILL "$recorder"
wait "$recorder" 2>/dev/null || true
! grep -q ENDLIST store/live.m3u8 || fail "a live list that was left has an end"
echo "ok: an hour's turn"

# it goes on; the store is away for a while, and the spool delivers late
camera 6 2026-01-02T04:00:30Z --spool "$work/spool" 2>told &
recorder=$!
sleep 5
touch away
mv store kept
: >store
sleep 4
rm store
mv kept store
rm away
sleep 6
rm store/live.m3u8 && mkdir store/live.m3u8 # which fails the playlist alone
sleep 3
rmdir store/live.m3u8
wait "$recorder" || fail "exit status $?: $(cat told)"
grep -q 'playlists cannot be written' told || fail "a failure went untold: $(cat told)"
grep -q 'written again' told || fail "its end went untold: $(cat told)"
sleep 0.5
grep -q ENDLIST store/live.m3u8 || fail "the camera has stopped, and live.m3u8 has no end: $(cat told; ls store; cat store/live.m3u8)"
echo "ok: an outage"

polls=(polls/*)
[ "${#polls[@]}" -ge 8 ] || fail "${#polls[@]} polls"
"$M3U8_CHECK" --polls "${polls[@]}" || fail "live.m3u8 broke a rule"
[ ! -e absent ] || fail "listed, and not there: $(cat absent)"
for hour in 03 04; do
    index=store/2026/01/02/$hour/index.m3u8
    "$M3U8_CHECK" "$index" || fail "$index broke a rule"
    grep -q 'PLAYLIST-TYPE:VOD' "$index" || fail "$index is not closed"
    find "store/2026/01/02/$hour" -name '*.ts' -printf '%P\n' | sort >there
    awk '/^#EXT-X-GAP/ { gap = 1 } !/^#/ { if (!gap) print; gap = 0 }' "$index" | cmp - there ||
        fail "$index does not list what is there: $(cat "$index")"
done
[ "$(wc -l <there)" -ge 11 ] || fail "segments were lost: $(cat there)"
echo "ok: ${#polls[@]} polls, nothing listed that is not there, all in its hour"

# an old hour's late segment comes into its index, and not into the live list
rm -rf spool && cp store/live.m3u8 before
"$S3HLS" record "$S3HLS_STREAMS/small.h264" --fps 25 -q --publish --to "file://$work/store" --start 2026-01-02T01:00:00Z
cmp -s before store/live.m3u8 || fail "the live list took a segment that it has passed"
[ "$(listed store/2026/01/02/01/index.m3u8)" = 1 ] || fail "a late segment is not in its hour"
echo "ok: late"

# a clock that ran ahead by a day: its footage was live then, and is not when the clock is right again
now=$(date +%s)
ahead() { "$S3HLS" record "$S3HLS_STREAMS/small.h264" --fps 25 -q --publish --segment-duration 1 --to "file://$work/ahead" --start "$1"; }
ahead $((now + 86400))
[ ! -e ahead/live.m3u8 ] || fail "live is what is ahead: $(cat ahead/live.m3u8)"
(cd ahead && { printf '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n'
    find ./* -path './20*.ts' | sort | sed 's,^\./,#EXTINF:1.000\,\n,'; } >live.m3u8)
[ "$(listed ahead/live.m3u8)" = 2 ] || fail "no list of a camera that ran ahead"
ahead $((now - 4))
[ "$(listed ahead/live.m3u8)" = 2 ] || fail "live: $(cat ahead/live.m3u8)"
grep -q "DATE-TIME:$(date -u -d "@$((now - 4))" +%FT%T)" ahead/live.m3u8 || fail "live is not what is recorded now: $(cat ahead/live.m3u8)"
grep -q ENDLIST ahead/live.m3u8 || fail "the camera has stopped, and live.m3u8 has no end"
ls ahead/20*/*/*/*/index.m3u8 | wc -l | grep -cE '^[23]$' >/dev/null || fail "not an index for each hour"
[ "$("$S3HLS" playlist --live "file://$work/ahead" | grep -c '\.ts$')" = 2 ] || fail "playlist --live shows what is ahead"
"$S3HLS" playlist --live "file://$work/ahead" | grep -c "DATE-TIME:$(date -u -d "@$((now - 4))" +%F)" >/dev/null || fail "playlist --live"
echo "ok: a clock that ran ahead"

# the camera stops while a list is on its way to a slow store
serve slow
"$S3HLS" record "$S3HLS_STREAMS/small.h264" --fps 25 --realtime -q --publish --segment-duration 1 --start 2026-01-02 \
    --to s3://bucket/cam --endpoint "$endpoint"
for list in live 2026/01/02/00/index; do
    grep -q ENDLIST "s3/bucket/cam/$list.m3u8" || fail "stopped, and $list.m3u8 has no end: $(cat "s3/bucket/cam/$list.m3u8")"
done
echo "ok: an end while a list is written"

pictures() { ffprobe -v error -count_packets -show_entries stream=nb_read_packets -of csv=p=0 "$base/$1" | head -n 1; }
[ "$(pictures 2026/01/02/03/index.m3u8)" = 100 ] || fail "hour 03: $(pictures 2026/01/02/03/index.m3u8) pictures"
[ "$(pictures 2026/01/02/01/index.m3u8)" = 100 ] || fail "hour 01: $(pictures 2026/01/02/01/index.m3u8) pictures"
[ "$(pictures live.m3u8)" -ge 300 ] || fail "live: $(pictures live.m3u8) pictures"
[ "$(pictures master.m3u8)" -ge 300 ] || fail "master: $(pictures master.m3u8) pictures"
grep -q 'CODECS="avc1.42c00d",RESOLUTION=320x240,FRAME-RATE=25.000$' store/master.m3u8 || fail "$(cat store/master.m3u8)"
echo "ok: plays"
