#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Nothing the tool writes at its most talkative holds a secret: not when all goes well, and not when a server echoes
# what it was sent. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib_store.sh"
clip=$S3HLS_STREAMS/small.h264
secret='wJalr/XUtnFEMI+K7MDENG=bPxRfiCYEXAMPLEKEY'
token='FwoGZXIvYXdzEJr//////////wEaD+EXAMPLE+TOKEN=='
wrong='Wrong/Secret+That=Is/Nobodys+Business/Either'
proxy_password='proxy-pass-word'
input_password='Cam#era/Pass?word@2'
export HOME=$work/home AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL AWS_CA_BUNDLE
mkdir -p "$work/home/.aws" "$work/told"
printf '[cam]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = %s\naws_session_token = %s\n' \
    "$secret" "$token" >"$work/home/.aws/credentials"

# What must be found nowhere, one a line: each secret as it is, URL-encoded, in base64 and in hex.
python3 - "$secret" "$token" "$wrong" "$proxy_password" "$input_password" >"$work/forms" <<'PYTHON'
import base64, sys, urllib.parse
for secret in sys.argv[1:]:
    raw = secret.encode()
    forms = {secret, urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), raw.hex(), secret[:24]}
    for skipped in range(3):  # wherever in a longer text it begins
        forms.add(base64.b64encode(raw[skipped:])[:24].decode())
    print(*forms, sep="\n")
PYTHON
header='Signature=[0-9a-f]{8}|AWS4-HMAC-SHA256 +Credential|Authorization:|x-amz-security-token[:=%" ]*[A-Za-z0-9+/%]{8}'
header+='|X-Amz-(Signature|Security-Token|Credential)='

search() { # search DIR: what it tells, by file
    grep -rFn -f "$work/forms" "$1" || grep -rniE "$header" "$1"
}

runs=0
run() { # run COMMAND [OPTION...]: whatever comes of it
    runs=$((runs + 1))
    echo "== ${*@Q}" >>"$work/runs"
    timeout -k 5 30 "$S3HLS" "$@" -vv --endpoint "$endpoint" >"$work/told/$runs.out" 2>"$work/told/$runs.err" || true
    [ -s "$work/told/$runs.out" ] || [ -s "$work/told/$runs.err" ] || fail "says nothing: $*"
}

addresses() { # what was asked for, not told: those of presign and playlist
    runs=$((runs + 1))
    "$S3HLS" "$@" -vv --endpoint "$endpoint" 2>"$work/told/$runs.err" | grep -c 'X-Amz-Signature=' >/dev/null || fail "$*: no address"
}

everything() { # everything [OPTION...]: each command that speaks to a store
    run record "$clip" --to s3://bucket/cam --deadline 1 --close-wait 1 --spool "$work/spool" --stats-every 0.1 \
        --events "$work/told/$((runs + 1)).events" "$@"
    run flush --to s3://bucket/cam --deadline 1 --spool "$work/spool" --json "$@"
    run put "$clip" s3://bucket/object "$@"
    run get s3://bucket/object -o "$work/object" "$@"
    run ls s3://bucket/cam "$@"
    run playlist s3://bucket/cam --base https://cdn.example/ "$@"
    local command
    for command in verify doctor; do
        ! "$S3HLS" help "$command" >/dev/null 2>&1 || run "$command" s3://bucket/cam "$@"
    done
}

keys() { # keys SECRET: from the environment
    export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=$1 AWS_SESSION_TOKEN=$token
}

