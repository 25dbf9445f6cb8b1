#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# spool.sh damaged|full|read-only: what a recorder does about a spool that somebody has been at, and a disk that
# takes nothing: it goes on recording, says so, and sends nothing wrong.
# Environment: S3HLS_CAMERA, S3HLS_TS_CHECK.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
away=http://127.0.0.1:1
spool=$work/spool
mkdir -p "$work/events" "$spool"

record() { # record RUN ENDPOINT [OPTION...]: a second of real time, 20 of the camera's; its counts are in $work/out
    timeout 60 "$S3HLS_CAMERA" -s "$spool" -n "$1" -e "$2" -l "$work/events/$1" -t 1 -d "${drain:-20}" "${@:3}" \
        s3://bucket/cam >"$work/out" 2>>"$work/err" || fail "the ledger is open: $(cat "$work/out" "$work/err")"
}

is() { # is NAME VALUE: of the counts
    grep -q "\"$1\": \"\?$2[\",}]" "$work/out" || fail "$1 is not $2: $(cat "$work/out")"
}

told() { # told RUN COUNT EVENT STATUS
    local count
    count=$(grep -c "^$3 .* $4$" "$work/events/$1" || true)
    [ "$count" = "$2" ] || fail "$3 $4 was told $count times, not $2: $(cat "$work/events/$1")"
}

bucket_conforms() {
    find "$work/bucket" -name '*.ts' -print0 | xargs -0 "$S3HLS_TS_CHECK" >"$work/ts" ||
        fail "$(grep -v packets "$work/ts")"
}

# Twenty segments, of which seven come to harm. What does not is delivered; of what does nothing is sent.
damaged() {
    local folder files file good whole
    drain=0 record 1 "$away"
    is segments_spooled 20
    folder=$(find "$spool" -mindepth 1 -type d)
    cd "$folder"
    mapfile -t files < <(ls 2*.ts)
    whole=$(mktemp -d "$work/whole.XXXX") && cp -- 2*.ts "$whole"
    truncate -s 0 "${files[0]}"
    truncate -s 5000 "${files[1]}"
    printf 'x' | dd of="${files[2]}" bs=1 seek=3000 conv=notrunc status=none # within the segment
    printf 'more' >>"${files[3]}"
    printf '\377' | dd of="${files[4]}" bs=1 seek=$(($(stat -c %s "${files[4]}") - 16)) conv=notrunc status=none # its size
    rm "${files[5]}" && mkdir "${files[5]}"
    rm "${files[6]}" && ln -s "$whole/${files[6]}" "${files[6]}" # whole, but not ours
    cp "${files[7]}" "$work/notes.txt"
    cp "${files[7]}" notes.txt
    head -c 100 "${files[7]}" >.tmp-0123456789abcdef
    cp "${files[7]}" 2026_11_23_08_25_16.092-1000.ts

    serve 0 1
    record 2 "$endpoint"
    is close S3HLS_OK
    told 2 7 segment-lost S3HLS_E_MALFORMED
    is segments_dropped 7
    is segments_delivered 33
    for file in "${files[@]:0:7}"; do
        [ ! -e "$work/bucket/bucket/cam/${file//_//}" ] || fail "$file was sent"
        [ -e "damaged-$file" ] || [ -L "damaged-$file" ] || fail "$file was not set aside"
    done
    for file in "${files[@]:7}"; do
        good=$work/bucket/bucket/cam/${file//_//}
        cmp -s -n "$(stat -c %s "$good")" "$whole/$file" "$good" || fail "$file was not sent as it was"
        [ ! -e "$file" ] || fail "$file was sent and stays"
    done
    cmp notes.txt "$work/notes.txt" || fail "a file of somebody else was touched"
    [ -e 2026_11_23_08_25_16.092-1000.ts ] || fail "a file of somebody else is gone"
    [ -z "$(find . -name '.tmp-*')" ] || fail "a temporary file stays"
    bucket_conforms
    echo "ok: seven damaged segments told as lost and set aside, 13 delivered, others' files untouched"
}

count() { # count NAME: of the counts
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/out" "$1"
}

# in_own_mounts: this script again, where it may mount what nobody else sees.
in_own_mounts() {
    unshare -rm mount -t tmpfs none "$spool" 2>/dev/null || skip "no mounts of one's own here"
    unshare -rm env S3HLS_OWN_MOUNTS=1 "${BASH_SOURCE[0]}" "$1"
}

# Everything is kept in memory as long as there is room, and goes to the server; at close what is left is told.
memory_alone() { # memory_alone STATUS
    drain=0 record 1 "$away"
    [ "$(grep -c '^spool-failed' "$work/events/1")" -ge 1 ] || fail "a failing spool was not told: $(cat "$work/err")"
    told 1 "$(grep -c '^spool-failed' "$work/events/1")" spool-failed "$1"
    is segments_accepted 20
    is segments_delivered 0
    told 1 "$(count segments_dropped)" segment-lost S3HLS_E_UNDELIVERED
    is close S3HLS_E_UNDELIVERED
}

# The disk has room for some segments, and later for none.
full() {
    local spooled
    mounted=$spool
    mount -t tmpfs -o size=100k none "$spool"
    memory_alone S3HLS_E_NOSPC
    spooled=$(count segments_spooled)
    [ "$spooled" -gt 0 ] || fail "none went to the spool while there was room"
    [ -z "$(find "$spool" -name '.tmp-*')" ] || fail "a temporary file stays"
    dd if=/dev/zero of="$spool/full" bs=4k status=none 2>/dev/null || true
    serve 40 1
    record 2 "$endpoint"
    is close S3HLS_OK
    is segments_recovered "$spooled"
    is segments_delivered $((spooled + 20))
    bucket_conforms
    echo "ok: a full disk: $spooled of 20 spooled, the others told as lost at close; all of the next run delivered"
}

# Nothing can be written from the beginning; then nothing any more, nor removed.
read_only() {
    mounted=$spool
    mount -t tmpfs -o ro none "$spool"
    memory_alone S3HLS_E_ACCESS
    is segments_dropped 20
    umount "$spool"
    mount -t tmpfs none "$spool"
    drain=0 record 2 "$away"
    is segments_spooled 20
    mount -o remount,ro "$spool"
    serve 40 1
    record 3 "$endpoint"
    is segments_delivered 40
    is close S3HLS_OK
    [ "$(find "$work/bucket" -name '*.ts' | wc -l)" = 40 ] || fail "not 40 in the bucket"
    bucket_conforms
    echo "ok: a read-only disk: all from memory, what lay on it delivered"
}

case $1 in
damaged) damaged ;;
full | read-only)
    [ -n "${S3HLS_OWN_MOUNTS:-}" ] || { in_own_mounts "$1"; exit; }
    "${1/-/_}"
    ;;
esac
