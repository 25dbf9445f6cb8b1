#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Pictures keep the times that a file gives them, but for stamps that are wrong: those neither move other pictures nor
# begin timelines. Whatever comes, names state how long their pictures last.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed: no streams"
cd "$work"

"$here/tool_times.py" make "$S3HLS_STREAMS/small.h264" >cases
while read -r number name; do
    store=store-$number
    "$S3HLS" record "$number.mkv" --to "file://$work/$store" --start 2026-11-23T06:00:00Z -q 2>err </dev/null ||
        fail "$name: exit status $?: $(cat err)"
    "$S3HLS" verify "file://$work/$store" >out 2>&1 || fail "$name: $(cat out)"
    "$S3HLS" ls "file://$work/$store" --json >ls
    "$here/tool_times.py" check "$number" "$store" ls
    echo "ok: $name: $(tail -1 out)"
done <cases
