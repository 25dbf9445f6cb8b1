# SPDX-License-Identifier: MIT-0
# shellcheck shell=bash disable=SC2034
# Shared by the tests that record with the tool and look at what came out. Sourced, not run.
set -euo pipefail

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

skip() {
    echo "SKIPPED: $*"
    exit 77
}

# A folder, and what the script starts in the background: both go with it. cleanup() may be redefined to take back more.
work=$(mktemp -d "${TMPDIR:-/tmp}/s3hls-test.XXXXXX")
cleanup() { :; }
end_jobs() {
    local pid
    for pid in $(jobs -pr) $(jobs -ps); do
        disown "$pid" # says nothing of it
        kill -KILL "$pid" 2>/dev/null || true
    done
}
trap 'end_jobs; cleanup; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# start_server COMMAND...: one that prints the port it listens on; sets $server, its pid, and $port.
start_server() {
    rm -f "$work/port"
    "$@" >"$work/port" &
    server=$!
    for _ in $(seq 100); do [ ! -s "$work/port" ] || break; sleep 0.05; done
    port=$(cat "$work/port")
    [ -n "$port" ] || fail "does not come up: $*"
}

# end_server: whatever it does, and wait until it has ended.
end_server() {
    [ -z "${server:-}" ] || kill -KILL "$server" 2>/dev/null || true
    [ -z "${server:-}" ] || wait "$server" 2>/dev/null || true
    server=
}

# pictures INPUT [OPTION...]: size and hash of each decoded picture in display order, times left out.
# "strict" makes the decoder's reordering depend on the stream alone, not on how it was probed. A rotation that a file's
# container states is not applied.
pictures() {
    local input=$1
    shift
    ffmpeg -hide_banner -v error -nostdin -threads 1 -strict strict -noautorotate "$@" -i "$input" -map 0:v:0 \
        -fps_mode passthrough -f framemd5 - | awk -F, '!/^#/ { print $(NF - 1), $NF }'
}

# times INPUT: presentation times of the video's access units, ascending, in 90 kHz.
times() {
    ffprobe -v fatal -select_streams v:0 -show_entries stream=time_base:packet=pts -of csv "$1" |
        awk -F, '$1 == "packet" { pts[n++] = $2 }
                 $1 == "stream" { split($2, base, "/") }
                 END { for (i = 0; i < n; i++) printf "%.0f\n", pts[i] * base[1] * 90000 / base[2] }' |
        sort -n
}

# segments DIR: the recorded files, in order of time.
segments() {
    find "$1" -name '*.ts' | LC_ALL=C sort
}

# same_pictures WANT GOT: two outputs of pictures().
same_pictures() {
    cmp -s "$1" "$2" && return
    diff "$1" "$2" | head -n 6 >&2 || true
    fail "decoded pictures differ: $(wc -l <"$1") expected, $(wc -l <"$2") recorded"
}
