#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# make test: every preset's tests, the fuzz targets, the checks. One line a step while it runs, logs in
# build/test-logs, and at the end one line that counts: N passed, N failed, N skipped.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD
logs=$top/build/test-logs
mkdir -p "$logs" && rm -f "$logs"/*
[ -n "${S3HLS_SHARED:-}" ] || [ ! -d "$top/../shared" ] || S3HLS_SHARED=$(cd "$top/../shared" && pwd)
export S3HLS_SHARED=${S3HLS_SHARED:-}
[ -n "$S3HLS_SHARED" ] || unset S3HLS_SHARED
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
passed=0 failed=0 skipped=0
jobs=$(nproc)

result() { # result STATUS NAME LOG: count one step by its exit status
    case $1 in
    0) passed=$((passed + 1)) && echo "passed   $2" ;;
    77) skipped=$((skipped + 1)) && echo "SKIPPED  $2: $(tail -n 1 "$3")" ;;
    *) failed=$((failed + 1)) && echo "FAILED   $2 (see ${3#"$top"/})" && tail -n 15 "$3" | sed 's/^/    /' ;;
    esac
}

step() { # step NAME COMMAND...
    local name=$1 status=0
    shift
    "$@" >"$logs/$name.log" 2>&1 </dev/null || status=$?
    result "$status" "$name" "$logs/$name.log"
    return "$status"
}

build() { # build PRESET
    cmake --preset "$1" && cmake --build "build/$1" --parallel "$jobs"
}

# Count the tests of one preset by CTest's own lines; a skipped one is named with its reason. Most wait longer than they
# work, so there are twice as many as processors; those that measure time run alone.
tests() { # tests PRESET [CTEST OPTION...]
    local preset=$1 log="$logs/ctest-$1.log"
    shift
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel $((jobs * 2)) "$@" >"$log" 2>&1
    local ok bad none
    ok=$(grep -cE '^ *[0-9]+/[0-9]+ Test .* Passed ' "$log")
    none=$(grep -cE '^ *[0-9]+/[0-9]+ Test .*\*\*\*Skipped' "$log")
    bad=$(grep -E '^ *[0-9]+/[0-9]+ Test ' "$log" | grep -vcE ' Passed |\*\*\*Skipped')
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + none))
    echo "$preset: $ok tests passed, $bad failed, $none skipped"
    grep -hE 'SKIPPED' "build/$preset/Testing/Temporary/LastTest.log" | sort -u | sed 's/^/    /'
    # what each failed test said last, as far as its own lines go
    awk '/^ *[0-9]+\/[0-9]+ Test .*\*\*\*/ && !/\*\*\*Skipped/ { print "    FAILED " $0; said = 1; n = 0; next }
         /^ *[0-9]+\/[0-9]+ Test |^ +Start +[0-9]+:/ { flush(); next }
         said && NF { line[n++] = $0 }
         function flush(   i) { for (i = n > 25 ? n - 25 : 0; i < n; i++) print "        " line[i]; said = n = 0 }
         END { flush() }' "$log"
    [ $((ok + bad + none)) -gt 0 ] || result 1 "$preset ran no test" "$log"
}

fuzz() { # fuzz TARGET: on a copy of its corpus, so that the tree stays as it is
    local name=${1##*/fuzz_} corpus
    corpus=$(mktemp -d)
    cp -r "tests/fuzz/corpus/$name/." "$corpus" || return
    "$1" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="$logs/" "$corpus"
    local status=$?
    rm -rf "$corpus"
    return $status
}

step build-dev build dev && tests dev
step build-asan build asan && tests asan
step build-tsan build tsan && tests tsan
step build-clang build clang
if step build-fuzz build fuzz; then
    export -f fuzz
    export logs
    status=$logs/fuzz-status
    find build/fuzz/tests/fuzz -maxdepth 1 -name 'fuzz_*' -type f -executable -print0 | sort -z |
        xargs -0 -P "$jobs" -I{} bash -c 'fuzz "$1" >"$logs/$(basename "$1").log" 2>&1; echo "$? $(basename "$1")" >>"$logs/fuzz-status"' _ {}
    while read -r code name; do result "$code" "$name" "$logs/$name.log"; done < <(sort -k2 "$status")
fi
tests/checks/selftest.sh >"$logs/check-selftest.log" 2>&1 </dev/null & # on a copy of its own
selftest=$!
for check in tests/checks/*.sh; do
    [ "$check" = tests/checks/selftest.sh ] || step "check-$(basename "$check" .sh)" "$check"
done
wait "$selftest"
result $? check-selftest "$logs/check-selftest.log"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
