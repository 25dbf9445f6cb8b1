#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# What is wrong is said in words that name it, with the exit status that scripts rely on, and nothing is stored.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
clip=$S3HLS_STREAMS/small.h264
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret AWS_EC2_METADATA_DISABLED=true HOME=$work
unset AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL AWS_CA_BUNDLE AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE

expect() { # expect CODE WORDS COMMAND...: exit status and words on standard error
    local code=$1 words=$2 got=0
    shift 2
    timeout 20 "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" = "$code" ] || fail "$*: exit status $got, not $code: $(cat "$work/err")"
    grep -q -- "$words" "$work/err" || fail "$*: does not say \"$words\": $(cat "$work/err")"
    ! grep -q secret "$work/err" || fail "$*: tells the secret key"
}
record() { expect "$1" "$2" "$S3HLS" record "${@:3}"; }

# the command line
expect 2 'usage: s3hls COMMAND' "$S3HLS"
expect 2 'no command "rekord"' "$S3HLS" rekord
record 2 'an argument is missing' --to "file://$work/s"
record 2 '--to is missing' "$clip"
record 2 '--fps fast: not a frame rate' "$clip" --to "file://$work/s" --fps fast
record 2 '--start yesterday: not a time' "$clip" --to "file://$work/s" --start yesterday
record 2 '--start 2026-02-30: not a time' "$clip" --to "file://$work/s" --start 2026-02-30
record 2 '--segment-duration 0: ' "$clip" --to "file://$work/s" --segment-duration 0
record 2 '--pool 1T: not a pool' "$clip" --to "file://$work/s" --pool 1T
record 2 '--pool 1: not a pool' "$clip" --to "file://$work/s" --pool 1
record 2 '--in-flight 65: ' "$clip" --to "file://$work/s" --in-flight 65
record 2 '--nonsense: no such option' "$clip" --to "file://$work/s" --nonsense
record 2 '--fps: needs a value' "$clip" --to "file://$work/s" --fps
record 2 'go together' "$clip" --to "file://$work/s" --nal-type 7
record 2 'one argument too many' "$clip" "$clip" --to "file://$work/s"
record 2 "not a store's URL" "$clip" --to "/plain/path"
record 2 'bucket "No_Bucket": AWS takes' "$clip" --to "s3://No_Bucket/x"
record 2 'file:///' "$clip" --to "file:///tmp/../etc"
record 2 '--endpoint ftp://x: not an endpoint' "$clip" --to s3://bucket/x --endpoint ftp://x
record 2 '--ca /none.pem: cannot be read' "$clip" --to s3://bucket/x --ca /none.pem
expect 2 '--from must be before --to' "$S3HLS" ls "file://$work/s" --from 2026-01-02 --to 2026-01-01
expect 2 '--presign 604801: ' "$S3HLS" playlist "file://$work/s" --presign 604801
expect 2 "not an object's URL" "$S3HLS" presign s3://bucket
expect 2 "not an object's URL" "$S3HLS" put "$clip" bucket

# the input
record 4 'S3HLS_E_NOT_FOUND' "$work/none.h264" --to "file://$work/s"
record 4 'S3HLS_E_' "$work" --to "file://$work/s"
: >"$work/empty.h264"
record 4 'empty' "$work/empty.h264" --to "file://$work/s"
record 4 'empty' - --to "file://$work/s"
echo "This is a letter." >"$work/letter.h264"
record 4 'S3HLS_E_NOT_H264' "$work/letter.h264" --to "file://$work/s"
head -c 20000 /dev/urandom >"$work/noise.h264"
record 4 'S3HLS_E_NOT_H264' "$work/noise.h264" --to "file://$work/s"
head -c 30 "$clip" >"$work/short.h264" # parameter sets, and no picture
record 4 'S3HLS_E_NO' "$work/short.h264" --to "file://$work/s"
[ ! -e "$work/s" ] || fail "something was stored: $(find "$work/s")"

# the store
: >"$work/file"
record 1 'cannot make the folders' "$clip" --fps 25 --to "file://$work/file/below"
record 1 'cannot make the folders' "$clip" --fps 25 --to file:///proc/none
record 3 'S3HLS_E_CONNECT' "$clip" --fps 25 --to s3://bucket/x --endpoint http://127.0.0.1:9 --deadline 1
record 3 'S3HLS_E_RESOLVE' "$clip" --fps 25 --to s3://bucket/x --endpoint http://nowhere.invalid --deadline 1
expect 1 'S3HLS_E_CONNECT' "$S3HLS" ls s3://bucket/x --endpoint http://127.0.0.1:9
expect 1 'S3HLS_E_NOT_FOUND' "$S3HLS" get "file://$work/none/x"
expect 1 'nothing was recorded' "$S3HLS" playlist "file://$work/s"
unset AWS_ACCESS_KEY_ID
record 1 'S3HLS_E_CREDENTIALS' "$clip" --fps 25 --to s3://bucket/x
record 1 'S3HLS_E_' "$clip" --fps 25 --to s3://bucket/x --profile nobody

# Ctrl-C ends the input, silent as it is, and delivers what was recorded
mkfifo "$work/pipe"
"$S3HLS" record "$work/pipe" --fps 25 --to "file://$work/live" >"$work/out" 2>&1 &
recorder=$!
exec 3>"$work/pipe"
cat "$clip" >&3
sleep 0.5
kill -INT "$recorder"
for _ in $(seq 50); do kill -0 "$recorder" 2>/dev/null || break; sleep 0.1; done
! kill -0 "$recorder" 2>/dev/null || fail "did not stop at Ctrl-C"
wait "$recorder" || fail "after Ctrl-C: exit status $?: $(cat "$work/out")"
grep -q ' 100 frames' "$work/out" || fail "not all was delivered after Ctrl-C: $(cat "$work/out")"
echo "ok: every mistake has its words and its status"
