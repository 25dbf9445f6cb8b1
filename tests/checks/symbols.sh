#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# What the libraries show and need: the API and no more, libcurl and OpenSSL and no more, and little code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cmake --preset release >/dev/null && cmake --build build/release --parallel "$(nproc)" \
    --target s3hls_shared s3hls-play_shared s3hls-server_shared s3hls-compat-v1 -- --quiet
cd build/release
fail() { echo "FAILED: $*" >&2; exit 1; }

for library in src/libs3hls.so src/libs3hls-play.so src/libs3hls-server.so; do
    foreign=$(nm -D --defined-only "$library" | awk '{ print $3 }' | grep -vE '^s3hls_[a-z0-9]' || true)
    [ -z "$foreign" ] || fail "$library exports $foreign"
done
foreign=$(nm --defined-only --extern-only compat/libs3hls-compat-v1.a | awk 'NF == 3 { print $3 }' | grep -vE '^S3_(HLS|Put)_' || true)
[ -z "$foreign" ] || fail "the compat archive exports $foreign"

needed=$(readelf -d src/libs3hls.so | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -vE '^(libcurl|libssl|libcrypto|libc|ld-linux[^.]*)\.' || true)
[ -z "$needed" ] || fail "libs3hls.so needs $needed"

# every function of the headers is there
declared=$(cat ../../include/s3hls/*.h | tr '\n' ' ' | grep -oE 'S3HLS_API [^;{(]*\(' | grep -oE 's3hls_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u)
exported=$(nm -D --defined-only src/libs3hls-server.so | awk '{ print $3 }' | sort -u)
missing=$(comm -23 <(echo "$declared") <(echo "$exported"))
[ -z "$missing" ] || fail "declared, but not in libs3hls-server: $missing"

bytes=$(size src/libs3hls.so | awk 'NR == 2 { print $1 }')
[ "$bytes" -lt 168960 ] || fail "libs3hls.so has $bytes bytes of code, the bound is 165 KB"
echo "$(echo "$declared" | wc -l) functions exported; $bytes bytes of code; needs libcurl, libssl, libcrypto, libc"
