#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# cost: the figures of a month reckoned here by hand, measured bitrates, and prices as parameters.
# Environment: S3HLS (the tool), S3HLS_STREAMS (generated streams).
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
cd "$work"
is() { # is WANT GOT
    [ "$1" = "$2" ] || fail "not \"$1\" but \"$2\""
}
field() { # field NAME...: of the JSON on standard input
    python3 -c 'import json, sys; d = json.load(sys.stdin); print(*(d[n] for n in sys.argv[1:]))' "$@"
}

# 30 days of 2 Mbit/s are 603.5 GiB, and 648,000 segments of 4 s
"$S3HLS" cost --bitrate 2M --segment-duration 4 >table
is 13.88 "$(awk '$1 == "stored" { print $NF }' table)"
is 603.5 "$(awk '$1 == "stored" { print $2 }' table)"
is 3.24 "$(awk '$1 == "PUT" { print $NF }' table)"
is 17.12 "$(awk '/a month of/ { print $NF }' table)"
is "1.08 1.94 2.59 2.81" "$(awk '/save/ { print $NF }' table | xargs)"
is "1.296 3.4701" "$("$S3HLS" cost --bitrate 500K --segment-duration 10 --json | field cost_put cost_storage)"
is "648000 6.48" "$("$S3HLS" cost --bitrate 2M --segment-duration 4 --price-put 0.01 --json | field puts cost_put)"
is 6.9402 "$("$S3HLS" cost --bitrate 2M --segment-duration 4 --days 15 --json | field cost_storage)"
is 1339920 "$("$S3HLS" cost --bitrate 2M --segment-duration 4 --publish --json | field puts)"
# an hour a day with the page open: 30 hours of 60 LISTs a minute, for all cameras together; segments of 1 s take more
"$S3HLS" cost --bitrate 2M --segment-duration 4 --watch 1 >table
is "108000 0.54" "$(awk '$1 == "LIST" { print $2, $7 }' table)"
is 17.66 "$(awk '/a month of/ { print $NF }' table)"
is "162000 0.81" "$("$S3HLS" cost --bitrate 2M --segment-duration 1 --watch 1 --json | field lists cost_list)"
is "0 0.0" "$("$S3HLS" cost --bitrate 2M --segment-duration 4 --json | field lists cost_list)"
echo "ok: reckoned"

# measured: two segments in the last hour, an older one beyond
now=$(date +%s)
for ago in 1000 2000 20000; do
    "$S3HLS" record "$S3HLS_STREAMS/small.h264" --fps 25 -q --to "file://$work/s" --start $((now - ago))
done
bytes=$(find s -name '*.ts' | sort | tail -n 2 | xargs cat | wc -c)
is "$((bytes)) 4000" "$("$S3HLS" cost "file://$work/s" --json | field bitrate_bps segment_ms)" # 8 bits, 8 seconds
is 1000000 "$("$S3HLS" cost "file://$work/s" --bitrate 1M --json | field bitrate_bps)"
echo "ok: measured"

expect() { # expect CODE WORDS OPTION...
    local code=0
    "$S3HLS" cost "${@:3}" >out 2>err || code=$?
    is "$1" "$code"
    grep -q -- "$2" err || fail "$*: $(cat err)"
}
expect 2 'give a URL, or --bitrate'
expect 2 'give a URL, or --bitrate' --bitrate 2M
expect 2 '--bitrate fast: not a bitrate' --bitrate fast
expect 2 '--bitrate M: not a bitrate' --bitrate M
expect 2 '--bitrate 0: not a bitrate' --bitrate 0
expect 2 '--segment-duration 0: ' --bitrate 2M --segment-duration 0
expect 2 '--watch 25: ' --bitrate 2M --segment-duration 4 --watch 25
expect 2 '--days 0: ' --days 0
expect 2 '--price-put free: ' --price-put free
expect 1 'nothing was recorded in the last 3 hours' "file://$work/none"
expect 2 "not a store's URL" /plain/path
echo "ok: mistakes"
