#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The device's key never leaves its token: mutual TLS by a pkcs11: URI, with a token in software.
set -euo pipefail
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../lab
[ -r "$S3HLS_LAB_DIR/env" ] || { echo "SKIPPED: no S3 server: tests/lab/rgw-up.sh has not run"; exit 77; }
# shellcheck source=/dev/null
source "$S3HLS_LAB_DIR/env"
[[ $(type -P nginx softhsm2-util | wc -l) = 2 ]] ||
    { echo "SKIPPED: nginx or softhsm2 is not installed: no token to sign with"; exit 77; }
work=$(mktemp -d)
export S3HLS_IOT_DIR=$work/iot SOFTHSM2_CONF=$work/softhsm2.conf
trap '"$lab/iot-down.sh"; rm -rf "$work"' EXIT
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
list 'pkcs11:token=cam;object=cam-key;type=private?pin-value=4711' >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
! grep -q 4711 "$work/log" || { echo "FAILED: the token's PIN is in the log" >&2; exit 1; }
! list 'pkcs11:token=cam;object=another;type=private?pin-value=4711' >"$work/log" 2>&1 ||
    { echo "FAILED: a key that is not there serves" >&2; exit 1; }
echo "keys by a key in a token"
