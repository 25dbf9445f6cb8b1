/* SPDX-License-Identifier: MIT-0 */
#ifndef S3HLS_INPUT_SOURCE_H
#define S3HLS_INPUT_SOURCE_H

#include "s3hls/input.h"

/* Check a config as s3hls_source_check() does.
 * @param cfg  receives it, with defaults for members that the caller does not know */
int s3hls__source_config_read(s3hls_source_config *cfg, const s3hls_source_config *config,
                              char why[S3HLS_SOURCE_WHY_BYTES]);

#endif
