#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# 10,000 idle and slow connections do not stop a viewer, and are ended; nothing leaks; what is beyond the limits waits or
# is refused; requests that run are answered while the server stops.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib_serve.sh"
store=file://$work/store
record cam-1 2026-01-02T03:04:00Z
record live $(($(date +%s) - 4))
list="/hls/cam-1/range.m3u8?start=2026-01-02T03:04:00Z&end=2026-01-02T03:04:04Z"
serve load "$store"

# nothing leaks: files and memory after many requests of each kind are what they were after some; but for what each
# of the 8 workers opens at its first
segment=/media/$(cd store && find cam-1/2026 -name '*.ts' | sort | head -n 1)
requests() { # requests N
    local i
    for i in $(seq "$1"); do
        printf 'url = "%s%s"\noutput = /dev/null\n' "$base" "$list" "$base" "$segment" "$base" /api/cameras "$base" \
            "/clip/cam-1.mp4?start=2026-01-02T03:04:00Z&end=2026-01-02T03:04:0$((i % 3 + 1))Z" "$base" /none
    done >urls
    curl -s --max-time 60 --parallel --parallel-max 4 -K urls 2>/dev/null || fail "curl answers $?"
}
sanitized() { ldd "$S3HLS" | grep -cE 'lib[at]san' >/dev/null; }
files() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
memory() { awk '/VmRSS/ { print $2 }' "/proc/$server/status"; }
many=1000
! sanitized || many=200 # slow, and without the measurement of memory
requests 200
files_before=$(files) memory_before=$(memory)
requests $many
[ "$(files)" -le $((files_before + 16)) ] || fail "$files_before files open before, $(files) after"
# (a sanitizer keeps what was freed for a while, and looks for leaks itself)
sanitized || [ "$(memory)" -le $((memory_before + 8192)) ] || fail "$memory_before KiB before, $(memory) KiB after"
echo "ok: $((5 * many)) requests: files $files_before and $(files), KiB $memory_before and $(memory)"

# 10,000, or as many as a process may have open here
wanted=10000 each_max=24
files_max=$(ulimit -H -n)
[ "$files_max" = unlimited ] || [ "$files_max" -ge 12000 ] || wanted=$((files_max - 1500))
! sanitized || wanted=2000 each_max=200
python3 "$here/serve_load.py" "${base##*:}" "$server" $each_max $wanted /hls/live/live.m3u8
is 200 /metrics
has '^s3hls_connections_slow_total [1-9]' body
has '^s3hls_clips_running 0' body

# one address has no more than its share of the connections
running=$server good=$base
serve few "$store" --max-per-address 4
for fd in 5 6 7 8; do eval "exec $fd<>/dev/tcp/127.0.0.1/${base##*:}"; done
sleep 0.2
! curl -sS --max-time 5 "$base/healthz" >/dev/null 2>&1 || fail "a fifth connection is answered"
exec 5>&- 6>&- 7>&- 8>&-
sleep 0.2
is 200 /metrics
has "^s3hls_connections_refused_total 1$" body
stop
echo "ok: one address"

# where all connections are taken, one more waits until one ends
serve full "$store" --max-connections 4 --max-per-address 8
for fd in 5 6 7 8; do eval "exec $fd<>/dev/tcp/127.0.0.1/${base##*:}"; done
sleep 0.2
! curl -sS --max-time 1 "$base/healthz" >/dev/null 2>&1 || fail "a fifth connection is answered"
is 200 /healthz --max-time 10 5>&- 6>&- 7>&- 8>&- &
waiting=$!
sleep 0.5
exec 5>&- 6>&- 7>&- 8>&-
wait "$waiting" || fail "a connection that waited is not answered"
stop
server=$running base=$good
echo "ok: all connections taken"

# what runs is answered while the server stops; then nobody listens
curl -sS --max-time 20 --limit-rate 30k -o clip.mp4 "$base/clip/cam-1.mp4?start=2026-01-02T03:04:00Z&end=2026-01-02T03:04:04Z" &
reader=$!
sleep 0.3
stop
wait "$reader" || fail "the clip was broken off by the stop: curl answers $?"
ffprobe -v error clip.mp4
! curl -sS --max-time 2 "$base/healthz" >/dev/null 2>&1 || fail "somebody listens still"
echo "ok: stopped"
