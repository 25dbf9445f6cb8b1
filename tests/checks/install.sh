#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# What is installed is enough: a program builds against it by pkg-config (shared, static) and by find_package, one of
# the AWS sample SDK as docs/compat.md says, and all agree on the version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
cmake --preset release >/dev/null && cmake --build build/release --parallel "$(nproc)" \
    --target s3hls s3hls_static s3hls_shared s3hls-play_static s3hls-play_shared s3hls-server_static s3hls-server_shared s3hls-compat-v1 s3hls-compat-v2 -- --quiet
cmake --install build/release --prefix "$work/usr" >/dev/null
mv "$work/usr" "$work/moved" # nothing in it may know where it was put first
usr=$work/moved
cat >"$work/main.c" <<'EOS'
#include <s3hls/archive.h>
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
#ifdef PLAY
    s3hls_archive *archive;
    rc = rc ? rc : s3hls_archive_open(&archive, "file:///nowhere", NULL, NULL);
    s3hls_archive_close(&archive);
#endif
    return rc;
}
EOS
cat >"$work/sample.c" <<'EOS'
#include "readme.h"
int main(void) {
    int rc = readme_initialize("key", "secret", "", "eu-central-1", "bucket", "prefix");
    readme_finalize();
    return rc;
}
EOS
export PKG_CONFIG_PATH=$usr/lib/pkgconfig LD_LIBRARY_PATH=$usr/lib
cd "$work"
version=$(pkg-config --modversion s3hls)
says() { # says VERSION PROGRAM...
    local said
    said=$("${@:2}") || fail "$2 failed: $said"
    [[ $said == *"$1"* ]] || fail "$2 says $said, the package $1"
}

# shellcheck disable=SC2046
{
    gcc main.c -o shared $(pkg-config --cflags --libs s3hls)
    gcc -DPLAY main.c -o play $(pkg-config --cflags --libs s3hls-play)
    for name in s3hls s3hls-play s3hls-server; do # the private requirements are those a static program needs
        [ $name = s3hls ] && define=() || define=(-DPLAY)
        gcc "${define[@]}" main.c -o static-$name $(pkg-config --cflags $name) "$usr/lib/lib$name.a" \
            $(pkg-config --libs $(pkg-config --print-requires-private $name)) -pthread
    done
    gcc sample.c "$top/tests/unit/compat/readme.c" -I"$top/tests/unit/compat" -o sample -I"$usr/include/s3hls/compat-v1" \
        -L"$usr/lib" $(sed -n 's/.*links with `\(.*\)`.*/\1/p' "$top/docs/compat.md")
    gcc sample.c "$top/tests/unit/compat/readme.c" -I"$top/tests/unit/compat" -o sample-pc \
        $(pkg-config --cflags --libs s3hls-compat-v1)
}
for program in shared play static-s3hls static-s3hls-play static-s3hls-server; do
    says "$version" "./$program"
done
./sample || fail "the AWS sample SDK's program failed"
./sample-pc || fail "the AWS sample SDK's program failed, built by pkg-config"

cat >CMakeLists.txt <<EOS
cmake_minimum_required(VERSION 3.22)
project(user C)
find_package(s3hls ${version%.*} REQUIRED)
add_executable(user main.c)
target_link_libraries(user PRIVATE s3hls::s3hls)
add_executable(player main.c)
target_compile_definitions(player PRIVATE PLAY)
target_link_libraries(player PRIVATE s3hls::play)
EOS
cmake -B build -DCMAKE_PREFIX_PATH="$usr" >/dev/null && cmake --build build >/dev/null
says "$version" build/user
says "$version" build/player
says "$version" "$usr/bin/s3hls" --version
[ -s "$usr/share/man/man1/s3hls.1" ] || fail "no man page"
echo "version $version: shared, static, find_package, compat, tool"
