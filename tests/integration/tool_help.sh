#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# --help, the manual page and the program say the same. Environment: S3HLS (the tool).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
page=$(realpath "$here/../../tools/s3hls/s3hls.1")
command -v man >/dev/null || skip "man is not installed"

warnings=$(man --warnings -l "$page" 2>&1 >/dev/null)
[ -z "$warnings" ] || fail "the manual page: $warnings"
MANWIDTH=100 man -l "$page" 2>/dev/null | col -b >"$work/page"

"$S3HLS" --help >"$work/help"
commands=$(sed -n 's/^  \([a-z]*\)  .*/\1/p' "$work/help")
[ "$(wc -w <<<"$commands")" -ge 6 ] || fail "commands: $commands"
for command in $commands; do
    "$S3HLS" help "$command" >"$work/$command" || fail "help $command"
    grep -q "^  s3hls $command" "$work/$command" || fail "help $command gives no example"
    grep -q "s3hls $command" "$work/page" || fail "the manual page leaves $command out"
done
options() { # options FILE...: that it mentions
    grep -hoE '(^|[ ,|[])--?[a-z][a-z-]*' "$@" | tr -d ' ,|[' | sort -u
}
for command in $commands; do options <(grep '^  -' "$work/$command"); done | sort -u >"$work/taken"
options "$work/page" >"$work/explained"
missing=$(comm -23 "$work/taken" "$work/explained")
[ -z "$missing" ] || fail "not in the manual page: $missing"
invented=$(comm -13 "$work/taken" "$work/explained" | grep -vxE -- '--(help|version)' || true)
[ -z "$invented" ] || fail "only in the manual page: $invented"
for code in 0 1 2 3 4 5 6; do
    grep -qE "^ +$code( |$)" "$work/page" || fail "the manual page does not explain exit status $code"
done
[[ $("$S3HLS" --version) =~ ^s3hls\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "--version: $("$S3HLS" --version)"
echo "ok: $(wc -l <"$work/taken") options of $(wc -w <<<"$commands") commands, each explained"
