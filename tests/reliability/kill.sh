#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# kill.sh kill|power [sound]: a camera is killed at random instants, or cut from power, again and again, and goes on with
# what it finds in its spool, while its server fails at random or is away. In the end all that was in the spool,
# and all that was told as delivered, is in the bucket: whole, once, under rising numbers.
# sound: with sound in fragmented MP4, each segment with its initialisation segment.
# Environment: S3HLS_CAMERA, S3HLS_TS_CHECK, S3HLS_UNSYNCED (the layer); S3HLS, for sound; S3HLS_KILLS: how often (60, 20);
# S3HLS_SEED: of all that is random.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
mode=$1 tracks=${2:-} suffix=ts kills=60
[ -z "$tracks" ] || { suffix=m4s kills=20; }
kills=${S3HLS_KILLS:-$kills} seed=${S3HLS_SEED:-$$}
echo "seed $seed"
RANDOM=$seed
mkdir -p "$work/spool" "$work/events" "$work/seen" "$work/notes"
camera=("$S3HLS_CAMERA" -s "$work/spool" ${tracks:+-f})
if [ "$mode" = power ]; then
    export UNSYNCED_ROOT=$work/spool UNSYNCED_NOTES=$work/notes
    camera=(env "LD_PRELOAD=$S3HLS_UNSYNCED" "${camera[@]}")
fi

# What lies in the spool at this instant has to be delivered; a link keeps it to compare.
see_spool() { find "$work/spool" -name "2*.$suffix" -exec ln -f -t "$work/seen" {} +; }

cut_power() {
    local names=(synced newest)
    LD_PRELOAD=$S3HLS_UNSYNCED "$here/power_cut.py" "${names[RANDOM % 2]}" || fail "the power could not be cut"
}

serve 40 "$seed"
for run in $(seq "$kills"); do
    at=$endpoint
    [ $((RANDOM % 3)) -gt 0 ] || at=http://127.0.0.1:1
    "${camera[@]}" -e "$at" -d 0 -n "$run" -l "$work/events/$run" s3://bucket/cam >>"$work/out" 2>>"$work/err" &
    child=$!
    sleep "0.$(printf %03d $((30 + RANDOM % 470)))"
    if [ $((RANDOM % 4)) = 0 ]; then # while it closes
        kill -TERM "$child"
        sleep "0.0$((10 + RANDOM % 50))"
        kill -KILL "$child" 2>/dev/null || true
    else
        kill -KILL "$child" || fail "run $run ended by itself: $(tail -n 3 "$work/err")"
    fi
    wait "$child" 2>/dev/null || true
    [ "$mode" = kill ] || cut_power
    see_spool
done

serve 0 "$seed"
"${camera[@]}" -e "$endpoint" -n $((kills + 1)) -t 1 -l "$work/events/$((kills + 1))" s3://bucket/cam \
    >"$work/out" 2>>"$work/err" || fail "the last run: $(cat "$work/out")"
cat "$work/out"
left=$(find "$work/spool" -type f ! -name session)
[ -z "$left" ] || fail "left in the spool: $left"
"$here/verify.py" "$work"
spooled=$(cat "$work/events"/* | grep -c '^spooled')
[ "$spooled" -ge "$kills" ] || fail "only $spooled segments were spooled: nothing is shown by this"
if [ -z "$tracks" ]; then
    find "$work/bucket" -name '*.ts' -print0 | xargs -0 "$S3HLS_TS_CHECK" >"$work/ts" || fail "$(grep -v packets "$work/ts")"
else # gaps are no damage: they are what was in memory at a kill
    "$S3HLS" verify "file://$work/bucket/bucket/cam" >"$work/verified" || ! grep '^damaged' "$work/verified" || fail "damaged"
    grep -q ' segments, .* bytes' "$work/verified" || fail "nothing was verified: $(tail -n 3 "$work/verified")"
    [ -n "$(find "$work/bucket" -path '*timelines/*.mp4')" ] || fail "no initialisation segment"
fi
echo "ok: nothing lost, torn or twice in $kills of $mode, $SECONDS s"
