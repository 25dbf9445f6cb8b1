#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# --metrics while a camera records: Prometheus' text format, true counts, and the state of deliveries.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib_store.sh"
command -v curl >/dev/null || skip "curl is not installed"
clip=$S3HLS_STREAMS/slices4.h264

begin() { # begin WHERE: record in real time, and find the metrics' address
    : >"$work/err"
    "$S3HLS" record "$clip" --realtime --segment-duration 1 --metrics "$1" --json --to s3://bucket/cam \
        --close-wait 1 --endpoint "$endpoint" >"$work/out" 2>"$work/err" &
    recorder=$!
    for _ in $(seq 100); do ! grep -q '/metrics$' "$work/err" || break; sleep 0.05; done
    address=$(sed -n 's,.*metrics at \(http://.*\)/metrics$,\1,p' "$work/err")
    [ -n "$address" ] || fail "no address was said: $(cat "$work/err")"
}

answers() { # answers CODE PATH [OPTION...]
    local got
    got=$(curl -s -o "$work/answer" -w '%{http_code}' "${@:3}" "$address$2") || true
    [ "$got" = "$1" ] || fail "$2 answers $got, not $1: $(cat "$work/answer")"
}

check() { # check EXPRESSION: the answer is well formed, its ledger closes, and m() of it fulfils this
    python3 "$here/tool_metrics_check.py" "$1" <"$work/answer" || fail "$(cat "$work/answer")"
    ! command -v promtool >/dev/null || promtool check metrics <"$work/answer" || fail "promtool"
}

serve good
begin 127.0.0.1:0
for _ in $(seq 100); do
    answers 200 /metrics
    ! grep -q '^s3hls_segments_delivered_total [2-9]' "$work/answer" || break
    sleep 0.05
done
check 'm("s3hls_segments_delivered_total") >= 2 and m("s3hls_delivery_state", state="ok") == 1 and m("s3hls_input_up") == 1'
check 'm("s3hls_pool_bytes") > 4e6 and m("s3hls_frames_accepted_total") >= 50'
check '"s3hls_last_error_info" not in families and "s3hls_credentials_expiry_timestamp_seconds" not in families'
curl -s -D - -o /dev/null "$address/metrics" | grep -ci '^content-type: text/plain; version=0.0.4' >/dev/null || fail "its type"
answers 200 /healthz
[ "$(cat "$work/answer")" = ok ] || fail "healthz: $(cat "$work/answer")"
answers 404 /
answers 405 /metrics -d x
answers 200 /metrics --head
awk -v port="$(printf ':%04X' "${address##*:}")" '$4 == "0A" && $2 ~ port "$" { print $2; n++ } END { exit n != 1 }' \
    /proc/net/tcp >"$work/listens" || fail "listens at: $(cat "$work/listens")"
[[ $(cat "$work/listens") == 0100007F:* ]] || fail "does not listen at the loopback alone: $(cat "$work/listens")"
wait "$recorder" || fail "exit status $?: $(cat "$work/err")"
! curl -s "$address/healthz" || fail "still listening"

serve refuse
begin 0
for _ in $(seq 100); do
    answers 200 /metrics
    ! grep -q '^s3hls_delivery_state{state="held"} 1' "$work/answer" || break
    sleep 0.05
done
check 'm("s3hls_delivery_state", state="held") == 1 and m("s3hls_segments_delivered_total") == 0'
check 'm("s3hls_last_error_info", status="S3HLS_E_ACCESS", http_status="403", code="AccessDenied") == 1'
check 'm("s3hls_lag_seconds") > 0 and m("s3hls_last_error_timestamp_seconds") > 1.7e9'
answers 503 /healthz
grep -q '^held: ' "$work/answer" || fail "healthz: $(cat "$work/answer")"
wait "$recorder" && fail "all refused, and exit status 0"

serve odd
begin :0
for _ in $(seq 100); do
    answers 200 /metrics
    ! grep -q '^s3hls_last_error_info' "$work/answer" || break
    sleep 0.05
done
check 'm("s3hls_last_error_info", status="S3HLS_E_ACCESS", http_status="403", code="O\\\"d\\\\d ?") == 1'
kill -INT "$recorder"
wait "$recorder" && fail "all refused, and exit status 0"

for where in nowhere 127.0.0.1 :70000 '[::1]' example.org:80 127.0.0.1:1x ''; do
    got=0
    "$S3HLS" record "$clip" --to "file://$work/none" --metrics "$where" 2>"$work/err" || got=$?
    [ "$got" = 2 ] || fail "\"$where\": exit status $got"
    grep -q -- '--metrics.*: not an address' "$work/err" || fail "\"$where\": $(cat "$work/err")"
done
[ ! -e "$work/none" ] || fail "recorded all the same"
echo "ok: metrics, health and where they are served"
