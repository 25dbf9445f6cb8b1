/* SPDX-License-Identifier: MIT-0 */
/* Reads H.264 from an input that libavformat opens: access units in Annex B format, with the
 * container's times. */
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
    bool (*stopped)(void); /* called while waiting for input; true ends the input */
    int (*read)(void *ctx, uint8_t *to, int size); /* as AVIO's; NULL: open by name */
    void *ctx;                                     /* passed to read */
    const network_options *network;                /* for a URL */
} container_source;

/* Open the input and find its video. Waits for the first picture at most.
 * @param why  receives the error, 256 bytes
 * @return S3HLS_OK; otherwise as media_open(). */
int container_open(container **out, const container_source *source, char why[256]);
void container_close(container **c);

/* Microseconds; 0: unknown. For a file, libavformat may have to read parts of it. */
int64_t container_duration_us(const container *c);
/* libavformat's name of the format. */
const char *container_format(const container *c);

/* Read the next access unit; its bytes are valid until the next call. @return 1: success; 0: the
 * end of the input; negative: a status. */
int container_read(container *c, s3hls_frame *frame, char why[256]);
/* Decoding can begin at the access unit that was read last. */
bool container_at_keyframe(const container *c);
/* Number of access units so far with missing data, or that could not be read. */
uint64_t container_damaged(const container *c);

#endif
