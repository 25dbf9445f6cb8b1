#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# H.265 and audio through the whole tool: segments, verify, playlist and export have the source's pictures, and its
# samples where they are copied; where they are converted, sound of the same length. Environment: S3HLS (the tool),
# S3HLS_STREAMS (generated streams), S3HLS_SHARED (more streams; may be unset).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cd "$work"

# samples INPUT: hash of each decoded audio frame.
samples() {
    ffmpeg -hide_banner -v fatal -nostdin -i "$1" -map 0:a:0 -f framemd5 - 2>/dev/null |
        awk -F, '!/^#/ { print $NF }'
}
seconds_of() { # seconds_of INPUT: of decoded sound
    ffmpeg -hide_banner -v fatal -nostdin -i "$1" -map 0:a:0 -ar 8000 -ac 1 -f s16le - 2>/dev/null | wc -c |
        awk '{ print $1 / 16000 }'
}
near() { # near A B TOLERANCE
    awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { exit !(a - b <= t && b - a <= t) }'
}
# bare INPUT: without edit lists, as segments are: the encoder's padding is a part of the recording.
bare() {
    case $1 in
    *.mp4) ffmpeg -hide_banner -v fatal -nostdin -y -ignore_editlist 1 -i "$1" -map 0:a:0 -c copy -f matroska bare.mkv &&
        echo bare.mkv ;;
    *) echo "$1" ;;
    esac
}

begins_with() { # begins_with FILE: with all wanted samples, of the input with its edit list or without
    head -n "$(wc -l <want)" "$1" | cmp -s want - || head -n "$(wc -l <want_bare)" "$1" | cmp -s want_bare -
}

