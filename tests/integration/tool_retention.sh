#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# tool_retention.sh [s3]: a directory is shortened, and nothing but a recording's goes; a bucket's rule comes, changes
# and goes beside the rules of others, and S3 deletes by it. Environment: S3HLS, S3HLS_STREAMS, S3HLS_LAB_DIR.
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cd "$work"
is() { # is WANT GOT
    [ "$1" = "$2" ] || fail "not \"$1\" but \"$2\""
}
record() { # record URL START
    "$S3HLS" record "$S3HLS_STREAMS/small.h264" --fps 25 -q --to "$1" --start "$2" "${@:3}"
}
now=$(date +%s)

if [ "${1:-}" != s3 ]; then
    url=file://$work/store
    for days in 20 10 1; do record "$url" $((now - days * 86400)) --publish; done
    ! "$S3HLS" retention "$url" 2>err || fail "a directory has no rule"
    oldest=$(find store/20* -name '*.ts' | sort | head -n 1)
    echo mine >"$(dirname "$oldest")/note.txt"
    echo mine >store/00-note.txt
    mkdir -p store/2001/01 store/timelines
    echo mine >store/timelines/note.json
    (cd store && find . | sort) >before
    "$S3HLS" retention "$url" --days 15 --dry-run >told
    (cd store && find . | sort) | cmp - before || fail "--dry-run removed something"
    is 3 "$(grep -c '^would remove 20\|^would remove timelines/' told)"
    is "removed 1 segments and 2 other objects" "$("$S3HLS" retention "$url" --days 15 | grep -o '^removed .* objects')"
    (cd store && find . | sort) >after
    is 3 "$(comm -23 before after | grep -c '\.\(ts\|json\|m3u8\)$')"
    is 3 "$(comm -23 before after | wc -l)" # a note is in the old folder
    [ -e "$(dirname "$oldest")/note.txt" ] || fail "a file of somebody's is gone"
    [ -z "$(comm -13 before after)" ] || fail "left behind: $(comm -13 before after)"
    "$S3HLS" retention "$url" --days 5 >told
    is 1 "$(find store/20* -name '*.ts' | wc -l)"
    is 1 "$(find store/timelines -name '[0-9]*.json' | wc -l)"
    [ -z "$(find store/20* -type d -empty -not -path '*/2001*')" ] || fail "empty folders: $(find store -type d -empty)"
    [ -d store/2001/01 ] || fail "an empty folder that held nothing of ours is gone"
    is "removed 0 segments and 0 other objects, 0 bytes" "$("$S3HLS" retention "$url" --days 5)"
    # more than a batch
    mkdir -p many/2020/01/02/03
    for minute in $(seq 10 59); do
        mkdir "many/2020/01/02/03/$minute"
        (cd "many/2020/01/02/03/$minute" && for i in $(seq 100 199); do : >"05.$i-1-1$minute$i-1.ts"; done)
    done
    is "removed 5000 segments and 0 other objects, 0 bytes" "$("$S3HLS" retention "file://$work/many" --days 5)"
    is many "$(find many)"
    echo "ok: a directory"

    expect() { # expect CODE WORDS ARGUMENT...
        local code=0
        "$S3HLS" retention "${@:3}" >out 2>err || code=$?
        is "$1" "$code"
        grep -q -- "$2" err || fail "$*: $(cat err)"
    }
    expect 2 'exclude each other' "$url" --days 3 --off
    expect 2 '--days 0: ' "$url" --days 0
    expect 2 '--days 1.5: ' "$url" --days 1.5
    expect 2 'give --days' "$url" --off
    expect 2 "not a store's URL" /plain --days 3
    expect 2 'an argument is missing' --days 3
    echo "ok: mistakes"
    exit 0
fi

[ -r "$S3HLS_LAB_DIR/env" ] || skip "no S3 server: tests/lab/rgw-up.sh has not run"
for program in aws radosgw-admin; do
    command -v "$program" >/dev/null || skip "$program is not installed"
