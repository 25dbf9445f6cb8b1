/* SPDX-License-Identifier: MIT-0 */
/* What libavformat logs: its errors are kept as reasons, and at -v and -vv its lines are logged as
 * our own, with passwords masked. */
#ifndef TOOL_AV_MESSAGES_H
#define TOOL_AV_MESSAGES_H

#include "s3hls/env.h"

/* @param env  whose log receives the lines; it outlives every use of libavformat. NULL: nobody's.
 */
void av_messages_open(const s3hls_env *env);

/* Forget the error that this thread's calls logged last. */
void av_messages_clear(void);
/* @return it, without a newline; "" if there was none. Valid until the next call into libavformat.
 */
const char *av_messages_last_error(void);

#endif
