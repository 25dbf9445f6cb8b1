/* SPDX-License-Identifier: MIT-0 */
/* One camera of a gateway. */
#ifndef S3HLS_GATEWAY_CAMERA_H
#define S3HLS_GATEWAY_CAMERA_H

#include "gateway/gateway.h"

typedef struct s3hls__gateway_camera s3hls__gateway_camera;

/* What the cameras of a gateway share; outlives them. */
typedef struct s3hls__camera_world {
    s3hls__gateway_config config;
    s3hls_env env;
    s3hls_uploader *uploader;
    s3hls_credentials_provider *credentials; /* NULL: none are needed */
} s3hls__camera_world;

/* @param settings  outlive the camera
 * @param start_us  monotonic: when it begins to record
 * @return NULL: out of memory */
s3hls__gateway_camera *s3hls__camera_open(const s3hls__camera_world *world,
                                          const s3hls__site_camera *settings, int64_t start_us);
/* Start what is due, and replace a reader that hangs. The supervising thread.
 * @return monotonic: when to call again at the latest */
int64_t s3hls__camera_step(s3hls__gateway_camera *camera, int64_t now_us);
const s3hls__site_camera *s3hls__camera_settings(const s3hls__gateway_camera *camera);
/* Any thread. */
void s3hls__camera_get_status(s3hls__gateway_camera *camera, s3hls__camera_status *status);

/* ---- the end, in this order, for many cameras at once; the supervising thread does not step them
 */

/* Let its reader end. Does not block. */
void s3hls__camera_stop(s3hls__gateway_camera *camera);
/* Wait for its reader, or leave it behind; then end the recording and begin to deliver the rest. */
void s3hls__camera_end(s3hls__gateway_camera *camera, int64_t until_us);
/* Test whether nothing is left to deliver. */
bool s3hls__camera_is_delivered(s3hls__gateway_camera *camera);
/* Spool the rest and free the camera. @param totals  its counts are added */
void s3hls__camera_close(s3hls__gateway_camera *camera, int64_t until_us,
                         s3hls__gateway_totals *totals);

#endif
