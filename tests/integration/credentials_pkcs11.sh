#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The device's key never leaves its token: mutual TLS by a pkcs11: URI, with a token in software.
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../lab
. "$lab/../conformance/lib.sh"
[ -r "$S3HLS_LAB_DIR/env" ] || skip "no S3 server: tests/lab/rgw-up.sh has not run"
# shellcheck source=/dev/null
source "$S3HLS_LAB_DIR/env"
[[ $(type -P nginx softhsm2-util | wc -l) = 2 ]] ||
    skip "nginx or softhsm2 is not installed: no token to sign with"
export S3HLS_IOT_DIR=$work/iot SOFTHSM2_CONF=$work/softhsm2.conf
cleanup() { "$lab/iot-down.sh"; }
"$lab/iot-up.sh"
"$lab/iot-keys.sh" 600
iot=()
# shellcheck source=/dev/null
source "$S3HLS_IOT_DIR/env"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
mkdir "$work/tokens"
echo "directories.tokendir = $work/tokens" >"$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label cam --so-pin 4711 --pin 4711 >/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$S3HLS_IOT_DIR/tls/cam-1.key" -out "$work/key.pem"
softhsm2-util --import "$work/key.pem" --token cam --label cam-key --id 01 --pin 4711 >/dev/null
rm "$work/key.pem" "$S3HLS_IOT_DIR/tls/cam-1.key"

list() { # list KEY
    "$S3HLS" ls "s3://$S3HLS_LAB_BUCKET/nothing" --endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA" "${iot[@]}" --iot-key "$1" -v
}
list 'pkcs11:token=cam;object=cam-key;type=private?pin-value=4711' >"$work/log" 2>&1 || fail "$(cat "$work/log")"
! grep -q 4711 "$work/log" || fail "the token's PIN is in the log"
! list 'pkcs11:token=cam;object=another;type=private?pin-value=4711' >"$work/log" 2>&1 || fail "a key that is not there serves"
echo "keys by a key in a token"
