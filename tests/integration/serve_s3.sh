#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# s3hls serve over a real S3 server: presigned and proxied segments, one LIST for many viewers, a store that is away,
# keys that are wrong.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams), S3HLS_LAB_DIR (tests/lab/rgw-up.sh).
. "$(dirname "${BASH_SOURCE[0]}")/lib_serve.sh"
[ -r "$S3HLS_LAB_DIR/env" ] || skip "no S3 server: tests/lab/rgw-up.sh has not run"
. "$S3HLS_LAB_DIR/env"
s3=(--endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA")
store=s3://$S3HLS_LAB_BUCKET/serve-$$-$RANDOM
now=$(date +%s)
record cam-1 2026-01-02T03:04:00Z "${s3[@]}"
record cam-2 $((now - 4)) "${s3[@]}"
range="start=2026-01-02T03:04:00Z&end=2026-01-02T03:04:04Z"
pictures "$S3HLS_STREAMS/small.h264" >want
cleanup() { kill -CONT "$S3HLS_LAB_RGW_PID" 2>/dev/null || true; }

serve presign "$store" "${s3[@]}" -vv
is 200 /api/cameras
has '"id":"cam-1","live":false.*"id":"cam-2","live":true' body
is 200 "/api/cameras/cam-1/days?month=2026-01"
has '"2026-01-02"' body
is 200 "/hls/cam-1/range.m3u8?$range"
address=$(grep -m 1 '^https://' body)
[[ $address == *X-Amz-Expires=3604\&* ]] || fail "its life is not the range's and an hour: $address"
[ "$(curl -sS --cacert "$S3HLS_LAB_CA" -o segment -w '%{http_code} %{num_redirects}' "$address")" = "200 0" ]
pictures "$base/hls/cam-1/range.m3u8?$range" -protocol_whitelist file,http,https,tls,tcp >got
cmp want got || fail "other pictures by presigned addresses"
is 200 "/clip/cam-1.mp4?$range"
pictures body >got
cmp want got || fail "other pictures in the clip"
hasnt "$AWS_SECRET_ACCESS_KEY|X-Amz-Signature" presign.err
echo "ok: presigned, $(wc -l <got) pictures"

# a hundred viewers of one camera cost as many LISTs as one: none where no new segment is due
lists() { grep -cE 's3: GET ([^ ]*/)?: ' presign.err || true; } # of an hour, or of all
before=$(lists)
for _ in $(seq 100); do
    printf 'url = "%s/hls/cam-2/live.m3u8"\noutput = /dev/null\n' "$base"
done >urls
curl -s --parallel --parallel-max 50 -K urls 2>/dev/null
after=$(lists)
[ "$before" -gt 0 ] && [ $((after - before)) -le 6 ] ||
    fail "100 viewers cost $((after - before)) LISTs"
echo "ok: 100 viewers, $((after - before)) LISTs"
stop

serve proxy "$store" "${s3[@]}" --proxy
is 200 "/hls/cam-1/range.m3u8?$range"
hasnt '^https' body
pictures "$base/hls/cam-1/range.m3u8?$range" >got
cmp want got || fail "other pictures through the server"
echo "ok: proxied"

# the store away: an answer all the same, and none of those that need no store are held up
kill -STOP "$S3HLS_LAB_RGW_PID"
sleep 1.1
is 503 "/api/cameras/cam-2/days?month=2026-01" --max-time 30 &
away=$!
sleep 0.5
is 200 /healthz
is 200 / --max-time 2
wait "$away" || fail "no 503 while the store is away"
kill -CONT "$S3HLS_LAB_RGW_PID"
sleep 1.1
is 200 "/api/cameras/cam-2/days?month=2026-01"
is 200 /hls/cam-2/live.m3u8
stop
echo "ok: the store away and back"

AWS_SECRET_ACCESS_KEY=wrong serve wrong "$store" "${s3[@]}"
is 503 "/hls/cam-1/range.m3u8?$range"
has 'keys' body
has '^retry-after' head
stop
echo "ok: wrong keys"
