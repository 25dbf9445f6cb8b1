#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# A site of cameras in one process: what one of them does, and what the file says of it later, does not concern the
# others. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no camera"
cd "$work"
clip=$S3HLS_STREAMS/small.h264
cameras=()
trap 'kill "${cameras[@]}" ${runner:-} 2>/dev/null || true; wait; rm -rf "$work"' EXIT
camera() { # camera NAME ENDING...: a camera; sets $port
    S3HLS_LIVE_SECONDS=60 python3 "$here/tool_rtsp_server.py" "$clip" 25 "${@:2}" >"$1.port" 2>/dev/null &
    cameras+=($!)
    for _ in $(seq 100); do [ ! -s "$1.port" ] || break; sleep 0.05; done
    port=$(head -n 1 "$1.port")
}
of() { # of CAMERA FIELD: of the status
    "$S3HLS" status --socket sock --json | python3 -c 'import json, sys
for camera in json.load(sys.stdin)["cameras"]:
    if camera["name"] == sys.argv[1]: print(camera.get(sys.argv[2], ""))' "$@"
}
until_is() { # until_is CAMERA FIELD PATTERN
    local value=
    for _ in $(seq 200); do
        value=$(of "$1" "$2")
        # shellcheck disable=SC2053
        [[ $value != $3 ]] || return 0
        sleep 0.1
    done
    fail "$1: $2 is \"$value\", not $3: $(cat out)"
}
site() { # site [LINE...]: the file, with further cameras
    {
        printf 'store: file://%s/store\nspool: { dir: %s/spool, max: 100M }\npool: 16M\n' "$work" "$work"
        printf 'serve: { listen: "127.0.0.1:0" }\n'
        printf 'defaults: { segment: 1s }\ncameras:\n  good: { input: "rtsp://me:${PASSWORD}@127.0.0.1:%s/live" }\n' "$good"
        printf '  %s\n' "$@"
    } >site.yaml
}
tell() { # tell TEXT: SIGHUP, until the answer
    local before
    before=$(grep -c "$1" out || true)
    kill -HUP "$runner"
    for _ in $(seq 200); do [ "$(grep -c "$1" out || true)" = "$before" ] || return 0; sleep 0.1; done
    fail "no answer to SIGHUP: $(cat out)"
}

camera good live
good=$port
camera stall stall stall
stall=$port
camera ends end end end end end end end end end
ends=$port
mkfifo pipe # open() does not return: nothing can interrupt it
others=("stall: { input: \"rtsp://127.0.0.1:$stall/live\" }" "absent: { input: \"rtsp://127.0.0.1:1/live\" }"
    "ends: { input: \"rtsp://127.0.0.1:$ends/live\" }" "hangs: { input: \"$work/pipe\" }")
site "${others[@]}"
PASSWORD=pass-word "$S3HLS" run site.yaml --socket sock --metrics 127.0.0.1:0 2>out &
runner=$!
for _ in $(seq 100); do ! grep -q /metrics out || break; sleep 0.05; done
address=$(sed -nE 's,.*metrics at (http://[0-9.:]+)/metrics$,\1,p' out)
until_is good state recording
until_is absent state connecting
until_is absent input_error '*refused*'
until_is ends reconnects '[1-9]*'
"$S3HLS" status --socket sock >table || fail "status: $(cat table)"
[ "$(grep -c . table)" = 6 ] && grep -q '^good  *recording  *H.264 ' table || fail "status: $(cat table)"
! "$S3HLS" status --socket nothing 2>err || fail "status without a process"
grep -q 'nothing: No such file' err || fail "status: $(cat err)"
echo "ok: status"

# A file that is wrong, or that asks for more than a camera's change, changes nothing.
site 'good: {}'
tell 'the file was not applied: recording continues'
grep -q 'site.yaml:8:3: .*stated twice' out || fail "the fault is not named: $(cat out)"
site "${others[@]}"
sed -i 's/pool: 16M/pool: 17M/' site.yaml
tell 'pool requires a restart'
[ "$(of hangs state)" = connecting ] || fail "a camera is gone"

# Cameras come and go, the others go on.
camera more live
site "more: { input: \"rtsp://127.0.0.1:$port/live\", segment: 2s }" "${others[@]:2:2}"
tell 'the file was applied: 4 cameras'
until_is more segments_delivered '[1-9]*'
[ -z "$(of stall state)" ] || fail "stall is still there"
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -HUP "$runner"; sleep 0.1; done
until_is hangs readers_replaced '[1-9]*'
until_is good segments_delivered '1[0-9]'
curl -s "$address/metrics" >metrics
python3 - <<'EOF' || fail "metrics: $(cat metrics)"
import re
seen, types, group = set(), set(), None
for line in open("metrics"):
    if line.startswith("# TYPE"):
        group = line.split()[2]
        assert group not in types, f"{group} is stated twice"
        types.add(group)
    elif not line.startswith("#"):
        name, labels = re.fullmatch(r'(\w+)(\{.*\})? -?[0-9.]+\n', line).groups()
        assert name == group and (name, labels) not in seen, line
        seen.add((name, labels))
for camera in ("good", "hangs", "more"):
    up = f's3hls_input_up{{camera="{camera}"}} {int(camera in ("good", "more"))}\n'
    assert up in open("metrics").read(), up
EOF
[ "$(curl -s -o health -w '%{http_code}' "$address/healthz")" = 503 ] || fail "healthz: $(cat health)"
grep -q '^hangs: connecting: its connection' health && ! grep -q '^good' health || fail "healthz: $(cat health)"
curl -s "$address/api/status" | python3 -c 'import json, sys; assert len(json.load(sys.stdin)["cameras"]) == 4' || fail "api/status"
page=$(sed -nE 's,^s3hls run: serving at (http://[0-9.:]+/)$,\1,p' out)
curl -s "${page}api/cameras?count=10&first=0" | python3 -c 'import json, sys
inputs = {c["id"]: c.get("input") for c in json.load(sys.stdin)["cameras"]}
assert inputs["good"] == {"state": "recording", "reason": ""}, inputs
assert inputs["stall"] is None, inputs # it is not recorded any more' || fail "the states of the page"
echo "ok: metrics, healthz, api/status, the states of the page"
before=$SECONDS
kill -TERM "$runner"
wait "$runner" || fail "exit status $?: $(cat out)"
[ $((SECONDS - before)) -le 10 ] || fail "the end took $((SECONDS - before)) s"
! grep -q pass-word out || fail "the camera's password was told"
for name in good more; do
    [ "$(find "store/$name/timelines" -type f | wc -l)" = 1 ] || fail "$name was interrupted: $(cat out)"
    "$S3HLS" verify "file://$work/store/$name" >report || fail "$name: $(cat report)"
    "$S3HLS" playlist "file://$work/store/$name" >"store/$name/all.m3u8"
    [ "$(pictures "store/$name/all.m3u8" | wc -l)" = "$(python3 - "$work/store/$name" <<'EOF'
import glob, sys
print(round(sum(int(path.split("-")[-3]) for path in glob.glob(sys.argv[1] + "/20*/*/*/*/*/*.ts")) / 40))
EOF
    )" ] || fail "$name: pictures are missing"
done
[ "$(find store/ends/timelines -type f | wc -l)" -ge 2 ] || fail "the camera that ends was not found again"
[ -z "$(find spool -name '*.ts' 2>/dev/null)" ] || fail "something stays in the spool"
echo "ok: $(grep -c . out) lines of a site, the good camera in one timeline"
