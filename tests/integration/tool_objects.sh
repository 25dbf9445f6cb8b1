#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# put, get, presign, ls and playlist: what they print, and what they leave alone.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cd "$work"
store=file://$work/store
is() { # is WANT GOT
    [ "$1" = "$2" ] || fail "not \"$1\" but \"$2\""
}

# one object, there and back
head -c 300000 "$S3HLS_STREAMS/small.h264" >body
"$S3HLS" put body "$store/a key/body"
"$S3HLS" get "$store/a key/body" | cmp - body
"$S3HLS" put - "$store/empty" </dev/null
"$S3HLS" get "$store/empty" -o empty
[ -f empty ] && [ ! -s empty ] || fail "an empty object"
echo "precious" >kept
! "$S3HLS" get "$store/none" -o kept 2>err || fail "read an object that is not there"
is precious "$(cat kept)"
! "$S3HLS" get "$store/a key/body" >/dev/full 2>err || fail "a full disk went unnoticed"
grep -q 'No space left' err || fail "$(cat err)"
echo "ok: put and get"

# a signed address asks no server, and holds no secret
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=topsecret
address=$("$S3HLS" presign "s3://bucket/a b.ts" --expires 600 --region eu-central-1)
[[ $address == https://bucket.s3.eu-central-1.amazonaws.com/a%20b.ts\?*X-Amz-Expires=600\&*X-Amz-Signature=* ]] ||
    fail "$address"
[[ $address != *topsecret* ]] || fail "the secret key is in the address"
put=$("$S3HLS" presign "s3://bucket/a b.ts" --expires 600 --region eu-central-1 --method PUT)
[ "${put##*=}" != "${address##*=}" ] || fail "PUT and GET are signed alike"
address=$(AWS_ENDPOINT_URL_S3=http://127.0.0.1:9000 AWS_REGION=eu-west-1 "$S3HLS" presign s3://bucket/x)
[[ $address == http://127.0.0.1:9000/bucket/x\?*%2Feu-west-1%2Fs3%2F* ]] || fail "the environment: $address"
echo "ok: presign"

# two recordings with 8 seconds between them
for start in 2026-01-02T03:04:00Z 2026-01-02T03:04:12Z; do
    "$S3HLS" record "$S3HLS_STREAMS/small.h264" --fps 25 -q --to "$store" --start $start
done
"$S3HLS" ls "$store" >all
is 2 "$(grep -c '^2026-01-02T03:04:.*4.000 s .*\.ts$' all)"
is 1 "$(grep -c '^--- nothing for 8.000 s' all)"
is "2 segments, 8.000 s, " "$(tail -n 1 all | grep -o '^2 segments, 8.000 s, ')"
"$S3HLS" ls "$store" --json >all
is "0 8000" "$(python3 -c 'import json; print(*(json.loads(line)["gap_before_ms"] for line in open("all")))')"
count() { # count [OPTION...]: segments in a range
    "$S3HLS" ls "$store" --json "$@" | wc -l
}
is 2 "$(count --from 2026-01-02 --to 2026-01-03)"
is 1 "$(count --from 2026-01-02T03:04:04Z)"
is 1 "$(count --to 2026-01-02T03:04:12Z)"
is 2 "$(count --to 2026-01-02T03:04:12.001Z)"
is 1 "$(count --from 1767323051.999 --to '2026-01-02 03:04:12.5')"
is 0 "$(count --from 2026-01-02T03:04:04Z --to 2026-01-02T03:04:12)"
is 0 "$(count --to 2026-01-02)"
echo "ok: ls"

"$S3HLS" playlist "$store" >vod
is '2026/01/02/03/04/00.000-4000-1767323040-1767323040.ts' "$(grep -v '^#' vod | head -n 1)"
is 1 "$(grep -c EXT-X-ENDLIST vod)"
is 1 "$(grep -c '^#EXT-X-DISCONTINUITY$' vod)"
"$S3HLS" playlist "$store" --base https://cdn.example/c/ | grep -c '^https://cdn.example/c/2026/' >/dev/null || fail "--base"
! "$S3HLS" playlist "$store" >/dev/full 2>err || fail "a full disk went unnoticed"
"$S3HLS" playlist "$store" --live >live
is 0 "$(grep -c 'ENDLIST\|PLAYLIST-TYPE' live)"
is 1 "$(grep -cv '^#' live)"
code=0
"$S3HLS" playlist "$store" --to 2026-01-02 >none 2>err || code=$?
is "1 nothing was recorded" "$code $(grep -o 'nothing was recorded' err)"
[ ! -s none ] || fail "a playlist of nothing: $(cat none)"
echo "ok: playlist"
