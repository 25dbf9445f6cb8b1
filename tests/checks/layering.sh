#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Arrows between rooms go down only, and the pure rooms touch neither clock, file, thread nor global.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
status=0
fail() { echo "FAILED: $*" >&2; status=1; }

# may FOLDER ROOM...: which rooms' headers a folder's files may include
may() {
    local folder=$1 allowed=" $* "
    for file in "$folder"/*.[ch]; do
        while read -r room; do
            [[ $allowed == *" $room "* ]] || fail "$file includes $room/"
        done < <(sed -n 's,^#include "\([a-z0-9]*\)/.*,\1,p' "$file" | sort -u)
    done
}
may src/base base s3hls
may src/codec codec s3hls
may src/mux mux s3hls
may src/s3 s3 base s3hls
may src/store store s3 base s3hls
may src/archive archive store s3 base s3hls
may src/record record archive store s3 mux codec base s3hls
may src/playback playback base s3hls
may tools/s3hls s3hls
may compat/v1 s3hls
for file in src/record/*.[ch]; do
    ! grep -qE '#include "archive/' "$file" || grep -qE '#include "archive/key.h"' "$file" ||
        fail "$file includes more of archive/ than key.h"
done
! grep -nE '#include "(base|codec|mux|s3|store|archive|record|playback)/' tools/s3hls/*.[ch] examples/*.c compat/v1/*.[ch] ||
    fail "private headers outside src/"

# pure FILE...: what such an object may take from outside
cmake --preset release >/dev/null && cmake --build build/release --parallel "$(nproc)" >/dev/null
allowed='mem(cpy|move|set|chr|cmp)|__mem[a-z]*_chk|strlen|strn?cmp|strpbrk|inet_(pton|ntop)|strchr|strspn|strcspn|strstr|__strcpy_chk|strcpy|snprintf|__snprintf_chk|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|s3hls_+[a-z0-9_]+'
crypto='HMAC|EVP_sha256|EVP_Digest|OPENSSL_cleanse'
pure() {
    for object in "$@"; do
        found=$(nm -u "build/release/src/$object" | awk '{ print $2 }' | grep -vE "^($allowed|$crypto)$" || true)
        [ -z "$found" ] || fail "$object is not pure: it calls $found"
    done
}
r=CMakeFiles/room_
pure codec/${r}codec.dir/{nal,h264,poc,parameter_sets,access_unit}.c.o mux/${r}mux.dir/{crc32,psi,ts}.c.o \
    s3/${r}s3.dir/{uri,sigv4}.c.o archive/${r}key.dir/key.c.o record/${r}record.dir/{timing,segmenter}.c.o \
    playback/${r}playback.dir/playlist.c.o

# no process-global state outside compat/ (constant tables with addresses in them are .data.rel.ro)
while read -r symbol; do
    fail "a global in src/: $symbol"
done < <(find build/release/src -name '*.o' -exec objdump -t {} + | awk '$NF !~ /^\./ && / O / && / (\.data|\.bss|\*COM\*)[ \t]/ { print $NF }')
exit $status
