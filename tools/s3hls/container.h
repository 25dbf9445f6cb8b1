/* SPDX-License-Identifier: MIT-0 */
/* The H.264 of what libavformat opens: access units as Annex B, with the times that the container
 * gives them. */
#ifndef TOOL_CONTAINER_H
#define TOOL_CONTAINER_H

#include "network.h"
#include "s3hls/frame.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct container container;

typedef struct container_source {
    const char *name; /* of a file, or a URL */
    bool is_url;
    bool (*stopped)(void); /* asked while input is waited for; true is the end of it */
    int (*read)(void *ctx, uint8_t *to, int size); /* as AVIO's; NULL: opened by name */
    void *ctx;                                     /* handed to read */
    const network_options *network;                /* of a URL */
} container_source;

/* Open it and find its video, without waiting for more than its first picture.
 * @param why  receives what was wrong, 256 bytes
 * @return S3HLS_OK; the statuses of media_open(). */
int container_open(container **out, const container_source *source, char why[256]);
void container_close(container **c);

/* Microseconds; 0: not known. Of a file, or of what can be read like one, libavformat may have to
 * read parts of it for this. */
int64_t container_duration_us(const container *c);
/* Its name, as libavformat calls it. */
const char *container_format(const container *c);

/* The next access unit; its bytes are valid until the next call.
 * @return 1: there is one; 0: the end; negative: a status. */
int container_read(container *c, s3hls_frame *frame, char why[256]);
/* Can decoding begin with the access unit that was read last? */
bool container_at_keyframe(const container *c);
/* Access units so far that data is missing from, or that could not be read. */
uint64_t container_damaged(const container *c);

#endif
