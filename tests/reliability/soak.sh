#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# A camera at 20 times real speed, its server failing at random and silent for 2 s of each 10: in the end all of it
# is in the bucket, at no moment does the ledger not close, and memory does not grow.
# Environment: S3HLS_CAMERA, S3HLS_TS_CHECK; S3HLS_SOAK_SECONDS: how long (20; an hour of the camera's time: 180).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
seconds=${S3HLS_SOAK_SECONDS:-20} seed=${S3HLS_SEED:-$$}
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=4 # what is freed stays no longer than that
echo "seed $seed"
mkdir -p "$work/events" "$work/spool"

serve 30 "$seed"
"$S3HLS_CAMERA" -s "$work/spool" -e "$endpoint" -t "$seconds" -d 60 -l "$work/events/1" s3://bucket/cam \
    >"$work/out" 2>"$work/err" &
child=$!
for ((tick = 0; tick < seconds * 4; tick++)); do
    awk '/^VmRSS/ { print $2 }' "/proc/$child/status" >>"$work/rss" || fail "ended early: $(tail -n 30 "$work/err")"
    case $((tick % 40)) in
    30) kill -STOP "$server" ;;
    38) kill -CONT "$server" ;;
    esac
    sleep 0.25
done
kill -CONT "$server"
kill -USR1 "$server" # what is left comes in time
wait "$child" || fail "exit status $?: $(cat "$work/out") $(tail -n 40 "$work/err")"
cat "$work/out"

# median N: of the quarter after so many, KiB.
median() {
    awk -v first="$1" '{ rss[NR] = $1 } END { n = int(NR / 4); for (i = 1; i <= n; i++) print rss[n * first + i] }' \
        "$work/rss" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
second=$(median 1) last=$(median 3)
echo "memory: $second KiB in the second quarter, $last KiB in the last"
[ "$last" -le $((second + second / 20 + 1024)) ] || fail "memory grows: $(tr '\n' ' ' <"$work/rss")"

grep -q '"frames_dropped": 0, .*"segments_dropped": 0' "$work/out" || fail "something was left out"
grep -q '"close": "S3HLS_OK", "ledger": "closes"' "$work/out" || fail "the ledger is open"
grep -q '^spooled' "$work/events/1" || fail "nothing was spooled: nothing is shown by this"
"$here/verify.py" "$work"
find "$work/bucket" -name '*.ts' -print0 | xargs -0 "$S3HLS_TS_CHECK" >"$work/ts" || fail "$(grep -v packets "$work/ts")"
echo "ok: $seconds s at 20 times real speed"
