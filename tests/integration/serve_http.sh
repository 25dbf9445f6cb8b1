#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Every route of s3hls serve over a directory, and everything that is refused.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
. "$(dirname "${BASH_SOURCE[0]}")/lib_serve.sh"
store=file://$work/store
for start in 2026-01-02T03:04:00Z 2026-01-02T03:04:04Z 2026-01-02T03:04:12Z; do
    record cam-1 $start
done
now=$(date +%s)
record "site a/door" $((now - 4))
echo foreign >store/cam-1/2026/01/02/03/04/readme.txt
cp -r "$(dirname "$(find store/cam-1/timelines -name '*.json' | head -n 1)")" store/cam-1/2026/01/02/03/04/strange
range="start=2026-01-02T03:04:01Z&end=2026-01-02T03:04:07Z"
serve plain "$store" --access-log access.log --cors https://app.example

# the page
is 200 /
has '^content-type: text/html' head
has "^content-security-policy: default-src 'self'" head
has '^cache-control: no-cache' head
is 404 /nothing.js
has '^content-type: application/problem\+json' head
has '"status":404' body
echo "ok: the page"

# the API
is 200 /api/cameras
python3 - <<'END'
import json
cameras = json.load(open("body"))["cameras"]
assert [c["id"] for c in cameras] == ["cam-1", "site a/door"], cameras
assert [c["live"] for c in cameras] == [False, True], cameras
END
is 200 "/api/cameras/cam-1/days?month=2026-01"
has '"days":\["2026-01-02"\]' body
is 200 "/api/cameras/cam-1/days?month=2026-02"
has '"days":\[\]' body
is 200 "/api/cameras/cam-1/timeline?from=2026-01-02T03:04:00Z&to=2026-01-02T03:05:00Z"
python3 - <<'END'
import json
t = json.load(open("body"))
seconds = lambda spans: [(s["from"][17:19], s["to"][17:19]) for s in spans]
assert seconds(t["spans"]) == [("00", "08"), ("12", "16")], t
assert seconds(t["gaps"]) == [("08", "12"), ("16", "00")], t
assert t["foreign"] == 4, t
END
echo "ok: the API"

# playlists, and what they name
is 200 "/hls/cam-1/range.m3u8?$range"
has '^content-type: application/vnd.apple.mpegurl' head
has 'EXT-X-ENDLIST' body
[ "$(grep -c '^\.\./\.\./media/cam-1/' body)" = 4 ] || fail "not four segments: $(cat body)"
is 200 /hls/site%20a%2Fdoor/live.m3u8
hasnt ENDLIST body
hasnt '^last-modified' head
is 200 /hls/site%20a%2Fdoor/master.m3u8
has '^#EXT-X-STREAM-INF:BANDWIDTH=[0-9]+,AVERAGE-BANDWIDTH=[0-9]+,CODECS="avc1\.[0-9a-f]{6}",RESOLUTION=[0-9]+x[0-9]+,FRAME-RATE=25\.000$' body
pictures "$S3HLS_STREAMS/small.h264" >want
for list in "master.m3u8?start=1767323040&end=1767323044" "range.m3u8?start=1767323040&end=1767323044"; do
    pictures "$base/hls/cam-1/$list" >got
    cmp want got || fail "other pictures by $list"
done
echo "ok: playlists, $(wc -l <want) pictures"

# A camera that begins to need a larger target duration: its live playlist ends, and there is another.
door=/hls/site%20a%2Fdoor
is 200 $door/master.m3u8
old=$(sed -n 's/^live\.m3u8?target=//p' body)
is 200 "$door/live.m3u8?target=$old"
has "TARGETDURATION:$old$" body
hasnt ENDLIST body
"$S3HLS" record "$S3HLS_STREAMS/small.h264" --fps 25 -q --to "$store/site a/door" --start $((now - 2)) \
    --segment-duration $((old + 2))
sleep 3 # longer than answers are kept
for list in "live.m3u8?target=$old" live.m3u8; do
    is 200 "$door/$list"
    has "TARGETDURATION:$old$" body
    has ENDLIST body
done
is 200 $door/master.m3u8
new=$(sed -n 's/^live\.m3u8?target=//p' body)
[ "$new" -ge $((old + 2)) ] || fail "the target duration is $new, and was $old"
is 200 "$door/live.m3u8?target=$new"
has "TARGETDURATION:$new$" body
hasnt ENDLIST body
is 404 "$door/live.m3u8?target=1" # nothing is so short
echo "ok: another target duration"

