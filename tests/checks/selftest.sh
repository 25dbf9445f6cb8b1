#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The checks can fail: faults are planted into a copy of the tree, one at a time, and the check that is for them must
# name them.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | xargs -0 cp -a --parents -t "$copy"
cd "$copy"
git init -q && git add -A
status=0 faults=0
fail() { echo "FAILED: $*" >&2; status=1; }

# expect WORDS CHECK [ARGUMENT...]: the check fails and says these words. Then the tree is put right.
expect() {
    local words=$1 check=$2 said
    faults=$((faults + 1))
    git diff --quiet && fail "nothing was planted for $check: $words"
    if said=$("tests/checks/$check.sh" "${@:3}" 2>&1); then
        fail "$check does not see: $words"
    elif [[ $said != *"$words"* ]]; then
        fail "$check fails without saying: $words"$'\n'"$said"
    fi
    git checkout -q -- .
}
add() { cat >>"$1"; } # add FILE: what comes on standard input

add src/base/status.c <<<'int  s3hls__wide ;'
expect 'clang-format' format

add src/base/status.c <<<'int s3hls__null(int *p); int s3hls__null(int *p) { p = 0; return *p; }'
expect 'Dereference of null pointer' tidy src/base/status.c

sed -i '/stdint.h/d' include/s3hls/span.h
expect 'uint8_t' headers
add include/s3hls/log.h <<<'static inline int s3hls_new(int new) { return new; }'
expect "before 'new'" headers # C takes it
add include/s3hls/log.h <<<'static inline int s3hls_x(int n) { return n ?: 1; }'
expect 'pedantic' headers

add src/base/status.c <<<'S3HLS_API int stray(void); int stray(void) { return 1; }'
expect 'libs3hls.so exports stray' symbols
add src/base/status.c <<<'S3HLS_API int s3hls__inner(void); int s3hls__inner(void) { return 1; }'
expect 'libs3hls.so exports s3hls__inner' symbols
add compat/v1/compat.c <<<'int helper(void); int helper(void) { return 1; }'
expect 'the compat archive exports helper' symbols
add include/s3hls/status.h <<<'S3HLS_API int s3hls_promised(void);'
expect 'not in libs3hls-server: s3hls_promised' symbols
add src/base/status.c <<<'S3HLS_API extern const char s3hls_ballast[60000]; const char s3hls_ballast[60000] = {1};'
expect 'the bound is 165 KB' symbols
sed -i 's/set(libraries PkgConfig::CURL/set(libraries PkgConfig::JANSSON PkgConfig::CURL/' src/CMakeLists.txt
add src/base/status.c <<<$'#include <jansson.h>\nS3HLS_API void *s3hls_j(void); void *s3hls_j(void) { return json_null(); }'
expect 'libs3hls.so needs libjansson' symbols
sed -i 's/return S3HLS_E_UNSUPPORTED/return S3HLS_E_NOT_FOUND/' src/s3/no_endpoint.c
expect 'endpoint credentials OFF' device

add src/codec/annexb.h <<<'#include "record/timing.h"'
expect 'src/codec/annexb.h includes record/timing.h' layering
add src/codec/annexb.h <<<'#include "s3hls/recorder.h"'
expect 'src/codec/annexb.h includes s3hls/recorder.h' layering
add src/deliver/slot.h <<<'#include "deliver/outbox.h"'
expect 'include each other in a circle' layering
add src/record/writer.c <<<'#include "archive/archive.h"'
expect 'src/record/writer.c includes archive/archive.h' layering
add src/container/ts/psi.c <<<'#include <openssl/sha.h>'
expect 'src/container/ts/psi.c includes openssl/sha.h' layering
add tools/s3hls/main.c <<<'#include "base/strbuf.h"'
expect 'tools/s3hls/main.c includes base/strbuf.h' layering
add src/container/ts/ts.c <<<$'#include <time.h>\nlong s3hls__now(void); long s3hls__now(void) { return time(NULL); }'
expect 'ts.c.o is not pure: it calls time' layering
add src/s3/uri.c <<<$'#include <stdlib.h>\nchar *s3hls__v(void); char *s3hls__v(void) { return getenv("V"); }'
expect 'uri.c.o is not pure: it calls getenv' layering
for global in 'int %s;' 'static int %s = 1;' 'static const char *%s = "";' '_Thread_local int %s;'; do
    # shellcheck disable=SC2059
    printf "$global void s3hls__set(void); void s3hls__set(void) { s3hls__seen++; }\n" s3hls__seen | add src/store/s3_store.c
    expect 's3hls__seen' layering
done

sed -i 1d src/container/ts/crc32.c
expect 'src/container/ts/crc32.c names no licence' tree
printf '# /%s/somebody/\n' home | add cmake/modules.cmake
expect 'cmake/modules.cmake names a home folder' tree
{ echo 'static int tall(void) {'; printf '    ;\n%.0s' {1..61}; echo '}'; } | add src/base/env.c
expect 'a function of src/base/env.c outgrew the screen' tree

add src/base/env.c <<<'/* Tells nobody. */'
expect 'discouraged words' language
add docs/base.md <<<'The pool has no room.'
expect 'docs/base.md' language

sed -i '/S3HLS_E_TLS | -/d' docs/errors.md
expect 'errors.md does not explain S3HLS_E_TLS' docs
sed -i 's/"SlowDown", S3HLS_E_THROTTLED/"SlowDown", S3HLS_E_SERVER/' src/s3/errors.c
expect 'errors.md does not map SlowDown to S3HLS_E_SERVER' docs
sed -i 's/{412, /{418, /' src/s3/errors.c
expect 'errors.md does not map 418 to S3HLS_E_EXISTS' docs
sed -i 's/    uint32_t retry_max_ms;/&\n    int retry_never;/' include/s3hls/uploader.h
expect 'options.md does not have s3hls_uploader_config.retry_never' docs
sed -i 's/"AWS_CA_BUNDLE"/"AWS_CA_FILE"/' compat/v1/compat.c
expect 'options.md does not have the variable AWS_CA_FILE' docs
add README.md <<<'[nowhere](docs/nowhere.md)'
expect 'README.md links to docs/nowhere.md' docs

sed -i '/^install(DIRECTORY include/d' cmake/install.cmake
expect 's3hls/archive.h: No such file' install
sed -i 's/Requires.private: .*/Requires.private: libcurl/' cmake/library.pc.in
expect 'libssl' install
sed -i 's/define S3HLS_VERSION .*/define S3HLS_VERSION "9.9.9"/' include/s3hls/version.h
expect 'says 9.9.9' install
sed -i 's/PC_NAME@$/PC_NAME@x/' cmake/library.pc.in
expect 'cannot find -ls3hlsx' install
sed -i 's/s3hls::${_target}/s3hls_${_target}/g' cmake/s3hlsConfig.cmake.in
expect 's3hls::s3hls' install

echo "$faults planted faults"
exit $status
