/* SPDX-License-Identifier: MIT-0 */
/* Files of profiles as AWS's tools read them: ~/.aws/credentials and ~/.aws/config. */
#ifndef S3HLS_S3_PROFILE_H
#define S3HLS_S3_PROFILE_H

#include "base/env.h"
#include <stdbool.h>

/* "name = value" of the profile; value is to be wiped by whoever copies it. @return false: it
 * cannot be one */
typedef bool (*s3hls__setting_fn)(void *ctx, const char *name, const char *value);

/* Read the settings of one profile: "[name]" or "[profile name]", with comments, blanks, line ends
 * of any kind and a byte order mark as they come. Settings below another one are none of the
 * profile's own.
 * @return S3HLS_OK, also where there is no such profile; S3HLS_E_INVALID: on_setting said so;
 * S3HLS_E_NOT_FOUND: no such file; S3HLS_E_IO. */
int s3hls__profile_read(const char *path, const char *profile, s3hls__setting_fn on_setting,
                        void *ctx);

#endif