# segments: whole, in parts, not again
path=$(cd store && find cam-1/2026 -name '*.ts' | sort | head -n 1)
is 200 "/media/$path"
cmp body "store/$path"
has '^content-type: video/mp2t' head
has '^cache-control: .*immutable' head
has '^accept-ranges: bytes' head
tag=$(sed -n 's/^etag: \(.*\)\r$/\1/ip' head)
is 206 "/media/$path" -H "Range: bytes=188-375"
cmp body <(tail -c +189 "store/$path" | head -c 188)
has '^content-range: bytes 188-375/' head
is 206 "/media/$path" -H "Range: bytes=-188" -H "If-Range: $tag"
cmp body <(tail -c 188 "store/$path")
is 200 "/media/$path" -H "Range: bytes=-188" -H 'If-Range: "other"'
is 416 "/media/$path" -H "Range: bytes=99999999-"
has '^content-range: bytes \*/' head
is 304 "/media/$path" -H "If-None-Match: $tag"
is 404 "/media/cam-1/2026/01/02/03/04/00.000-1000-9-9.ts"
is 200 "/media/$path" -I
[ ! -s body ] || [ "$(head -c 4 body)" = HTTP ] || fail "HEAD has a body"
echo "ok: segments"

# compressed, and not again
is 200 "/hls/cam-1/range.m3u8?$range"
cp body plain
is 200 "/hls/cam-1/range.m3u8?$range" -H "Accept-Encoding: gzip"
has '^content-encoding: gzip' head
has '^vary: accept-encoding' head
gzip -dc <body | cmp - plain
tag=$(sed -n 's/^etag: \(.*\)\r$/\1/ip' head)
is 304 "/hls/cam-1/range.m3u8?$range" -H "If-None-Match: $tag"
is 200 "/hls/cam-1/range.m3u8?$range" -H 'If-None-Match: "other"'
echo "ok: gzip and ETag"

# clips
length() { # length PATH WANT: seconds, within a group of pictures
    is 200 "$1"
    has '^content-type: video/mp4' head
    has '^content-disposition: attachment; filename="[A-Za-z0-9._-]+\.mp4"' head
    [ -z "$(ffmpeg -v error -nostdin -i body -f null - 2>&1)" ] || fail "$1 does not decode"
    ffprobe -v error -show_entries format=duration -of csv=p=0 body |
        awk -v want="$2" '{ exit !($1 >= want - 0.05 && $1 <= want + 2.05) }' ||
        fail "$1 lasts $(ffprobe -v error -show_entries format=duration -of csv=p=0 body) s, not $2"
}
length "/clip/cam-1.mp4?$range" 6
length "/clip/cam-1.mp4?start=2026-01-02T03:04:06Z&end=2026-01-02T03:04:14Z" 8 # across the gap
is 200 "/clip/cam-1.mp4?start=1767323040&end=1767323044"
pictures body >got
cmp want got || fail "other pictures in the clip"
is 404 "/clip/cam-1.mp4?start=2026-01-02T03:04:08.5Z&end=2026-01-02T03:04:11Z"
echo "ok: clips"

# what is wrong is said so
for bad in "/hls/none/live.m3u8 404" "/hls/cam-1/live.m3u8 404" "/hls/none/range.m3u8?$range 404" \
    "/hls/cam-1/range.m3u8?start=5&end=5 400" "/hls/cam-1/range.m3u8?start=9&end=5 400" "/hls/cam-1/range.m3u8 400" \
    "/hls/cam-1/range.m3u8?start=2016-01-01&end=2026-01-01 400" "/clip/cam-1.mp4?start=0&end=9999999 400" \
    "/hls/cam-1/range.m3u8?start=2050-01-01&end=2050-01-01T01:00 404" "/clip/none.mp4?$range 404" \
    "/api/cameras/cam-1/timeline?from=2016-01-01&to=2026-01-01 400" "/api/cameras/cam-1/days?month=13 400" \
    "/api/cameras/none/timeline?from=2026-01-01&to=2026-01-02 404" "/api/cameras/none/days?month=2026-01 404" \
    "/hls/cam-1/master.m3u8?start=9&end=5 400" "/api/cameras/cam-1/timeline?from=9&to=9 400" \
    "/clip/cam-1.mp4?start=2050-01-01&end=2050-01-01T01:00 404" "/clip/cam-1.mp4?start=2016-01-01&end=2026-01-01 400" \
    "/hls/../../etc/passwd 404" "/media/cam-1/../../../etc/passwd 404" "/media/cam-1/..%2f..%2fetc%2fpasswd 404" \
    "/media/%2e%2e/2026/01/02/03/04/00.000-1000-9-9.ts 400" "/hls/a%0d%0aX-Injected:1/live.m3u8 400" \
    "/media/cam-1/timelines/1.json 404" "/%zz 400" "/hls/cam-1%00/live.m3u8 400"; do
    is "${bad##* }" "${bad% *}"
    has '^content-type: application/problem\+json' head
    hasnt '^x-injected' head
    python3 -c 'import json; p = json.load(open("body")); assert p["status"] and p["detail"] and p["title"]'
