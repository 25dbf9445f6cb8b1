#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# run.sh bullseye|musl|armhf|armel|s390x: the unit tests, and a recording over TLS, on another platform than this machine:
#   bullseye  Debian 11, in a chroot: OpenSSL 1.1.1, libcurl 7.74, glibc 2.31, gcc 10, CMake 3.18
#   musl      one static file: musl, mbedTLS and a small libcurl, as docs/firmware.md describes
#   armhf, armel, s390x  Debian's libraries for 32-bit ARM, ARMv5 and a big-endian machine, under qemu-user
# Packages are unpacked and libraries are built once, below build/platform. Exit status 77: something is not available
# here; the last line names it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
target=${1:?usage: run.sh bullseye|musl|armhf|armel|s390x}
top=$PWD work=$PWD/build/platform/$target
mkdir -p "$work"
log=$work/log
jobs=$(nproc)
skip() { echo "SKIPPED: $*"; exit 77; }
fail() { tail -n 30 "$log"; echo "FAILED: $*"; exit 1; }
missing() { command -v "$1" >/dev/null || skip "$1 is not installed (package $2)"; }

# once NAME COMMAND...: run the command if it has not succeeded here before; its status 77 skips
once() {
    local name=$1 status=0
    shift
    [ ! -e "$work/$name.done" ] || return 0
    "$@" >"$log" 2>&1 || status=$?
    [ "$status" != 77 ] || skip "$(tail -n 1 "$log" | sed 's/^SKIPPED: //')"
    [ "$status" = 0 ] || fail "$name"
    touch "$work/$name.done"
}

build() { # build CMAKE-OPTION...
    cmake -S . -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DS3HLS_WERROR=ON -DS3HLS_SERVER=OFF \
        -DS3HLS_TOOLS=OFF "$@" >"$log" 2>&1 || fail "cmake"
    cmake --build "$work/build" --parallel "$jobs" --target all platform_camera >"$log" 2>&1 || fail "the build"
}

# sysroot SUITE ARCHITECTURE TRIPLE EMULATOR: build and test against a Debian's libraries
sysroot() {
    missing "$3-gcc" "gcc-${3//_/-}"
    once sysroot tools/firmware/debian.sh sysroot "$1" "$2" "$work/sysroot" libc6-dev libcurl4-openssl-dev libssl-dev \
        libexpat1-dev libjansson-dev libcmocka-dev
    emulator="$4"
    build --toolchain "$top/tools/firmware/toolchain.cmake" -DFIRMWARE_TRIPLE="$3" -DFIRMWARE_SYSROOT="$work/sysroot" \
        -DCMAKE_CROSSCOMPILING_EMULATOR="$4"
}

# debian11 COMMAND...: in the unpacked Debian 11, at this folder. Its mounts end with it.
debian11() {
    unshare --mount --propagation private bash -ec '
        system=$1 top=$2; shift 2
        mkdir -p "$system/proc" "$system/dev" "$system/tmp" "$system$top"
        mount --rbind /proc "$system/proc"; mount --rbind /dev "$system/dev"; mount -t tmpfs none "$system/tmp"
        mount --bind "$top" "$system$top"
        if [ -n "${S3HLS_SHARED:-}" ]; then
            mkdir -p "$system$S3HLS_SHARED"; mount --bind "$S3HLS_SHARED" "$system$S3HLS_SHARED"
        fi
        exec chroot "$system" /usr/bin/env -C "$top" LC_ALL=C "$@"' _ "$work/debian" "$top" "$@"
}

bullseye() {
    unset CMAKE_C_COMPILER_LAUNCHER # is not there
    [ "$(id -u)" = 0 ] || skip "a chroot needs root"
    once debian tools/firmware/debian.sh sysroot bullseye "$(dpkg --print-architecture)" "$work/debian" libc6-dev bash \
        coreutils dash findutils grep sed openssl gcc cmake ninja-build pkg-config libcurl4-openssl-dev libssl-dev libexpat1-dev libjansson-dev libcmocka-dev
    mkdir -p "$work/debian/etc/ssl/certs" # no package has been configured
    cp /etc/ssl/certs/ca-certificates.crt "$work/debian/etc/ssl/certs"
    debian11 cmake -S . -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DS3HLS_WERROR=ON -DS3HLS_SERVER=OFF \
        -DS3HLS_TOOLS=OFF >"$log" 2>&1 || fail "cmake"
    debian11 cmake --build "$work/build" --parallel "$jobs" --target all platform_camera >"$log" 2>&1 || fail "the build"
    within=(debian11)
    emulator="$(echo "$work"/debian/lib*/ld-linux*.so.?);--library-path;$(echo "$work"/debian/lib/*-linux-gnu):$(echo "$work"/debian/usr/lib/*-linux-gnu)"
}

