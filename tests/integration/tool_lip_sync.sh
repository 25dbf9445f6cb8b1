#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Lip sync: a flash and a beep at the same time stay within 40 ms, from a file and from a camera whose sound has a clock that
# drifts, in both containers, in segments, playlists and exports. Environment: S3HLS (the tool).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no camera"
cd "$work"
SECONDS_LONG=20
DRIFT=0.003 # 57 ms at the last flash; 15 times that of a bad clock

flash="geq=lum='if(between(mod(N,50),25,26),235,16)':cb=128:cr=128" # each 2 s, at odd seconds, for two pictures
beep() { # beep STRETCH: at the same times
    echo "0.8*sin(2*PI*1000*t)*between(mod(t/$1,2),1,1.08)"
}
common=(-v error -nostdin -f lavfi -i "color=black:s=160x120:r=25:d=$SECONDS_LONG,$flash")
ffmpeg "${common[@]}" -f lavfi -i "aevalsrc='$(beep 1)':s=48000:d=$SECONDS_LONG" -c:v libx264 -preset ultrafast -g 50 -bf 2 \
    -pix_fmt yuv420p -c:a aac -b:a 96k clip.mp4
ffmpeg "${common[@]}" -c:v libx264 -preset ultrafast -g 25 -bf 0 -slices 1 -threads 1 -pix_fmt yuv420p clip.h264
ffmpeg -v error -nostdin -f lavfi -i "aevalsrc='$(beep "(1+$DRIFT)")':s=8000:d=$SECONDS_LONG" -f alaw clip.alaw

# offsets INPUT [OPTION...]: by how many ms each beep is later than its flash.
offsets() {
    ffmpeg -hide_banner -nostdin -copyts "${@:2}" -i "$1" -map 0:v:0 -vf "scale=1:1,format=gray,showinfo" -f null - 2>&1 |
        sed -nE 's/.*pts_time:([0-9.]+).*mean:\[([0-9]+)\].*/\1 \2/p' | awk '$2 > 100 && !on { print $1 } { on = $2 > 100 }' >flashes
    ffmpeg -hide_banner -nostdin -copyts "${@:2}" -i "$1" -map 0:a:0 -af "aformat=channel_layouts=mono,silencedetect=n=0.1:d=0.3" \
        -f null - 2>&1 | sed -nE 's/.*silence_end: ([0-9.]+).*/\1/p' >beeps
    awk 'NR == FNR { beep[n++] = $1; next }
         { best = 1e9
           for (i = 0; i < n; i++) { d = (beep[i] - $1) * 1000; if (d * d < best * best) best = d }
           print best }' beeps flashes
}

# together NAME INPUT COUNT LIMIT [OPTION...]: all of them within so many ms, and not fewer than that.
together() {
    offsets "$2" "${@:5}" >found
    [ "$(wc -l <found)" -ge "$3" ] || fail "$1: $(wc -l <found) flashes, not $3"
    awk -v name="$1" -v limit="$4" '{ worst = $1 * $1 > worst * worst ? $1 : worst }
        END { printf "%s: %d flashes, the beep is off by %.1f ms at most\n", name, NR, worst
              exit worst > limit || worst < -limit }' found || fail "$1: $(xargs <found)"
}

check() { # check NAME STORE COUNT
    "$S3HLS" verify "file://$work/$2" >out || fail "$1: $(cat out)"
    "$S3HLS" playlist "file://$work/$2" >"$2/all.m3u8"
    "$S3HLS" export "file://$work/$2" -o "$2.mp4" -q
    together "$1, playlist" "$2/all.m3u8" "$3" 40 -allowed_extensions ALL
    together "$1, export" "$2.mp4" "$3" 40
    local from
    from=$("$S3HLS" ls "file://$work/$2" --json | sed -n '4s/.*"start_ms":\([0-9]*\).*/\1/p')
    "$S3HLS" export "file://$work/$2" -o "$2-part.mp4" -q --from "$(awk -v ms="$from" 'BEGIN { printf "%.3f", ms / 1000 + 0.7 }')"
    together "$1, a part" "$2-part.mp4" 4 80 # ffmpeg begins an edit list with its first whole picture
}

for container in ts fmp4; do # in real time
    start_server python3 "$here/tool_rtsp_sound.py" clip.h264 25 clip.alaw $DRIFT
    "$S3HLS" record "rtsp://127.0.0.1:$port/" --to "file://$work/rtsp-$container" -q --no-reconnect --segment-duration 2 \
        --container $container 2>"$container.err" &
    recorders+=($!)
done

together "the source" clip.mp4 10 1
for container in ts fmp4; do
    "$S3HLS" record clip.mp4 --to "file://$work/file-$container" -q --segment-duration 2 --start 2026-01-02 --container $container
    check "file, $container" "file-$container" 10
done
for recorder in "${recorders[@]}"; do wait "$recorder" || fail "record: $(cat ts.err fmp4.err)"; done
for container in ts fmp4; do
    check "camera, $container" "rtsp-$container" 9
done
