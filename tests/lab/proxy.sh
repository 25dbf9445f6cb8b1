#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# haproxy between a client and an S3 server, with a fault that can be changed while it runs.
#   proxy.sh up DIR          in front of $S3HLS_LAB_ENDPOINT, with rgw-up.sh's certificate; writes DIR/env,
#                            where S3HLS_LAB_ENDPOINT_TLS leads to the proxy
#   proxy.sh fault DIR NAME  from now on:
#     slowdown    503 SlowDown to each third request
#     first-two   500 InternalError to the first two tries of each path
#     reset-body  RST once 100,000 bytes of a body have come
#     hole-body   silence once 100,000 bytes of a body have come
#     lost        stored, and the answer never comes
#     bad-gateway stored, and the answer is 502
#     late-date   the answers say that it is an hour later
#   proxy.sh clear DIR       no fault
#   proxy.sh down DIR        end it, remove DIR
# Exits 77 where haproxy is not installed.
set -euo pipefail

verb=${1:?usage: proxy.sh up|fault|clear|down DIR} dir=${2:?names a folder for its state}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
error='<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>as the test wants it</Message></Error>'

# One line of the command socket.
tell() {
    python3 - "$dir/haproxy.sock" "$1" <<'END'
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.settimeout(5)
    s.connect(sys.argv[1])
    s.sendall(sys.argv[2].encode() + b"\n")
    sys.exit(s.recv(4096).decode().strip() or None)
END
}

# haproxy takes no port 0: it is handed a socket that listens already.
run() {
    exec python3 - "$dir" <<'END'
import os, socket, sys
dir = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
listener.set_inheritable(True)
os.environ["S3HLS_LAB_FD"] = str(listener.fileno())
with open(f"{dir}/env", "w") as env:
    env.write(f"export S3HLS_LAB_ENDPOINT_TLS=https://127.0.0.1:{listener.getsockname()[1]}\n"
              f"export S3HLS_LAB_CA={dir}/tls/ca.pem\n")
os.execvp("haproxy", ["haproxy", "-db", "-f", f"{dir}/haproxy.cfg"])
END
}

# Each fault is on where its name is in the file faults, which the command socket changes in memory.
write_conf() {
    local slowdown internal
    # shellcheck disable=SC2059
    printf -v slowdown "$error" SlowDown
    # shellcheck disable=SC2059
    printf -v internal "$error" InternalError
    touch "$dir/faults"
    cat >"$dir/haproxy.cfg" <<END
global
    maxconn 256
    nbthread 1
    tune.bufsize 524288
    stats socket $dir/haproxy.sock mode 600 level admin
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    timeout tarpit 60s
frontend s3
    bind fd@\${S3HLS_LAB_FD} ssl crt $dir/server.pem
    option nolinger
    stick-table type string len 256 size 10k expire 60s store gpc0
    acl slowdown str(slowdown) -m str -f $dir/faults
    acl first_two str(first-two) -m str -f $dir/faults
    acl reset_body str(reset-body) -m str -f $dir/faults
    acl hole_body str(hole-body) -m str -f $dir/faults
    acl lost str(lost) -m str -f $dir/faults
    acl bad_gateway str(bad-gateway) -m str -f $dir/faults
    acl late_date str(late-date) -m str -f $dir/faults
    http-request track-sc0 str(slowdown) if slowdown
    http-request sc-inc-gpc0(0) if slowdown
    http-request return status 503 content-type application/xml string '$slowdown' if slowdown { sc0_get_gpc0,mod(3) eq 0 }
    http-request track-sc0 path if first_two METH_PUT
    http-request sc-inc-gpc0(0) if first_two METH_PUT
    http-request return status 500 content-type application/xml string '$internal' if first_two METH_PUT { sc0_get_gpc0 le 2 }
    http-request wait-for-body time 10s at-least 100000 if METH_PUT reset_body
    http-request reject if METH_PUT reset_body
    http-request wait-for-body time 10s at-least 100000 if METH_PUT hole_body
    http-request tarpit if METH_PUT hole_body
    http-request set-var(txn.put) bool(true) if METH_PUT
    http-response silent-drop if lost { var(txn.put) -m bool }
    http-response deny deny_status 502 if bad_gateway { var(txn.put) -m bool }
    http-response set-header Date "%[date(3600),http_date]" if late_date
    default_backend rgw
backend rgw
    server s ${S3HLS_LAB_ENDPOINT#http://}
END
}

up() {
    local end=$((SECONDS + 10))
    command -v haproxy >/dev/null || {
        echo "SKIPPED: haproxy is not installed"
        exit 77
    }
    mkdir -p "$dir"
    "$here/certificates.sh" "$dir/tls"
    cat "$dir/tls/server.pem" "$dir/tls/server.key" >"$dir/server.pem"
    write_conf
    (run) >"$dir/haproxy.log" 2>&1 &
    echo $! >"$dir/pid"
    until tell "clear acl $dir/faults" 2>/dev/null; do
        if ! kill -0 $! || [ "$SECONDS" -ge "$end" ]; then
            cat "$dir/haproxy.log" >&2
            down
            exit 1
        fi
        sleep 0.05
    done
}

clear() { tell "clear acl $dir/faults"; }

fault() { clear && tell "add acl $dir/faults $1"; }

down() {
    local pid
    pid=$(cat "$dir/pid")
    grep -qaF "$dir/haproxy.cfg" "/proc/$pid/cmdline" 2>/dev/null && kill -KILL "$pid"
    rm -rf -- "$dir"
}

shift 2
case $verb in
up | fault | clear | down) "$verb" "$@" ;;
*) echo "proxy.sh: no such verb: $verb" >&2 && exit 2 ;;
esac
