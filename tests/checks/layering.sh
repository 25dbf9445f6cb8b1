#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Dependencies between modules point downwards only, and the pure modules touch neither clock, file, thread nor global.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
status=0
fail() { echo "FAILED: $*" >&2; status=1; }

# may FOLDER ALLOWED...: what a folder's files may include, besides C, POSIX and the public headers: all of a
# module or library (s3/), or one header (s3/uri.h).
may() {
    local folder=$1 file header
    shift
    for file in "$folder"/*.[ch]; do
        while read -r header; do
            [[ " $* " == *" ${header%%/*}/ "* || " $* " == *" $header "* ]] || fail "$file includes $header"
        done < <(sed -nE -e 's,^ *# *include *"([^"]*)".*,\1,p' \
            -e 's,^ *# *include *<((curl|openssl|libav[a-z]*|expat|jansson|microhttpd)[^>]*)>.*,\1,p' "$file")
    done
}
api=s3hls/
may src/base $api base/
may src/media
may src/codec $api codec/ media/
may src/container $api container/ media/
may src/container/ts $api container/ media/
may src/layout $api layout/ base/
may src/s3 $api s3/ base/ curl/ openssl/ expat.h jansson.h
may src/store $api store/ layout/key.h s3/ base/
may src/deliver $api deliver/ layout/ store/ s3/ base/
may src/record $api record/ deliver/ layout/ container/ codec/ media/ base/
may src/archive $api archive/ layout/ store/ s3/ base/
may src/playback $api playback/ layout/ base/
may src/publish $api publish/ playback/ layout/ store/ base/
may src/export $api export/ codec/ media/ base/ libavcodec/ libavformat/
may src/server $api server/ s3/uri.h base/ jansson.h microhttpd.h openssl/
may src/verify $api verify/ layout/ container/ codec/ media/
may src/input $api input/ base/ curl/ libavcodec/ libavformat/ libavutil/
may tools/s3hls $api input/nal.h tool.h mask.h av_messages.h intake.h camera.h doctor.h curl/ options.h delivery.h events.h metrics.h progress.h range.h text.h when.h \
    jansson.h microhttpd.h libavutil/
may compat/v1 $api S3_HLS_SDK.h S3_Simple_Put.h
may examples $api

cmake --preset release >/dev/null && cmake --build build/release --parallel "$(nproc)" --target s3hls-server_static module_input -- --quiet
cd build/release/src

allowed='s3hls_+[a-z0-9_]+|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail'
allowed+='|(__)?(mem(cpy|move|set|chr|cmp)|str(len|n?cmp|n?cpy|r?chr|spn|cspn|str|pbrk)|v?snprintf)(_chk)?|inet_(pton|ntop)'

# pure ALSO FILE...: objects that take nothing from outside but memory and strings, and ALSO
pure() {
    local also=$1 object found
    shift
    for object in "$@"; do
        [ -f "$object" ] || { fail "$object does not exist"; continue; }
        found=$(nm -u "$object" | awk -v may="^($allowed|$also)$" '$2 !~ may { print $2 }')
        [ -z "$found" ] || fail "$object is not pure: it calls" $found
    done
}
m=CMakeFiles/module_
pure '' codec/${m}codec.dir/*.o container/${m}container.dir/ts/*.o playback/${m}playback.dir/*.o verify/${m}verify.dir/*.o layout/${m}layout.dir/*.o \
    s3/${m}s3.dir/uri.c.o record/${m}record.dir/{timing,segmenter}.c.o
pure qsort export/${m}export.dir/placement.c.o
pure 'HMAC|EVP_(sha256|Digest)|OPENSSL_cleanse' s3/${m}s3.dir/sigv4.c.o

# No process-global state outside compat/: every object with a name is constant (.data.rel.ro: constant tables
# with addresses in them).
globals=$(find . -path '*/module_*' -name '*.o' -exec objdump -t {} + |
    awk '(/ O / || / \.t(data|bss)\t/) && $NF !~ /^\./ && !/ (\.rodata|\.data\.rel\.ro)[^ \t]*\t/ { print $NF }')
[ -z "$globals" ] || fail "process-global state in src/:" $globals
exit $status
