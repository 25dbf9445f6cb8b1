#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Who may look at what s3hls serve shows: tokens, share links, TLS, addresses.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib_serve.sh"
store=file://$work/store
record cam-1 2026-01-02T03:04:00Z
record cam-2 2026-01-02T03:04:00Z
range="start=2026-01-02T03:04:00Z&end=2026-01-02T03:04:04Z"
(umask 077 && printf '%s\n' "owner-token-0123456789 * owner" "door-token-0123456789 cam-1 door" >tokens)
owner="Authorization: Bearer owner-token-0123456789" door="Authorization: Bearer door-token-0123456789"

# not without tokens where others can reach it
code=0
timeout 10 "$S3HLS" serve "$store" --listen 0.0.0.0:0 2>err || code=$?
[ "$code" = 2 ] || fail "listens on 0.0.0.0 without tokens: exit code $code"
has 'token' err
printf 'short *\n' >bad
code=0
timeout 10 "$S3HLS" serve "$store" --token-file bad 2>err || code=$?
[ "$code" = 2 ] && has 'bad, line 1' err
hasnt 'short \*' err

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext "subjectAltName=IP:127.0.0.1" -keyout key.pem -out cert.pem 2>/dev/null
serve tls "$store" --listen 0.0.0.0:0 --token-file tokens --tls-cert cert.pem --tls-key key.pem --access-log access.log
base=https://127.0.0.1:${base##*:}
tls=(--cacert cert.pem)
is 200 / "${tls[@]}" # the page holds nothing
for path in /api/cameras "/hls/cam-1/range.m3u8?$range" "/clip/cam-1.mp4?$range" "/api/cameras/cam-1/days?month=2026-01"; do
    is 401 "$path" "${tls[@]}"
    has '^www-authenticate: Bearer' head
    is 401 "$path" "${tls[@]}" -H "Authorization: Bearer owner-token-012345678"
    is 401 "$path" "${tls[@]}" -H "Authorization: Basic owner-token-0123456789"
    is 200 "$path" "${tls[@]}" -H "$owner"
    is 200 "$path" "${tls[@]}" -H "$door"
done
has '"days"' body
is 200 /api/cameras "${tls[@]}" -H "$door"
has '"cam-1"' body
hasnt 'cam-2' body
is 200 /api/cameras "${tls[@]}" -H "$owner"
has 'cam-2' body
path=$(cd store && find cam-2/2026 -name '*.ts' | sort | head -n 1)
for other in "/hls/cam-2/range.m3u8?$range" "/clip/cam-2.mp4?$range" "/media/$path" "/hls/none/live.m3u8"; do
    is 403 "$other" "${tls[@]}" -H "$door"
done
! curl -sS --max-time 5 "${base/https/http}/" >/dev/null 2>&1 || fail "plain HTTP is answered where TLS was asked for"
! curl -sS --max-time 5 --tls-max 1.1 "${tls[@]}" "$base/" >/dev/null 2>&1 || fail "TLS 1.1 is spoken"
echo "ok: tokens, TLS"

# this machine watches without a token, but not through a proxy
is 200 /metrics "${tls[@]}"
is 200 /healthz "${tls[@]}"
is 401 /metrics "${tls[@]}" -H "X-Forwarded-For: 192.0.2.1"
for path in /metrics /healthz; do # nor through a visitor's browser
    is 421 $path "${tls[@]}" -H "Host: evil.example"
    is 401 $path "${tls[@]}" -H "Host: evil.example" -H "Authorization: Bearer not-a-token-01234"
    is 200 $path "${tls[@]}" -H "Host: nvr.example" -H "$owner"
    is 200 $path "${tls[@]}" -H "Host: localhost"
done

share() { # share OPTIONS: makes a link for cam-1, into $share
    is 200 "/api/cameras/cam-1/share?$range&$1" "${tls[@]}" -X POST -H "$door"
    share=$(python3 -c 'import json; print(json.load(open("body"))["share"])')
}
is 403 "/api/cameras/cam-2/share?$range" "${tls[@]}" -X POST -H "$door"
is 401 "/api/cameras/cam-1/share?$range" "${tls[@]}" -X POST
is 405 "/api/cameras/cam-1/share?$range" "${tls[@]}" -H "$door"
share expires=60
is 200 "/hls/cam-1/range.m3u8?$range&share=$share" "${tls[@]}"
has "^\.\./\.\./media/cam-1/.*\.ts\?share=$share$" body
segment=$(sed -n 's,^\.\./\.\.\(/media/.*\),\1,p' body | head -n 1)
is 200 "$segment" "${tls[@]}"
is 401 "${segment%%\?*}" "${tls[@]}"
is 200 "/clip/cam-1.mp4?$range&share=$share" "${tls[@]}"
is 200 "/api/cameras?share=$share" "${tls[@]}"
hasnt cam-2 body
is 403 "/hls/cam-2/range.m3u8?$range&share=$share" "${tls[@]}"
is 403 "/hls/cam-1/range.m3u8?start=2026-01-02T03:03:59Z&end=2026-01-02T03:04:04Z&share=$share" "${tls[@]}"
is 403 "/hls/cam-1/live.m3u8?share=$share" "${tls[@]}"
is 403 "/api/cameras/cam-1/share?$range&share=$share" "${tls[@]}" -X POST
is 403 "/metrics?share=$share" "${tls[@]}" -H "X-Forwarded-For: 192.0.2.1"
is 401 "/hls/cam-1/range.m3u8?$range&share=${share%?????}AAAAA" "${tls[@]}"

