/* SPDX-License-Identifier: MIT-0 */
/* A camera that went away and is connected again. */
#ifndef TOOL_CAMERA_H
#define TOOL_CAMERA_H

#include "delivery.h"
#include "media.h"

typedef struct camera {
    const char *address; /* of the input */
    const char *name;    /* the same without a password, for people */
    const media_options *options;
    delivery *delivery; /* its events and counts are kept up to date meanwhile */
} camera;

/* Connect until the camera answers; the recording is flushed first. Blocks.
 * @param input  receives the input, which is closed
 * @param why  why the camera is gone
 * @return false: interrupted. */
bool camera_find_again(const camera *c, media **input, const char *why);

#endif