done
is 414 "/$(head -c 3000 /dev/zero | tr '\0' a)"
is 431 / -H "X-Long: $(head -c 30000 /dev/zero | tr '\0' a)"
is 405 / -X DELETE
is 413 /api/cameras -d "x=1"
is 404 "/api/cameras/cam-1/share?start=1&end=2" -X POST # open to all: nothing to share
is 421 /api/cameras -H "Host: evil.example"
is 200 /api/cameras -H "Host: localhost:1"
exec 3<>"/dev/tcp/127.0.0.1/${base##*:}"
printf 'nonsense\r\n\r\n' >&3
timeout 5 cat <&3 >body || fail "a connection with nonsense stays open"
exec 3>&-
is 200 /healthz
echo "ok: refusals"

# other sites
is 200 /api/cameras -H "Origin: https://app.example"
has '^access-control-allow-origin: https://app.example' head
has '^vary: .*origin' head
is 200 /api/cameras -H "Origin: https://evil.example"
hasnt '^access-control-allow-origin' head
is 204 /api/cameras -X OPTIONS -H "Origin: https://app.example" -H "Access-Control-Request-Method: GET"
has '^access-control-allow-headers: .*authorization' head
echo "ok: CORS"

is 200 /metrics
has '^s3hls_requests_total\{route="range",status="2xx"\} [0-9]+' body
has '^s3hls_clips_running 0' body
has '"GET /hls/cam-1/range.m3u8 2026-01-02T03:04:01.000Z/2026-01-02T03:04:07.000Z" 200 [0-9]+ ' access.log
hasnt $'\r' access.log

# a connection is used again; a replica answers the same
[ "$(curl -sS "$base/healthz" "$base/healthz" -o /dev/null -o /dev/null -w '%{num_connects} ')" = "1 0 " ] || fail "no keep-alive"
is 200 "/hls/cam-1/range.m3u8?$range" && cp body first
first=$server
serve replica "$store"
second=$server
is 200 "/hls/cam-1/range.m3u8?$range" && cmp body first || fail "replicas differ"
stop
server=$first
stop
kill -0 "$second" 2>/dev/null && fail "left behind"

# a link in a camera's place leads nowhere
mkdir -p links/site
ln -s "$work/store/cam-1" links/linked
ln -s "$work/store" links/site/all
cp -r store/cam-1 links/site/real
serve links "file://$work/links"
is 200 /api/cameras
has '"cameras":\[\{"id":"site/real"' body
for path in "/hls/linked/range.m3u8?$range" "/media/linked/${path#*/}" "/clip/linked.mp4?$range" /hls/site%2Fall%2Fcam-1/live.m3u8 \
    "/hls/site%2Fall%2Fcam-1/range.m3u8?$range" "/api/cameras/linked/days?month=2026-01"; do
    is 404 "$path"
done
is 200 "/hls/site%2Freal/range.m3u8?$range"
stop
path=$(cd store && find cam-1/2026 -name '*.ts' | sort | head -n 1)
echo "ok: links"

