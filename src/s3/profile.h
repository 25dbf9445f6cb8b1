/* SPDX-License-Identifier: MIT-0 */
/* Files of profiles as AWS's tools read them: ~/.aws/credentials and ~/.aws/config. */
#ifndef S3HLS_S3_PROFILE_H
#define S3HLS_S3_PROFILE_H

#include "base/env.h"
#include <stdbool.h>

/* Receives "name = value" of the profile; whoever copies the value must wipe it.
 * @return false: the value is invalid */
typedef bool (*s3hls__setting_fn)(void *ctx, const char *name, const char *value);

/* Read the settings of one profile: "[name]" or "[profile name]". Comments, blanks, line ends of
 * any kind and a byte order mark are accepted. Settings nested below another one are ignored.
 * @return S3HLS_OK: also when there is no such profile
 *   S3HLS_E_INVALID: on_setting returned false
 *   S3HLS_E_NOT_FOUND: there is no such file
 *   S3HLS_E_IO: the file cannot be read */
int s3hls__profile_read(const char *path, const char *profile, s3hls__setting_fn on_setting,
                        void *ctx);

#endif
