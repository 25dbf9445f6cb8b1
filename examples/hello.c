/* SPDX-License-Identifier: MIT-0 */
/* Record H.264 from standard input: encoder | hello s3://bucket/camera */
#include <s3hls/s3hls.h>
#include <stdio.h>

int main(int argc, char **argv) {
    static uint8_t bytes[65536];
    s3hls_recorder *recorder;
    s3hls_recorder_config cfg;
    s3hls_recorder_config_init(&cfg);
    cfg.destination = argc > 1 ? argv[1] : "file:///tmp/camera";
    cfg.input = S3HLS_INPUT_BYTES;
    cfg.frame_rate_num = 25;
    int put, rc = s3hls_recorder_open(&recorder, &cfg);
    s3hls_frame chunk = {.data = bytes};
    while (rc == S3HLS_OK && (chunk.size = fread(bytes, 1, sizeof bytes, stdin)) > 0)
        if ((put = s3hls_recorder_put_video(recorder, &chunk)) != S3HLS_OK)
            fprintf(stderr, "%s\n", s3hls_strerror(put));
    if (rc == S3HLS_OK)
        rc = s3hls_recorder_close(&recorder, 10000);
    puts(s3hls_strerror(rc));
    return rc != S3HLS_OK;
}
