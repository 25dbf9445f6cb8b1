/* SPDX-License-Identifier: MIT-0 */
#ifndef S3HLS_SITE_CAMERAS_H
#define S3HLS_SITE_CAMERAS_H

#include "site/reader.h"

enum { S3HLS__SITE_CAMERAS_MAX = 4096, S3HLS__SITE_NAME_MAX = 64 };

/* Read the nodes "defaults" and "cameras", after the settings of the site. */
void s3hls__site_read_cameras(s3hls__site_reader *r);

#endif
