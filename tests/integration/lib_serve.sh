# SPDX-License-Identifier: MIT-0
# shellcheck shell=bash disable=SC2034
# Shared by the tests of s3hls serve. Sourced, not run.
. "$(dirname "${BASH_SOURCE[0]}")/../conformance/lib.sh"
cd "$work"
server=

# serve NAME URL... [OPTION...]: start a server on a free port; $server is its pid, $base its address, NAME.err
# its words.
serve() {
    local name=$1
    shift
    : >"$name.err" # there before it is read
    "$S3HLS" serve --listen 127.0.0.1:0 "$@" >"$name.out" 2>"$name.err" &
    server=$!
    for _ in $(seq 100); do
        base=$(sed -n 's,^s3hls serve: \(https*://.*\)/$,\1,p' "$name.err")
        [ -z "$base" ] || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    fail "the server does not come up: $(cat "$name.err")"
}

# stop: end the server by SIGTERM; it must answer 0 within 15 s.
stop() {
    local pid=$server
    server=
    kill -TERM "$pid"
    timeout 15 tail --pid="$pid" -f /dev/null || fail "the server does not stop"
    wait "$pid" || fail "the server ended with $?: $(cat ./*.err)"
}

# get PATH [CURL OPTION...]: body into ./body, headers into ./head; prints the status.
get() {
    local path=$1
    shift
    curl -sS --path-as-is --max-time 20 -o body -D head -w '%{http_code}' "$@" "$base$path"
}

# is STATUS PATH [CURL OPTION...]
is() {
    local want=$1 got
    shift
    got=$(get "$@") || fail "$1: curl answers $?"
    [ "$got" = "$want" ] || fail "$1: $got instead of $want: $(head -c 500 body)"
}

# has PATTERN FILE: a line of it matches (extended, case ignored).
has() {
    grep -qiE -- "$1" "$2" || fail "no \"$1\" in: $(head -c 2000 "$2")"
}

hasnt() {
    ! grep -qiE -- "$1" "$2" || fail "\"$1\" in: $(head -c 2000 "$2")"
}

# record CAMERA START [OPTION...]: four seconds
record() {
    "$S3HLS" record "$S3HLS_STREAMS/small.h264" --fps 25 -q --to "$store/$1" --start "$2" --segment-duration 1 "${@:3}"
}
