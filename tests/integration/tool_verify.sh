#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# tool_verify.sh [s3]: what verify says of recordings that are whole, and of the same with damage planted, in a
# directory or in a real S3 server. Environment: S3HLS, TS_CHECK (programs), S3HLS_STREAMS (generated streams),
# S3HLS_LAB_DIR (tests/lab/rgw-up.sh).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
cd "$work"

verify() { # verify EXIT-CODE URL [OPTION...]: what it says is in out
    local want=$1 got=0
    timeout 60 "$S3HLS" verify "${@:2}" >out 2>err || got=$?
    [ "$got" = "$want" ] || fail "verify ${*:2}: exit status $got, not $want: $(cat out err)"
}

says() { # says PATTERN
    grep -qE -e "$1" out || fail "does not say \"$1\": $(cat out err)"
}

record() { # record INPUT URL [OPTION...]
    "$S3HLS" record "$S3HLS_STREAMS/$1" -q --start 2026-01-02 --segment-duration 1 --to "$2" "${@:3}"
}

if [ "${1:-}" = s3 ]; then
    [ -r "$S3HLS_LAB_DIR/env" ] || skip "no S3 server: tests/lab/rgw-up.sh has not run"
    . "$S3HLS_LAB_DIR/env"
    export AWS_ENDPOINT_URL_S3=$S3HLS_LAB_ENDPOINT_TLS AWS_CA_BUNDLE=$S3HLS_LAB_CA
    url=s3://$S3HLS_LAB_BUCKET/verify-$$-$RANDOM
    record bframes.mp4 "$url"
    verify 0 "$url"
    says '^3 segments, 6\.000 s, [0-9]+ bytes: all there$'
    mapfile -t keys < <("$S3HLS" ls "$url" --json | sed 's/.*"key":"\([^"]*\)".*/\1/')
    "$S3HLS" get "$url/${keys[1]}" -o whole
    head -c 18800 whole >short
    "$S3HLS" put short "$url/${keys[1]}"
    : | "$S3HLS" put - "$url/${keys[0]%/*}/not ours"
    verify 5 "$url"
    says "^damaged +${keys[1]}  end: "
    says "^foreign +${keys[0]%/*}/not ours$"
    AWS_SECRET_ACCESS_KEY=wrong verify 1 "$url"
    grep -q S3HLS_E_CREDENTIALS err || fail "$(cat err)"
    verify 1 "$url" --endpoint http://127.0.0.1:1
    verify 6 "$url/nothing"
    echo "ok: s3"
    exit
fi

# whole recordings; the tests' own checker agrees
for stream in bframes.mp4 open_gop.h264 interlaced.h264 vfr.mp4 fps1.h264 resolution_change.h264; do
    record "$stream" "file://$work/whole-$stream"
    verify 0 "file://$work/whole-$stream"
    mapfile -t files < <(segments "whole-$stream")
    "$TS_CHECK" "${files[@]}" >check || fail "$stream: ts_check disagrees: $(cat check)"
done
says '^discontinuity +2026-01-02T00:00:04.000Z, timeline [0-9]+$'
says '^5 segments, 9\.000 s, [0-9]+ bytes: all there, 1 discontinuities$'
verify 0 "file://$work/whole-bframes.mp4" --json
python3 - <<'PY'
import json
lines = [json.loads(line) for line in open("out")]
assert [line["finding"] for line in lines] == ["summary"], lines
assert lines[0]["segments"] == 3 and lines[0]["recorded_ms"] == 6000, lines
PY
verify 0 "file://$work/whole-bframes.mp4" -q
[ ! -s out ] || fail "-q says: $(cat out)"
for missing in 1 2 3; do # a stream that ends between a P-frame and the B-frames shown before it
    python3 - "$S3HLS_STREAMS/bframes.h264" $missing <<'PY' >ends.h264
import re, sys
data = open(sys.argv[1], "rb").read()
slices = [m.start() for m in re.finditer(rb"\x00\x00\x01[\x01\x21\x41\x61\x25\x45\x65]", data)]
sys.stdout.buffer.write(data[:slices[-int(sys.argv[2])]])
PY
    "$S3HLS" record ends.h264 -q --fps 25 --start 2026-01-02 --to "file://$work/ends-$missing"
    verify 0 "file://$work/ends-$missing"
