#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The store is away while a camera records: what the spool holds is safe, and delivered by flush or by the next start.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib_store.sh"
clip=$S3HLS_STREAMS/slices4.h264 # five segments of a second
spool=$work/spool

run() { # run EXIT-CODE COMMAND [OPTION...]
    local want=$1 got=0
    timeout -k 5 60 "$S3HLS" "${@:2}" --to s3://bucket/cam --endpoint "$endpoint" --spool "$spool" \
        >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$want" ] || fail "$2: exit status $got, not $want: $(cat "$work/out" "$work/err")"
}

ledger() { # ledger ACCEPTED DELIVERED SPOOLED WAITING DROPPED: of the summary; a dot: any
    local got
    got=$(python3 "$here/tool_ledger.py" "$work/out") || fail "the ledger: $(cat "$work/out")"
    [[ $got =~ ^${*//./[0-9]+}$ ]] || fail "accepted, delivered, spooled, waiting, dropped: $got, not $*"
}

# The store goes away in the middle of a recording. It ends, and nothing is lost.
serve good
run 0 record "$clip" --realtime --segment-duration 1 --close-wait 1 --json --events "$work/events" \
    --stats-every 0.2 &
recorder=$!
for _ in $(seq 100); do ! grep -qs '"delivered"' "$work/events" || break; sleep 0.05; done
end_server
wait "$recorder" || exit 1
python3 "$here/tool_ledger.py" "$work/events" >/dev/null || fail "the ledger of the events"
ledger 5 '[1-4]' '[1-4]' 0 0
left=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["segments_spooled"])' "$work/out")
! grep -q '"segment-lost"' "$work/events" || fail "lost: $(grep segment-lost "$work/events")"
[ "$(grep -c '"spooled"' "$work/events")" -ge "$left" ] || fail "not each spooled segment is an event"
run 3 flush --deadline 1 --json
ledger "$left" 0 "$left" 0 0
grep -q "$left segments stay in the spool" "$work/err" || fail "flush: $(cat "$work/err")"
serve refuse
run 1 flush
grep -q 'HTTP 403 AccessDenied: not yours \[request 1\]' "$work/err" || fail "flush: $(cat "$work/err")"
serve good
run 0 flush --json
ledger "$left" "$left" 0 0 0
run 0 flush
grep -q '^nothing in the spool for s3://bucket/cam$' "$work/out" || fail "flush: $(cat "$work/out")"
"$S3HLS" playlist "file://$work/s3/bucket/cam" >"$work/s3/bucket/cam/all.m3u8"
pictures "$clip" >"$work/want"
pictures "$work/s3/bucket/cam/all.m3u8" >"$work/got"
same_pictures "$work/want" "$work/got"
echo "ok: $left of 5 segments through the spool, $(wc -l <"$work/got") pictures identical"

# Killed while the store is away, and its pool is full: what went to the spool is what the next start delivers.
end_server
rm -r "$work/s3" "$work/events"
"$S3HLS" record "$clip" --realtime --segment-duration 1 --pool 768K --to s3://bucket/cam \
    --endpoint "$endpoint" --spool "$spool" --events "$work/events" >/dev/null 2>&1 &
recorder=$!
for _ in $(seq 100); do [ "$(cat "$work/events" 2>/dev/null | grep -c '"spooled"')" -lt 2 ] || break; sleep 0.1; done
kill -KILL "$recorder"
wait "$recorder" 2>/dev/null || true
python3 -c 'import json, sys
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event["event"] == "spooled" and event["key"].endswith(".ts"):
        print(event["key"])' "$work/events" >"$work/keys"
safe=$(wc -l <"$work/keys")
[ "$safe" -ge 2 ] || fail "nothing was in the spool when it was killed: $(cat "$work/events")"
serve good
run 0 record "$clip" --realtime --segment-duration 1 --json --close-wait 20
ledger '[6-9]' '[6-9]' 0 0 0
recovered=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["segments_recovered"])' "$work/out")
[ "$recovered" -ge "$safe" ] || fail "$recovered found in the spool, not $safe"
while read -r key; do
    [ -s "$work/s3/bucket/cam/$key" ] || fail "$key was in the spool and is not in the bucket"
done <"$work/keys"
[ -z "$(find "$spool" -name '*.ts*' -type f)" ] || fail "delivered, and still in the spool"
echo "ok: killed: $safe segments in the spool, all delivered by the next start"

# Without a spool: a pipe's writer waits out an outage that is longer than the deadline ...
end_server
rm -r "$work/s3"
"$S3HLS" record - --fps 25 --start 2026-01-02 --segment-max-bytes 100K --pool 256K --deadline 1 --json --to s3://bucket/pipe \
    --endpoint "$endpoint" >"$work/out" 2>"$work/err" < <(cat "$clip") &
recorder=$!
sleep 2.5
kill -0 "$recorder" 2>/dev/null || fail "a pipe was given up: $(cat "$work/err")"
serve good
wait "$recorder" || fail "exit status $?: $(cat "$work/err")"
ledger '[0-9]+' '[0-9]+' 0 0 0
"$S3HLS" playlist "file://$work/s3/bucket/pipe" >"$work/s3/bucket/pipe/all.m3u8"
pictures "$work/s3/bucket/pipe/all.m3u8" >"$work/got"
same_pictures "$work/want" "$work/got"

# ... and a camera cannot: what is dropped is told at once, and counted.
end_server
for which in oldest newest; do
    got=0
    timeout -k 5 30 "$S3HLS" record "$clip" --realtime --segment-duration 1 --pool 768K --drop $which --close-wait 0 --json \
        --to s3://bucket/cam --endpoint "$endpoint" --events "$work/$which" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = 3 ] || fail "exit status $got, not 3: $(cat "$work/err")"
    python3 "$here/tool_ledger.py" "$work/out" "$work/$which" >/dev/null || fail "the ledger: $(cat "$work/out")"
done
grep -q '"segment-lost","status":"S3HLS_E_FULL"' "$work/oldest" || fail "oldest: $(cat "$work/oldest")"
grep -q '"frames-lost"' "$work/newest" || fail "newest: $(cat "$work/newest")"
! grep -q '"frames-lost"' "$work/oldest" || fail "oldest, and the newest were left out: $(cat "$work/oldest")"
echo "ok: without a spool a pipe waits, a camera tells what it drops"

# What is wrong is said.
run 2 flush --spool-share 0
grep -q -- '--spool-share 0: not a share' "$work/err" || fail "$(cat "$work/err")"
spool=$work/none
run 2 flush
grep -q -- "--spool $work/none: No such file" "$work/err" || fail "$(cat "$work/err")"
got=0
"$S3HLS" flush --to s3://bucket/cam 2>"$work/err" || got=$?
[ "$got" = 2 ] || fail "flush without a spool: exit status $got"
grep -q 'are needed' "$work/err" || fail "flush without a spool: $(cat "$work/err")"
