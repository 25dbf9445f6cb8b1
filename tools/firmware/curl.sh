#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# curl.sh SOURCE PREFIX openssl|mbedtls static|shared [TLS-PREFIX]: a small libcurl in PREFIX: HTTP and HTTPS/1.1 and
# nothing else. TLS-PREFIX holds the TLS library (default: PREFIX; "-": the compiler finds it by itself).
# Environment: CC, CFLAGS, LDFLAGS, HOST (to cross-compile: arm-linux-gnueabihf), JOBS.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '3,5s/^# //p' "$0" >&2; exit 2; }
source=$(realpath "$1") prefix=$(realpath -m "$2") tls=$3 kind=$4 tls_prefix=${5:-$2}
[ "$tls_prefix" = - ] || tls_prefix=$(realpath "$tls_prefix")
build=$prefix.build/curl
rm -rf "$build" && mkdir -p "$build" "$prefix" && cd "$build"
fail() { tail -n 20 log >&2; exit 1; }

disable=(manual ftp file ldap ldaps rtsp dict telnet tftp pop3 imap smb smtp gopher mqtt websockets ipfs ntlm ntlm-wb
    tls-srp alt-svc hsts unix-sockets doh cookies netrc crypto-auth basic-auth bearer-auth digest-auth kerberos-auth
    negotiate-auth aws form-api mime proxy get-easy-options libcurl-option sspi versioned-symbols debug curldebug ares
    dependency-tracking docs)
without=(libpsl brotli zstd zlib nghttp2 nghttp3 ngtcp2 libidn2 librtmp libssh libssh2 gssapi libgsasl ca-bundle ca-path)
case $kind in
static) options=(--enable-static --disable-shared) ;;
shared) options=(--enable-shared --disable-static) ;;
*) echo "static or shared, not $kind" >&2; exit 2 ;;
esac
known=$("$source/configure" --help)
for name in "${disable[@]}"; do
    ! grep -qE -- "--(en|dis)able-$name\b" <<<"$known" || options+=("--disable-$name")
done
for name in "${without[@]}"; do
    ! grep -qE -- "--with(out)?-$name\b" <<<"$known" || options+=("--without-$name")
done
[ "$tls_prefix" = - ] && options+=("--with-$tls") || options+=("--with-$tls=$tls_prefix")
[ -z "${HOST:-}" ] || options+=("--host=$HOST")

CC=${CC:-cc} CFLAGS="${CFLAGS:--Os} -ffunction-sections -fdata-sections" LDFLAGS="${LDFLAGS:-}" "$source/configure" \
    --prefix="$prefix" --enable-threaded-resolver "${options[@]}" >log 2>&1 || fail
make -j"${JOBS:-$(nproc)}" -C lib >>log 2>&1 || fail
{ make -C lib install && make -C include install && make install-pkgconfigDATA; } >>log 2>&1 || fail
rm -rf "$build"
