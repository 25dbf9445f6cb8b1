#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# lab_faults.sh fake|netns|proxy: each fault of tests/lab really comes about, as curl sees it.
set -euo pipefail
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")/../lab" && pwd)
dir=$(mktemp -d)
status=0 pid='' inside=()
trap end EXIT
# shellcheck disable=SC2317 # the trap calls it
end() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    case ${part:-} in
    netns) "$lab/netns.sh" down "s3hls-$$" 2>/dev/null || true ;;
    proxy) [ ! -e "$dir/proxy/pid" ] || "$lab/proxy.sh" down "$dir/proxy" ;;
    esac
    rm -rf "$dir"
}

start_fake() {
    "${inside[@]}" "$lab/fake_s3.py" "$dir" &
    pid=$!
    until [ -e "$dir/env" ]; do kill -0 "$pid" && sleep 0.05; done
    # shellcheck source=/dev/null
    . "$dir/env"
    port=${S3HLS_LAB_ENDPOINT_TLS##*:}
}

control() { "${inside[@]}" curl -sSf -o "$dir/control" -d "$1" "$S3HLS_LAB_CONTROL"; }

signed() { # signed KEY [CURL OPTION...]: sets $said: curl's exit status, HTTP status, S3's code
    local rc=0 http key=$1
    shift
    http=$("${inside[@]}" curl -s --max-time "${patience:-5}" --connect-timeout "${patience_to_connect:-1}" \
        -o "$dir/answer" -w '%{http_code}' --cacert "$S3HLS_LAB_CA" --aws-sigv4 "aws:amz:${region:-us-east-1}:s3" \
        --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "x-amz-content-sha256: ${hash:-UNSIGNED-PAYLOAD}" \
        "$@" "$S3HLS_LAB_ENDPOINT_TLS/recordings/$key") || rc=$?
    [ "$http" != 100 ] || http=000 # no answer
    said="$rc $http $(sed -nE 's/.*<Code>(.*)<\/Code>.*/\1/p' "$dir/answer" 2>/dev/null || true)"
    said=${said% }
    rm -f "$dir/answer"
}

put() { signed "$1" -T "$dir/body" "${@:2}"; }

expect() { # expect WHAT PATTERN: what the last request was told
    # shellcheck disable=SC2053
    if [[ $said != $2 ]]; then
        echo "FAILED: $1: curl's status, HTTP's and S3's code are '$said', not '$2'"
        status=1
    fi
}

is_stored() { # is_stored KEY yes|no
    local there=no
    cmp -s "$dir/body" "$dir/objects/recordings/$1" && there=yes
    [ $there = "$2" ] || { echo "FAILED: $1: stored: $there, not $2"; status=1; }
}

# ---- the fake

way() { # way WAY PHASE PATTERN STORED [FIELDS]: one PUT under a fault
    control "{\"faults\": [{\"do\": \"$1\", \"phase\": \"$2\", \"count\": 1${5:-}}]}"
    put "$1-$2"
    expect "$1 in the phase $2" "$3"
    is_stored "$1-$2" "$4"
    put "$1-$2"
    expect "after $1 in the phase $2" "0 200"
}

test_ways() {
    local patience=1 phase stored
    for phase in connect tls head body answer after; do
        stored=no
        [ $phase != after ] || stored=yes
        way silence $phase "28 000" $stored
        way reset $phase "@(7|35|55|56) 000" $stored # 7: before the connection was accepted; 55: while curl sends
        way close $phase "@(7|35|52|55|56) 000" $stored
    done
    patience=5
    way slow body "28 000" no ', "bytes_per_s": 20000'
    way garbage answer "[01] 000" yes
    way SlowDown body "@(* 503 SlowDown|55 000)" no
    way OK answer "0 200" no
    way OK body "@(* 200|55 000)" no # a broken pipe may come before the answer is read
    control '{"faults": [{"do": "OK", "cut": true, "count": 1}]}'
    put cut && expect "an answer cut in its head" "* [02]00" && is_stored cut yes
    control '{"faults": [{"do": "SlowDown", "cut": true, "count": 1}]}'
    put cut && expect "an answer cut in its body" "18 503 SlowDown"
}

test_codes() {
    local code
    for code in "301 PermanentRedirect" "307 TemporaryRedirect" "400 AuthorizationHeaderMalformed" \
        "400 ExpiredToken" "400 InvalidToken" "400 TokenRefreshRequired" "403 InvalidAccessKeyId" \
        "403 RequestTimeTooSkewed" "403 SignatureDoesNotMatch" "403 AccessDenied" "404 NoSuchBucket" \
        "503 SlowDown" "429 TooManyRequests" "500 InternalError" "502 BadGateway" "504 GatewayTimeout" \
        "400 RequestTimeout" "400 BadDigest" "400 IncompleteBody" "409 OperationAborted" \
        "409 ConditionalRequestConflict" "400 EntityTooLarge" "411 MissingContentLength" "501 NotImplemented"; do
        control "{\"faults\": [{\"do\": \"${code#* }\", \"count\": 1}]}"
        put "${code#* }"
        expect "${code#* }" "0 $code"
        is_stored "${code#* }" no
    done
    control '{"faults": [{"do": "SlowDown", "methods": ["GET"]}]}'
    put x && expect "a PUT, where GETs fail" "0 200"
    signed x && expect "a GET, where GETs fail" "0 503 SlowDown"
}

# What it checks itself, as S3 does.
test_checks() {
    control '{"faults": []}'
    region=eu-west-1 put x && expect "another region" "0 400 AuthorizationHeaderMalformed"
    AWS_SECRET_ACCESS_KEY=wrong put x && expect "a wrong secret" "0 403 SignatureDoesNotMatch"
    AWS_ACCESS_KEY_ID=AKIAWRONG put x && expect "an unknown key" "0 403 InvalidAccessKeyId"
    hash=$(printf wrong | sha256sum | cut -d' ' -f1) put x && expect "another body" "0 400 XAmzContentSHA256Mismatch"
    hash=$(sha256sum <"$dir/body" | cut -d' ' -f1) put x && expect "a signed body" "0 200"
    put x -H "x-amz-checksum-crc32c: AAAAAA==" && expect "a wrong checksum" "0 400 BadDigest"
    put x -H "if-none-match: *" && expect "an object that is there" "0 412 PreconditionFailed"
    signed x -X DELETE && expect "DELETE" "0 200" && is_stored x no
    signed x && expect "GET of what is not there" "0 404 NoSuchKey"
    control '{"clock_s": -3600}'
    put x && expect "a clock an hour apart" "0 403 RequestTimeTooSkewed"
    control "{\"clock_s\": 0, \"keys\": {\"$AWS_ACCESS_KEY_ID\": {\"secret\": \"$AWS_SECRET_ACCESS_KEY\", \"expires\": 1}}}"
    put x && expect "keys that have expired" "0 400 ExpiredToken"
    control '{"keys": {}, "refuse": true}'
    put x && expect "a port that refuses" "7 000"
    control '{"refuse": false}'
    put x && expect "a port that takes again, keys withdrawn" "0 403 InvalidAccessKeyId"
    control '{"faults": [{"do": "certificate"}]}'
    put x && expect "somebody else's certificate" "60 000"
}

# ---- the network

network() { # network PATTERN VERB...: one PUT under a fault
    "$lab/netns.sh" "${@:2:1}" "$ns" "$port" "${@:3}"
    put x
    expect "${*:2}" "$1"
    "$lab/netns.sh" clear "$ns"
    put x
    expect "after ${*:2}" "0 200"
}

test_netns() {
    local ns=s3hls-$$ port patience=2
    "$lab/netns.sh" up "$ns" || exit
    inside=(ip netns exec "$ns")
    start_fake
    network "7 000" refuse
    network "28 000" blackhole
    network "28 000" blackhole 60000
    network "@(35|55|56) 000" reset 60000
    network "28 000" rate 1mbit # 400 kB take 3.2 s
    patience=20
    network "0 200" rate 4mbit
    patience=60 # packets that are sent again and again
    patience_to_connect=30 network "0 200" loss 5
    network "0 200" delay 50
    patience=1
    network "28 000" delay 600
    network "28 000" loss 90
    patience=5
    control '{"faults": [{"do": "silence", "phase": "answer"}]}'
    (sleep 0.5 && "$lab/netns.sh" kill "$ns" "$port") &
    put x
    wait $!
    expect "connections killed" "5[56] 000"
}

# ---- the proxy, before a real server

test_proxy() {
    [ -r "${S3HLS_LAB_DIR:-}/env" ] || {
        echo "SKIPPED: no S3 server: tests/lab/rgw-up.sh has not run"
        exit 77
    }
    . "$S3HLS_LAB_DIR/env"
    "$lab/proxy.sh" up "$dir/proxy" || exit
    . "$dir/proxy/env"
    local patience=2 seen='' i
    put proxy && expect "no fault" "0 200"
    "$lab/proxy.sh" fault "$dir/proxy" slowdown
    for ((i = 0; i < 30; i++)); do put proxy && seen+="$said;"; done
    said=$seen && expect "slowdown, both of 30 requests" "*0 200;*" && expect "slowdown" "*0 503 SlowDown;*"
    "$lab/proxy.sh" fault "$dir/proxy" first-two
    put first && expect "first-two, the first" "0 500 InternalError"
    put first && expect "first-two, the second" "0 500 InternalError"
    put first && expect "first-two, the third" "0 200"
    "$lab/proxy.sh" fault "$dir/proxy" reset-body
    put reset && expect "reset-body" "5[256] 000"
    "$lab/proxy.sh" fault "$dir/proxy" hole-body
    put hole && expect "hole-body" "28 000"
    "$lab/proxy.sh" fault "$dir/proxy" lost
    put lost && expect "lost" "28 000"
    "$lab/proxy.sh" fault "$dir/proxy" bad-gateway
    put gateway && expect "bad-gateway" "0 502"
    "$lab/proxy.sh" clear "$dir/proxy"
    for i in reset hole; do signed $i && expect "$i-body stores nothing" "0 404 NoSuchKey"; done
    for i in lost gateway; do signed $i && expect "$i stores" "0 200"; done
    "$lab/proxy.sh" fault "$dir/proxy" late-date
    put x -D "$dir/head"
    local late=$(($(date -d "$(sed -nE 's/^date: (.*)\r/\1/Ip' "$dir/head")" +%s) - $(date +%s)))
    [ $late -gt 3500 ] || { echo "FAILED: late-date: $late s"; status=1; }
}

head -c 400000 /dev/urandom >"$dir/body"
part=${1:?usage: lab_faults.sh fake|netns|proxy}
case $part in
fake) start_fake && test_ways && test_codes && test_checks ;;
netns) test_netns ;;
proxy) test_proxy ;;
esac
exit $status
