#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# record_s3.sh CASE: record to a real S3 server over HTTPS with a certificate authority of its own.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams), S3HLS_LAB_DIR (tests/lab/rgw-up.sh).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"

[ -r "$S3HLS_LAB_DIR/env" ] || skip "no S3 server: tests/lab/rgw-up.sh has not run"
. "$S3HLS_LAB_DIR/env"
clip=$S3HLS_STREAMS/plain.h264
start=2026-01-02T03:04:05.250Z
camera=$1-$$-$RANDOM
url=s3://$S3HLS_LAB_BUCKET/$camera

record() { # record INPUT URL [OPTION...]
    local input=$1 to=$2
    shift 2
    "$S3HLS" record "$input" --to "$to" --start "$start" --segment-duration 1 --fps 25 \
        --endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA" "$@" >"$work/out" 2>"$work/err"
}

s3() {
    aws --endpoint-url "$S3HLS_LAB_ENDPOINT_TLS" --ca-bundle "$S3HLS_LAB_CA" s3 "$@"
}

# Every object of the bucket is, byte for byte, what the same recording writes into a directory.
same_objects() { # same_objects INPUT
    record "$1" "file://$work/want" || fail "file://: $(cat "$work/err")"
    s3 sync --quiet "$url" "$work/got"
    [ -n "$(segments "$work/want")" ] || fail "nothing was recorded"
    diff -r "$work/want" "$work/got" || fail "objects differ from the files"
    echo "ok: $(find "$work/got" -type f | wc -l) objects, byte for byte"
}

refused() { # refused STATUS [OPTION...]: recording fails at once and names the status
    local status=$1 code=0
    shift
    record "$clip" "$@" || code=$?
    [ "$code" = 1 ] || fail "exit code $code, not 1: $(cat "$work/err")"
    grep -q "$status" "$work/err" || fail "the message does not say $status: $(cat "$work/err")"
    echo "ok: $(cat "$work/err")"
}

case $1 in
roundtrip)
    record "$S3HLS_STREAMS/resolution_change.h264" "$url" || fail "$(cat "$work/err")"
    same_objects "$S3HLS_STREAMS/resolution_change.h264"
    ;;
playlist)
    record "$clip" "$url" || fail "$(cat "$work/err")"
    "$S3HLS" playlist "$url" --from 2026-01-02 --to 2026-01-03 --presign 600 \
        --endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA" >"$work/all.m3u8"
    first=$(grep '^https://' "$work/all.m3u8" | head -n 1)
    curl -fsS --cacert "$S3HLS_LAB_CA" -o "$work/first.ts" "$first" || fail "a presigned address does not answer"
    pictures "$clip" >"$work/want.pictures"
    pictures "$work/all.m3u8" -protocol_whitelist file,https,tls,tcp >"$work/got.pictures"
    same_pictures "$work/want.pictures" "$work/got.pictures"
    echo "ok: $(wc -l <"$work/got.pictures") pictures identical over presigned addresses"
    ;;
pipe)
    ffmpeg -v error -nostdin -i "$clip" -c copy -f h264 - | record - "$url" || fail "$(cat "$work/err")"
    same_objects "$clip"
    ;;
outage)
    cleanup() { kill -CONT "$rgw" 2>/dev/null || true; }
    rgw=$S3HLS_LAB_RGW_PID
    kill -STOP "$rgw" # accepts connections, never answers
    record "$clip" "$url" &
    recorder=$!
    sleep 3
    kill -0 "$recorder" 2>/dev/null || fail "gave up: $(cat "$work/err")"
    kill -CONT "$rgw"
    wait "$recorder" || fail "$(cat "$work/err")"
    same_objects "$clip"
    ;;
wrong_secret)
    AWS_SECRET_ACCESS_KEY=wrong refused S3HLS_E_CREDENTIALS "$url"
    ;;
wrong_ca)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=nobody" \
        -keyout "$work/key.pem" -out "$work/ca.pem" 2>/dev/null
    refused S3HLS_E_TLS "$url" --ca "$work/ca.pem"
    ;;
missing_bucket)
    refused S3HLS_E_NO_BUCKET "s3://no-such-bucket-$RANDOM/$camera"
    ;;
*) fail "no such case: $1" ;;
esac
