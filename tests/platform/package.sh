#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# package.sh: the Debian package in a fresh Debian: installed, configured, started as the service would be, upgraded
# while it records, removed, purged. The root is built once, below build/platform; what a run changes in it vanishes
# with the run's mounts. Exit status 77: something is not available here; the last line names it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
top=$PWD work=$PWD/build/platform/package
skip() { echo "SKIPPED: $*"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }

prepare() {
    [ "$(id -u)" = 0 ] || skip "a chroot needs root"
    for program in mmdebstrap systemd-analyze dpkg-shlibdeps; do
        command -v $program >/dev/null || skip "$program is not installed"
    done
    mkdir -p "$work"
    cmake --preset release >/dev/null
    cmake --build build/release --parallel "$(nproc)" -- --quiet
    cpack --config build/release/CPackConfig.cmake -B "$work/new" >"$work/log" 2>&1 || fail "cpack: $(tail "$work/log")"
    package=$(echo "$work"/new/*.deb)
    rm -rf "$work/later" && dpkg-deb -R "$package" "$work/later" # the next version
    sed -i 's/^Version: .*/Version: 99.0/' "$work/later/DEBIAN/control"
    dpkg-deb -b "$work/later" "$work/later.deb" >/dev/null

    depends=$(dpkg-deb -f "$package" Depends | sed 's/([^)]*)//g; s/ //g')
    [ "$(cat "$work/root.done" 2>/dev/null)" != "$depends" ] || return 0
    rm -rf "$work/root"
    read -r mirror suite < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages') ||
        skip "apt has no Debian archive"
    mmdebstrap --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' --include="$depends" "$suite" \
        "$work/root" "$mirror" >"$work/log" 2>&1 || skip "mmdebstrap: $(grep -m 1 '^E' "$work/log")"
    echo "$depends" >"$work/root.done"
}

# ---- in a mount namespace of its own: the root is an overlay, $root

within() { chroot "$root" "$@"; }

enter() {
    root=$work/mount
    mkdir -p "$work/upper" "$root"
    mount -t tmpfs none "$work/upper"
    mkdir "$work/upper/changes" "$work/upper/work"
    mount -t overlay overlay -o "lowerdir=$work/root,upperdir=$work/upper/changes,workdir=$work/upper/work" "$root"
    mount -t proc none "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs none "$root/run"
    cp "$1" "$root/tmp/new.deb"
    cp "$work/later.deb" "$root/tmp/later.deb"
    mkdir "$root/run/s3hls" "$root/srv/store" "$root/var/lib/s3hls"
    chown 65534 "$root/run/s3hls" "$root/srv/store" "$root/var/lib/s3hls"
}

camera() { # a live camera for two viewers, one after the other; sets $port
    S3HLS_LIVE_SECONDS=30 python3 tests/integration/tool_rtsp_server.py "$work/clip.h264" 25 live live >"$work/port" &
    camera=$!
    for _ in $(seq 100); do [ ! -s "$work/port" ] || break; sleep 0.05; done
    port=$(head -n 1 "$work/port")
}

start() { # as the service does: another user, and a service manager that is notified
    python3 - "$root/run/notify" >"$work/notified" <<'EOS' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
s.settimeout(60)
state = ""
while "STOPPING" not in state:
    state = s.recv(1000).decode()
    print(state, flush=True)
EOS
    manager=$!
    for _ in $(seq 100); do [ ! -S "$root/run/notify" ] || break; sleep 0.05; done
    NOTIFY_SOCKET=/run/notify WATCHDOG_USEC=3000000 RUNTIME_DIRECTORY=/run/s3hls chroot --userspec=65534:65534 "$root" \
        /usr/bin/s3hls run /etc/s3hls/site.yaml 2>"$work/journal" &
    service=$!
    for _ in $(seq 100); do ! grep -q READY=1 "$work/notified" || return 0; sleep 0.1; done
    fail "the service manager was not notified: $(cat "$work/journal")"
}

stop() {
    local before=$SECONDS
    kill -TERM "$service"
    wait "$service" || fail "exit status $?: $(cat "$work/journal")"
    [ $((SECONDS - before)) -le 10 ] || fail "the end took $((SECONDS - before)) s"
    wait "$manager"
    grep -q STOPPING=1 "$work/notified" || fail "the end was not notified"
    rm "$root/run/notify"
}

count() { # count FIELD: of the camera's status
    within s3hls status --socket /run/s3hls/status.sock --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["cameras"][0].get(sys.argv[1]))' "$1"
}

