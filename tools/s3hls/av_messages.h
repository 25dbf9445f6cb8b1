/* SPDX-License-Identifier: MIT-0 */
/* What libavformat logs: the first error of an attempt is kept as its reason, and at -vv the lines
 * are logged as our own. Passwords in them are masked. */
#ifndef TOOL_AV_MESSAGES_H
#define TOOL_AV_MESSAGES_H

#include "s3hls/env.h"

/* @param env  whose log receives the lines; it outlives every use of libavformat. NULL: nobody's.
 */
void av_messages_open(const s3hls_env *env);

/* Begin an attempt on this thread: forget the error of the one before. */
void av_messages_clear(void);
/* @return the first error since, without a newline; "" if there was none. Valid until the next one.
 */
const char *av_messages_first_error(void);

#endif
