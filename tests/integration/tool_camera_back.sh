#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# A camera that comes back as another, or late: why it cannot be recorded is reported when the reason changes, and no
# more often. Three at the same time. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no camera"
clip=$S3HLS_STREAMS/small.h264
declare -A recorders

begin() { # begin NAME [OPTION...]: record from the camera at $port
    "$S3HLS" record "rtsp://me:pass-word@127.0.0.1:$port/x" --to "file://$work/$1" --events "$work/$1.events" \
        --segment-duration 1 "${@:2}" >"$work/$1.out" 2>&1 &
    recorders[$1]=$!
}

await() { # await NAME EVENT COUNT
    for _ in $(seq 200); do
        [ "$(grep -c "\"event\":\"$2\"" "$work/$1.events" 2>/dev/null)" != "$3" ] || return 0
        sleep 0.1
    done
    fail "$1: not $3 times $2: $(cat "$work/$1.events" "$work/$1.out")"
}

end() { # end NAME CODE: with Ctrl-C, at once
    sleep 0.3 # until it has sent the clip
    local code=0 before=${EPOCHREALTIME/[.,]/}
    kill -INT "${recorders[$1]}"
    wait "${recorders[$1]}" || code=$?
    [ $code = "$2" ] || fail "$1: exit status $code: $(cat "$work/$1.out")"
    [ $((${EPOCHREALTIME/[.,]/} - before)) -lt 3000000 ] || fail "$1: Ctrl-C took too long"
    ! grep -F pass-word "$work/$1.out" "$work/$1.events" || fail "$1: the password was told"
}

reasons() { # reasons NAME WANT...: in this order, each in a line and in an event
    local want events name=$1
    shift
    events=$(grep '"event":"input-failing"' "$work/$name.events" || true)
    [ "$(grep -c . <<<"$events")" = $# ] || fail "$name: reasons: $(cat "$work/$name.events")"
    for want; do
        grep -q -- "$want" <<<"$(head -n 1 <<<"$events")" || fail "$name: not \"$want\" first: $events"
        grep -q -- "^s3hls record: rtsp://me:\*.*$want" "$work/$name.out" || fail "$name: not said: $want"
        events=$(tail -n +2 <<<"$events")
    done
    echo "ok: $name: $*"
}

# Its password was changed and changed back: tried twice, said once.
start_server python3 "$here/tool_rtsp_access.py" "$clip" --user me:pass-word end refuse refuse hold
begin password
# There, but not yet as it should be: waited for, as --reconnect was given.
start_server python3 "$here/tool_rtsp_access.py" "$clip" vp8 audio hold
begin other --reconnect
# Nobody listens yet.
start_server python3 "$here/tool_rtsp_access.py" "$clip" away="$work/now" hold
sleep 0.3 # until it listens no more
begin late --reconnect
# Never there.
free=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
port=$free begin never --reconnect
port=$free begin never-without

code=0
wait "${recorders[never-without]}" || code=$?
[ $code = 4 ] || fail "without --reconnect: exit status $code"
await late input-failing 1
touch "$work/now"
await late input-back 1
end late 0
reasons late S3HLS_E_CONNECT
end never 4
reasons never S3HLS_E_CONNECT
await other input-back 1
end other 0
reasons other 'vp8' 'no video'
await password input-back 1
end password 0
reasons password 'password refused (401)'
"$S3HLS" verify "file://$work/password" >"$work/out" || fail "what was recorded before and after: $(cat "$work/out")"
