#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Cameras that want a password, that offer one transport, that change while they are away, and that come late. Their
# passwords show up nowhere. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no camera"
clip=$S3HLS_STREAMS/small.h264

camera() { # camera [OPTION...] SESSION...: sets $port
    end_server
    start_server python3 "$here/tool_rtsp_access.py" "$clip" "$@"
}

record() { # record ADDRESS [OPTION...]: sets $code; what is said is in $work/out
    rm -rf "$work/store" "$work/events"
    code=0
    timeout -k 5 20 "$S3HLS" record "$1" --to "file://$work/store" --no-reconnect --events "$work/events" "${@:2}" \
        >"$work/out" 2>&1 || code=$?
}

recorded() { # recorded WHAT
    [ $code = 0 ] && grep -q '^recorded 4.000 s' "$work/out" || fail "$1: exit status $code: $(cat "$work/out")"
}

secret() { # secret PASSWORD: in none of what the tool wrote
    ! grep -rF -- "$1" "$work/out" "$work/events" >"$work/found" 2>/dev/null || fail "told: $(cat "$work/found")"
}

# Passwords as they are, where it is clear where they end, and percent-encoded.
for auth in digest basic; do
    n=0
    set -- 'plain-1' 'a#b-12' 'a?b-12' 'a/b-12' 'a@b-12' 'a:b-12' '4%0X-12' '100-%'
    camera --auth $auth --user "me:$*" end end # all of them as one, with spaces
    record "rtsp://me:$(python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$*")@127.0.0.1:$port/x"
    recorded "$auth, percent-encoded"
    printf '%s\n' "$*" >"$work/password"
    record "rtsp://me@127.0.0.1:$port/x" --input-password-file "$work/password"
    recorded "$auth, --input-password-file"
    for password; do
        camera --auth $auth --user "me:$password" end
        record "rtsp://me:$password@127.0.0.1:$port/x" -vv
        recorded "$auth, password $password"
        secret "$password"
        n=$((n + 1))
        [ $auth = digest ] || [ $n -lt 3 ] || break
    done
    echo "ok: $auth: $n passwords"
done

# A wrong one is reported as one, and which address is meant is not guessed.
camera --user "me:right" end end
record "rtsp://me:wr#ng-12@127.0.0.1:$port/x"
[ $code = 4 ] && grep -q 'password refused (401).*%23' "$work/out" || fail "wrong password: $code: $(cat "$work/out")"
secret 'wr#ng-12'
record "rtsp://me:wr#ng-12@home/x@127.0.0.1:$port/x"
[ $code = 2 ] && grep -q 'not clear where its password ends.*%40' "$work/out" || fail "unclear: $code: $(cat "$work/out")"
secret 'ng-12'
record "rtsp://127.0.0.1:$port/x?user=me&pwd=in-query-12" -vv
secret 'in-query-12'
grep -q 'a user and a password are asked for (401)' "$work/out" || fail "no password: $(cat "$work/out")"
record "rtsp://me:one-12@127.0.0.1:$port/x" "rtsp://me:two-12@127.0.0.1:$port/x"
secret 'two-12'
record "rtsp://me:one-12@127.0.0.1:$port/x" --fps "http://me:two-12@x/"
secret 'two-12'
record "rtsp://me:one-12@nowhere.invalid/x"
grep -q S3HLS_E_RESOLVE "$work/out" || fail "a host that is not found: $(cat "$work/out")"
record "rtsp://me:one-12@127.0.0.1:9/x"
grep -q S3HLS_E_CONNECT "$work/out" || fail "a port where nobody listens: $(cat "$work/out")"
echo "ok: wrong passwords and addresses"

# One transport only.
camera --only udp end end end
address=rtsp://127.0.0.1:$port/x
record "$address"
[ $code = 4 ] && grep -q -- 'TCP (461).*--rtsp-transport udp' "$work/out" || fail "461: exit status $code: $(cat "$work/out")"
for transport in udp auto; do
    record "$address" --rtsp-transport $transport
    grep -q '^recorded [34]' "$work/out" || fail "--rtsp-transport $transport: $code: $(cat "$work/out")" # it may lose packets
done
record "rtsps://127.0.0.1:$port/x" --rtsp-transport udp
[ $code = 2 ] || fail "rtsps over UDP: exit status $code: $(cat "$work/out")"
camera --only tcp end
record "rtsp://127.0.0.1:$port/x" --rtsp-transport auto
recorded "--rtsp-transport auto, of a camera with TCP alone"
camera --only tcp end
record "rtsp://127.0.0.1:$port/x" --rtsp-transport udp
[ $code = 4 ] && grep -q -- 'UDP (461).*--rtsp-transport tcp' "$work/out" || fail "UDP refused: $code: $(cat "$work/out")"
echo "ok: transports"