done
file=$(segments ends-2 | tail -n 1)
truncate -s -$((2 * 188)) "$file" # the end of stream, and a packet at least
verify 5 "file://$work/ends-2"
says '  (duration|video): '
echo "ok: whole recordings"

# a recorder that had no room leaves numbers out, and nothing else is wrong
start_server python3 "$here/tool_s3_server.py" "$work/s3" slow
AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b "$S3HLS" record "$S3HLS_STREAMS/plain.h264" -q --realtime \
    --segment-max-bytes 50K --pool 256K --in-flight 1 --fps 25 --start 2026-01-02 --to s3://bucket/cam \
    --endpoint "http://127.0.0.1:$port" 2>err || [ $? = 3 ] || fail "$(cat err)"
verify 6 "file://$work/s3/bucket/cam"
says '^gap +2026-01-02T00:00:0[^ ]*Z to 2026-01-02T00:00:0[^ ]*Z, [0-9.]+ s, missing [0-9]+$'
says '^[0-9]+ segments, [0-9.]+ s, [0-9]+ bytes, [1-9][0-9]* missing, [1-9][0-9]* gaps$'
echo "ok: $(grep -c '^gap' out) holes of a recorder without room"

# damage: planted in a copy of a recording of five segments
record slices4.h264 "file://$work/good" --fps 25
mapfile -t good < <(segments good)
[ ${#good[@]} = 5 ] || fail "${#good[@]} segments"

copy() { # copy NAME: a fresh copy, whose segments are ${f[@]}
    rm -rf bad
    cp -r good bad
    f=("${good[@]/#good/bad}")
    case=$1
}

flip() { # flip FILE PACKET BYTE: one bit of a byte
    python3 - "$@" <<'PY'
import sys
file, packet, byte = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = bytearray(open(file, "rb").read())
data[packet * 188 + byte] ^= 0x10
open(file, "wb").write(data)
PY
}

found() { # found PATTERN [KEY-INDEX...]: exit status 5; these segments are damaged, no others; the first so
    local pattern=$1 want=''
    shift
    verify 5 "file://$work/bad"
    for i in "$@"; do want+="${f[$i]#bad/}"$'\n'; done
    [ "$(awk '/^damaged/ { print $2 }' out)" = "${want%$'\n'}" ] || fail "$case: $(cat out)"
    says "$pattern"
    echo "ok: $case: $(grep -E -m 1 -e "$pattern" out | cut -c 16-)"
}

copy "bit in a packet's header"
flip "${f[1]}" 7 3
found '  sync: packet 7' 1
copy "bit in the PAT"
flip "${f[1]}" 0 12
found '  tables: packet 0: PAT is damaged' 1
copy "bit in the PMT"
flip "${f[1]}" 1 16
found '  tables: packet 1: PMT is damaged' 1
copy "bit in a PCR"
flip "${f[2]}" 2 7
found '  pcr: ' 2
copy "bit in a PTS"
flip "${f[2]}" 2 22
found '  pcr: .*; times;.* place$' 2
copy "bit in the payload: an SPS"
python3 - "${f[3]}" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[data.index(b"\x00\x00\x01\x67") + 7] = 0x00
open(sys.argv[1], "wb").write(data)
PY
found '  (video|timeline): ' 3
rm -rf good-slices && mv good good-slices # the same of a stream with B-frames, whose last segment nothing follows
record bframes.h264 "file://$work/good" --fps 25
mapfile -t good < <(segments good)
edit() { # edit FILE PYTHON: p is a list of its packets, begins the indices at which its pictures begin
    python3 - "$@" <<'PY'
import sys
data = open(sys.argv[1], "rb").read()
p = [bytearray(data[i:i + 188]) for i in range(0, len(data), 188)]
begins = [i for i, x in enumerate(p) if x[1] & 0x40 and (x[1] & 31) << 8 | x[2] == 256]
def pes(i):
    return 4 + (1 + p[i][4] if p[i][3] & 0x20 else 0)
def add_to_pts(i, by):
    at = pes(i) + 9
    t = p[i][at:at + 5]
    v = (t[0] >> 1 & 7) << 30 | t[1] << 22 | (t[2] >> 1) << 15 | t[3] << 7 | t[4] >> 1
    v += by
    p[i][at:at + 5] = bytes([t[0] & 0xf1 | v >> 29 & 14, v >> 22 & 255, v >> 14 & 254 | 1, v >> 7 & 255, v << 1 & 254 | 1])
exec(sys.argv[2])
open(sys.argv[1], "wb").write(b"".join(p))
PY
}
last=$((${#good[@]} - 1))
for missing in 1 2 3 8; do
    copy "$missing pictures missing at the end"
    edit "${f[$last]}" "p = p[:begins[-$missing]]"
    found '  duration: ' $last
done
for n in 1 5 10; do
    copy "PTS of picture $n off by a second"
    edit "${f[1]}" "add_to_pts(begins[$n], 90000)"
    found '  times: ' 1
done
copy "two PTS exchanged"
edit "${f[1]}" "a, b = pes(begins[4]), pes(begins[5]); x = p[begins[4]][a + 9:a + 14]; p[begins[4]][a + 9:a + 14] = p[begins[5]][b + 9:b + 14]; p[begins[5]][b + 9:b + 14] = x"
found '  times: ' 1
rm -rf good && mv good-slices good
mapfile -t good < <(segments good)
copy "truncated"
truncate -s -20000 "${f[2]}"
found '  size: ' 2
copy "truncated at a packet's end"
truncate -s -1880 "${f[2]}"
found '  end: ' 2
copy "empty"
: >"${f[4]}"
found '  size: empty' 4
copy "swapped"
mv "${f[1]}" x && mv "${f[3]}" "${f[1]}" && mv x "${f[3]}"
found '  place: its pictures belong 2000 ms later' 1 3
copy "a wrong duration in the name"
mv "${f[2]}" "${f[2]/-1000-/-1040-}"
f[2]=${f[2]/-1000-/-1040-}
found '  duration: 1040 ms by the name, 1000 ms to the next' 2
says '^clock .* -0\.040 s$'
verify 5 "file://$work/bad" --json
python3 - <<'PY'
import json
damaged, clock, summary = [json.loads(line) for line in open("out")]
assert damaged["faults"] == ["duration"] and damaged["key"].endswith(".ts"), damaged
assert clock["finding"] == "clock" and clock["to_ms"] - clock["from_ms"] == -40, clock
assert summary["damaged"] == 1 and summary["segments"] == 5, summary
PY
copy "a segment of another timeline"
cp whole-resolution_change.h264/2026/01/02/00/00/06.*.ts "${f[2]}"
found '  duration: .*; place; timeline$' 2
copy "no timeline object"
rm bad/timelines/*.json
verify 5 "file://$work/bad"
says '^damaged +timelines/[0-9]+\.json  absent$'
copy "another timeline's object"
sed -i 's/"width":640/"width":1280/' bad/timelines/*.json
found '  timeline: 640x360 .* states 1280x360' 0 1 2 3 4
copy "garbage for a timeline's object"
echo '{"width":' >"$(echo bad/timelines/*.json)"
verify 5 "file://$work/bad"
says '^damaged +timelines/[0-9]+\.json  malformed$'
copy "a directory where a segment was"
rm "${f[2]}"
mkdir "${f[2]}"
verify 6 "file://$work/bad"

# what is missing, and what does not belong
copy "a segment lost"
rm "${f[1]}" "${f[2]}"
verify 6 "file://$work/bad" --from 2026-01-01T23:59:59 --to 2026-01-02T00:00:06Z
says '^gap +2026-01-02T00:00:01.000Z to 2026-01-02T00:00:03.000Z, 2.000 s, missing 2$'
says '^pause +2026-01-01T23:59:59.000Z to 2026-01-02T00:00:00.000Z, 1.000 s$'
says '^pause +2026-01-02T00:00:05.000Z to 2026-01-02T00:00:06.000Z, 1.000 s$'
verify 0 "file://$work/bad" --from 2026-01-02T00:00:03Z
copy "foreign objects"
echo x >bad/2026/01/02/00/00/notes.txt
printf 'x' >"bad/2026/01/02/00/$(printf 'a"b')"
verify 0 "file://$work/bad"
says '^foreign +2026/01/02/00/00/notes.txt$'
says ': all there, 2 other objects$'
verify 0 "file://$work/bad" --json
python3 -c 'import json; lines = [json.loads(line) for line in open("out")]; assert lines[1]["key"].endswith("a\"b"), lines'
echo "ok: gaps, pauses and foreign objects"

verify 2 "file://$work/bad" --from 2026-01-03 --to 2026-01-02
verify 2 ftp://x
verify 6 "file://$work/none"
echo "ok: wrong usage and nothing"
