/* SPDX-License-Identifier: MIT-0 */
/* Writes a video track, and perhaps an audio track, as MP4 (libavformat) to a function that
 * receives bytes. */
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

/* Write the header. The caller has set write and ctx.
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: an MP4 cannot hold such video
 *   S3HLS_E_NOMEM: out of memory
 *   the failure of write
 * @param audio  NULL: none */
int s3hls__mp4_open(s3hls__mp4 *mp4, bool fragmented, const AVCodecParameters *video,
                    const AVCodecParameters *audio);
enum { S3HLS__MP4_VIDEO, S3HLS__MP4_AUDIO };
/* Write a picture or audio frame, with times and duration in 90 kHz. Takes over the packet's bytes.
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: it could not be written
 *   the failure of write */
int s3hls__mp4_write(s3hls__mp4 *mp4, int track, AVPacket *packet);
/* Write the trailer. @return as s3hls__mp4_write(). */
int s3hls__mp4_finish(s3hls__mp4 *mp4);
void s3hls__mp4_close(s3hls__mp4 *mp4);

#endif
