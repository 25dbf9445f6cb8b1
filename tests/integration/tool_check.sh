#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# s3hls check: the example of the manual page is valid; faults have a place, exit status 1, and no secret. Environment:
# S3HLS.
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cd "$work"
umask 077
unset AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE
export FRONT_DOOR_PASSWORD='p@ss/w:o#rd'

check() { # check EXIT_STATUS STDOUT [ARGUMENT...]: standard error is in err
    local status=0 out
    out=$("$S3HLS" check "${@:3}" 2>err) || status=$?
    [ "$status" = "$1" ] || fail "check ${*:3}: status $status, not $1: $(cat err)"
    [ "$out" = "$2" ] || fail "check ${*:3}: \"$out\", not \"$2\""
}

mkdir etc
echo 'token-0123456789abcdef0123456789 *' >etc/tokens
sed -n '/^\.SH CHECK/,/^\.fi/{/^    /{s/^    //; s/\\-/-/g; s,/etc/s3hls/,etc/,; p}}' \
    "$here/../../tools/s3hls/s3hls.1" >site.yaml
grep -q 'front-door: { input' site.yaml || fail "the manual page has no example"
check 0 "site.yaml: 2 cameras, ok" site.yaml
[ ! -s err ] || fail "a fault of the example: $(cat err)"
check 0 "" site.yaml -q
check 0 '{"file":"site.yaml","reports":[],"cameras":2,"ok":true}' site.yaml --json
(cd / && "$S3HLS" check "$work/site.yaml" >/dev/null) || fail "a relative path depends on the working directory"
(unset FRONT_DOOR_PASSWORD && check 1 "" site.yaml)
[ "$(cat err)" = "site.yaml:8:24: cameras.front-door.input: the variable FRONT_DOOR_PASSWORD is not set" ] || fail "$(cat err)"

# the same of docs/site.md
sed -n '/^```yaml/,/^```/{/^```/!{s,/etc/s3hls/,etc/,; p}}' "$here/../../docs/site.md" >page.yaml
check 0 "page.yaml: 2 cameras, ok" page.yaml

# a password in the file, for everybody to read: a warning
sed 's/\${FRONT_DOOR_PASSWORD}/S3CRET/' site.yaml >open.yaml
check 0 "open.yaml: 2 cameras, ok" open.yaml
[ ! -s err ] || fail "$(cat err)"
chmod 644 open.yaml
check 0 "open.yaml: 2 cameras, ok" open.yaml
grep -q '^open.yaml: warning: .*every user' err || fail "no warning: $(cat err)"

# every fault, in the order of the file, without the password
sed -e 's/segment: 6s/segmnt: 6s/' -e 's/256M/256X/' -e 's/@10.0.0.5/\\n@/' open.yaml >bad.yaml
check 1 "" bad.yaml
[ "$(cut -d: -f1-2 err | tr '\n' ' ')" = "bad.yaml:4 bad.yaml:8 bad.yaml:9 " ] || fail "$(cat err)"
grep -q 'did you mean "segment"?' err || fail "no proposal: $(cat err)"
"$S3HLS" check bad.yaml --json >json && fail "--json: status 0"
python3 - json <<'END' || fail "$(cat json)"
import json, sys
result = json.load(open(sys.argv[1]))
errors = [r["line"] for r in result["reports"] if r["severity"] == "error"]
assert errors == [4, 8, 9] and not result["ok"] and result["cameras"] == 0, result
END
! grep -q S3CRET err json || fail "a password was printed"

check 1 "" nowhere.yaml
grep -q '^nowhere.yaml: the file cannot be read: No such file' err || fail "$(cat err)"
check 1 "" .
check 2 ""
"$S3HLS" check - <site.yaml >/dev/null 2>&1 && fail "- is no file"
grep -v '^serve' site.yaml | "$S3HLS" check /dev/stdin >out || fail "a pipe: $(cat out)"
echo "ok: the examples, each fault, no secrets"
