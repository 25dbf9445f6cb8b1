#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Inputs over TLS are recorded from whom their address names, and from nobody else: rtsps, https, and where redirects
# and HLS playlists lead to. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
for command in python3 openssl ffmpeg; do command -v $command >/dev/null || skip "$command is not installed"; done
clip=$S3HLS_STREAMS/small.h264
"$here/../lab/certificates.sh" "$work/tls"
for certificate in server name expired other; do
    key=server
    [ $certificate != other ] || key=other
    cat "$work/tls/$certificate.pem" "$work/tls/$key.key" >"$work/$certificate"
done
ca=$work/tls/ca.pem

try() { # try INPUT [OPTION...]: record; sets $code; what is said is in $work/out
    rm -rf "$work/store" "$work/events"
    code=0
    timeout -k 5 20 "$S3HLS" record "$1" --to "file://$work/store" --no-reconnect --events "$work/events" "${@:2}" \
        >"$work/out" 2>&1 || code=$?
}

recorded() { # recorded WHAT: all of the clip
    [ $code = 0 ] && grep -q '^recorded 4.000 s' "$work/out" || fail "$1: exit status $code: $(cat "$work/out")"
    echo "ok: $1: recorded"
}

refused() { # refused WHAT: nothing is recorded, and it is said what to do
    [ $code = 4 ] && [ ! -e "$work/store" ] || fail "$1: exit status $code: $(cat "$work/out")"
    grep -q 'S3HLS_E_TLS.*--input-ca.*--input-insecure' "$work/out" || fail "$1: $(cat "$work/out")"
    echo "ok: $1: refused: $(sed 's/.*127.0.0.1[^ ]* //; s/: TLS failed.*//' "$work/out" | head -n 1)"
}

warned() { # that nothing was verified, without -v
    grep -q 'warning: .*not verified' "$work/out" || fail "no warning: $(cat "$work/out")"
    grep -q '"event":"input-insecure"' "$work/events" || fail "no event: $(cat "$work/events")"
}

camera() { # camera CERTIFICATE SESSION: one that speaks TLS
    end_server
    start_server python3 "$here/tool_rtsp_access.py" "$clip" --cert "$work/$1" --user me:pass-word "$2"
    address=rtsps://me:pass-word@127.0.0.1:$port/live
}

camera server end
try "$address"
refused "rtsps, an authority that is not the system's"
try "${address/127.0.0.1/localhost}" --input-ca "$ca"
recorded "rtsps, --input-ca, by name"
camera server end
try "$address" --input-ca "$ca"
recorded "rtsps, --input-ca, by IP address"
for certificate in name expired other; do
    camera $certificate end
    try "$address" --input-ca "$ca"
    refused "rtsps, certificate \"$certificate\""
    [ "$(sed 1d "$work/port")" = refused ] || fail "the camera was spoken to: $(cat "$work/port")"
    try "$address" --input-insecure
    recorded "rtsps, certificate \"$certificate\", --input-insecure"
    warned
done
camera other end
tls_camera=$server secure=rtsps://127.0.0.1:$port/live
server=
start_server python3 "$here/tool_rtsp_access.py" "$clip" --user me:pass-word "to=$secure"
try "rtsp://me:pass-word@127.0.0.1:$port/live"
refused "rtsp that redirects to rtsps"
kill "$tls_camera"

# https, and HLS in whose playlist another server is named
mkdir "$work/web"
ffmpeg -v error -nostdin -r 25 -i "$clip" -c copy -movflags +faststart "$work/web/clip.mp4"
ffmpeg -v error -nostdin -r 25 -i "$clip" -c copy -f hls -hls_time 1 -hls_list_size 0 "$work/web/list.m3u8"
web() { # web CERTIFICATE [FOLDER]: serve files; sets $server and $port
    server=
    start_server python3 "$here/tool_https_server.py" "$work/web" ${1:+"$work/$1"}
}
web other
untrusted=$port untrusted_log=$work/untrusted.log
cp "$work/port" "$untrusted_log"
sed "s,^list,https://127.0.0.1:$untrusted/list," "$work/web/list.m3u8" >"$work/web/elsewhere.m3u8"
web server
for file in clip.mp4 list.m3u8; do
    try "https://127.0.0.1:$port/$file"
    refused "https, $file, an authority that is not the system's"
    try "https://127.0.0.1:$port/$file" --input-ca "$ca"
    recorded "https, $file, --input-ca"
    try "https://127.0.0.1:$untrusted/$file" --input-ca "$ca"
    refused "https, $file, certificate \"other\""
    try "https://127.0.0.1:$untrusted/$file" --input-insecure
    recorded "https, $file, --input-insecure"
    warned
done
try "https://127.0.0.1:$port/to?https://127.0.0.1:$untrusted/clip.mp4" --input-ca "$ca"
refused "https that redirects to certificate \"other\""
web ""
try "http://127.0.0.1:$port/to?https://127.0.0.1:$untrusted/clip.mp4" --input-ca "$ca"
refused "http that redirects to certificate \"other\""
try "http://127.0.0.1:$port/elsewhere.m3u8" --input-ca "$ca"
[ $code = 4 ] && [ ! -e "$work/store" ] || fail "segments of certificate \"other\": $code: $(cat "$work/out")"
try "http://127.0.0.1:$port/elsewhere.m3u8" --input-insecure
recorded "segments of certificate \"other\", --input-insecure"
for certificate in name expired; do
    web $certificate
    try "https://127.0.0.1:$port/clip.mp4" --input-ca "$ca"
    refused "https, certificate \"$certificate\""
done
for scheme in rtmpts gophers hls+https concat:https async:concat:https; do
    try "$scheme://127.0.0.1:$port/list.m3u8"
    refused "$scheme"
done
code=0
"$S3HLS" record - --to "file://$work/store" <"$work/web/elsewhere.m3u8" >"$work/out" 2>&1 || code=$?
[ $code = 4 ] && [ ! -e "$work/store" ] || fail "a playlist on standard input: $code: $(cat "$work/out")"
echo "ok: a playlist on standard input: nothing is opened over a network"