# footage of a clock that ran ahead is not live, before and after the clock is right again; its own time shows it
record ahead $((now + 86400))
record ahead $((now + 3000))
serve ahead "$store"
is 404 /hls/ahead/live.m3u8
is 404 /hls/ahead/master.m3u8
is 200 /api/cameras
has '"id":"ahead","live":false\}' body
record ahead $(($(date +%s) - 4))
sleep 2.1 # answers are shared for two seconds
is 200 /hls/ahead/live.m3u8
[ "$(grep -c '^\.\./\.\./media' body)" = 2 ] || fail "a live list of $(cat body)"
hasnt "ENDLIST" body
ahead="start=$((now + 86400))&end=$((now + 86404))"
is 200 "/hls/ahead/range.m3u8?$ahead"
[ "$(grep -c '^\.\./\.\./media' body)" = 2 ] || fail "a range ahead: $(cat body)"
is 200 "/hls/ahead/range.m3u8?start=$((now - 60))&end=$((now + 7200))"
[ "$(grep -c '^\.\./\.\./media' body)" = 4 ] || fail "a range of now and ahead: $(cat body)"
is 200 "/api/cameras/ahead/timeline?from=$((now - 60))&to=$((now + 7200))"
python3 - <<'END'
import json
t = json.load(open("body"))
assert len(t["spans"]) == 2 and all(s["from"] < s["to"] for s in t["spans"] + t["gaps"]), t
assert all(g["to"] <= t["now"] for g in t["gaps"]), t
END
stop
rm -r store/ahead
echo "ok: a clock that ran ahead"

# keys with wrong numbers are passed over and counted; two devices with one prefix show both, one after the other
mkdir odd
cp -r store/cam-1 odd/right
cp -r store/cam-1 odd/wrong
for name in 02/03/04/61.000-1000-1-1 02/03/60/00.000-1000-1-1 02/03/04/02.0-1000-1-1 02/03/04/02.000-1000-1 \
    02/03/04/02.000--1000-1-1 02/03/04/02.000-99999999999999999999-1-1 02/03/04/02.000-1000-99999999999999999999-1 \
    02/24/04/02.000-1000-1-1 32/03/04/02.000-1000-1-1; do
    mkdir -p "odd/wrong/2026/01/${name%/*}"
    cp "store/$path" "odd/wrong/2026/01/$name.ts"
done
store=file://$work/odd
record both 2026-01-02T03:04:00Z
record both 2026-01-02T03:04:01Z
serve odd "$store"
is 200 "/hls/right/range.m3u8?$range"
sed 's,media/right,media/wrong,' body >right
is 200 "/hls/wrong/range.m3u8?$range"
cmp right body || fail "wrong numbers change the playlist"
hour="from=2026-01-02T03:00:00Z&to=2026-01-02T04:00:00Z"
is 200 "/api/cameras/right/timeline?$hour" && cp body right
is 200 "/api/cameras/wrong/timeline?$hour"
python3 - <<'END'
import json
right, wrong = (json.load(open(f)) for f in ("right", "body"))
assert (wrong["spans"], wrong["gaps"]) == (right["spans"], right["gaps"]), wrong
assert wrong["foreign"] == right["foreign"] + 7, wrong
END
is 200 "/api/cameras/wrong/days?month=2026-01"
has '"days":\["2026-01-02"\]' body
whole="start=2026-01-02T03:04:00Z&end=2026-01-02T03:04:10Z"
is 200 "/hls/both/range.m3u8?$whole"
sed 's,^\.\./\.\./media/both/,,' body >list.m3u8
"$M3U8_CHECK" list.m3u8 || fail "the playlist of two devices is wrong: $(cat body)"
[ "$(grep -c '^#EXT-X-DISCONTINUITY$' body)" = 3 ] || fail "not a discontinuity at each change of device: $(cat body)"
pictures "$base/hls/both/range.m3u8?$whole" >got
[ "$(wc -l <got)" = $((2 * $(wc -l <want))) ] || fail "$(wc -l <got) pictures of two devices"
is 200 "/api/cameras/both/timeline?$hour"
has '"spans":\[\{"from":"2026-01-02T03:04:00.000Z","to":"2026-01-02T03:04:05.000Z"\}\]' body
length "/clip/both.mp4?$whole" 5
stop
store=file://$work/store
echo "ok: wrong numbers, two devices"

# two stores: ids begin with their last parts
serve both "$store" "file://$work/store/cam-1"
is 200 /api/cameras
has '"id":"cam-1".*"id":"store/cam-1".*"id":"store/site a/door"' body
is 200 "/hls/store%2Fcam-1/range.m3u8?$range"
is 200 "/hls/cam-1/range.m3u8?$range"
is 404 "/hls/store/range.m3u8?$range"
stop
! "$S3HLS" serve "$store" "file://$work/other/store" 2>err || fail "two that end alike"
has 'end alike' err

# one camera by its own URL
serve one "$store/cam-1"
is 200 /api/cameras
has '"cameras":\[\{"id":"cam-1"' body
is 200 "/hls/cam-1/range.m3u8?$range"
is 404 "/hls/other/range.m3u8?$range"
stop
echo "ok: stores"
