#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# make demo: record a clip, play it back from the playlist, and prove that nothing is missing.
#   INPUT=file        a recording of your own instead of the generated clip
#   S3HLS_URL=s3://…  a bucket instead of a directory (AWS_… and AWS_ENDPOINT_URL_S3 as usual)
#   S3HLS=program     instead of build/release/s3hls
set -euo pipefail
input=${INPUT:+$(realpath "$INPUT")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=${S3HLS:-build/release/s3hls}
demo=$PWD/build/demo
url=${S3HLS_URL:+${S3HLS_URL%/}/demo-$(date +%s)}
url=${url:-file://$demo/store}
input=${input:-$demo/clip.h264}
rate=()
start=$(date -u -d '20 seconds ago' +%FT%TZ)
end=$(date -u -d "$start + 1 day" +%FT%TZ)

exec 3>&1
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() {
    echo "demo: FAILED: $*" >&2
    exit 1
}

trap 'fail "the step above went wrong"' ERR

s3hls() { # show the command, then run it
    say "\$ s3hls $*" >&3
    "$program" "$@"
}

# frames INPUT [OPTION...]: hash of each decoded picture, in display order.
frames() {
    ffmpeg -hide_banner -v error -nostdin -threads 1 -strict strict "${@:2}" -i "$1" -map 0:v:0 \
        -fps_mode passthrough -f framemd5 - | awk -F, '!/^#/ { print $NF }'
}

[ -x "$program" ] || fail "$program is not built: make build"
mkdir -p "$demo"
rm -rf "$demo/store"
if [ -z "${INPUT:-}" ]; then
    say "A camera: 10 seconds of 1280x720 at 25 frames per second, a clock in the picture"
    ffmpeg -hide_banner -v error -nostdin -y -f lavfi -i testsrc2=s=1280x720:r=25:d=10 \
        -c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 0 -g 50 -b:v 3M "$input"
    rate=(--fps 25) # raw H.264 need not say
    ls -l "$input"
fi

s3hls record "$input" --to "$url" --start "$start" "${rate[@]}"
s3hls ls "$url" --from "$start" --to "$end"

playlist=$demo/playlist.m3u8
[ -n "${S3HLS_URL:-}" ] || playlist=$demo/store/playlist.m3u8 # relative names
s3hls playlist "$url" --from "$start" --to "$end" >"$playlist"
head -n 12 "$playlist" | cut -c 1-100
echo "… $(grep -c '^#EXTINF' "$playlist") segments; play them:"
echo "ffplay -protocol_whitelist file,http,https,tcp,tls $playlist"

say "Proof: decode what went in and what the playlist plays, picture by picture"
frames "$input" >"$demo/in.md5"
frames "$playlist" -protocol_whitelist file,http,https,tcp,tls >"$demo/out.md5"
in=$(wc -l <"$demo/in.md5") out=$(wc -l <"$demo/out.md5")
[ "$in" -gt 0 ] || fail "$input could not be decoded"
[ "$in" = "$out" ] || fail "$in frames in, $out frames out"
cmp "$demo/in.md5" "$demo/out.md5" || fail "pictures differ"
echo "demo: ok: $in frames in, $out frames out, every picture identical"
