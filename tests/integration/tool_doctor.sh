#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# tool_doctor.sh [s3]: what doctor says of a directory, or of a real S3 server: where all is well, and of each thing
# that may be wrong. Environment: S3HLS (the tool), S3HLS_LAB_DIR (tests/lab/rgw-up.sh).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cd "$work"
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 # faketime comes first

doctor() { # doctor EXIT-CODE URL [OPTION...]: what it says is in out
    local want=$1 got=0
    timeout 60 "${run[@]}" "$S3HLS" doctor "${@:2}" >out 2>err || got=$?
    [ "$got" = "$want" ] || fail "doctor ${*:2}: exit status $got, not $want: $(cat out err)"
    ! grep -qF "${AWS_SECRET_ACCESS_KEY:-no secret}" out err || fail "the secret is told: $(cat out err)"
}

line() { # line VERDICT CHECK [PATTERN]
    grep -qE "^$1 +$2 +.*${3:-}" out || fail "no line \"$1 $2 ... ${3:-}\": $(cat out err)"
}

checks() { # checks CHECK...: these and no others, in this order
    [ "$(awk '/^(ok|warn|FAIL) /{ print $2 }' out | xargs)" = "$*" ] || fail "not the checks $*: $(cat out)"
}

run=(env)
if [ "${1:-}" != s3 ]; then
    doctor 0 "file://$work/camera"
    checks clock put get list remove space
    [ -z "$(find camera -type f)" ] || fail "left behind: $(find camera -type f)"
    echo "ok: a directory"
    : >file
    doctor 1 "file://$work/file/camera"
    line FAIL put 'S3HLS_E_'
    if [ "$(id -u)" != 0 ]; then
        mkdir locked && chmod 500 locked
        doctor 1 "file://$work/locked"
        line FAIL put S3HLS_E_ACCESS
    fi
    doctor 1 file:///proc/nowhere
    line FAIL put
    line FAIL space
    doctor 2 ftp://x
    doctor 2 "file://$work/camera" --origin player.example
    doctor 0 "file://$work/camera" --json
    python3 -c 'import json; assert all(json.loads(line)["verdict"] == "ok" for line in open("out"))'
    run=(env -u AWS_ACCESS_KEY_ID "HOME=$work" AWS_EC2_METADATA_DISABLED=true)
    doctor 1 s3://bucket/camera
    line FAIL credentials
    echo "ok: what is wrong with a directory, and with the command line"
    exit
fi

[ -r "$S3HLS_LAB_DIR/env" ] || skip "no S3 server: tests/lab/rgw-up.sh has not run"
for program in aws faketime; do
    command -v "$program" >/dev/null || skip "$program is not installed"
done
. "$S3HLS_LAB_DIR/env"
export AWS_ENDPOINT_URL_S3=$S3HLS_LAB_ENDPOINT_TLS AWS_CA_BUNDLE=$S3HLS_LAB_CA
bucket=doctor-$$-$RANDOM
url=s3://$bucket/cam-1
s3api() {
    aws --endpoint-url "$S3HLS_LAB_ENDPOINT_TLS" s3api "$@" --bucket "$bucket"
}
mend() { # mend CHECK: do what it says
    sed -nE "/^[a-zA-Z]+ +$1 /{n;s/^ +//p}" out >mend.sh
    grep -q '^aws ' mend.sh || fail "no mend for $1: $(cat out)"
    bash mend.sh || fail "the mend for $1: $(cat mend.sh)"
}
all="credentials host connection tls clock keys bucket region checksum put get list tagging storage encryption metadata
    if-none-match paging remove lifecycle cors"