# check INPUT CONTAINER HOW [OPTION...]: HOW: same, converted, silent
check() {
    local input=$1 container=$2 how=$3 name
    name=$(basename "$1")
    rm -rf store; rm -f all.mp4
    "$S3HLS" record "$input" --to "file://$work/store" -q --start 2026-01-02 --segment-duration 1 "${@:4}" 2>err ||
        fail "$name: $(cat err)"
    "$S3HLS" verify "file://$work/store" >out || fail "$name: $(cat out)"
    [ -n "$(find store -name "*.$container")" ] || fail "$name: no .$container segments"
    [ -z "$(find store -name '*.m4s')" ] || [ -n "$(find store -name '*.mp4')" ] || fail "$name: no initialisation segment"
    "$S3HLS" playlist "file://$work/store" >store/all.m3u8
    pictures "$input" >want
    cmp want <(pictures store/all.m3u8 -allowed_extensions ALL) || fail "$name: other pictures in the playlist"
    "$S3HLS" export "file://$work/store" -o all.mp4 -q
    cmp want <(pictures all.mp4) || fail "$name: other pictures in the export"
    local codecs
    codecs=$(sed 's/.*"codecs":"\([^"]*\)".*/\1/' store/timelines/*.json)
    case $how in
    same) # but for the last frame, of which a container may state that a part is padding
        samples "$input" | head -n -1 >want
        samples "$(bare "$input")" | head -n -1 >want_bare
        [ -s want ] || fail "$name has no sound"
        ffmpeg -hide_banner -v fatal -nostdin -allowed_extensions ALL -i store/all.m3u8 -map 0:a:0 -f framemd5 - |
            awk -F, '!/^#/ { print $NF }' >got
        begins_with got || fail "$name: other samples in the playlist"
        samples all.mp4 >got
        begins_with got || fail "$name: other samples in the export"
        ;;
    converted)
        near "$(seconds_of "$input")" "$(seconds_of all.mp4)" 0.3 || fail "$name: $(seconds_of all.mp4) s of sound"
        [[ $codecs == *,mp4a.40.2 ]] || fail "$name: $codecs"
        ;;
    silent) [[ $codecs != *,* ]] || fail "$name: $codecs" ;;
    esac
    echo "ok: $name, $container, $how, $codecs"
}

cd "$work"
for source in h264_aac.mp4:ts h264_aac8.ts:ts h265_aac.mp4:m4s; do
    check "$S3HLS_STREAMS/${source%:*}" "${source#*:}" same
    check "$S3HLS_STREAMS/${source%:*}" m4s same --container fmp4
    check "$S3HLS_STREAMS/${source%:*}" ts same --container ts
done
for source in h265_opus.mkv h264_opus.mp4 h264_flac.mp4; do
    check "$S3HLS_STREAMS/$source" m4s same
    check "$S3HLS_STREAMS/$source" ts converted --container ts
done
check "$S3HLS_STREAMS/h264_opus.mp4" ts converted --audio aac
for source in h264_alaw.mkv:ts h265_mulaw.mkv:m4s h264_ac3.ts:ts h264_mp2.ts:ts h264_pcm.mkv:ts; do
    check "$S3HLS_STREAMS/${source%:*}" "${source#*:}" converted
done
check "$S3HLS_STREAMS/h264_aac.mp4" ts silent --audio off
check "$S3HLS_STREAMS/plain.h265" m4s silent --fps 25
check "$S3HLS_STREAMS/plain.h264" m4s silent --fps 25 --container fmp4

# Sound that cannot be copied is an error only where it was requested.
code=0
"$S3HLS" record "$S3HLS_STREAMS/h264_alaw.mkv" --to "file://$work/refused" --audio copy 2>err || code=$?
[ "$code" = 4 ] && grep -q 'its audio is pcm_alaw, which no player of HLS decodes' err || fail "exit status $code: $(cat err)"

# What is recorded, but not as the input or its players may want it, is remarked.
ffmpeg -v error -nostdin -i "$S3HLS_STREAMS/h264_aac.mp4" -c copy -metadata:s:v rotate=90 turned.mp4
check turned.mp4 ts same
grep -qE 'to be turned by -?90 degrees' err || fail "a rotation is not remarked: $(cat err)"
check "$S3HLS_STREAMS/h264_aac.mp4" ts same
[ ! -s err ] || fail "a remark without a reason: $(cat err)"
check "$S3HLS_STREAMS/h265_aac.mp4" ts same --container ts
grep -q "H.265 in MPEG-TS: Apple's players do not play it" err || fail "H.265 in MPEG-TS is not remarked: $(cat err)"
check "$S3HLS_STREAMS/h265_aac.mp4" m4s same
! grep -q Apple err || fail "a remark without a reason: $(cat err)"

# From a pipe: the same. A container whose index is behind the pictures cannot be read from one.
rm -rf store
"$S3HLS" record - --to "file://$work/store" -q --start 2026-01-02 <"$S3HLS_STREAMS/h264_aac8.ts"
"$S3HLS" verify "file://$work/store" >/dev/null
grep -q mp4a store/timelines/*.json || fail "a pipe has no sound"

[ -d "${S3HLS_SHARED:-}/streams" ] || { echo "SKIPPED: streams of real cameras: S3HLS_SHARED is not set"; exit 0; }
s=$S3HLS_SHARED/streams
check "$s/shaka_bear-640x360.ts" ts same
check "$s/shaka_bear-640x360.mp4" ts same
check "$s/shaka_bear-640x360-hevc.mp4" m4s same
check "$s/shaka_bear-1280x720-hevc.mp4" m4s same
check "$s/exo_unrecognized_hevc_sei.mp4" m4s same
check "$s/exo_h265_with_metadata_track.mp4" m4s same
check "$s/exo_h265_bframes.mp4" m4s silent
check "$s/shaka_water-mv-hevc.mp4" m4s silent
check "$s/kvs_h265_640x360.h265" m4s silent
check "$s/shaka_hevc-byte-stream-frame.h265" m4s silent
check "$s/shaka_bear-640x360-ac3.ts" ts converted
for name in exo_opus.mp4 shaka_bear-640x360-aac_he-silent_right.mp4 shaka_bear-visualy-impaired-eng-audio.ts \
    exo_1ch_8kHz_aac_lc.aac shaka_bear.adts shaka_bear.flac; do
    code=0
    "$S3HLS" record "$s/$name" --to "file://$work/refused" 2>err || code=$?
    [ "$code" = 4 ] && grep -q S3HLS_E_NOT_H264 err || fail "$name: exit status $code: $(cat err)"
done
echo "ok: streams of real cameras"
