#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# openssl.sh SOURCE PREFIX TARGET [OPTION...]: a small static OpenSSL (1.1.1 or 3) in PREFIX: TLS 1.2 and 1.3 with the
# ciphers that S3 offers. TARGET: linux-x86_64, linux-armv4, linux-aarch64, linux-generic32, ... (./Configure LIST).
# Environment: CC, CFLAGS, JOBS.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '3,5s/^# //p' "$0" >&2; exit 2; }
source=$(realpath "$1") prefix=$(realpath -m "$2") target=$3
shift 3
build=$prefix.build/openssl
rm -rf "$build" && mkdir -p "$build" "$prefix" && cd "$build"
flags="${CFLAGS:--Os} -ffunction-sections -fdata-sections"
fail() { tail -n 20 log >&2; exit 1; }

# One name a line, as in "Configure no-NAME". A version that does not know a name ignores it only if it is listed there.
omit=(shared tests engine async dso comp ssl3 tls1 tls1_1 dtls idea rc2 rc4 rc5 seed bf cast md4 mdc2 whirlpool rmd160
    camellia aria sm2 sm3 sm4 gost srp srtp psk ts cms ct ocsp cmp blake2 siphash scrypt ec2m dsa des hw
    ui-console nextprotoneg rfc3779 weak-ssl-ciphers)
! grep -q '^VERSION_NUMBER=1\.\|OpenSSL 1\.' "$source/README" 2>/dev/null || omit=("${omit[@]/#cmp/}")
options=()
for name in "${omit[@]}"; do [ -z "$name" ] || options+=("no-$name"); done

CC=${CC:-cc} "$source/Configure" "$target" --prefix="$prefix" --libdir=lib --openssldir=/etc/ssl "${options[@]}" "$@" \
    $flags >log 2>&1 || fail # shellcheck disable=SC2086
make -j"${JOBS:-$(nproc)}" build_libs >>log 2>&1 || fail
make install_dev >>log 2>&1 || fail
rm -rf "$build"
