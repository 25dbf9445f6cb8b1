#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# s3hls serve with keys that live for seconds: playback goes on over many of them, an address ends with its keys and is
# renewed by loading the list again; without new keys a clear answer, and playback once there are some.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams), S3HLS_LAB_DIR (tests/lab/rgw-up.sh).
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")/../lab" && pwd)
. "$lab/../integration/lib_serve.sh"
[ -r "$S3HLS_LAB_DIR/env" ] || skip "no S3 server: tests/lab/rgw-up.sh has not run"
command -v nginx >/dev/null || skip "nginx is not installed: no credentials provider to test against"
. "$S3HLS_LAB_DIR/env"
s3=(--endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA")
store=s3://$S3HLS_LAB_BUCKET/serve-keys-$$
record cam-1 $(($(date +%s) - 4)) "${s3[@]}"

export S3HLS_IOT_DIR=$work/iot
cleanup() { "$lab/iot-down.sh"; }
"$lab/iot-up.sh"
iot=()
. "$S3HLS_IOT_DIR/env"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export AWS_EC2_METADATA_DISABLED=true HOME=$work
"$lab/iot-keys.sh" 10
(while sleep 3; do "$lab/iot-keys.sh" 10; done) &
renewing=$!
serve keys "$store" "${s3[@]}" "${iot[@]}"

fetch() { # fetch ADDRESS: the status of a segment
    curl -sS --max-time 10 --cacert "$S3HLS_LAB_CA" -o segment -w '%{http_code}' "$1"
}
first=
for _ in $(seq 14); do
    is 200 /hls/cam-1/live.m3u8
    address=$(grep -m 1 '^https://' body)
    [ "$(fetch "$address")" = 200 ] || fail "a new list has an address that is refused: $(head -c 500 segment)"
    first=${first:-$address}
    sleep 1
done
[ "$(fetch "$first")" = 403 ] || fail "an address outlives its keys"
is 200 "/clip/cam-1.mp4?start=$(($(date +%s) - 120))&end=$(date +%s)"
echo "ok: 14 s by keys of 10 s"

kill "$renewing"
touch "$S3HLS_IOT_DIR/fault/403"
wait_for() { # wait_for STATUS SECONDS: of the live list
    local got=
    for _ in $(seq $((2 * $2))); do
        got=$(get /hls/cam-1/live.m3u8)
        [ "$got" != "$1" ] || return 0
        sleep 0.5
    done
    fail "still $got, not $1: $(head -c 500 body)"
}
wait_for 503 25
has 'keys to the store have expired' body
has '^retry-after' head
is 503 "/clip/cam-1.mp4?start=$(($(date +%s) - 120))&end=$(date +%s)"
is 200 /healthz
echo "ok: keys that have ended"

"$lab/iot-keys.sh" 60
rm "$S3HLS_IOT_DIR/fault/403"
wait_for 200 75 # the provider waits for up to a minute between its attempts
[ "$(fetch "$(grep -m 1 '^https://' body)")" = 200 ] || fail "the address is refused: $(head -c 500 segment)"
stop
hasnt 'X-Amz-Signature|sessionToken|secretAccessKey' keys.err
echo "ok: new keys"
