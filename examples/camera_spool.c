/* SPDX-License-Identifier: MIT-0 */
/* Record H.264 from a pipe, spool undelivered segments to flash, and report events:
 * encoder | camera_spool s3://bucket/camera /var/spool/camera */
#include <inttypes.h>
#include <s3hls/s3hls.h>
#include <stdio.h>

static void on_event(void *ctx, const s3hls_event *event) {
    (void)ctx;
    fprintf(stderr, "%s %s %s\n", s3hls_event_name(event->type), event->key, event->message);
}

int main(int argc, char **argv) {
    static uint8_t bytes[65536];
    static const s3hls_pair day[] = {{"retention", "30d"}}, alarm[] = {{"retention", "365d"}};
    s3hls_recorder *recorder;
    s3hls_recorder_stats stats;
    s3hls_recorder_config cfg;
    s3hls_recorder_config_init(&cfg);
    if (argc != 3) {
        fprintf(stderr, "usage: camera_spool URL SPOOL\n");
        return 2;
    }
    cfg.destination = argv[1];
    cfg.spool_dir = argv[2];
    cfg.input = S3HLS_INPUT_BYTES;
    cfg.frame_rate_num = 25;
    cfg.object.tags = day;
    cfg.object.tag_count = 1;
    cfg.on_event = on_event;
    int rc = s3hls_recorder_open(&recorder, &cfg);
    s3hls_frame chunk = {.data = bytes};
    for (int n = 0; rc == S3HLS_OK && (chunk.size = fread(bytes, 1, sizeof bytes, stdin)) > 0;
         n++) {
        if (n == 2) /* somebody is at the door: keep the video from here on for a year */
            s3hls_recorder_set_tags(recorder, alarm, 1);
        s3hls_recorder_put_video(recorder, &chunk);
    }
    if (rc == S3HLS_OK) {
        s3hls_recorder_drain(recorder, 1000); /* drains the spool too */
        rc = s3hls_recorder_close_stats(&recorder, 0, &stats);
    }
    if (rc == S3HLS_OK || rc == S3HLS_E_UNDELIVERED)
        printf("%" PRIu64 " segments: %" PRIu64 " delivered, %" PRIu64 " in the spool, %" PRIu64
               " lost\n",
               stats.segments_accepted, stats.segments_delivered, stats.segments_spooled,
               stats.segments_dropped);
    else
        fprintf(stderr, "%s\n", s3hls_strerror(rc));
    return rc != S3HLS_OK;
}
