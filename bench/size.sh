#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The code of libs3hls.so with each option, in KiB, beside the default: built as a release, with nothing else. Prints a line
# a figure; appends JSON lines to $S3HLS_BENCH_JSON.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d "${TMPDIR:-/tmp}/s3hls-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

code() { # code OPTION...: bytes
    cmake --preset release -B "$work/build" -DS3HLS_PLAY=OFF -DS3HLS_SERVER=OFF -DS3HLS_TOOLS=OFF -DS3HLS_TESTS=OFF \
        -DS3HLS_BENCH=OFF -DS3HLS_ENDPOINT_CREDENTIALS=OFF -DS3HLS_FLAC=OFF "$@" >"$work/log" 2>&1 &&
        cmake --build "$work/build" --target s3hls_shared --parallel "$(nproc)" >>"$work/log" 2>&1 ||
        { tail -n 20 "$work/log" >&2; exit 1; }
    size "$work/build/src/libs3hls.so" | awk 'NR == 2 { print $1 }'
}

report() { # report NAME BYTES
    local kib ratio
    kib=$(awk -v n="$2" 'BEGIN { printf "%.1f", n / 1024 }')
    ratio=$(awk -v a="$2" -v b="$default" 'BEGIN { printf "%.3f", a / b }')
    echo "$1: $kib KiB, ratio to the default $ratio"
    [ -z "${S3HLS_BENCH_JSON:-}" ] ||
        printf '{"name": "%s", "value": %s, "unit": "KiB", "peer": "default", "ratio": %s}\n' "$1" "$kib" "$ratio" \
            >>"$S3HLS_BENCH_JSON"
}

default=$(code)
report size.default "$default"
report size.flac "$(code -DS3HLS_FLAC=ON)"
report size.endpoint_credentials "$(code -DS3HLS_ENDPOINT_CREDENTIALS=ON)"
report size.both "$(code -DS3HLS_FLAC=ON -DS3HLS_ENDPOINT_CREDENTIALS=ON)"
