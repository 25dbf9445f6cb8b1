#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# mbedtls.sh SOURCE PREFIX: a static mbedTLS 2.28 in PREFIX, with pkg-config files, which 2.28 itself does not have.
# Environment: CC, AR, CFLAGS, JOBS; OMIT: further names to leave out of include/mbedtls/config.h ("MD5_C DHM_C").
set -euo pipefail
[ $# = 2 ] || { sed -n '3,4s/^# //p' "$0" >&2; exit 2; }
source=$(realpath "$1") prefix=$(realpath -m "$2")
build=$prefix.build/mbedtls
rm -rf "$build" && mkdir -p "$build" "$prefix/include" "$prefix/lib/pkgconfig"
cp -r "$source/." "$build" && cd "$build"
fail() { tail -n 20 log >&2; exit 1; }
flags="${CFLAGS:--Os} -ffunction-sections -fdata-sections"
# What no server of today needs, or only servers and datagrams; OMIT adds names.
for name in SELF_TEST SSL_RENEGOTIATION SSL_PROTO_SSL3 SSL_PROTO_TLS1 SSL_PROTO_TLS1_1 SSL_CBC_RECORD_SPLITTING \
    'SSL_(PROTO_DTLS|DTLS_[A-Z_]+)' SSL_SRV_C SSL_COOKIE_C SSL_TICKET_C NET_C TIMING_C \
    '(ARC4|BLOWFISH|CAMELLIA|ARIA|DES|XTEA|RIPEMD160|HAVEGE|MD2|MD4)_C' 'PSA_[A-Z_]+_C' USE_PSA_CRYPTO ${OMIT:-}; do
    sed -i -E "s,^#define MBEDTLS_$name( |$),//&," include/mbedtls/config.h
done

make -j"${JOBS:-$(nproc)}" -C library CC="${CC:-cc}" AR="${AR:-ar}" CFLAGS="$flags" static >log 2>&1 || fail
cp library/*.a "$prefix/lib"
cp -r include/mbedtls include/psa "$prefix/include"
version=$(sed -n 's/^#define MBEDTLS_VERSION_STRING  *"\(.*\)"/\1/p' include/mbedtls/version.h)
module() { # module NAME REQUIRES
    cat >"$prefix/lib/pkgconfig/$1.pc" <<END
prefix=$prefix
Name: $1
Description: mbed TLS
Version: $version
Requires: $2
Libs: -L\${prefix}/lib -l$1
Cflags: -I\${prefix}/include
END
}
module mbedcrypto ""
module mbedx509 mbedcrypto
module mbedtls "mbedx509 mbedcrypto"
rm -rf "$build"
