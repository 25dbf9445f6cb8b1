#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Requests that two servers may read differently are refused, as by nginx, which is asked too where it is installed.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib_serve.sh"
mkdir store
serve plain "file://$work/store" --access-log access.log
ports=("${base##*:}")
if command -v nginx >/dev/null; then
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    cat >nginx.conf <<END
daemon off;
master_process off; # one process, which ends with the test
pid $work/pid;
error_log /dev/null;
events { worker_connections 64; }
http {
    access_log off;
    $(for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $work/$kind;"; done)
    server { listen 127.0.0.1:$port; location / { return 200 "ok\n"; } }
}
END
    nginx -e /dev/null -c "$work/nginx.conf" &
    nginx=$!
    for _ in $(seq 50); do
        ! curl -s -o /dev/null "http://127.0.0.1:$port/" || break
        sleep 0.1
    done
    ports+=("$port")
fi
python3 "$here/serve_framing.py" "${ports[@]}"
if [ -n "${nginx:-}" ]; then
    kill -TERM "$nginx"
    wait "$nginx" || true
fi
is 200 /metrics
has '^s3hls_requests_running 1$' body
stop
! LC_ALL=C grep -avnE '^[0-9TZ:.-]{24} 127\.0\.0\.1 "[!-~]* [!-~]*" [0-9]+ [0-9]+ [0-9.]+s$' access.log || fail "lines that no request should write"