# a link opens what overlaps its range, and not what lies around it
record cam-1 2026-01-02T03:02:30Z
record cam-1 2026-01-02T03:03:56Z
record cam-1 2026-01-02T03:04:04Z
for path in $(cd store && find cam-1/2026 -name '*.ts' | sort); do
    case $path in */03/04/0[0-3].*) want=200 ;; *) want=403 ;; esac
    is $want "/media/$path?share=$share" "${tls[@]}"
    is $want "/media/$path?share=$share" "${tls[@]}" -I
    is 200 "/media/$path" "${tls[@]}" -H "$door"
done
is 403 "/api/cameras/cam-1/days?month=2026-01&share=$share" "${tls[@]}"
is 403 "/api/cameras/cam-1/timeline?from=2026-01-02T03:00:00Z&to=2026-01-02T03:04:04Z&share=$share" "${tls[@]}"
is 403 "/hls/cam-1/range.m3u8?$range&end=2026-01-02T03:04:05Z&share=$share" "${tls[@]}"
is 403 "/hls/cam-1%2F2026/range.m3u8?$range&share=$share" "${tls[@]}"
is 400 "/hls/cam-1/range.m3u8?start=-9223372036854775808&end=9223372036854775807&share=$share" "${tls[@]}"
is 200 "/api/cameras?share=$share" "${tls[@]}"
hasnt newest body # is of another time

# nor a sample SDK's segment that ends before it
mkdir -p store/seed/2026/01/02/03/0{3,4} store/seed/timelines
for at in 03/50 03/54 03/57 04/01 04/05; do cp "store/$path" "store/seed/2026/01/02/03/$at.ts"; done
is 200 "/api/cameras/seed/share?$range&expires=60" "${tls[@]}" -X POST -H "$owner"
seed=$(python3 -c 'import json; print(json.load(open("body"))["share"])')
for want in 403:03/50 404:03/54 200:03/57 200:04/01 403:04/05; do
    is "${want%%:*}" "/media/seed/2026/01/02/03/${want#*:}.ts?share=$seed" "${tls[@]}"
done

# a live list under a link is of the link's range; the answer of one is not another's
now=$(date +%s)
cat "$S3HLS_STREAMS"/small.h264{,,} | "$S3HLS" record - --fps 25 -q --to "$store/cam-1" --start $((now - 12)) --segment-duration 1
live() { is 200 "/hls/cam-1/live.m3u8?$1" "${tls[@]}" "${@:2}"; }
is 200 "/api/cameras/cam-1/share?start=$((now - 7))&end=$((now + 600))&expires=120" "${tls[@]}" -X POST -H "$door"
recent=$(python3 -c 'import json; print(json.load(open("body"))["share"])')
live "share=$recent" -H "$door"
[ "$(grep -c 'media/' body)" = 6 ] || fail "a token's live list: $(cat body)"
hasnt 'share=' body # it granted nothing
live "share=$recent"
[ "$(grep -c 'media/' body)" = 4 ] || fail "a link's live list: $(cat body)"
has "\.ts\?share=$recent$" body
has '^cache-control: private, max-age=1, must-revalidate' head
has '^vary: authorization' head
live "" -H "$door"
[ "$(grep -c 'media/' body)" = 6 ] || fail "a token's live list: $(cat body)"
has '^cache-control: private, max-age=1' head
is 200 "/api/cameras?share=$recent" "${tls[@]}"
has '"id":"cam-1","live":true' body
segment=$(cd store && find cam-1/2026 -name '*.ts' | sort | tail -n 1)
is 200 "/media/$segment?share=$recent" "${tls[@]}"
grep -i '^cache-control' head | grep -cE 'private, max-age=(1[01][0-9]|120), immutable, must-revalidate' >/dev/null || fail "$(cat head)"
is 200 "/media/$segment" "${tls[@]}" -H "$door"
has '^cache-control: private, max-age=31536000, immutable' head
for bad in "$recent%0a%23EXT-X-KEY" "%0a$recent" "$recent%22" "a%0ab"; do
    is 400 "/hls/cam-1/live.m3u8?share=$bad" "${tls[@]}"
    is 400 "/hls/cam-1/live.m3u8?share=$bad" "${tls[@]}" -H "$owner"
done
live "share=not-a-link" -H "$owner"
hasnt 'not-a-link' body
share expires=1
sleep 2.1
is 401 "/hls/cam-1/range.m3u8?$range&share=$share" "${tls[@]}"
has 'expired' body
echo "ok: share links"

has ' door$' access.log
has 'by share link$' access.log
for secret in owner-token door-token "$share" share=; do
    hasnt "$secret" access.log
    hasnt "$secret" tls.err
    hasnt "$secret" tls.out
done
stop
echo "ok: no secret in any log"

# presigned addresses end with the link
mkdir -p s3/bucket && cp -r store/cam-2 s3/bucket/cam
start_server python3 "$here/tool_s3_server.py" "$work/s3" good
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret
serve presigned s3://bucket/cam --endpoint "http://127.0.0.1:$port" --token-file tokens
is 200 "/api/cameras/cam/share?$range&expires=90" -X POST -H "$owner"
share=$(python3 -c 'import json; print(json.load(open("body"))["share"])')
is 200 "/hls/cam/range.m3u8?$range&share=$share"
life=$(sed -n 's/.*X-Amz-Expires=\([0-9]*\).*/\1/p' body | head -n 1)
[ -n "$life" ] && [ "$life" -le 90 ] && [ "$life" -ge 60 ] || fail "an address under a link of 90 s lives for $life s"
hasnt 'share=' body # S3 is not told
is 200 "/hls/cam/range.m3u8?$range" -H "$owner"
has 'X-Amz-Expires=3604' body
stop
echo "ok: presigned addresses end with the link"
