/* SPDX-License-Identifier: MIT-0 */
/* Where video comes from: a raw H.264 byte stream, read as it is, or anything libavformat opens
 * (MP4, Matroska, TS, RTSP), taken apart without transcoding. */
#ifndef TOOL_MEDIA_H
#define TOOL_MEDIA_H

#include "network.h"
#include "s3hls/frame.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct media media;

typedef struct media_options {
    bool raw;              /* a raw H.264 byte stream, whatever it looks like */
    bool (*stopped)(void); /* asked while input is waited for; true is the end of it */
    network_options network;
} media_options;

typedef struct media_facts {
    bool raw;            /* frames come as chunks of bytes, without times */
    bool live;           /* a camera: it does not wait for us */
    bool pipe;           /* its writer waits for us */
    int64_t duration_us; /* 0: not known */
    int64_t modified_us; /* of a regular file that was named; 0: none */
    uint32_t rate_num;   /* of a raw stream in such a file; 0: not known */
    uint32_t rate_den;
} media_facts;

/* Open a file, "-" (standard input) or a URL.
 * @param why  receives what was wrong, 256 bytes
 * @return S3HLS_OK; S3HLS_E_NOT_FOUND, S3HLS_E_ACCESS, S3HLS_E_CONNECT, S3HLS_E_TIMEOUT,
 * S3HLS_E_IO, S3HLS_E_NETWORK, S3HLS_E_RESOLVE, S3HLS_E_TLS, S3HLS_E_UNSUPPORTED: cannot be read;
 * S3HLS_E_NO_VIDEO: it is empty; S3HLS_E_NOT_H264: its video is something else, or there is none.
 */
int media_open(media **out, const char *input, const media_options *options, char why[256]);
void media_close(media **m);

const media_facts *media_get_facts(const media *m);

/* The next chunk, of at most max_bytes, or access unit; its bytes are valid until the next call.
 * @return 1: there is one; 0: the end; negative: a status. */
int media_read(media *m, size_t max_bytes, s3hls_frame *frame, char why[256]);
/* Can decoding begin with the access unit that was read last? Of a container. */
bool media_at_keyframe(const media *m);
/* Access units so far that data is missing from, or that could not be read. Of a container. */
uint64_t media_damaged(const media *m);
/* At the end of the input: was a file cut off? By the sizes that its container states. */
bool media_truncated(media *m);

#endif
