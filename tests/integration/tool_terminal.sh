#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# What an S3 server, a camera or the names in a directory say reaches a terminal as UTF-8 without control characters.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib_store.sh"
cd "$work"
clip=$S3HLS_STREAMS/small.h264

# clean WORDS COMMAND...: it says the words, and what it says is clean.
clean() {
    local words=$1
    shift
    timeout 20 "$@" >said 2>&1 </dev/null || true
    grep -q -- "$words" said || fail "$*: does not say \"$words\": $(cat -v said)"
    python3 - said <<'END' || fail "$*: $(cat -v said)"
import sys, unicodedata
text = open(sys.argv[1], "rb").read().decode()
assert not [c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t"], repr(text)
END
}

serve odd
to=(s3://bucket/cam --endpoint "$endpoint")
for command in ls playlist verify "export -o out.mp4"; do
    read -ra words <<<"$command"
    clean 'yours' "$S3HLS" "${words[0]}" "${to[@]}" "${words[@]:1}"
done
clean 'yours' "$S3HLS" get "${to[@]/%cam/cam/key}"
clean 'yours' "$S3HLS" put "$clip" "${to[@]/%cam/cam/key}"
clean 'yours' "$S3HLS" doctor "${to[@]}"
clean 'yours' "$S3HLS" retention "${to[@]}"
clean 'not delivered' "$S3HLS" record "$clip" --fps 25 --to "${to[@]}" --deadline 1
echo "ok: an S3 server"

odd=$'\e]0;owned\a\x9b31m\xc2\x9b'
mkdir -p "names/$odd/timelines" names/cam/2026/01/02/03/04
echo x >"names/cam/2026/01/02/03/04/$odd.ts"
for command in ls verify playlist retention; do clean '' "$S3HLS" $command "file://$work/names/cam"; done
clean 'not an absolute directory\|S3HLS_E_INVALID' "$S3HLS" ls "file://$work/names/$odd"
clean '' timeout 2 "$S3HLS" serve "file://$work/names" --listen 127.0.0.1:0
if [ "$(id -u)" != 0 ]; then
    chmod 0 "names/$odd"
    clean 'cannot' "$S3HLS" ls "file://$work/names/$odd"
    chmod 700 "names/$odd"
fi
echo "ok: a directory"

cat >camera.py <<'END'
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    camera, _ = server.accept()
    while data := camera.recv(4096):
        sequence = data.split(b"CSeq: ")[1].split(b"\r\n")[0]
        camera.sendall(b"RTSP/1.0 404 \x1b]0;owned\x07 \x9b31m \xc2\x9b gone\r\nCSeq: " + sequence + b"\r\n\r\n")
END
start_server python3 camera.py
clean 'gone\|404\|not found' "$S3HLS" record "rtsp://127.0.0.1:$port/a" --to "file://$work/s" -v
echo "ok: a camera"
