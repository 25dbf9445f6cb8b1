#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# What is installed is enough: a program builds against it by pkg-config (shared, static) and by find_package.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --preset release >/dev/null && cmake --build build/release --parallel "$(nproc)" >/dev/null
cmake --install build/release --prefix "$work/usr" >/dev/null
cat >"$work/main.c" <<'EOS'
#include <s3hls/s3hls.h>
#include <stdio.h>
int main(void) {
    s3hls_recorder_config cfg;
    s3hls_recorder *recorder;
    s3hls_recorder_config_init(&cfg);
    cfg.destination = "file:///nowhere";
    int rc = s3hls_recorder_open(&recorder, &cfg);
    s3hls_recorder_close(&recorder, 0);
    puts(s3hls_version());
    return rc;
}
EOS
export PKG_CONFIG_PATH=$work/usr/lib/pkgconfig LD_LIBRARY_PATH=$work/usr/lib
cd "$work"
# shellcheck disable=SC2046
gcc main.c -o shared $(pkg-config --cflags --libs s3hls)
./shared
# shellcheck disable=SC2046
gcc main.c -o static $(pkg-config --cflags s3hls) "$work/usr/lib/libs3hls.a" $(pkg-config --libs libcurl libcrypto) -pthread
./static
gcc main.c -o play $(pkg-config --cflags --libs s3hls-play)
./play
cat >CMakeLists.txt <<'EOS'
cmake_minimum_required(VERSION 3.22)
project(user C)
find_package(s3hls REQUIRED)
add_executable(user main.c)
target_link_libraries(user PRIVATE s3hls::s3hls)
add_executable(player main.c)
target_link_libraries(player PRIVATE s3hls::play)
EOS
cmake -B build -DCMAKE_PREFIX_PATH="$work/usr" >/dev/null && cmake --build build >/dev/null
build/user && build/player
"$work/usr/bin/s3hls" --version
[ -s "$work/usr/share/man/man1/s3hls.1" ]
