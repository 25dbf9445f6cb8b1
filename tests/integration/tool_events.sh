#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# --events: lines of JSON that tell what happened, once, with counts that add up; and nobody who reads them, or does
# not, is in the way of the recording. Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib_store.sh"
clip=$S3HLS_STREAMS/slices4.h264 # five segments of a second

record() { # record EXIT-CODE [OPTION...]
    local want=$1 got=0
    timeout -k 5 30 "$S3HLS" record "$clip" --segment-duration 1 --start 2026-01-02 --to s3://bucket/cam \
        --endpoint "$endpoint" "${@:2}" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$want" ] || fail "exit status $got, not $want: $(cat "$work/out" "$work/err")"
}

check() { # check FILE EXPRESSION: each line is an event, the ledger closes, and of() fulfils this
    python3 "$here/tool_ledger.py" "$1" >/dev/null || fail "the ledger"
    python3 - "$@" <<'PYTHON' || fail "$(cat "$1")"
import json, re, sys
events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
for e in events:
    assert "url" in e or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", e["time"]), e
def of(name):
    return [e for e in events if e.get("event") == name]
assert eval(f"({sys.argv[2]})"), sys.argv[2]
PYTHON
}

# A busy store: failing, then recovered, and each delivery by its name and size.
serve busy
record 0 --events "$work/busy" --realtime --stats-every 0.5
check "$work/busy" 'len(of("failing")) == len(of("recovered")) == 1 and of("recovered")[0]["duration_ms"] > 0'
check "$work/busy" 'of("failing")[0]["error"]["status"] == "S3HLS_E_THROTTLED" and
    of("failing")[0]["error"]["code"] == "SlowDown" and of("failing")[0]["error"]["request_id"] == "1"'
check "$work/busy" 'len(of("stats")) >= 8 and of("stats")[-1]["segments_delivered"] == 5 == len(of("delivered"))'
check "$work/busy" 'of("stats")[-1]["retries_by"] == {"throttled": of("stats")[-1]["retries"]}'
python3 - "$work/busy" "$work/s3/bucket/cam" <<'PYTHON' || fail "delivered is not what is there: $(cat "$work/busy")"
import json, os, sys
events = [json.loads(line) for line in open(sys.argv[1])]
told = {e["key"]: e["bytes"] for e in events if e["event"] == "delivered"}
there = {os.path.relpath(os.path.join(d, f), sys.argv[2]): os.path.getsize(os.path.join(d, f))
         for d, _, files in os.walk(sys.argv[2]) for f in files if f.endswith(".ts")}
sys.exit(told != there)
PYTHON

# The same file goes on; nothing is heard of what went before.
cp "$work/busy" "$work/before"
record 0 --events "$work/busy"
cmp -s "$work/before" <(head -n "$(wc -l <"$work/before")" "$work/busy") || fail "was not appended to"

# On standard output every line is JSON, the summary too.
record 0 --events -
check "$work/out" 'events[-1]["url"] == "s3://bucket/cam" and events[-1]["segments_delivered"] == 5'

# What a server says is told as text, whatever it is.
serve odd
record 1 --events "$work/odd" --json
check "$work/odd" 'of("held")[0]["error"]["code"] and "?" in of("held")[0]["error"]["message"] and
    len(of("segment-lost")) == of("stats")[-1]["segments_dropped"] > 0'
check "$work/out" 'events[0]["last_error"]["http_status"] == 403'
! grep -q $'\033' "$work/odd" "$work/out" "$work/err" || fail "a server's escapes reach the terminal"

# Nobody reads, the reader leaves, the disk is full: the recording does not mind.
serve good
mkfifo "$work/fifo"
sleep 60 <>"$work/fifo" & # holds it open
python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
try:
    while os.write(fd, bytes(4096)): pass
except BlockingIOError: pass' "$work/fifo"
before=$SECONDS
record 0 --events "$work/fifo"
[ $((SECONDS - before)) -le 5 ] || fail "a reader that does not read held it for $((SECONDS - before)) s"
record 0 --events /dev/full
grep -q -- '--events /dev/full: No space left' "$work/err" || fail "a full disk: $(cat "$work/err")"
"$S3HLS" record "$clip" --to "file://$work/left" -q --events - 2>"$work/err" | true || fail "a reader that leaves: $(cat "$work/err")"
[ -n "$(segments "$work/left")" ] || fail "a reader that leaves: nothing was recorded"
record 1 --events "$work/none/events"
grep -q 'No such file' "$work/err" || fail "no such folder: $(cat "$work/err")"
record 2 --events "$work/x" --stats-every 0
echo "ok: events tell what happened, and hold nobody"
