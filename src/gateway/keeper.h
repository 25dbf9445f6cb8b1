/* SPDX-License-Identifier: MIT-0 */
/* Keeps the recordings of a site as long as its cameras' settings state: by a rule of the bucket,
 * set once, or by removing old segments from directories every hour. A thread of its own, since
 * both take time. */
#ifndef S3HLS_GATEWAY_KEEPER_H
#define S3HLS_GATEWAY_KEEPER_H

#include "gateway/camera.h"

typedef struct s3hls__keeper s3hls__keeper;

/* Open a keeper; without memory or a thread, *out is NULL, which the other functions accept.
 * @param site  its settings are copied */
void s3hls__keeper_open(s3hls__keeper **out, const s3hls__camera_world *world,
                        const s3hls__site *site);
/* Follow other settings from now on. */
void s3hls__keeper_set_site(s3hls__keeper *keeper, const s3hls__site *site);
/* Blocks until a request in progress has ended. */
void s3hls__keeper_close(s3hls__keeper **keeper);

#endif
