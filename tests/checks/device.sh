#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# What a device builds: the library alone, with other hashes than OpenSSL's and with libcurl as if it were 7.64, without keys from an address and with them.
# It needs jansson for these only, and says so where it does not have them. Its unit tests pass.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
cat >"$work/main.c" <<'EOS'
#include <s3hls/s3hls.h>
#include <stdio.h>
static void say(void *ctx, s3hls_log_level level, const char *component, const char *message) {
    (void)ctx, (void)level, (void)component;
    puts(message);
}
int main(void) {
    s3hls_credentials_provider *p;
    s3hls_env env = {.log = say};
    s3hls_iot_options iot = {"localhost", "camera", "cam-1", "/dev/null", "/dev/null"};
    int opened[4] = {s3hls_credentials_open_iot(&p, &iot, &env)};
    s3hls_credentials_close(&p);
    opened[1] = s3hls_credentials_open_container(&p, &env);
    s3hls_credentials_close(&p);
    opened[2] = s3hls_credentials_open_instance(&p, &env);
    s3hls_credentials_close(&p);
    opened[3] = s3hls_credentials_open_default(&p, &env);
    s3hls_credentials_close(&p);
    for (int i = 0; i < 4; i++)
        puts(s3hls_status_name(opened[i]));
    return 0;
}
EOS
export HOME=$work AWS_EC2_METADATA_DISABLED=true
unset "${!AWS_CONTAINER_@}" AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SHARED_CREDENTIALS_FILE

device() { # device OFF|ON own|mbedtls COMPILER-OPTIONS STATUS...: of the four
    local build=build/device-$1 said needed needs=no
    cmake -S . -B "$build" -G Ninja -DS3HLS_WERROR=ON -DS3HLS_PLAY=OFF -DS3HLS_TOOLS=OFF \
        -DS3HLS_ENDPOINT_CREDENTIALS="$1" -DS3HLS_CRYPTO="$2" -DCMAKE_C_FLAGS="$3" >/dev/null
    cmake --build "$build" --parallel "$(nproc)" -- --quiet
    needed=$(readelf -d "$build/src/libs3hls.so" | sed -n 's/.*NEEDED.*\[\(lib.*\)\.so.*/\1/p' | grep -xE 'libcrypto|libssl|libmbedcrypto' | xargs || true)
    [ "$needed" = "$([ "$2" = mbedtls ] && echo libmbedcrypto)" ] || fail "hashes $2: needs $needed"
    ctest --test-dir "$build" -L unit --output-on-failure --no-tests=error --parallel "$(nproc)" >"$work/tests" ||
        { cat "$work/tests"; fail "unit tests, hashes $2"; }
    grep 'tests passed' "$work/tests"
    ! readelf -d "$build/src/libs3hls.so" | grep -c 'NEEDED.*libjansson' >/dev/null || needs=yes
    [ "$needs" = "$([ "$1" = ON ] && echo yes || echo no)" ] || fail "endpoint credentials $1: needs jansson: $needs"
    [[ $1 == OFF ]] || grep -q '^Requires.private:.* jansson' "$build/s3hls.pc" || fail "s3hls.pc does not name jansson"
    gcc -Iinclude "$work/main.c" -o "$work/main" -L"$build/src" -ls3hls
    said=$(LD_LIBRARY_PATH=$build/src "$work/main")
    [ "$(tail -n 4 <<<"$said" | xargs)" = "${*:4}" ] || fail "endpoint credentials $1: $said"
    [[ $1 == ON ]] || grep -q 'S3HLS_ENDPOINT_CREDENTIALS' <<<"$said" || fail "the option is not named: $said"
}
device OFF own "" S3HLS_E_UNSUPPORTED S3HLS_E_UNSUPPORTED S3HLS_E_UNSUPPORTED S3HLS_E_CREDENTIALS
device ON mbedtls "-DS3HLS__CURL_VERSION=0x074000 -Wno-deprecated-declarations" S3HLS_OK S3HLS_E_NOT_FOUND S3HLS_E_NOT_FOUND S3HLS_E_CREDENTIALS