cmocka() { # a static one, with musl
    "$top/tools/firmware/debian.sh" source - cmocka "$work/cmocka"
    cmake -S "$work/cmocka" -B "$work/cmocka.build" -G Ninja -DCMAKE_C_COMPILER=musl-gcc -DWITH_STATIC_LIB=ON \
        -DCMAKE_INSTALL_PREFIX="$work/prefix" -DCMAKE_INSTALL_LIBDIR=lib
    cmake --build "$work/cmocka.build" --target install
    rm "$work"/prefix/lib/libcmocka.so*
    mv "$work/prefix/lib/libcmocka-static.a" "$work/prefix/lib/libcmocka.a"
}

musl() {
    missing musl-gcc musl-tools
    export CC=musl-gcc
    for name in mbedtls curl; do
        once $name-source tools/firmware/debian.sh source - $name "$work/$name"
    done
    once mbedtls tools/firmware/mbedtls.sh "$work/mbedtls" "$work/prefix"
    once curl tools/firmware/curl.sh "$work/curl" "$work/prefix" mbedtls static
    once cmocka cmocka
    PKG_CONFIG_LIBDIR=$work/prefix/lib/pkgconfig build --preset device-static -DCMAKE_PREFIX_PATH="$work/prefix"
    file -b "$work/build/examples/example_hello" 2>/dev/null | grep -q 'statically linked' ||
        ! readelf -d "$work/build/examples/example_hello" | grep -q NEEDED || fail "example_hello is not static"
}

# Without what takes a minute, or does not depend on the platform. Under an emulator, neither what counts its sleeps nor
# what repeats a recording for each of its allocations.
unit_tests() {
    local left_out='playlist_polled|verify|uplink|h265_streams'
    [ -z "$emulator" ] || [ "$target" = bullseye ] || left_out+='|sleep|memory'
    "${within[@]}" env -C "$work/build" ctest -L unit -E "$left_out" --output-on-failure \
        --no-tests=error --parallel "$((jobs * 2))" --timeout 170 >"$log" 2>&1 || fail "unit tests"
    grep 'tests passed' "$log"
}

recording() { # over TLS, by this platform's program, to a server on this machine
    local lab camera
    lab=$(mktemp -d)
    tests/lab/certificates.sh "$lab/certificates"
    python3 tests/lab/fake_s3.py "$lab" "$lab/certificates" >"$lab/log" 2>&1 &
    local server=$!
    # shellcheck disable=SC2064
    trap "kill $server; wait $server 2>/dev/null || true; rm -rf '$lab'" EXIT
    for _ in $(seq 100); do [ -s "$lab/env" ] && break || sleep 0.1; done
    # shellcheck disable=SC1091
    . "$lab/env"
    export S3HLS_LAB_ENDPOINT_TLS=${S3HLS_LAB_ENDPOINT_TLS/127.0.0.1/localhost} # mbedTLS 2.28 verifies names alone
    IFS=';' read -ra camera <<<"${emulator:+$emulator;}$work/build/tests/platform/platform_camera"
    "${camera[@]}" "s3://$S3HLS_LAB_BUCKET/camera" seconds=6 connect-ms=10000 stall-ms=10000 >"$lab/report" 2>"$log" ||
        fail "the recording"
    python3 - "$lab" <<'EOS' >>"$log" 2>&1 || fail "the recording's account"
import glob, json, os, sys
report = json.load(open(f"{sys.argv[1]}/report"))
assert report["segments_accepted"] >= 6 and report["frames_dropped"] == 0, report
assert report["segments_delivered"] == report["segments_accepted"], report
stored = [name for name in glob.glob(f"{sys.argv[1]}/objects/**/*.ts", recursive=True)]
assert len(stored) == report["segments_delivered"], stored
assert sum(map(os.path.getsize, stored)) == report["bytes_delivered"], report
EOS
    echo "a recording over TLS: $(find "$lab/objects" -name '*.ts' | wc -l) segments"
}

emulator=
within=()
case $target in
bullseye) bullseye ;;
musl) musl ;;
armhf | armel) missing qemu-arm-static qemu-user-static
    triple=arm-linux-gnueabi
    [ "$target" = armel ] || triple+=hf
    sysroot - "$target" "$triple" "$(command -v qemu-arm-static);-L;$work/sysroot" ;;
s390x) missing qemu-s390x-static qemu-user-static
    sysroot - s390x s390x-linux-gnu "$(command -v qemu-s390x-static);-L;$work/sysroot" ;;
*) echo "there is no platform $target" >&2; exit 2 ;;
esac
unit_tests
recording
