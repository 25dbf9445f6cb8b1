/* SPDX-License-Identifier: MIT-0 */
/* The input of a recording, by its address. Connects to a camera at the start, and again after the
 * connection is lost. */
#ifndef TOOL_CAMERA_H
#define TOOL_CAMERA_H

#include "delivery.h"
#include "s3hls/input.h"

enum { CAMERA_PASSWORD_BYTES = 256 };

typedef struct camera {
    s3hls_source_config source; /* the caller sets raw, transport, ca_file and insecure */
    char *name;                 /* the address, with its password masked, for messages */
    char password[CAMERA_PASSWORD_BYTES];
    char why[S3HLS_SOURCE_WHY_BYTES]; /* the last reported reason */
    delivery *delivery;               /* set by the caller; updated while connecting */
} camera;

/* @param address  as it was given: a file's name, "-" or a URL
 * @param password_file  contains the password of the URL's user in its first line; NULL: none
 * @return NULL, or the fault. Call camera_deinit() in both cases. */
const char *camera_init(camera *c, const char *address, const char *password_file);
void camera_deinit(camera *c);

/* Retry until the camera responds. Each new reason for a failure is reported. Blocks.
 * @param source  receives the input
 * @return false: interrupted */
bool camera_find(camera *c, s3hls_source **source);

/* Reconnect to a lost camera; delivers the segment so far first.
 * @param source  closed
 * @param why  reason for the loss */
bool camera_find_again(camera *c, s3hls_source **source, const char *why);

/* What to do about a status of the input. @return "": no advice */
const char *camera_advice(int status);

/* Print a line on standard error, and write an event. @param duration_ms  of the gap; 0: none */
void camera_report(const camera *c, const char *event, const char *message, int64_t duration_ms);

#endif
