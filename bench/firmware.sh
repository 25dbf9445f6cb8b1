#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# What a device program takes: size of its file (stripped), resident and proportional memory while it records 5 Mbit/s over
# TLS with a pool of 4 MiB, by how it is linked. Prints a table. Libraries are built once, below build/firmware.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD work=$PWD/build/firmware tools=$PWD/tools/firmware
mkdir -p "$work"
lab=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null; rm -rf "$lab"' EXIT

once() { # once NAME COMMAND...
    local name=$1
    shift
    [ -e "$work/$name.done" ] || "$@" >"$work/$name.log" 2>&1 || { echo "$name failed: see $work/$name.log" >&2; return 1; }
    touch "$work/$name.done"
}

source_of() { once "$1-source" "$tools/debian.sh" source - "$1" "$work/$1"; }

libraries() { # libraries PREFIX COMPILER openssl|mbedtls static|shared
    local prefix=$work/$1
    export CC=$2
    source_of curl
    if [ "$4" = shared ]; then # beside Debian's OpenSSL
        once "$1-curl" "$tools/curl.sh" "$work/curl" "$prefix" "$3" shared -
        return
    fi
    source_of "$3"
    if [ "$3" = openssl ]; then
        once "$1-tls" "$tools/openssl.sh" "$work/openssl" "$prefix" "linux-$(uname -m)"
    else
        once "$1-tls" "$tools/mbedtls.sh" "$work/mbedtls" "$prefix"
    fi
    once "$1-curl" "$tools/curl.sh" "$work/curl" "$prefix" "$3" static
}

program() { # program NAME PREFIX|- CMAKE-OPTION...: the camera of the fault matrix, as a device links it
    local prefix=$work/$2 build=$work/$1.build static=()
    [ "$2" = - ] || export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    [[ $1 != static* ]] || { export PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig && static=(-static); }
    cmake -S . -B "$build" "${@:3}" -DCMAKE_PREFIX_PATH="$prefix" -DS3HLS_TESTS=OFF >"$work/$1.log" 2>&1
    cmake --build "$build" --parallel "$(nproc)" --target s3hls_static >>"$work/$1.log" 2>&1
    # shellcheck disable=SC2046
    "${CC:-cc}" -D_GNU_SOURCE -Os -ffunction-sections -Iinclude -Itests/support tests/integration/fault_camera.c tests/support/h264_gen.c \
        "$build/src/libs3hls.a" "${static[@]}" -Wl,--gc-sections -pthread -o "$work/$1.camera" \
        $(pkg-config ${static:+--static} --libs $(sed -n 's/^Requires.private: //p' "$build/s3hls.pc")) \
        $(sed -n 's/^Libs.private://p' "$build/s3hls.pc") >>"$work/$1.log" 2>&1
}

measure() { # measure NAME LIBRARY-FOLDER
    local file=$work/$1.camera pid pss=0 now
    cp "$file" "$lab/camera" && strip "$lab/camera"
    LD_LIBRARY_PATH=$2 "$lab/camera" "s3://$S3HLS_LAB_BUCKET/$1" seconds=20 speed=1 key-bytes=100000 other-bytes=22000 \
        pool-kib=4096 >"$lab/report" 2>"$lab/log" &
    pid=$!
    for _ in $(seq 18); do
        sleep 1
        now=$(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null || true)
        [ "${now:-0}" -le "$pss" ] || pss=$now
        rss=$(awk '/^VmHWM:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo "$rss")
    done
    wait "$pid" || { cat "$lab/log"; echo "$1: the recording failed"; exit 1; }
    printf '| %s | %s | %s | %s |\n' "$1" "$(($(stat -c %s "$lab/camera") / 1024))" "$rss" "$pss"
}

tests/lab/certificates.sh "$lab/certificates"
python3 tests/lab/fake_s3.py "$lab" "$lab/certificates" >"$lab/server.log" 2>&1 &
server=$!
until [ -s "$lab/env" ]; do sleep 0.1; done
# shellcheck disable=SC1091
. "$lab/env"
export S3HLS_LAB_ENDPOINT_TLS=${S3HLS_LAB_ENDPOINT_TLS/127.0.0.1/localhost} # mbedTLS 2.28 verifies names alone

echo "| device program | file, KiB | peak RSS, KiB | PSS, KiB |"
echo "|---|---|---|---|"
rss=0
(program debian-shared - --preset device) && measure debian-shared ""
(libraries small-shared cc openssl shared && program small-shared small-shared --preset device) &&
    measure small-shared "$work/small-shared/lib"
(libraries static-glibc cc openssl static &&
    program static-glibc static-glibc --preset device-static -DS3HLS_CRYPTO=openssl) && measure static-glibc ""
(libraries static-musl-mbedtls musl-gcc mbedtls static &&
    program static-musl-mbedtls static-musl-mbedtls --preset device-static) && measure static-musl-mbedtls ""