done
. "$S3HLS_LAB_DIR/env"
export AWS_ENDPOINT_URL_S3=$S3HLS_LAB_ENDPOINT_TLS AWS_CA_BUNDLE=$S3HLS_LAB_CA
bucket=retention-$$-$RANDOM
url=s3://$bucket/cam-1
s3api() {
    aws --endpoint-url "$S3HLS_LAB_ENDPOINT_TLS" s3api "$@" --bucket "$bucket"
}
rules() { # each rule: ID prefix days
    s3api get-bucket-lifecycle-configuration --output json | python3 -c '
import json, sys
for r in sorted(json.load(sys.stdin)["Rules"], key=lambda r: r["ID"]):
    print(r["ID"], r.get("Filter", r).get("Prefix"), r.get("Expiration", {}).get("Days"))'
}
s3api create-bucket >/dev/null
is "cam-1/2*: kept for ever" "$("$S3HLS" retention "$url")"
is "cam-1/2*: deleted after 30 days" "$("$S3HLS" retention "$url" --days 30)"
is "s3hls-cam-1/2 cam-1/2 30" "$(rules)"
is "cam-1/2*: kept for ever" "$("$S3HLS" retention "$url" --off)"
! rules >left 2>/dev/null || fail "a rule is left: $(cat left)"
echo "ok: alone"

s3api put-bucket-lifecycle-configuration --lifecycle-configuration '{"Rules":[
    {"ID":"a & b","Status":"Disabled","Filter":{"Prefix":"x<y/"},"Expiration":{"Days":9},"NoncurrentVersionExpiration":{"NoncurrentDays":4}},
    {"ID":"up","Status":"Enabled","Filter":{"Prefix":""},"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":2}}]}'
others=$(s3api get-bucket-lifecycle-configuration --output json | python3 -c 'import json, sys; print(sorted(map(str, json.load(sys.stdin)["Rules"])))')
"$S3HLS" retention "$url" --days 7 --dry-run | grep -c 'would be: deleted after 7 days' >/dev/null || fail "--dry-run"
is 2 "$(rules | wc -l)"
"$S3HLS" retention "$url" --days 7 >/dev/null
"$S3HLS" retention "$url/" --days 3 >/dev/null
"$S3HLS" retention "s3://$bucket" --days 90 >/dev/null
is "s3hls-2 2 90 s3hls-cam-1/2 cam-1/2 3" "$(rules | grep s3hls | xargs)"
"$S3HLS" retention "s3://$bucket" --off >/dev/null
"$S3HLS" retention "$url" --off >/dev/null
is "$others" "$(s3api get-bucket-lifecycle-configuration --output json | python3 -c 'import json, sys; print(sorted(map(str, json.load(sys.stdin)["Rules"])))')"
echo "ok: beside others"

# S3 deletes by it; a day is a second here
record "$url" $((now - 3600)) --publish
record "s3://$bucket/cam-10" $((now - 3600))
"$S3HLS" retention "$url" --days 1 >/dev/null
# whoever sweeps at this moment has the lock: another sweep, then
for _ in $(seq 40); do
    sleep 2
    radosgw-admin -c "$S3HLS_LAB_DIR/ceph.conf" -n client.rgw.a --rgw_lc_debug_interval=1 lc process >lc 2>&1 || fail "$(cat lc)"
    aws --endpoint-url "$S3HLS_LAB_ENDPOINT_TLS" s3 ls --recursive "s3://$bucket" | awk '{ print $4 }' >left
    grep -q '^cam-1/2' left || break
done
is 0 "$(grep -c '^cam-1/2' left || true)"
is 1 "$(grep -c '^cam-1/timelines/' left)"
is 1 "$(grep -c '^cam-1/live.m3u8' left)"
is 1 "$(grep -c '^cam-10/2.*ts$' left)"
echo "ok: S3 deletes by it"