serve good
keys "$secret"
everything
addresses presign s3://bucket/object
addresses playlist s3://bucket/cam
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
everything --profile cam
grep -q 'HTTP 200' "$work"/told/*.err || fail "-vv does not tell of requests: it is not at its most talkative"
keys "$wrong"
for mood in echo expired; do
    serve $mood
    everything
done
grep -q 'SignatureDoesNotMatch' "$work"/told/*.err || fail "no server refused"
grep -q 'ExpiredToken' "$work"/told/*.err || fail "no token expired"
endpoint=http://127.0.0.1:9
everything
endpoint=http://nowhere.invalid
everything
endpoint=http://s3.invalid
http_proxy=http://user:$proxy_password@127.0.0.1:9 everything
if command -v openssl >/dev/null; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=nobody" \
        -keyout "$work/key" -out "$work/cert" 2>/dev/null
    cat "$work/key" >>"$work/cert"
    serve good "$work/cert"
    endpoint=https${endpoint#http}
    everything
    grep -q S3HLS_E_TLS "$work"/told/*.err || fail "no certificate was refused"
fi

# Addresses of inputs: of a port where nobody listens, of no host, of a server that refuses, in a query, where no address
# belongs; and the command line while a camera is waited for.
input=me:$input_password@127.0.0.1:9
encoded=me:$(python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$input_password")
for address in "rtsp://$input/x" "rtsps://$input/x" "https://$input/x.mp4" "http://$encoded@127.0.0.1:$port/x.mp4" \
    "rtsp://$encoded@127.0.0.1:9/x" "rtsp://me:$input_password@nowhere.invalid/x" "srt://$input" "rtmps://$input/a/b" \
    "http://127.0.0.1:$port/x.mp4?user=me&pwd=$input_password" "rtsp://127.0.0.1:9/user=me&password=$input_password&n=1"; do
    run record "$address" --to s3://bucket/cam --events "$work/told/$((runs + 1)).events" --no-reconnect
done
run record "rtsp://$input/x" "rtsp://$input/y" --to s3://bucket/cam
run record clip.h264 --to s3://bucket/cam --fps "rtsp://$input/x"
run ls "rtsp://$input/x"
run get "rtsp://$input/x"
"$S3HLS" record "rtsp://$encoded@127.0.0.1:9/x" --reconnect -vv --metrics 0 --to "file://$work/waited" \
    --events "$work/told/waiting.events" --stats-every 0.1 >"$work/told/waiting.out" 2>"$work/told/waiting.err" &
recorder=$!
for _ in $(seq 100); do ! grep -q 'trying again' "$work/told/waiting.err" || break; sleep 0.05; done
tr '\0' '\n' <"/proc/$recorder/cmdline" >"$work/told/waiting.cmdline"
grep -q '^rtsp://me:\**@127.0.0.1:9/x$' "$work/told/waiting.cmdline" || fail "ps: $(cat "$work/told/waiting.cmdline")"
address=$(sed -n 's,.*metrics at \(http://.*\)/metrics$,\1,p' "$work/told/waiting.err")
python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1] + "/metrics").read().decode())' "$address" \
    >"$work/told/waiting.metrics"
kill -INT "$recorder"
wait "$recorder" || true

# Command lines and metrics while it records; what is no option is not repeated.
serve echo
keys "$secret"
"$S3HLS" record "$clip" --realtime --segment-duration 1 -vv --metrics 0 --to s3://bucket/cam --close-wait 0 --endpoint "$endpoint" \
    >"$work/told/live.out" 2>"$work/told/live.err" &
recorder=$!
for _ in $(seq 100); do ! grep -q SignatureDoesNotMatch "$work/told/live.err" || break; sleep 0.05; done
address=$(sed -n 's,.*metrics at \(http://.*\)/metrics$,\1,p' "$work/told/live.err")
python3 -c 'import sys, urllib.request, urllib.error
for path in "/metrics", "/healthz":
    try: print(urllib.request.urlopen(sys.argv[1] + path).read().decode())
    except urllib.error.HTTPError as e: print(e.read().decode())' "$address" >"$work/told/metrics"
grep -q 'code="SignatureDoesNotMatch"' "$work/told/metrics" || fail "metrics: $(cat "$work/told/metrics")"
tr '\0' '\n' <"/proc/$recorder/cmdline" >"$work/told/cmdline"
kill -INT "$recorder"
wait "$recorder" || true
run record "$clip" --to s3://bucket/cam "--secret-key=$secret"
run record "$clip" --to s3://bucket/cam --session-token="$token"

! search "$work/told" >"$work/found" || fail "told: $(head -n 5 "$work/found"), of $(cat "$work/runs")"

# The search finds what it looks for.
while read -r form; do
    mkdir -p "$work/planted"
    printf 'debug: before%safter\n' "$form" >"$work/planted/log"
    search "$work/planted" >/dev/null || fail "would not be found: $form"
done < <(cat "$work/forms" - <<'FORMS'
Authorization: x
?X-Amz-Signature=0123456789abcdef
, Signature=0123456789abcdef
X-Amz-Security-Token: FwoGZXIvYXdz
FORMS
)
echo "ok: $runs runs, $(cat "$work"/told/* | wc -l) lines, no secret"
