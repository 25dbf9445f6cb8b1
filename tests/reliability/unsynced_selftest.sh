#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# The loss of power that kill.sh stages, shown on a program that syncs, and one that forgets to.
# Environment: S3HLS_UNSYNCED (the layer).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
work=$(readlink -f "$work")
export UNSYNCED_ROOT=$work/disk UNSYNCED_NOTES=$work/notes

run() { LD_PRELOAD=$S3HLS_UNSYNCED python3 "$@"; }

# What each file is told to hold, and whether its bytes and its name are synced afterwards.
use_disk() {
    rm -rf "$UNSYNCED_ROOT" "$UNSYNCED_NOTES"
    mkdir -p "$UNSYNCED_ROOT/folder" "$UNSYNCED_NOTES"
    cd "$UNSYNCED_ROOT"
    run - <<'PYTHON'
import os
def write(name, text, sync, mode="w"):
    with open(name, mode) as file:
        file.write(text)
        file.flush()
        if sync:
            os.fsync(file.fileno())
def sync_names(folder):
    fd = os.open(folder, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
write("folder/safe", "safe", True)
write("folder/bytes-unsynced", "x" * 100, False)
write("folder/appended", "first", True)
write("folder/removed", "removed", True)
write("folder/renamed", "renamed", True)
sync_names("folder")
sync_names(".")
write("folder/appended", "second", False, "a")
write("folder/name-unsynced", "name", True)
os.remove("folder/removed")
os.rename("folder/renamed", "folder/new-name")
os.kill(os.getpid(), 9)
PYTHON
}

look() { (cd folder && for file in *; do echo "$file=$(cat "$file")"; done) | sort; }

use_disk 2>/dev/null || true
run "$here/power_cut.py" synced
found=$(look)
wanted='appended=first
bytes-unsynced=
removed=removed
renamed=renamed
safe=safe'
[ "$found" = "$wanted" ] || fail "left: $found"
run "$here/power_cut.py" synced
[ "$(look)" = "$wanted" ] || fail "what a loss of power has left is lost by the next one: $(look)"
echo "ok: nothing stays but what was synced"

use_disk 2>/dev/null || true
run "$here/power_cut.py" newest
found=$(look | grep -v bytes-unsynced)
wanted='appended=first
name-unsynced=name
new-name=renamed
safe=safe'
[ "$found" = "$wanted" ] || fail "left: $found"
[ "$(stat -c %s folder/bytes-unsynced)" -le 100 ] || fail "bytes-unsynced has grown"
echo "ok: newest names have the bytes of their last sync"
