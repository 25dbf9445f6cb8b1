#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# A device's certificate is exchanged for keys that live for seconds, by mutual TLS; recording goes on over many of them,
# also while the exchange fails, and loses nothing.
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../lab
. "$lab/../conformance/lib.sh"
[ -r "$S3HLS_LAB_DIR/env" ] || skip "no S3 server: tests/lab/rgw-up.sh has not run"
# shellcheck source=/dev/null
source "$S3HLS_LAB_DIR/env"
command -v nginx >/dev/null || skip "nginx is not installed: no credentials provider to test against"
export S3HLS_IOT_DIR=$work/iot
cleanup() { "$lab/iot-down.sh"; }
fail() { echo "FAILED: $*" >&2; cat "$work"/*.log >&2 || true; exit 1; }
"$lab/iot-up.sh"
iot=()
# shellcheck source=/dev/null
source "$S3HLS_IOT_DIR/env"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export AWS_EC2_METADATA_DISABLED=true HOME=$work
url=s3://$S3HLS_LAB_BUCKET/iot-$$
s3=(--endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA")

refused() { # refused WORDS TOOL-ARGUMENT...: and says why
    ! "$S3HLS" "${@:2}" >"$work/refused.log" 2>&1 || fail "not refused: ${*:2}"
    grep -q "$1" "$work/refused.log" || fail "does not say $1"
}
# a stranger's certificate, another thing's name, no such file: nothing is given
refused "S3HLS_E_CREDENTIALS.*AWS IoT Core: access denied" ls "$url" "${s3[@]}" "${iot[@]}" --iot-cert "$S3HLS_IOT_DIR/tls/stranger.pem" --iot-key "$S3HLS_IOT_DIR/tls/stranger.key"
refused "S3HLS_E_CREDENTIALS.*AWS IoT Core: invalid argument" ls "$url" "${s3[@]}" "${iot[@]}" --iot-thing cam-2
refused "S3HLS_E_CREDENTIALS.*AWS IoT Core: .*certificate" ls "$url" "${s3[@]}" "${iot[@]}" --iot-ca "$S3HLS_LAB_CA"
refused 'cannot be read' ls "$url" "${s3[@]}" "${iot[@]}" --iot-key /nonexistent

# keys that live 8 s, new ones every 3 s; the provider fails in five ways meanwhile, once until the keys have ended
"$lab/iot-keys.sh" 8
(while sleep 3; do "$lab/iot-keys.sh" 8; done) &
cat "$S3HLS_STREAMS"/plain.h264{,,} >"$work/clip.h264"
"$S3HLS" record "$work/clip.h264" --fps 10 --realtime --segment-duration 1 -q --json --to "$url/cam" --spool "$work/spool" \
    "${s3[@]}" "${iot[@]}" --events "$work/events.log" -v >"$work/summary" 2>"$work/record.log" &
recorder=$!
for fault in 500:2 garbage:2 slow:2 403:12 503:2; do
    sleep 2
    touch "$S3HLS_IOT_DIR/fault/${fault%:*}"
    sleep "${fault#*:}"
    rm "$S3HLS_IOT_DIR/fault/${fault%:*}"
done
wait "$recorder" || fail "record ended with $?"
renewed=$(grep '"event": *"credentials"' "$work/events.log" | grep -vc '"status"' || true)
[ "$renewed" -ge 3 ] || fail "keys were renewed $renewed times"
grep '"event": *"failing"' "$work/events.log" | grep -c S3HLS_E_CREDENTIALS >/dev/null || fail "no upload had to wait for keys"
# the list, and every byte
"$S3HLS" verify "$url/cam" --from 2020-01-01T00:00:00Z --to 2100-01-01T00:00:00Z "${s3[@]}" "${iot[@]}" >"$work/verify.log" ||
    fail "not all of it is there"
accepted=$(sed -n 's/.*"segments_accepted": *\([0-9]*\).*/\1/p' "$work/summary" | head -1)
there=$("$S3HLS" ls "$url/cam" "${s3[@]}" "${iot[@]}" | grep -c '\.ts' || true)
[[ ${accepted:-0} -ge 4 && $accepted = "$there" ]] || fail "$accepted segments accepted, $there there"
! grep -qE 'accessKeyId|sessionToken|secretAccessKey' "$work"/*.log "$work/summary" || fail "keys in a log"
echo "$there segments over $renewed sets of keys"
