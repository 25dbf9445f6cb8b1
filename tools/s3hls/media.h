/* SPDX-License-Identifier: MIT-0 */
/* Video input: a raw H.264 byte stream, read unchanged, or anything that libavformat opens (MP4,
 * Matroska, TS, RTSP), demuxed without transcoding. */
#ifndef TOOL_MEDIA_H
#define TOOL_MEDIA_H

#include "network.h"
#include "s3hls/frame.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct media media;

typedef struct media_options {
    bool raw;              /* treat the input as a raw H.264 byte stream */
    bool (*stopped)(void); /* called while waiting for input; true ends the input */
    network_options network;
} media_options;

typedef struct media_facts {
    bool raw;            /* frames come as chunks of bytes, without times */
    bool live;           /* a camera: it does not wait for the recorder */
    bool pipe;           /* its writer waits for the recorder */
    int64_t duration_us; /* 0: unknown */
    int64_t modified_us; /* of a regular file given by name; 0: none */
    uint32_t rate_num;   /* of a raw stream in such a file; 0: unknown */
    uint32_t rate_den;
} media_facts;

/* Open a file, "-" (standard input) or a URL.
 * @param why  receives the error, 256 bytes
 * @return S3HLS_OK; S3HLS_E_NOT_FOUND, S3HLS_E_ACCESS, S3HLS_E_CONNECT, S3HLS_E_TIMEOUT,
 * S3HLS_E_IO, S3HLS_E_NETWORK, S3HLS_E_RESOLVE, S3HLS_E_TLS, S3HLS_E_UNSUPPORTED: cannot be read;
 * S3HLS_E_NO_VIDEO: it is empty; S3HLS_E_NOT_H264: its video has another format, or it has none. */
int media_open(media **out, const char *input, const media_options *options, char why[256]);
void media_close(media **m);

const media_facts *media_get_facts(const media *m);

/* Read the next chunk, of at most max_bytes, or the next access unit; its bytes are valid until the
 * next call. @return 1: success; 0: the end of the input; negative: a status. */
int media_read(media *m, size_t max_bytes, s3hls_frame *frame, char why[256]);
/* Decoding can begin at the access unit that was read last. Containers only. */
bool media_at_keyframe(const media *m);
/* Number of access units so far with missing data, or that could not be read. Containers only. */
uint64_t media_damaged(const media *m);
/* At the end of the input: the file is truncated, according to the sizes that its container
 * states. */
bool media_truncated(media *m);

#endif
