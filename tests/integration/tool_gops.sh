#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Segments that do not decode on their own: how they are named, reported and played. GOPs of 2 s and of one keyframe, an
# open GOP. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
. "$(dirname "${BASH_SOURCE[0]}")/lib_serve.sh"
store=file://$work/store
record() { # record CAMERA STREAM OPTION...
    "$S3HLS" record "$S3HLS_STREAMS/$2" --fps 25 -q --to "$store/$1" --start 2026-01-02T03:59:57Z "${@:3}" 2>"$1.err"
}
starts_with_keyframe() {
    ffprobe -v quiet -select_streams v -show_entries packet=flags -of csv=p=0 "$1" | awk 'NR == 1 { key = /K/ } END { exit !key }'
}
reported() { # reported CAMERA TIMES
    [ "$(grep -c 'do not decode on their own' "$1.err")" = "$2" ] || fail "$1: reported not $2 times: $(cat "$1.err")"
}
claims() { grep -q '^#EXT-X-INDEPENDENT-SEGMENTS$' "$1"; }

record cut plain.h264 --segment-max-bytes 100K --publish
reported cut 1
inner=0 before=
while read -r segment; do
    if [[ $segment == *-inner-* ]]; then
        inner=$((inner + 1))
        starts_with_keyframe "$segment" && fail "$segment begins with a keyframe"
    else
        [ -z "$before" ] || [[ $before == *-inner-* ]] || fail "$before: its GOP fitted, and yet it was cut"
        starts_with_keyframe "$segment" || fail "$segment does not say that it begins inside a GOP"
    fi
    before=$segment
done < <(segments store/cut)
[ "$inner" -ge 3 ] || fail "only $inner segments begin inside a GOP"
keyframes=$(segments store/cut | grep -vc -- '-inner-')
[ "$keyframes" = 3 ] || fail "$keyframes segments begin with one of the 3 keyframes"
"$S3HLS" verify "$store/cut" -q || fail "verify finds fault with it"
"$S3HLS" ls "$store/cut" --json | grep '"entry":"none"' >/dev/null || fail "ls does not say it"
echo "ok: names and one warning"

"$S3HLS" playlist "$store/cut" >store/cut/all.m3u8
claims store/cut/all.m3u8 && fail "segments are said to be independent"
pictures "$S3HLS_STREAMS/plain.h264" >all
same_pictures all <(pictures store/cut/all.m3u8)
from=2026-01-02T03:59:58.80Z to=2026-01-02T03:59:58.90Z # inside the first GOP
"$S3HLS" playlist "$store/cut" --from "$from" --to "$to" >store/cut/part.m3u8
starts_with_keyframe "store/cut/$(grep -v '^#' store/cut/part.m3u8 | head -n 1)" || fail "a range begins inside a GOP"
pictures store/cut/part.m3u8 >part
same_pictures <(head -n "$(wc -l <part)" all) part
for list in store/cut/{live,master}.m3u8; do claims "$list" && fail "$list claims independence"; done
"$M3U8_CHECK" store/cut/all.m3u8 store/cut/part.m3u8 store/cut/live.m3u8
hour=store/cut/2026/01/02/04/index.m3u8 # begins inside a GOP of the hour before
grep -q '^\.\./\.\./\.\./\.\./2026/01/02/03/59/' <(head -n 40 "$hour") || fail "$hour: $(cat "$hour")"
[ "$(pictures "$hour" | wc -l)" -ge 50 ] || fail "the hour does not play alone"
echo "ok: playlists"

token=0123456789abcdef0123
echo "$token cut" >tokens
serve whole "$store" --token-file tokens
bearer=(-H "Authorization: Bearer $token")
range="start=$from&end=$to"
is 200 "/hls/cut/range.m3u8?$range" "${bearer[@]}" && cp body served.m3u8
claims served.m3u8 && fail "the server claims independence"
is 200 "$(sed -n 's,^\.\./\.\./media,/media,p' served.m3u8 | head -n 1)" "${bearer[@]}" && cp body first.ts
starts_with_keyframe first.ts || fail "the server's range begins inside a GOP"
is 200 "/hls/cut/master.m3u8?$range" "${bearer[@]}" && claims body && fail "the multivariant playlist claims independence"
is 200 "/clip/cut.mp4?$range" "${bearer[@]}" && cp body clip.mp4
[ "$(pictures clip.mp4 | head -n 1)" = "$(head -n 1 all)" ] || fail "a clip does not begin at the keyframe before"
is 200 "/api/cameras/cut/share?$range" -X POST "${bearer[@]}"
share=$(sed -n 's/.*"share":"\([^"]*\)".*/\1/p' body)
is 200 "/hls/cut/range.m3u8?$range&share=$share" # opens nothing before its range
hasnt '/03/59/57\.' body
stop
echo "ok: the server"

record open open_gop.h264
reported open 1
segments store/open >names
[ -s names ] || fail "open: no segments"
tail -n +2 names | grep -v -- '-open-' >unnamed && fail "an open GOP is not named: $(cat unnamed)"
"$S3HLS" playlist "$store/open" >store/open/all.m3u8
claims store/open/all.m3u8 && fail "an open GOP is said to be independent"
"$S3HLS" verify "$store/open" -q
record closed plain.h264
reported closed 0
"$S3HLS" playlist "$store/closed" >store/closed/all.m3u8
claims store/closed/all.m3u8 || fail "independence is not claimed"
echo "ok: open and closed GOPs"
