#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Dependencies between modules point downwards only, public headers included, and the pure modules touch neither clock, file, thread nor global.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
status=0
fail() { echo "FAILED: $*" >&2; status=1; }

# may FOLDER API ALLOWED...: what a folder's files may include besides C and POSIX. API: the public headers, without
# s3hls/ and .h ("all": any). ALLOWED: all of a module or library (s3/), or one header (s3/uri.h). An entry that nothing
# uses is a mistake too.
may() {
    local folder=$1 api=" $2 " file header name used=" "
    shift 2
    for file in "$folder"/*.[ch]; do
        while read -r header; do
            name=${header#s3hls/} name=${name%.h}
            if [[ $header == s3hls/* ]]; then
                [[ $api == " all " || $api == *" $name "* ]] || fail "$file includes $header"
                used+="$name "
            else
                [[ " $* " == *" ${header%%/*}/ "* || " $* " == *" $header "* ]] || fail "$file includes $header"
            fi
        done < <(sed -nE -e 's,^ *# *include *"([^"]*)".*,\1,p' \
            -e 's,^ *# *include *<((curl|openssl|libav[a-z]*|FLAC|expat|jansson|microhttpd|yaml)[^>]*)>.*,\1,p' "$file")
    done
    for name in $api; do
        [[ $name == all || $used == *" $name "* ]] || fail "$folder may include s3hls/$name.h, and does not"
    done
}
may src/base 'env status version' base/
may src/media ''
may src/codec 'span status' codec/ media/ FLAC/
may src/container 'layout status' container/ media/
may src/container/ts '' container/
may src/container/fmp4 '' container/ media/
may src/layout 'layout' layout/ base/
may src/s3 'cause credentials s3 sigv4 status version' s3/ base/ curl/ openssl/ expat.h jansson.h
may src/store 'store' store/ layout/key.h s3/ base/
may src/deliver 'event recorder span' deliver/ layout/ store/ s3/ base/
may src/record 'layout recorder status' record/ deliver/ layout/ container/ codec/ media/ base/
may src/archive 'archive layout time' archive/ layout/ store/ s3/ base/
may src/playback 'layout playlist' playback/ layout/ base/
may src/publish 'layout playlist publish store' publish/ playback/ layout/ store/ base/
may src/retention 'layout retention' retention/ layout/ store/ s3/uri.h base/
may src/export 'env export layout status' export/ codec/ media/ base/ libavcodec/ libavformat/
may src/server 'archive export playlist server time' server/ layout/key.h playback/window.h s3/uri.h base/ jansson.h microhttpd.h openssl/
may src/verify 'verify' verify/ layout/ container/ codec/ media/
may src/input 'input status' input/ base/ curl/ libavcodec/ libavformat/ libavutil/ libswresample/
may src/site 'input recorder server uploader' site/ base/ deliver/object.h layout/key.h s3/uri.h store/backend.h yaml.h
may src/gateway 'archive input publish recorder retention' gateway/ site/site.h base/
may tools/s3hls all gateway/gateway.h gateway/feed.h site_status.h input/nal.h site/site.h site/quantity.h codec/access_unit.h media/media.h tool.h mask.h av_messages.h intake.h camera.h doctor.h curl/ options.h delivery.h events.h metrics.h metrics_text.h progress.h range.h probe.h site_file.h text.h try.h when.h \
    jansson.h microhttpd.h libavutil/
may compat/v1 s3hls S3_HLS_SDK.h S3_Simple_Put.h
may compat/v2 s3hls S3_HLS_SDK.h S3_HLS_Return_Code.h
may examples all
may gstreamer s3hls s3hlssink.h

# The public headers include each other in one direction, and so do the modules' headers.
cycles=$(for file in include/s3hls/*.h src/*/*.h src/*/*/*.h; do
    name=${file#include/} name=${name#src/}
    sed -nE "s,^ *# *include *\"([^\"]*)\".*,$name \1,p" "$file"
done | tsort 2>&1 >/dev/null | grep -A100 'loop' || true)
[ -z "$cycles" ] || fail "headers include each other in a circle: "$cycles

cmake --preset release >/dev/null && cmake --build build/release --parallel "$(nproc)" --target s3hls-server_static -- --quiet
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
    s3/${m}s3.dir/uri.c.o record/${m}record.dir/{timing,order,decision,segmenter}.c.o deliver/${m}deliver.dir/health.c.o
pure qsort export/${m}export.dir/placement.c.o
pure '' s3/${m}s3.dir/{sigv4,crypto}.c.o

# No process-global state outside compat/: every object with a name is constant (.data.rel.ro: constant tables
# with addresses in them).
globals=$(find . -path '*/module_*' -name '*.o' -exec objdump -t {} + |
    awk '(/ O / || / \.t(data|bss)[^ \t]*\t/) && $NF !~ /^\./ && !/ (\.rodata|\.data\.rel\.ro)[^ \t]*\t/ { print $NF }')
[ -z "$globals" ] || fail "process-global state in src/:" $globals
exit $status
