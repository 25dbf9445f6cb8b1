#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# make test: the tests of each preset, the fuzz targets, the checks. Most tests wait longer than they work, so the other
# builds and the checks run behind them, at the lowest priority. Each step prints one line and has a log in
# build/test-logs. The last line is the count: N passed, N failed, N skipped.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD
export logs=$top/build/test-logs # also for fuzz, in shells of its own
results=$logs/results            # one line per step and test: passed|failed|skipped NAME
mkdir -p "$logs" && rm -f "$logs"/* && : >"$results"
[ -n "${S3HLS_SHARED:-}" ] || [ ! -d "$top/../shared" ] || S3HLS_SHARED=$(cd "$top/../shared" && pwd)
export S3HLS_SHARED=${S3HLS_SHARED:-}
[ -n "$S3HLS_SHARED" ] || unset S3HLS_SHARED
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
export PATH=/usr/bin:$PATH # what setup.sh has installed, not another Python, whose shims take 0.2 s for each call
jobs=$(nproc)
trap 'trap - TERM; kill 0' INT TERM

result() { # result STATUS NAME LOG [SECONDS]: record and print one step by its exit status
    case $1 in
    0) echo "passed $2" >>"$results" && echo "passed   $2${4:+ ($4 s)}" ;;
    77) echo "skipped $2" >>"$results" && echo "SKIPPED  $2: $(tail -n 1 "$3")" ;;
    *) echo "failed $2" >>"$results" && echo "FAILED   $2 (see ${3#"$top"/})"$'\n'"$(tail -n 15 "$3" | sed 's/^/    /')" ;;
    esac
}

step() { # step NAME COMMAND...
    local name=$1 status=0 begun=$SECONDS
    shift
    "$@" >"$logs/$name.log" 2>&1 </dev/null || status=$?
    result "$status" "$name" "$logs/$name.log" $((SECONDS - begun))
    return "$status"
}

build() { # build PRESET [CMAKE OPTION...]
    cmake --preset "$1" && cmake --build "build/$1" --parallel "$jobs" "${@:2}"
}

# tests PRESET: records CTest's own lines; prints each reason for a skip and the last lines of each test that failed.
# Tests that measure time are serial; of the others, which mostly wait, run twice as many as there are processors.
tests() {
    local preset=$1 begun=$SECONDS log="$logs/ctest-$1.log" line='^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) '
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel $((jobs * 2)) >"$log" 2>&1
    sed -nE "s/$line.* Passed .*/passed $preset:\1/p; s/$line.*\*\*\*Skipped.*/skipped $preset:\1/p; t
             / Passed |\*\*\*Skipped/! s/$line.*/failed $preset:\1/p" "$log" >>"$results"
    echo "$preset: $(count passed "$preset:") tests passed, $(count failed "$preset:") failed, $(count skipped "$preset:") skipped" \
        "($((SECONDS - begun)) s)"
    grep -q " $preset:" "$results" || result 1 "$preset ran no test" "$log"
    grep -hE 'SKIPPED' "build/$preset/Testing/Temporary/LastTest.log" | sort -u | sed 's/^/    /'
    awk '/^ *[0-9]+\/[0-9]+ Test .*\*\*\*/ && !/\*\*\*Skipped/ { print "    FAILED " $0; failed = 1; n = 0; next }
         /^ *[0-9]+\/[0-9]+ Test |^ +Start +[0-9]+:/ { flush(); next }
         failed && NF { line[n++] = $0 }
         function flush(   i) { for (i = n > 25 ? n - 25 : 0; i < n; i++) print "        " line[i]; failed = n = 0 }
         END { flush() }' "$log"
}

count() { grep -c "^$1 ${2:-}" "$results"; } # count passed|failed|skipped [PREFIX]

fuzz() { # fuzz PROGRAM: on a copy of its corpus, so that the tree stays as it is
    local name=${1##*/} corpus status=0
    corpus=$(mktemp -d)
    cp -r "tests/fuzz/corpus/${name#fuzz_}/." "$corpus" &&
        "$1" -max_total_time="${FUZZ_SECONDS:-10}" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
            -artifact_prefix="$logs/" "$corpus" >"$logs/$name.log" 2>&1 || status=1
    rm -rf "$corpus"
    echo "$status $name" >>"$logs/fuzz-status"
}

platforms() { # platforms NAME...
    local name
    for name in "$@"; do step "platform-$name" tests/platform/run.sh "$name"; done
    return 0
}

builds_and_checks() {
    step build-asan build asan
    step build-tsan build tsan
    step build-fuzz build fuzz --target fuzz
    step build-clang build clang
    for check in tests/checks/*.sh; do
        [ "$check" = tests/checks/selftest.sh ] || step "check-$(basename "$check" .sh)" "$check"
    done
    platforms bullseye armhf & # two at once: they wait for packages, and for tests that wait
    local other=$!
    step platform-package tests/platform/package.sh
    platforms musl armel s390x
    wait "$other"
}

behind() { # behind COMMAND...: at the lowest priority, beside the tests
    renice -n 19 "$BASHPID" >/dev/null
    "$@"
}

await() { # await STEP: until a step of the background has ended; its status
    until grep -q " $1\$" "$results"; do
        kill -0 "$background" || return
        sleep 0.2
    done
    grep -q "^passed $1\$" "$results"
}

step build-dev build dev
behind builds_and_checks & background=$!
behind step check-selftest tests/checks/selftest.sh & selftest=$! # on a copy of its own
for preset in dev asan tsan; do
    await "build-$preset" && tests "$preset"
done
if await build-fuzz; then
    export -f fuzz
    find build/fuzz/tests/fuzz -maxdepth 1 -name 'fuzz_*' -type f -executable -print0 |
        xargs -0 -P "$jobs" -I{} bash -c 'fuzz "$1"' _ {}
    while read -r status name; do result "$status" "$name" "$logs/$name.log"; done < <(sort -k2 "$logs/fuzz-status")
fi
wait "$background" || result 1 "builds and checks ended early" "$results"
wait "$selftest"

echo "$(count passed) passed, $(count failed) failed, $(count skipped) skipped"
[ "$(count failed)" = 0 ]
