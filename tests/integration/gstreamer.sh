#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# gstreamer.sh GST_RESTART: s3hlssink in pipelines: a file with sound into a directory, a live camera over RTSP to a real
# S3 server, wrong properties, 200 restarts. Environment: S3HLS, S3HLS_STREAMS, S3HLS_LAB_DIR, GST_PLUGIN_PATH.
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/../conformance/lib.sh"
command -v gst-launch-1.0 >/dev/null || skip "gst-launch-1.0 is not installed"
. "$S3HLS_LAB_DIR/env"
cd "$work"
export GST_REGISTRY=$work/registry GST_REGISTRY_FORK=no
launch() { timeout -s INT "${limit:-60}" gst-launch-1.0 "$@" >out 2>&1; }

gst-inspect-1.0 s3hlssink >inspected || fail "the plugin is not found: $(cat inspected)"
for property in destination region endpoint ca-file container storage-class spool spool-max pool segment-duration \
    close-deadline start-time drop-oldest stats; do
    grep -qE "^  $property +:" inspected || fail "no property $property"
done

# A file, faster than real time, through a pool that it does not fit: it waits, and loses nothing.
clip=$S3HLS_STREAMS/h264_aac.mp4
launch -m filesrc location="$clip" ! qtdemux name=d d.video_0 ! queue ! h264parse ! s.video \
    d.audio_0 ! queue ! aacparse ! s.audio \
    s3hlssink name=s destination="file://$work/file" segment-duration=1000 pool=300000 || fail "a file: $(tail -n 20 out)"
"$S3HLS" verify "file://$work/file" >report || fail "a file: $(cat report)"
"$S3HLS" playlist "file://$work/file" >file/all.m3u8
pictures "$clip" >want
pictures file/all.m3u8 >got
same_pictures want got
ffprobe -v error -show_entries stream=codec_name -of csv=p=0 file/all.m3u8 >codecs
grep -q aac codecs || fail "a file: no sound: $(cat codecs)"
[ "$(grep -c 's3hls-event.*type=(string)delivered' out)" = "$(find file -name '*.ts' | wc -l)" ] || fail "events: $(cat out)"
[ "$(find file/timelines -type f | wc -l)" = 1 ] || fail "a file: sound and picture did not begin together"
echo "ok: a file: $(wc -l <got) pictures identical, with sound"

# A live camera to S3.
start_server python3 "$here/tool_rtsp_server.py" "$S3HLS_STREAMS/small.h264" 25 live
limit=8 launch -e rtspsrc location="rtsp://127.0.0.1:$port/live" protocols=tcp latency=100 ! rtph264depay ! h264parse ! \
    s3hlssink destination="s3://$S3HLS_LAB_BUCKET/gst" endpoint="$S3HLS_LAB_ENDPOINT_TLS" ca-file="$S3HLS_LAB_CA" \
    segment-duration=1000 || true
export AWS_CA_BUNDLE=$S3HLS_LAB_CA
"$S3HLS" verify "s3://$S3HLS_LAB_BUCKET/gst" --endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA" >report ||
    fail "a camera: $(cat report out)"
newest=$("$S3HLS" ls "s3://$S3HLS_LAB_BUCKET/gst" --endpoint "$S3HLS_LAB_ENDPOINT_TLS" --ca "$S3HLS_LAB_CA" --json | tail -n 1)
echo "ok: a camera to S3: $(tail -n 1 report)"
[ -n "$newest" ] || fail "a camera: nothing is listed"

# What is wrong is named.
! launch filesrc location="$clip" ! qtdemux ! h264parse ! s3hlssink destination="file://$work/x" container=avi || fail "avi"
grep -q 'container is "avi"; it must be auto, ts or fmp4' out || fail "avi: $(cat out)"
! launch filesrc location="$clip" ! qtdemux ! h264parse ! s3hlssink || fail "no destination"
grep -q 'destination is not set' out || fail "no destination: $(cat out)"
! launch filesrc location="$clip" ! qtdemux ! h264parse ! s3hlssink destination="http://x" || fail "http"
grep -q 'http://x' out || fail "http: $(cat out)"
echo "ok: wrong properties are named"

# Nothing remains of a recording.
"$1" 200 "filesrc location=$S3HLS_STREAMS/small.h264 ! h264parse ! s3hlssink destination=file://$work/again" >report ||
    fail "restarts: $(cat report)"
echo "ok: $(cat report)"
