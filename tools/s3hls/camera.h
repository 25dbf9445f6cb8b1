/* SPDX-License-Identifier: MIT-0 */
/* The input of a recording by its address, and how a camera is found: at the start, and again when
 * it went away. */
#ifndef TOOL_CAMERA_H
#define TOOL_CAMERA_H

#include "delivery.h"
#include "media.h"

typedef struct camera {
    char *address; /* as libavformat takes it */
    char *name;    /* as it was given, with its password masked, for people */
    const media_options *options;
    delivery *delivery; /* its events and counts are kept up to date meanwhile */
} camera;

/* @param address  as it was given: a file's name, "-" or a URL
 * @param password_file  with the password of the URL's user in its first line; NULL: none
 * @return NULL, or what is wrong with them. Either way camera_deinit() follows. */
const char *camera_init(camera *c, const char *address, const char *password_file);
void camera_deinit(camera *c);

/* Connect until the camera answers, and report why it does not each time the reason changes.
 * Blocks.
 * @param input  receives the input
 * @return false: interrupted. */
bool camera_find(const camera *c, media **input);

/* The same for a camera that was there; the recording is flushed first.
 * @param input  closed
 * @param why  why the camera is gone */
bool camera_find_again(const camera *c, media **input, const char *why);

/* A line on standard error, and an event.
 * @param duration_ms  of the gap; 0: none */
void camera_report(const camera *c, const char *event, const char *message, int64_t duration_ms);

#endif
