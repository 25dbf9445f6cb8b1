#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# End what rgw-up.sh started in $S3HLS_LAB_DIR: by pid, each checked to be ours by its command line.
#   rgw-down.sh            end the processes; what they stored is lost, logs and certificates stay
#   rgw-down.sh --wipe     and remove the folder
#   rgw-down.sh --running  end nothing; exit 0 where all three run
set -euo pipefail

: "${S3HLS_LAB_DIR:?names the folder for the server\'s state}"
dir=$(cd "$S3HLS_LAB_DIR" 2>/dev/null && pwd) || exit 0

pid_of() { # pid_of NAME: its pid, where that process is still the one that was started here
    local pid
    pid=$(cat "$dir/run/$1.pid" 2>/dev/null) && [ -n "$pid" ] &&
        tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "-c $dir/ceph.conf " && echo "$pid"
}

if [ "${1:-}" = --running ]; then
    for name in mon osd rgw; do
        pid_of "$name" >/dev/null || exit 1
    done
    exit 0
fi

for name in rgw osd mon; do
    pid=$(pid_of "$name") || continue
    kill -CONT "$pid" # a test may have stopped it
    kill -KILL "$pid" # nothing is to be saved
    while pid_of "$name" >/dev/null; do sleep 0.02; done
done
rm -f "$dir"/run/*.pid "$dir/env"
if [ "${1:-}" = --wipe ] && [ -e "$dir/.s3hls-lab" ]; then
    rm -rf -- "$dir"
fi
