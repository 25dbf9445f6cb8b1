#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Servers that are S3 but for this or that: what doctor says of them, and that recording and listing lose nothing.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cd "$work"
unset AWS_REQUEST_CHECKSUM_CALCULATION AWS_PROFILE AWS_CONFIG_FILE
export HOME=$work
"$here/../lab/fake_s3.py" "$work/fake" >fake.log 2>&1 &
for _ in $(seq 100); do [ ! -e fake/env ] || break; sleep 0.05; done
# shellcheck source=/dev/null
. fake/env
export AWS_ENDPOINT_URL_S3=$S3HLS_LAB_ENDPOINT_TLS AWS_CA_BUNDLE=$S3HLS_LAB_CA
url=s3://recordings/cam

server() { # server QUIRKS: as JSON
    curl -sSf -o said -d "{\"quirks\": $1}" "$S3HLS_LAB_CONTROL"
}
lists() { # how many LISTs the server was asked
    curl -sSf -d '{}' "$S3HLS_LAB_CONTROL" | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"].get("list", 0))'
}
doctor() { # doctor EXIT-CODE [OPTION...]: what it says is in out
    local got=0
    timeout 60 "$S3HLS" doctor "$url" "${@:2}" >out 2>err || got=$?
    [ "$got" = "$1" ] || fail "doctor ${*:2}: exit status $got, not $1: $(cat out err)"
}
line() { # line VERDICT CHECK [PATTERN]
    grep -qE "^$1 +$2 +.*${3:-}" out || fail "no line \"$1 $2 ... ${3:-}\": $(cat out err)"
}
mend() { # mend CHECK PATTERN
    sed -nE "/^[a-zA-Z]+ +$1 /{n;p}" out | grep -ce "$2" >/dev/null || fail "no mend \"$2\" for $1: $(cat out)"
}
record() { # record EXIT-CODE [OPTION...]
    local got=0
    timeout 60 "$S3HLS" record "$S3HLS_STREAMS/small.h264" --fps 25 -q --to "$url" --deadline 2 "${@:2}" >out 2>err || got=$?
    [ "$got" = "$1" ] || fail "record ${*:2}: exit status $got, not $1: $(cat err)"
}

# all is well
doctor 0
for check in checksum put get list tagging storage encryption metadata if-none-match paging remove; do
    line ok $check
done
[ -z "$(find fake/objects -name '*doctor*')" ] || fail "left behind: $(find fake/objects -name '*doctor*')"
echo "ok: a server as AWS's"

# checksums
server '{"refused_headers": ["x-amz-checksum-crc32c"]}'
doctor 1
line FAIL checksum 'HTTP 501 NotImplemented'
mend checksum '--checksum none.*--checksum md5'
line ok put # without
line ok paging
doctor 0 --checksum none
record 1 --start 2026-01-02T03:04:00Z
grep -qF -e '--checksum none' err || fail "does not name the option: $(cat err)"
record 0 --start 2026-01-02T03:04:00Z --checksum none
AWS_REQUEST_CHECKSUM_CALCULATION=When_Required record 0 --start 2026-01-02T03:05:00Z
mkdir .aws
printf '[default] # the cameras\nrequest_checksum_calculation = when_required\n' >.aws/config
record 0 --start 2026-01-02T03:06:00Z
rm -r .aws
record 0 --start 2026-01-02T03:07:00Z --checksum md5
! AWS_REQUEST_CHECKSUM_CALCULATION=never "$S3HLS" ls "$url" 2>err || fail "takes a value that is none"
grep -q 'when_supported or when_required' err || fail "$(cat err)"
echo "ok: checksums"

# headers
server '{"refused_headers": ["x-amz-tagging", "x-amz-server-side-encryption"], "overwrites": true}'
doctor 0
for check in tagging encryption; do line warn $check 'HTTP 501'; done
mend tagging 'Leave out --tag:'
mend encryption 'Leave out --sse:'
line ok metadata
line warn if-none-match 'overwrote the first'
mend if-none-match 'Do not rely on --no-overwrite'
echo "ok: headers"

# listings
server '{}'
for hour in 04 05; do record 0 --start 2026-01-02T$hour:59:56Z; done
"$S3HLS" ls "$url" --json >whole
[ "$(wc -l <whole)" = 6 ] || fail "not 6 segments: $(cat whole)"
for quirks in '{"unsorted": true, "page_keys": 2}' '{"page_keys": 2, "token": "same"}' \
    '{"page_keys": 3, "token": "nowhere"}' '{"unsorted": true}'; do
    server "$quirks"
    before=$(lists)
    for range in "" "--from 2026-01-02T03:00:00Z --to 2026-01-02T06:30:00Z"; do
        # shellcheck disable=SC2086
        "$S3HLS" ls "$url" --json $range >got 2>err || fail "$quirks: $(cat err)"
        cmp whole got || fail "$quirks: segments are missing"
    done
    [ $(($(lists) - before)) -lt 60 ] || fail "$quirks: $(($(lists) - before)) listings"
done
doctor 0
line warn paging 'no order'
server '{"token": "nowhere"}'
doctor 0
line warn paging 'by start-after; continuation tokens lead astray'
echo "ok: listings"
