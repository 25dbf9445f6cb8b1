/* SPDX-License-Identifier: MIT-0 */
/* One video track as MP4 (libavformat), to a function that takes bytes. */
#ifndef S3HLS_EXPORT_MP4_H
#define S3HLS_EXPORT_MP4_H

#include <libavformat/avformat.h>
#include <stdbool.h>

typedef struct s3hls__mp4 {
    AVFormatContext *out; /* NULL: not open */
    int (*write)(void *ctx, uint64_t offset, const uint8_t *data, size_t size);
    void *ctx;
    uint64_t at;
    int status; /* first failure of write */
} s3hls__mp4;

/* write and ctx are set. Writes what stands before the pictures.
 * @return S3HLS_OK; S3HLS_E_MALFORMED: no such video in an MP4; S3HLS_E_NOMEM; write's. */
int s3hls__mp4_open(s3hls__mp4 *mp4, bool fragmented, const AVCodecParameters *video);
/* A picture, its times and duration in 90 kHz. Takes the packet's bytes.
 * @return S3HLS_OK; S3HLS_E_MALFORMED: it could not be written; write's. */
int s3hls__mp4_write(s3hls__mp4 *mp4, AVPacket *packet);
/* Writes what stands behind them. */
int s3hls__mp4_finish(s3hls__mp4 *mp4);
void s3hls__mp4_close(s3hls__mp4 *mp4);

#endif
