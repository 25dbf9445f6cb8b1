#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The other commands over fragmented MP4 with H.265 and sound: ls, cost, doctor, a spool and flush, published playlists,
# export, retention. Initialisation segments are kept and delivered with the segments that need them.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib_store.sh"
cd "$work"
is() { # is WANT GOT
    [ "$1" = "$2" ] || fail "not \"$1\" but \"$2\""
}
field() { # field NAME...: of the JSON on standard input
    python3 -c 'import json, sys; d = json.load(sys.stdin); print(*(d[n] for n in sys.argv[1:]))' "$@"
}
clip=$S3HLS_STREAMS/h265_aac.mp4 # 6 s
url=file://$work/store
now=$(date +%s)
record() { # record URL START [OPTION...]
    "$S3HLS" record "$clip" -q --to "$1" --start "$2" --segment-duration 2 "${@:3}" 2>err || fail "record: $(cat err)"
}
sound() { # sound INPUT [OPTION...]: number of decoded samples
    ffmpeg -v fatal -nostdin "${@:2}" -i "$1" -map 0:a:0 -ac 1 -f s16le - | wc -c
}
pictures "$clip" >want

# ls and cost count them
record "$url" $((now - 1000))
"$S3HLS" ls "$url" --json >listed
is "3 3" "$(grep -c '\.m4s"' listed) $(wc -l <listed)"
bytes=$(find store -name '*.m4s' -print0 | xargs -0 cat | wc -c)
is "$bytes" "$(python3 -c 'import json, sys; print(sum(json.loads(line)["bytes"] for line in open("listed")))')"
is "3 segments, 6.000 s, $bytes bytes, 0 gaps, 0 other objects" "$("$S3HLS" ls "$url" | tail -n 1)"
is "$(((bytes * 8 + 3) / 6)) 2000" "$("$S3HLS" cost "$url" --json | field bitrate_bps segment_ms)"
"$S3HLS" doctor "$url" >out || fail "doctor: $(cat out)"
"$S3HLS" verify "$url" >out || fail "doctor left something: $(cat out)"
echo "ok: ls, cost, doctor"

# export: another timeline, a missing segment, a missing initialisation segment
record "$url" $((now - 990))
"$S3HLS" export "$url" -o all.mp4 -q
cat want want | cmp - <(pictures all.mp4) || fail "export: other pictures"
is "hevc,hvc1 aac,mp4a" "$(ffprobe -v error -show_entries stream=codec_name,codec_tag_string -of csv=p=0 all.mp4 | xargs)"
"$S3HLS" export "$url" -o part.mp4 -q --from $((now - 998)) --to $((now - 996))
sed -n '51,100p' want | cmp - <(pictures part.mp4) || fail "export of a range: other pictures"
cp -r store lost
rm "lost/timelines/$((now - 990)).mp4"
code=0
"$S3HLS" export "file://$work/lost" -o rest.mp4 2>err || code=$?
is 5 "$code"
is 3 "$(grep -c "left out: .*\.m4s" err)"
cmp want <(pictures rest.mp4) || fail "without an initialisation segment: other pictures"
code=0
"$S3HLS" verify "file://$work/lost" >out || code=$?
[ "$code" != 0 ] && grep -q 'initialisation segment' out || fail "verify without an initialisation segment: $(cat out)"
echo "ok: export"

# published playlists, from their own folders
record "file://$work/published" $((now - 1000)) --publish
for list in live master "$(cd published && ls 20*/*/*/*/index.m3u8 | sed 's/\.m3u8//')"; do
    pictures "published/$list.m3u8" -allowed_extensions ALL >got
    cmp want got || fail "published $list: other pictures: $(cat "published/$list.m3u8")"
    [ "$(sound "published/$list.m3u8" -allowed_extensions ALL)" -gt 500000 ] || fail "published $list has no sound"
done
grep -q 'CODECS="hvc1\..*,mp4a.40.2"' published/master.m3u8 || fail "$(cat published/master.m3u8)"
echo "ok: published"

# a spool: the store is unreachable, then flush delivers initialisation segments too
serve good
end_server
code=0
"$S3HLS" record "$clip" -q --start 2026-01-02 --segment-duration 2 --to s3://bucket/cam --endpoint "$endpoint" \
    --spool "$work/spool" --close-wait 1 2>err || code=$?
is "3 1" "$(find spool -name '*.m4s*' -type f | wc -l) $(find spool -name '*_*.mp4*' -type f | wc -l)"
is 0 "$code" # nothing is lost
serve good
"$S3HLS" flush --to s3://bucket/cam --endpoint "$endpoint" --spool "$work/spool" >out 2>err || fail "flush: $(cat out err)"
is 0 "$(find spool -name '*.m*' -type f | wc -l)"
"$S3HLS" verify "file://$work/s3/bucket/cam" >out || fail "flushed: $(cat out)"
"$S3HLS" playlist "file://$work/s3/bucket/cam" >s3/bucket/cam/all.m3u8
cmp want <(pictures s3/bucket/cam/all.m3u8 -allowed_extensions ALL) || fail "flushed: other pictures"
echo "ok: flush"

# retention removes initialisation segments with the last segment of their timeline, not before
record "file://$work/kept" $((now - 20 * 86400))
record "file://$work/kept" $((now - 86400))
is 2 "$(find kept/timelines -name '*.mp4' | wc -l)"
"$S3HLS" retention "file://$work/kept" --days 15 >out
grep -q '^removed 3 segments and 2 other objects' out || fail "retention: $(cat out)"
is "3 1" "$(find kept -name '*.m4s' | wc -l) $(find kept/timelines -name '*.mp4' | wc -l)"
"$S3HLS" verify "file://$work/kept" >out || fail "what is kept: $(cat out)"
echo "ok: retention"