await() { # await FIELD LEAST
    for _ in $(seq 200); do [ "$(count "$1")" -lt "$2" ] || return 0; sleep 0.1; done
    fail "$1 is $(count "$1"): $(cat "$work/journal")"
}

installed() {
    within dpkg -i /tmp/new.deb >"$work/log" 2>&1 || fail "dpkg -i: $(cat "$work/log")"
    within s3hls --version
    [ -s "$root/usr/share/man/man1/s3hls.1" ] || fail "no manual page"
    within s3hls check /etc/s3hls/site.yaml || fail "the packaged site.yaml has faults"
    # shellcheck disable=SC2016
    within bash -ec '. /usr/share/bash-completion/completions/s3hls
        COMP_WORDS=(s3hls sta) COMP_CWORD=1; _s3hls; [ "${COMPREPLY[*]}" = status ]
        COMP_WORDS=(s3hls run --so) COMP_CWORD=2; _s3hls; [ "${COMPREPLY[*]}" = --socket ]' || fail "completion"
    exposure=$(systemd-analyze security --offline=true "$root/usr/lib/systemd/system/s3hls.service" --no-pager |
        sed -nE 's/.*Overall exposure level.*: ([0-9.]+) .*/\1/p')
    awk "BEGIN { exit !($exposure <= 2.0) }" || fail "systemd-analyze security: $exposure"
    echo "ok: installed, exposure $exposure"
}

recorded_and_upgraded() {
    camera
    cat >"$root/etc/s3hls/site.yaml" <<EOS
store: file:///srv/store
spool: { dir: /var/lib/s3hls, max: 100M }
pool: 16M
defaults: { segment: 1s }
cameras: { front-door: { input: "rtsp://127.0.0.1:$port/live" } }
EOS
    start
    await segments_delivered 3
    within dpkg -i /tmp/later.deb >"$work/log" 2>&1 || fail "the upgrade: $(cat "$work/log")"
    grep -q 'front-door' "$root/etc/s3hls/site.yaml" || fail "the upgrade has replaced site.yaml"
    await segments_delivered 5 # it records on while its file is replaced
    accepted=$(count segments_accepted)
    grep -q WATCHDOG=1 "$work/notified" || fail "the watchdog was not notified"
    stop # systemctl try-restart
    start
    await segments_delivered 3
    accepted=$((accepted + $(count segments_accepted)))
    stop
    stored=$(find "$root/srv/store/front-door/2"* -name '*.ts' | wc -l)
    [ "$stored" -ge "$accepted" ] || fail "$stored of $accepted segments are in the store"
    [ -z "$(find "$root/var/lib/s3hls" -name '*.ts')" ] || fail "something stays in the spool"
    within s3hls verify file:///srv/store/front-door >"$work/log" || fail "verify: $(cat "$work/log")"
    kill "$camera" 2>/dev/null || true
    echo "ok: $stored segments, none lost by the upgrade"
}

removed() {
    echo kept >"$root/var/lib/s3hls/footage"
    within dpkg -r s3hls >"$work/log" 2>&1 || fail "dpkg -r: $(cat "$work/log")"
    [ ! -e "$root/usr/bin/s3hls" ] || fail "the program is still there"
    [ -s "$root/etc/s3hls/site.yaml" ] && [ -s "$root/var/lib/s3hls/footage" ] || fail "configuration or spool was removed"
    within dpkg -P s3hls >"$work/log" 2>&1 || fail "dpkg -P: $(cat "$work/log")"
    [ ! -e "$root/etc/s3hls" ] && [ ! -e "$root/var/lib/s3hls" ] || fail "the purge has left something"
    echo "ok: removed, purged"
}

if [ "${1:-}" != within ]; then
    prepare
    ffmpeg -v error -f lavfi -i testsrc=size=320x240:rate=25 -t 4 -c:v libx264 -preset ultrafast -g 25 -bf 0 -y \
        "$work/clip.h264"
    # shellcheck disable=SC2016
    exec unshare --mount --propagation private --pid --fork --kill-child "$0" within "$package"
fi
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
enter "$2"
installed
recorded_and_upgraded
removed
