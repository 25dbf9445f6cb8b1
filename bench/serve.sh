#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# serve.sh S3HLS: live.m3u8 for 1,000 viewers of one camera and of 100 cameras over a real S3 server, the LISTs that this
# costs, beside nginx with the same playlist as a static file. Environment: S3HLS_BENCH_JSON (a file to append to).
set -euo pipefail
s3hls=$(readlink -f "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD
seconds=${S3HLS_BENCH_SECONDS:-8}
for program in wrk nginx radosgw ffmpeg; do
    command -v "$program" >/dev/null || { echo "SKIPPED: $program is not installed" && exit 77; }
done
work=$(mktemp -d)
export S3HLS_LAB_DIR=$work/lab
pids=()
cleanup() {
    [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait
    "$top/tests/lab/rgw-down.sh" --wipe >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
tests/lab/rgw-up.sh >"$work/lab.log" 2>&1 || { cat "$work/lab.log" >&2; exit 1; }
. "$S3HLS_LAB_DIR/env"
s3=(--endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA")
store=s3://$S3HLS_LAB_BUCKET/bench-serve

# 100 cameras, each with half a minute up to now
ffmpeg -hide_banner -v error -nostdin -f lavfi -i "testsrc2=s=320x240:r=25:d=32" -c:v libx264 -preset ultrafast \
    -pix_fmt yuv420p -bf 0 -g 50 -b:v 200k "$work/clip.h264"
start=$(($(date +%s) - 32))
for n in $(seq 100); do
    "$s3hls" record "$work/clip.h264" --fps 25 -q --to "$store/cam-$n" --start $start "${s3[@]}"
done

"$s3hls" serve "$store" --listen 127.0.0.1:0 --proxy -vv "${s3[@]}" 2>"$work/serve.log" &
pids+=($!)
until base=$(grep -m 1 -oE 'http://[^ ]*[0-9]' "$work/serve.log"); do sleep 0.1; done
for n in $(seq 100); do
    curl -fsS --create-dirs -o "$work/static/hls/cam-$n/live.m3u8" "$base/hls/cam-$n/live.m3u8"
done

cat >"$work/nginx.conf" <<END
daemon off; pid $work/nginx.pid; error_log $work/nginx.log; worker_processes 2; worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http { access_log off; types { application/vnd.apple.mpegurl m3u8; } keepalive_requests 1000000;
    client_body_temp_path $work/tmp; proxy_temp_path $work/tmp; fastcgi_temp_path $work/tmp; uwsgi_temp_path $work/tmp;
    scgi_temp_path $work/tmp;
    server { listen 127.0.0.1:10 default_server; root $work/static; } }
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sed -i "s/127.0.0.1:10 /127.0.0.1:$port /" "$work/nginx.conf"
chmod -R go+rX "$work" # its workers may be another user's
peer=http://127.0.0.1:$port
nginx -e "$work/nginx.log" -c "$work/nginx.conf" &
pids+=($!)
until curl -fsS -o "$work/static.m3u8" "$peer/hls/cam-1/live.m3u8" 2>/dev/null; do sleep 0.1; done
cmp "$work/static.m3u8" "$work/static/hls/cam-1/live.m3u8"

cat >"$work/cameras.lua" <<'END'
local n = 0
request = function()
    n = n % 100 + 1
    return wrk.format("GET", "/hls/cam-" .. n .. "/live.m3u8")
end
END
rate() { # rate SERVER PATH [WRK OPTION...]: requests per second by 1,000 viewers, all answered with 200
    wrk -t1 -c1000 -d"$seconds" "${@:3}" "$1$2" >"$work/wrk.out"
    ! grep -q 'Non-2xx' "$work/wrk.out" || { cat "$work/wrk.out" >&2; return 1; }
    awk '/Requests\/sec/ { print $2 }' "$work/wrk.out"
}
lists() { grep -cE 's3: GET ([^ ]*/)?: ' "$work/serve.log" || true; }
report() { # report NAME VALUE UNIT PEER
    local ratio
    ratio=$(awk -v a="$2" -v b="$4" 'BEGIN { printf "%.3f", a / b }')
    echo "$1: $2 $3, nginx $4 $3, ratio $ratio"
    [ -z "${S3HLS_BENCH_JSON:-}" ] ||
        printf '{"name": "%s", "value": %s, "unit": "%s", "peer": "nginx", "ratio": %s}\n' "$1" "$2" "$3" "$ratio" \
            >>"$S3HLS_BENCH_JSON"
}

one=(/hls/cam-1/live.m3u8)
hundred=(/ -s "$work/cameras.lua")
static_one=$(rate "$peer" "${one[@]}")
static_hundred=$(rate "$peer" "${hundred[@]}")
before=$(lists)
ours_one=$(rate "$base" "${one[@]}")
between=$(lists)
ours_hundred=$(rate "$base" "${hundred[@]}")
after=$(lists)
report serve.live_one_camera "$ours_one" requests/s "$static_one"
report serve.live_100_cameras "$ours_hundred" requests/s "$static_hundred"
per_second() { awk -v n="$1" -v s="$seconds" 'BEGIN { printf "%.1f", n / s }'; }
echo "serve.lists: $(per_second $((between - before))) LISTs/s for one camera, $(per_second $((after - between))) for 100"
