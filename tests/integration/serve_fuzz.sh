#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Mutated requests over the wire, to a server that is open to all and to one with tokens: neither is hurt, each answer is
# a documented one, nothing of another camera is handed out and no line of a log can be forged.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams), S3HLS_FUZZ_SEED and S3HLS_FUZZ_SECONDS.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$top/tests/integration/lib_serve.sh"
store=file://$work/store
record cam-1 2026-01-02T03:04:00Z
(umask 077 && echo "door-token-0123456789 cam-2 door" >tokens)
key=$(cd store/cam-1 && find 2026 -name '*.ts' | sort | head -n 1)

serve open "$store" --access-log open.log --cors https://app.example
first=$server open=$base
serve closed "$store" --access-log closed.log --token-file tokens
closed=$base second=$server
python3 "$top/tests/integration/serve_fuzz.py" "$top/tests/fuzz/corpus" "$open" "$closed" door-token-0123456789 \
    "$key" "${S3HLS_FUZZ_SEED:-1}" "${S3HLS_FUZZ_SECONDS:-12}" || { cat open.err closed.err; fail "see above"; }

# both serve still, and end without a leak
for base in "$open" "$closed"; do
    is 200 /healthz
    is 200 /metrics
    has '^s3hls_requests_running 1$' body # this one
done
for server in "$first" "$second"; do stop; done
line='^[0-9TZ:.-]{24} 127\.0\.0\.1 "[!-~]* [!-~]*( [0-9TZ:./-]+)?" [0-9]+ [0-9]+ [0-9.]+s( door)?( by share link)?$'
for log in open.log closed.log; do
    [ "$(wc -l <$log)" -gt 100 ] || fail "$log has but $(wc -l <$log) lines"
    ! LC_ALL=C grep -avnE "$line" $log || fail "$log has lines that no request should write"
done
hasnt 'door-token' closed.log
echo "ok: fuzzed over the wire"
