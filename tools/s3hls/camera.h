/* SPDX-License-Identifier: MIT-0 */
/* The input of a recording, by its address. Connects to a camera at the start, and again after the
 * connection is lost. */
#ifndef TOOL_CAMERA_H
#define TOOL_CAMERA_H

#include "delivery.h"
#include "media.h"

typedef struct camera {
    char *address; /* in the form for libavformat */
    char *name;    /* as given, with its password masked, for messages */
    const media_options *options;
    delivery *delivery; /* its events and counters are updated while connecting */
} camera;

/* @param address  as it was given: a file's name, "-" or a URL
 * @param password_file  contains the password of the URL's user in its first line; NULL: none
 * @return NULL, or the fault. Call camera_deinit() in both cases. */
const char *camera_init(camera *c, const char *address, const char *password_file);
void camera_deinit(camera *c);

/* Retry until the camera responds. Each new reason for a failure is reported. Blocks.
 * @param input  receives the input
 * @return false: interrupted. */
bool camera_find(const camera *c, media **input);

/* Reconnect to a lost camera; flushes the recording first.
 * @param input  closed
 * @param why  reason for the loss */
bool camera_find_again(const camera *c, media **input, const char *why);

/* Print a line on standard error, and write an event. @param duration_ms  of the gap; 0: none */
void camera_report(const camera *c, const char *event, const char *message, int64_t duration_ms);

#endif
