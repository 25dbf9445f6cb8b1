#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# record_stream.sh must find faults: each is planted behind the tool, and must be named.
# Environment: as record_stream.sh.
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib.sh"

cat >"$work/s3hls" <<'EOS'
#!/usr/bin/env bash
# The real tool, and then a fault in what it left behind.
store=$(printf '%s\n' "$@" | sed -n 's,^file://,,p')
segment=$(find "$store" -name '*.ts' 2>/dev/null | LC_ALL=C sort | sed -n 2p)
case $FAULT:$1 in
fps:record)
    "$REAL" "${@/#25/24}"
    ;;
picture:playlist) # a bit of a slice, long after any header
    byte=$(dd if="$segment" bs=1 skip=100000 count=1 2>/dev/null | od -An -tu1)
    printf "\\x$(printf %x $((byte ^ 4)))" | dd of="$segment" bs=1 seek=100000 conv=notrunc 2>/dev/null
    "$REAL" "$@"
    ;;
segment:record)
    "$REAL" "$@" || exit
    rm "$(find "$store" -name '*.ts' | LC_ALL=C sort | tail -n 1)"
    ;;
playlist:playlist)
    "$REAL" "$@" | awk '/^#EXTINF/ && ++n == 2 { getline; next } { print }'
    ;;
refusal:record)
    mkdir -p "$store" && touch "$store/timeline.json"
    "$REAL" "$@"
    ;;
*) exec "$REAL" "$@" ;;
esac
EOS
chmod +x "$work/s3hls"
export REAL=$S3HLS

# planted FAULT STREAM WORDS: the test of STREAM fails and its message holds WORDS.
planted() {
    ! FAULT=$1 S3HLS=$work/s3hls "$here/record_stream.sh" "$2" >"$work/said" 2>&1 ||
        fail "$1: not found"
    grep -q "$3" "$work/said" || fail "$1: found, but as: $(cat "$work/said")"
    echo "ok: $1: $(grep '^FAILED' "$work/said")"
}

"$here/record_stream.sh" plain.h264 >"$work/said" 2>&1 || fail "without a fault: $(cat "$work/said")"
planted fps plain.h264 "uneven times"
planted picture plain.h264 "decoded pictures differ"
planted segment plain.h264 "access units in, "
planted playlist plain.h264 "decoded pictures differ"
planted refusal audio_only.mp4 "something was stored"
