#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# A site of cameras that flood, stall, disconnect, lose packets, or do any of these by chance, before a store that is
# unreachable now and then, with reloads: everything is accounted for, a good camera loses nothing, memory is flat.
# Environment: S3HLS, S3HLS_CAMERAS (tests/support/rtsp_cameras), S3HLS_STREAMS; S3HLS_SITE_CAMERAS (12),
# S3HLS_SOAK_SECONDS (25), S3HLS_SEED.
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cameras=${S3HLS_SITE_CAMERAS:-12} seconds=${S3HLS_SOAK_SECONDS:-25} seed=${S3HLS_SEED:-$RANDOM}
echo "seed $seed"
cd "$work"
trap 'kill ${runner:-} ${source:-} 2>/dev/null || true; wait; rm -rf "$work"' EXIT
"$S3HLS_CAMERAS" "$S3HLS_STREAMS/small.h264" 25 >port &
source=$!
for _ in $(seq 100); do [ ! -s port ] || break; sleep 0.05; done
port=$(cat port)

site() { # site SEGMENT: the file; the last camera's segments have this duration
    printf 'store: file://%s/store\nspool: { dir: %s/spool, max: 1G }\npool: %dM\n' "$work" "$work" "$cameras"
    printf 'defaults: { segment: 1s }\ncameras:\n'
    printf '  good: { input: "rtsp://127.0.0.1:%d/live" }\n' "$port"
    printf '  flood: { input: "rtsp://127.0.0.1:%d/flood" }\n  stall: { input: "rtsp://127.0.0.1:%d/stall" }\n' "$port" "$port"
    printf '  drop: { input: "rtsp://127.0.0.1:%d/drop" }\n' "$port"
    for i in $(seq $((cameras - 5))); do printf '  c%d: { input: "rtsp://127.0.0.1:%d/chaos%d" }\n' "$i" "$port" $((seed + i)); done
    printf '  last: { input: "rtsp://127.0.0.1:%d/damage%d", segment: %ss }\n' "$port" "$seed" "$1"
}
# A file and the store's folder change places, atomically: otherwise a recorder makes the folder anew in between.
swap() {
    python3 -c 'import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.renameat2(-100, b"store", -100, b"away", 2): raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))'
}
store_goes() { [ ! -d store ] || swap; }
store_comes() { [ ! -f store ] || swap; }
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$runner/status"; }

export ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=1 # freed memory is not counted
site 1 >site.yaml
touch away
"$S3HLS" run site.yaml -q --socket sock 2>out &
runner=$!
middle=
for second in $(seq "$seconds"); do
    sleep 1
    kill -0 "$runner" || fail "it has ended: $(cat out)"
    [ "$second" != $((seconds / 2)) ] || middle=$(memory)
    [ $((second % 10)) != 4 ] || store_goes
    [ $((second % 10)) != 7 ] || store_comes
    [ $((second % 5)) != 0 ] || { site $((1 + second % 2)) >site.yaml; kill -HUP "$runner"; }
done
store_comes
end=$(memory)
"$S3HLS" status --socket sock --json >status || fail "no status"
kill -TERM "$runner"
before=$SECONDS
wait "$runner" || fail "exit status $?: $(cat out)"
[ $((SECONDS - before)) -le 12 ] || fail "the end took $((SECONDS - before)) s"
! grep -qE 'ERROR: |WARNING: ThreadSanitizer' out || fail "$(cat out)"
read -r delivered spooled dropped < <(sed -nE 's/^s3hls run: segments: ([0-9]+) delivered, ([0-9]+) in the spool, ([0-9]+) dropped.*/\1 \2 \3/p' out)
[ "$dropped" = 0 ] || fail "segments were dropped: $(tail -n 1 out)"
stored=$(find store -name '*.ts' | wc -l) left=$(find spool -name '*.ts' | wc -l)
[ "$stored" = "$delivered" ] && [ "$left" = "$spooled" ] || fail "$stored in the store, $left in the spool: $(tail -n 1 out)"
python3 - status <<'EOF' || fail "$(cat status)"
import json, sys
good = next(c for c in json.load(open(sys.argv[1]))["cameras"] if c["name"] == "good")
assert good["state"] == "recording" and good["frames_dropped"] == good["reconnects"] == 0, good
EOF
[ $((end)) -le $((middle * 11 / 10 + 4096)) ] || fail "memory: $middle KiB in the middle, $end KiB at the end"
echo "ok: $cameras cameras, $seconds s: $delivered segments delivered, $spooled in the spool; $middle KiB, then $end KiB"
