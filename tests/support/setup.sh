#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# setup.sh build|demo|deb|all: install, by apt, what is missing to build, to run the demo, to build the package, to run every test.
set -euo pipefail

build="gcc g++ clang cmake ninja-build pkg-config libcurl4-openssl-dev libssl-dev libexpat1-dev
    libjansson-dev libavformat-dev libavcodec-dev libavutil-dev libswresample-dev libcmocka-dev libmbedtls-dev
    libmicrohttpd-dev zlib1g-dev libyaml-dev libflac-dev"
demo="ffmpeg"
all="python3 time musl-tools qemu-user-static gcc-arm-linux-gnueabihf gcc-arm-linux-gnueabi gcc-s390x-linux-gnu dpkg-dev clang-format clang-tidy libclang-rt-14-dev binutils valgrind awscli curl openssl radosgw ceph-mon ceph-osd man-db faketime
    chromium firefox-esr gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad libgstreamer1.0-dev haproxy wrk nftables iptables iproute2 nginx-light softhsm2 libengine-pkcs11-openssl
    python3-jsonschema python3-yaml mmdebstrap systemd"

case ${1:-} in
build) wanted=$build ;;
demo) wanted="$build $demo" ;;
deb) wanted="$build dpkg-dev" ;;
all) wanted="$build $demo $all" ;;
*) echo "usage: setup.sh build|demo|deb|all" >&2; exit 2 ;;
esac

missing=()
for package in $wanted; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
command -v npm >/dev/null || missing+=(nodejs npm) # for the page; they may have come from elsewhere
[ ${#missing[@]} -gt 0 ] || exit 0

sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
