#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# iot-keys.sh SECONDS: real keys of the radosgw of rgw-up.sh, which live so long, for the device cam-1 of iot-up.sh.
set -euo pipefail
umask 077
: "${S3HLS_IOT_DIR:?}" "${S3HLS_LAB_ROLE:?}"
answer=$(curl -fsS --aws-sigv4 aws:amz:us-east-1:sts --user "$S3HLS_LAB_DEVICE_KEY_ID:$S3HLS_LAB_DEVICE_SECRET" \
    --data "Action=AssumeRole&DurationSeconds=$1&RoleArn=$S3HLS_LAB_ROLE&RoleSessionName=cam-1&Version=2011-06-15" \
    "$S3HLS_LAB_ENDPOINT/")
field() { sed -n "s:.*<$1>\([^<]*\)</$1>.*:\1:p" <<<"$answer"; }
end=$(field Expiration)
printf '{"credentials":{"accessKeyId":"%s","secretAccessKey":"%s","sessionToken":"%s","expiration":"%sZ"}}\n' \
    "$(field AccessKeyId)" "$(field SecretAccessKey)" "$(field SessionToken)" "${end%%[.Z]*}" >"$S3HLS_IOT_DIR/keys/.new"
mv "$S3HLS_IOT_DIR/keys/.new" "$S3HLS_IOT_DIR/keys/cam-1.json"