# a new bucket, until all is well
doctor 1 "$url"
line FAIL bucket NoSuchBucket
checks credentials host connection tls clock keys bucket
s3api create-bucket >/dev/null
doctor 0 "$url"
# shellcheck disable=SC2086
checks $all
line warn lifecycle 'kept for ever'
line warn cors 'no rules'
mend lifecycle
doctor 1 "$url" --origin https://player.example
line ok lifecycle 'after 30 days'
line FAIL cors 'no rules'
mend cors
doctor 0 "$url" --origin https://player.example
[ "$(grep -c '^ok' out)" = "$(wc -w <<<"$all")" ] || fail "not all is well: $(cat out)"
line ok credentials 'from the environment: long-lived, key ending in 0001'
[ "$(s3api list-objects-v2 --query 'length(Contents || `[]`)' --output text)" = 0 ] || fail "something was left behind"
doctor 0 "$url" --origin https://player.example --json
python3 - <<'PY'
import json
lines = [json.loads(line) for line in open("out")]
assert len(lines) == 21 and all(line["verdict"] == "ok" for line in lines), lines
PY
doctor 0 "s3://$bucket/cam-2"
line warn lifecycle 'kept for ever'
doctor 1 "$url" --origin https://elsewhere.example
line FAIL cors 'https://elsewhere.example cannot read'
doctor 0 "$url"
line warn cors 'any origin cannot read; --origin'
s3api put-bucket-cors --cors-configuration \
    '{"CORSRules":[{"AllowedOrigins":["https://*.example"],"AllowedMethods":["GET"]}]}'
doctor 0 "$url" --origin https://player.example
line warn cors 'can GET, but not HEAD send Range read ETag$'
echo "ok: a new bucket, mended as it says"

# rights
s3api put-bucket-policy --policy "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",
    \"Action\":[\"s3:PutObject\"],\"Resource\":\"arn:aws:s3:::$bucket/*\"}]}"
doctor 1 "$url"
line FAIL put 'S3HLS_E_ACCESS'
line ok get
line ok list
! grep -q remove out || fail "removes what is not there: $(cat out)"
s3api put-bucket-policy --policy "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",
    \"Action\":[\"s3:GetObject\",\"s3:ListBucket\",\"s3:DeleteObject\",\"s3:GetLifecycleConfiguration\",
    \"s3:GetBucketCORS\",\"s3:GetBucketLocation\"],
    \"Resource\":[\"arn:aws:s3:::$bucket\",\"arn:aws:s3:::$bucket/*\"]}]}"
doctor 1 "$url"
line ok put
for check in get list; do line FAIL $check S3HLS_E_ACCESS; done
for check in remove lifecycle cors; do line warn $check; done
s3api delete-bucket-policy
echo "ok: rights"

# the keys
AWS_SECRET_ACCESS_KEY=not+the+key doctor 1 "$url"
line FAIL keys SignatureDoesNotMatch
AWS_ACCESS_KEY_ID=AKIAUNKNOWN doctor 1 "$url"
line FAIL keys InvalidAccessKeyId
checks credentials host connection tls clock keys
echo "ok: the keys"

# the way there
doctor 1 "$url" --endpoint https://no-such-host.invalid
line FAIL host S3HLS_E_RESOLVE
checks credentials host
doctor 1 "$url" --endpoint https://127.0.0.1:1
line FAIL connection S3HLS_E_CONNECT
checks credentials host connection
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=nobody" \
    -keyout key.pem -out ca.pem 2>/dev/null
doctor 1 "$url" --ca ca.pem
line FAIL tls 'S3HLS_E_TLS.*certificate'
checks credentials host connection tls
doctor 0 "$url" --endpoint "$S3HLS_LAB_ENDPOINT"
line warn tls 'not encrypted'
echo "ok: the way there"

# the clock
run=(faketime -f -30m)
doctor 1 "$url" --endpoint "$S3HLS_LAB_ENDPOINT" # the server's certificate is not valid yet then
line FAIL clock '(1799|180[0-9]) s behind'
run=(faketime -f +8m)
doctor 0 "$url"
line warn clock '(479|48[0-9]) s ahead'
echo "ok: the clock"
