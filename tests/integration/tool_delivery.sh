#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# What record does while the store is slow, busy, or refuses: a file waits, nothing is left out, and what is
# hopeless ends at once. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib_store.sh"
clip=$S3HLS_STREAMS/plain.h264

record() { # record EXIT-CODE URL [OPTION...]: the summary is in $work/out
    local want=$1 got=0
    timeout -k 5 30 "$S3HLS" record "$clip" --fps 25 --start 2026-01-02 --json --to "$2" "${@:3}" \
        >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$want" ] || fail "exit status $got, not $want: $(cat "$work/err")"
}

counted() { # counted NAME: a number of the summary
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/out" "$1"
}

# A pool that holds a quarter of the clip, and a store that is slower than the file: it has to wait.
# "--segment-max-bytes" makes several segments of each GOP.
small_pool=(--pool 1M --segment-max-bytes 300K)
record 0 "file://$work/want" "${small_pool[@]}"
serve slow
record 0 s3://bucket/slow --endpoint "$endpoint" "${small_pool[@]}" --in-flight 1
[ "$(counted frames_dropped)" = 0 ] || fail "frames were left out: $(cat "$work/out")"
[ "$(counted frames)" = 125 ] || fail "not all frames: $(cat "$work/out")"
diff -r "$work/want" "$work/s3/bucket/slow" || fail "objects differ from the files"
echo "ok: slow: $(counted segments_delivered) segments through a pool of 1 MiB, none lost"

serve busy
record 0 s3://bucket/busy --endpoint "$endpoint" "${small_pool[@]}"
[ "$(counted retries)" -ge 2 ] || fail "nothing was tried again: $(cat "$work/out")"
diff -r "$work/want" "$work/s3/bucket/busy" || fail "objects differ from the files"
echo "ok: busy: delivered after $(counted retries) refusals"

serve refuse
before=$SECONDS
record 1 s3://bucket/refuse --endpoint "$endpoint" --deadline 0
[ $((SECONDS - before)) -le 5 ] || fail "a hopeless delivery took $((SECONDS - before)) s"
grep -q 'S3HLS_E_ACCESS.*HTTP 403 AccessDenied.*not yours' "$work/err" || fail "the message: $(cat "$work/err")"
[ "$(counted segments_delivered)" = 0 ] || fail "what was delivered? $(cat "$work/out")"
echo "ok: refuse: ended at once"
